import type { IncomingMessage, ServerResponse } from "node:http";
import express from "express";
import { type Flagon, HTTPException, request } from "flagon";
import { describe, expect, it, vi } from "vitest";
import type { NodeMiddleware } from "../../src/setup/application";
import { createApp, createLiveApp, listen } from "../support";

/** Sends a request over a connection, and through the web's interface. */
async function send(app: Flagon, body: string, type: string, target = "/"): Promise<readonly (readonly [number, string])[]> {
  const init = { method: "POST", body, headers: { "content-type": type } };
  const { origin } = await listen(app.handler);
  const answers = [await fetch(origin + target, init), await app.fetch(new Request(`http://127.0.0.1${target}`, init))];
  return Promise.all(answers.map(async (response) => [response.status, await response.text()] as const));
}

const form = "application/x-www-form-urlencoded";

describe("a body that middleware has read", () => {
  it.each<[string, NodeMiddleware, string, string, string]>([
    ["express.json()", express.json(), '{"a":[1,"é"]}', "application/json", '{"a":[1,"é"]}|{"a":[1,"é"]}'],
    ["express.json() of another type", express.json({ type: "*/*" }), "[1]", "application/vnd.api+json", "[1]|[1]"],
    ["express.text()", express.text(), "grüße", "text/plain", "grüße|"],
    ["express.raw()", express.raw(), "bytes", "application/octet-stream", "bytes|"],
    ["express.raw() of a form", express.raw({ type: form }), "a=1&a=2", form, "a=1&a=2|a=1,2"],
    ["express.urlencoded()", express.urlencoded({ extended: false }), "a=%C3%A9&b=1&b=2", form, "a=%C3%A9&b=1&b=2|a=é b=1,2"],
    ["express.urlencoded(), extended", express.urlencoded({ extended: true }), "a[b]=1&c[]=2", form, "a%5Bb%5D=1&c=2|a[b]=1 c=2"],
    ["express.json() of another type than the body's", express.json(), "a=1", form, "a=1|a=1"],
  ])("is the body of request.text(), json() and form(): %s", async (_name, middleware, body, type, expected) => {
    const app = createApp({ config: { csrf: false } });
    app.useNode(middleware);
    const view = async () => {
      const text = await request.text();
      if (request.isJson) {
        return `${text}|${JSON.stringify(await request.json())}`;
      }
      const names = [...new Set((await request.form()).keys())];
      const fields = await request.form();
      return `${text}|${names.map((name) => `${name}=${fields.getAll(name).join(",")}`).join(" ")}`;
    };
    app.route("/", view, { endpoint: "read", methods: ["POST"] });
    for (const answer of await send(app, body, type)) {
      expect(answer).toEqual([200, expected]);
    }
  });

  it("that is gone is an error that names request.raw.body", async () => {
    const app = createLiveApp();
    const log = vi.spyOn(app.logger, "error");
    app.useNode((message: IncomingMessage, _reply: ServerResponse, next) => {
      message.resume();
      message.once("end", () => next());
    });
    app.route("/", async () => request.text(), { endpoint: "read", methods: ["POST"] });
    for (const [status, text] of await send(app, "a=1", form)) {
      expect([status, text]).toEqual([500, expect.not.stringContaining("request.raw")]);
    }
    expect(JSON.stringify(log.mock.calls.map(([context]) => String(Reflect.get(Object(context), "err"))))).toContain("request.raw.body");
  });

  it("is refused over the limit of the route, and does not matter to a view that does not read it", async () => {
    const app = createLiveApp();
    app.useNode(express.text({ limit: "1mb" }));
    app.route("/", async () => request.text(), { endpoint: "read", methods: ["POST"], maxContentLength: 10 });
    app.route("/other", () => "not read", { endpoint: "other", methods: ["POST"] });
    for (const [status] of await send(app, "x".repeat(11), "text/plain")) {
      expect(status).toBe(413);
    }
    for (const answer of await send(app, "x".repeat(11), "text/plain", "/other")) {
      expect(answer).toEqual([200, "not read"]);
    }
  });
});

