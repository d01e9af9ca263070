import { channel } from "node:diagnostics_channel";
import { FlagonResponse, g, request, session } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp } from "./helpers";

describe("hooks", () => {
  it("run in order around the view, sync and async alike", async () => {
    const order: string[] = [];
    const app = createApp();
    app.beforeRequest(() => void order.push("before 1"));
    app.beforeRequest(async () => {
      await null;
      order.push("before 2");
    });
    app.afterRequest(async (response) => {
      order.push("after 1");
      response.headers.set("x-after", "1");
    });
    app.afterRequest((response) => {
      order.push("after 2");
      return new FlagonResponse(`${response.body}!`, response.status);
    });
    app.teardownRequest((error) => void order.push(`teardown 1 ${error}`));
    app.teardownRequest(async (error) => void order.push(`teardown 2 ${error}`));
    app.route(
      "/",
      () => {
        order.push("view");
        return "body";
      },
      { endpoint: "x" },
    );
    const response = await app.testClient().get("/");
    expect([await response.text(), response.headers.get("x-after")]).toEqual(["body!", "1"]);
    expect(order).toEqual(["before 1", "before 2", "view", "after 2", "after 1", "teardown 2 undefined", "teardown 1 undefined"]);
  });

  it("end the chain by returning a value, also before a 404", async () => {
    const app = createApp();
    app.beforeRequest((current) => (current.query.has("stop") ? { stopped: current.endpoint } : undefined));
    app.beforeRequest(() => (request.query.has("stop") ? expect.unreachable() : undefined));
    app.route("/", () => "view", { endpoint: "x" });
    const client = app.testClient();
    expect(await (await client.get("/?stop")).json()).toEqual({ stopped: "x" });
    expect(await (await client.get("/none?stop")).json()).toEqual({ stopped: null });
    expect(await (await client.get("/")).text()).toBe("view");
  });

  it("tear down whatever happened, each of them, with the error that nothing handled", async () => {
    const app = createLiveApp();
    const seen: unknown[] = [];
    app.teardownRequest((error) => void seen.push(error instanceof Error ? error.message : error));
    app.teardownRequest(() => {
      throw new Error("in teardown");
    });
    app.errorHandler(RangeError, () => "handled");
    app.route("/ok", () => "x", { endpoint: "ok" });
    app.route("/range", () => Promise.reject(new RangeError("range")), { endpoint: "range" });
    app.route("/boom", () => Promise.reject(new Error("boom")), { endpoint: "boom" });
    const client = app.testClient();
    for (const path of ["/ok", "/range", "/none", "/boom"]) {
      await (await client.get(path)).text();
    }
    expect(seen).toEqual([undefined, undefined, undefined, "boom"]);
  });

  it("tear down after a stream has ended", async () => {
    const order: string[] = [];
    const app = createApp();
    async function* body() {
      order.push("first");
      yield "a";
      order.push("last");
    }
    app.teardownRequest(() => void order.push("teardown"));
    app.route("/", () => body(), { endpoint: "x" });
    await (await app.testClient().get("/")).text();
    expect(order).toEqual(["first", "last", "teardown"]);
    const left = await app.testClient().get("/");
    await left.body?.cancel();
    expect(order.slice(3)).toEqual(["teardown"]);
  });

  it("must return a response, or nothing, after a request", async () => {
    const app = createApp();
    app.afterRequest((() => "text") as never);
    app.route("/", () => "x", { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("An after-request hook returned something else than a response.");
  });

  it("may change the session after the view, before it is saved", async () => {
    const app = createApp();
    app.afterRequest((response) => {
      session.set("n", 1);
      return response;
    });
    app.route("/", () => `${session.get("n")}`, { endpoint: "x" });
    const client = app.testClient();
    expect(await (await client.get("/")).text()).toBe("undefined");
    expect(await (await client.get("/")).text()).toBe("1");
  });

  it("share g with the view for one request", async () => {
    const app = createApp();
    app.beforeRequest(() => {
      expect("user" in g).toBe(false);
      g.user = "ann";
      return undefined;
    });
    app.route("/", () => ({ ...g, keys: Object.keys(g) }), { endpoint: "x" });
    const client = app.testClient();
    expect(await (await client.get("/")).json()).toEqual({ user: "ann", keys: ["user"] });
    expect(await (await client.get("/")).json()).toEqual({ user: "ann", keys: ["user"] });
  });
});

describe("signals", () => {
  it("tell of the life of a request on diagnostics channels", async () => {
    const heard: string[] = [];
    const names = ["request.started", "request.finished", "template.rendered", "message.flashed", "exception"];
    const listeners = names.map((name) => [`flagon:${name}`, () => void heard.push(name)] as const);
    for (const [name, listener] of listeners) {
      channel(name).subscribe(listener);
    }
    try {
      const app = createLiveApp();
      app.route("/", () => "x", { endpoint: "x" });
      app.route("/boom", () => Promise.reject(new Error("boom")), { endpoint: "boom" });
      await app.testClient().get("/");
      await app.testClient().get("/boom");
    } finally {
      for (const [name, listener] of listeners) {
        channel(name).unsubscribe(listener);
      }
    }
    expect(heard).toEqual(["request.started", "request.finished", "request.started", "exception", "request.finished"]);
  });
});
