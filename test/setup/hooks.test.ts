import { channel } from "node:diagnostics_channel";
import { Blueprint, FlagonResponse, flash, g, renderTemplateString, request, session } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp } from "../support";

describe("hooks", () => {
  it.each([null, false, 0, () => 1, 5n])("before the view that return %s are named, and not the view", async (value) => {
    for (const hook of [() => value, async () => value]) {
      const app = createApp();
      app.get("/", () => "view");
      app.beforeRequest(hook as never);
      await expect(app.testClient().get("/")).rejects.toThrow(/^A before-request hook did not return a valid response: it returned /);
    }
  });

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

  it("tear down after every outcome, with the unhandled error", async () => {
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
    // The first piece is asked for before the head is sent, so that a failure is still a 500.
    expect(order.slice(3)).toEqual(["first", "teardown"]);
  });

  it("must return a response, or nothing, after a request", async () => {
    const app = createApp();
    app.afterRequest((() => "text") as never);
    app.route("/", () => "x", { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("An after-request hook returned something else than a response.");
  });

  it("can change the session after the view, before it is saved", async () => {
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

describe("the hooks of nested blueprints", () => {
  function createNested(heard: string[]) {
    const app = createLiveApp();
    const outer = new Blueprint("outer", { urlPrefix: "/outer" });
    const inner = new Blueprint("inner", { urlPrefix: "/inner" });
    for (const [name, place] of [
      ["app", app],
      ["outer", outer],
      ["inner", inner],
    ] as const) {
      place.urlValuePreprocessor(() => void heard.push(`values ${name}`));
      place.beforeRequest(() => void heard.push(`before ${name} 1`));
      place.beforeRequest(async () => void heard.push(`before ${name} 2`));
      place.afterRequest(() => void heard.push(`after ${name} 1`));
      place.afterRequest(async () => void heard.push(`after ${name} 2`));
      place.teardownRequest(() => void heard.push(`teardown ${name}`));
    }
    app.teardownAppContext(() => void heard.push("teardown context 1"));
    app.teardownAppContext(() => void heard.push("teardown context 2"));
    inner.route("/x", () => (heard.push("view") ? "x" : ""), { endpoint: "x" });
    outer.route("/x", () => "x", { endpoint: "x" });
    outer.register(inner);
    app.register(outer);
    return app.testClient();
  }

  it("are nested: app, outer, inner, the view, inner, outer, app", async () => {
    const heard: string[] = [];
    await createNested(heard).get("/outer/inner/x");
    expect(heard).toEqual([
      ...["values app", "values outer", "values inner"],
      ...["before app 1", "before app 2", "before outer 1", "before outer 2", "before inner 1", "before inner 2"],
      "view",
      ...["after inner 2", "after inner 1", "after outer 2", "after outer 1", "after app 2", "after app 1"],
      ...["teardown inner", "teardown outer", "teardown app", "teardown context 2", "teardown context 1"],
    ]);
  });

  it("run for their own routes only, and not for 404", async () => {
    const heard: string[] = [];
    const client = createNested(heard);
    await client.get("/outer/x");
    expect(heard.filter((step) => step.includes("inner"))).toEqual([]);
    expect(heard.filter((step) => step.startsWith("before outer"))).toHaveLength(2);
    heard.length = 0;
    await client.get("/outer/none");
    expect(heard.filter((step) => /inner|outer/.test(step))).toEqual([]);
    expect(heard.filter((step) => step.startsWith("before app"))).toHaveLength(2);
  });

  it("run for the whole app if they are added for it", async () => {
    const app = createLiveApp();
    const heard: string[] = [];
    const part = new Blueprint("part", { urlPrefix: "/part" });
    part.beforeAppRequest(() => void heard.push("before"));
    part.afterAppRequest(() => void heard.push("after"));
    part.teardownAppRequest(() => void heard.push("teardown"));
    part.appUrlValuePreprocessor(() => void heard.push("values"));
    part.appContextProcessor(() => ({ site: "S" }));
    part.appErrorHandler(404, () => "none here");
    part.appErrorHandler(TypeError, () => "a type error");
    app.register(part);
    app.route("/x", () => renderTemplateString("<%= site %>"), { endpoint: "x" });
    app.route("/type", () => Promise.reject(new TypeError("t")), { endpoint: "type" });
    const client = app.testClient();
    expect(await (await client.get("/x")).text()).toBe("S");
    expect(heard).toEqual(["values", "before", "after", "teardown"]);
    expect(await (await client.get("/none")).text()).toBe("none here");
    expect(await (await client.get("/type")).text()).toBe("a type error");
  });
});

describe("teardownAppContext()", () => {
  it("runs at the end of each context, with or without a request, with the error that ended it", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    app.teardownAppContext((error) => void seen.push([g.id, error instanceof Error ? error.message : error]));
    const run = (id: number) => {
      g.id = id;
      return id;
    };
    expect(app.appContext(() => run(1))).toBe(1);
    expect(await app.appContext(async () => run(2))).toBe(2);
    expect(() =>
      app.appContext(() => {
        run(3);
        throw new Error("sync");
      }),
    ).toThrow("sync");
    await expect(app.appContext(() => Promise.reject(new Error(`async ${run(4)}`)))).rejects.toThrow("async 4");
    app.route("/", () => String(run(5)), { endpoint: "x" });
    await app.testClient().get("/");
    await app.testRequestContext("/", {}, () => run(6));
    expect(seen).toEqual([
      [1, undefined],
      [2, undefined],
      [3, "sync"],
      [4, "async 4"],
      [5, undefined],
      [6, undefined],
    ]);
  });
});

describe("app.preprocessRequest()", () => {
  it("runs the steps before the view, for a test", async () => {
    const app = createApp();
    app.beforeRequest(() => {
      g.user = "ann";
      return undefined;
    });
    app.beforeRequest((current) => (current.query.has("stop") ? "stopped" : undefined));
    app.route("/", () => expect.unreachable(), { endpoint: "x" });
    expect(await app.testRequestContext("/", {}, async () => [await app.preprocessRequest(), g.user])).toEqual([undefined, "ann"]);
    expect(await app.testRequestContext("/?stop", {}, () => app.preprocessRequest())).toBe("stopped");
    await expect(app.preprocessRequest()).rejects.toThrow("Working outside of request context");
  });
});

describe("signals", () => {
  it("publish the events of a request on diagnostics channels", async () => {
    const heard: string[] = [];
    const tell = (name: string, message: unknown) => `${name} ${Object.keys(message as object).sort()}`;
    const names = [
      "request.started",
      "request.finished",
      "request.tearing-down",
      "template.rendering",
      "template.rendered",
      "message.flashed",
    ];
    const listeners = [...names, "exception"].map(
      (name) => [`flagon:${name}`, (message: unknown) => void heard.push(tell(name, message))] as const,
    );
    for (const [name, listener] of listeners) {
      channel(name).subscribe(listener);
    }
    try {
      const app = createLiveApp();
      app.route(
        "/",
        () => {
          flash("hello", "info");
          return renderTemplateString("<%= it.a %>", { a: 1 });
        },
        { endpoint: "x" },
      );
      app.route("/boom", () => Promise.reject(new Error("boom")), { endpoint: "boom" });
      await app.testClient().get("/");
      await app.testClient().get("/boom");
    } finally {
      for (const [name, listener] of listeners) {
        channel(name).unsubscribe(listener);
      }
    }
    expect(heard).toEqual([
      "request.started app,request",
      "message.flashed app,category,message",
      "template.rendering app,data,template",
      "template.rendered app,data,template",
      "request.finished app,request,response",
      "request.tearing-down app,exception,request",
      "request.started app,request",
      "exception app,exception,request",
      "request.finished app,request,response",
      "request.tearing-down app,exception,request",
    ]);
  });
});