describe("an error of middleware", () => {
  const httpError = (status: number, message: string, expose?: boolean) =>
    Object.assign(new Error(message), { status, statusCode: status, ...(expose === undefined ? {} : { expose }) });

  it.each<[string, unknown, number, boolean]>([
    ["is 400 with its message if it is exposed", httpError(400, "bad token", true), 400, true],
    ["keeps 413", httpError(413, "too much of it", true), 413, true],
    ["keeps 429", httpError(429, "slow down", true), 429, true],
    ["is 500 if its status is one of the server", httpError(503, "details inside", true), 500, false],
    ["is 500 if it is not exposed", httpError(400, "details inside", false), 500, false],
    ["is 500 if nothing says that it may be shown", httpError(404, "details inside"), 500, false],
    ["is 500 if its status is none", httpError(99, "details inside", true), 500, false],
    ["is 500 if its status is a success", httpError(200, "details inside", true), 500, false],
    ["is 500 if it has no status", new Error("details inside"), 500, false],
    ["is 500 if it is a text", "details inside", 500, false],
  ])("%s", async (_name, error, status, isShown) => {
    const app = createLiveApp();
    const logged = vi.spyOn(app.logger, "error");
    app.useNode((_message, _reply, next) => next(error));
    app.route("/", () => "not reached", { endpoint: "index", methods: ["GET", "POST"] });
    const text = error instanceof Error ? error.message : String(error);
    for (const [actual, body] of await send(app, "{}", "application/json")) {
      expect([actual, body.includes(text)]).toEqual([status, isShown]);
    }
    expect(logged.mock.calls.length > 0).toBe(status === 500);
  });

  it.each([
    ["a malformed body", "{nonsense", "application/json", 400],
    ["a body over its limit", JSON.stringify("x".repeat(200)), "application/json", 413],
    ["another charset", "{}", "application/json; charset=koi8-r", 415],
  ])("keeps the status of express.json() for %s, and reaches the error handler of that status", async (_name, body, type, status) => {
    const app = createLiveApp();
    app.useNode(express.json({ limit: 100 }));
    app.route("/", () => "not reached", { endpoint: "index", methods: ["POST"] });
    app.errorHandler(status, (error) => `handled ${error instanceof HTTPException ? error.status : "?"}`);
    for (const answer of await send(app, body, type)) {
      expect(answer).toEqual([status, `handled ${status}`]);
    }
  });

  it.each(["throws", "rejects", "passes"])("is answered alike if the middleware %s it", async (way) => {
    const app = createLiveApp();
    const error = httpError(418, "a teapot", true);
    app.useNode((_message, _reply, next) => {
      if (way === "throws") {
        throw error;
      }
      return way === "rejects" ? Promise.reject(error) : next(error);
    });
    for (const [status, text] of await send(app, "", "text/plain")) {
      expect([status, text.includes("a teapot")]).toEqual([418, true]);
    }
  });

  it("is an error without one as well", async () => {
    const app = createLiveApp();
    app.useNode(() => Promise.reject());
    app.route("/", () => "not reached", { endpoint: "index", methods: ["POST"] });
    for (const [status] of await send(app, "", "text/plain")) {
      expect(status).toBe(500);
    }
  });
});

describe("middleware that begins a response and calls next()", () => {
  it.each<[string, (reply: ServerResponse) => void]>([
    ["writes a head", (reply) => void reply.writeHead(202)],
    ["writes a part", (reply) => void reply.write("part")],
  ])("cuts the connection, and is logged: %s", async (_, begin) => {
    const app = createLiveApp();
    const logged = vi.spyOn(app.logger, "error");
    app.useNode((_message, reply, next) => {
      begin(reply);
      next();
    });
    app.route("/", async () => "late", { endpoint: "index" });
    const { origin } = await listen(app.handler);
    await expect(fetch(origin).then((response) => response.text())).rejects.toThrow();
    expect(logged.mock.calls[0]?.[0]).toHaveProperty("err.message", expect.stringContaining("A middleware began a response"));
  });

  it("is left alone if it ends the response", async () => {
    const app = createLiveApp();
    app.useNode((_message, reply, next) => {
      reply.end("mine");
      next();
    });
    app.route("/", () => "app", { endpoint: "index" });
    const { origin } = await listen(app.handler);
    expect(await (await fetch(origin)).text()).toBe("mine");
  });
});
