import { Readable, Stream, Writable } from "node:stream";
import { eventStream, FlagonResponse, html, json, makeResponse, ReturnValueError, renderTemplateString, request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";

function createView(view: () => unknown) {
  const app = createApp();
  app.route("/", view, { endpoint: "view", methods: ["GET", "POST"] });
  return app.testClient();
}

const circle: { self?: object } = {};
circle.self = circle;

/** A response as packages bring their own: undici, node-fetch, graphql-yoga. */
class PackageResponse {
  readonly status = 202;
  readonly url = "";
  readonly bodyUsed = false;
  readonly headers = [
    ["Content-Type", "text/plain"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ];

  constructor(readonly body: AsyncIterable<Uint8Array> | null) {}

  get [Symbol.toStringTag]() {
    return "Response";
  }
}

describe("the return value of a view", () => {
  async function* generate() {
    yield "a";
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield Buffer.from("ö");
    yield request.path;
  }
  function* count() {
    yield "1";
    yield "2";
  }

  function oldStream() {
    const stream = Object.assign(new Stream(), { readable: true, pause: () => undefined, resume: () => undefined });
    setTimeout(() => {
      stream.emit("data", "old");
      stream.emit("end");
    });
    return stream;
  }

  it.each([
    ["text", () => "<p>é", "text/html; charset=utf-8", "<p>é"],
    ["Markup", () => html`<p>${"<"}`, "text/html; charset=utf-8", "<p>&lt;"],
    ["an object", () => ({ b: 1, a: ["é"] }), "application/json", '{"b":1,"a":["é"]}'],
    ["an array", () => [1, null], "application/json", "[1,null]"],
    ["a promise", async () => "later", "text/html; charset=utf-8", "later"],
    ["bytes", () => new Uint8Array([65, 66]), "application/octet-stream", "AB"],
    [
      "an object with a bigint, as text",
      () => ({ id: 9007199254740993n, list: [1n] }),
      "application/json",
      '{"id":"9007199254740993","list":["1"]}',
    ],
    ["a blob", () => new Blob(["x"], { type: "text/csv" }), "text/csv", "x"],
    ["an async generator", () => generate(), "text/html; charset=utf-8", "aö/"],
    ["a generator", () => count(), "text/html; charset=utf-8", "12"],
    ["a Node stream", () => Readable.from(["a", "b"]), "text/html; charset=utf-8", "ab"],
    ["an object that gives pieces", () => ({ [Symbol.iterator]: count }), "text/html; charset=utf-8", "12"],
    ["the stream of an old package", oldStream, "text/html; charset=utf-8", "old"],
    ["a view of bytes", () => new DataView(new Uint8Array([64, 65, 66]).buffer, 1), "application/octet-stream", "AB"],
    ["cookies of which there are none", () => request.cookies, "application/json", "{}"],
    [
      "an empty object of a class of fields",
      () =>
        new (class Filter {
          name?: string;
        })(),
      "application/json",
      "{}",
    ],
    ["an empty object without a prototype", () => Object.create(null), "application/json", "{}"],
    ["a list of a class", () => new (class Rows extends Array<number> {})(1, 2), "application/json", "[1,2]"],
    ["an iterable that writes itself", () => ({ [Symbol.iterator]: count, toJSON: () => ["j"] }), "application/json", '["j"]'],
    ["a web stream", () => new Blob(["web"]).stream(), "text/html; charset=utf-8", "web"],
    ["a web response", () => new Response("r", { status: 201, headers: { "content-type": "text/plain", "x-a": "1" } }), "text/plain", "r"],
    ["a response", () => new FlagonResponse("x", 202, { "content-type": "text/plain" }), "text/plain", "x"],
  ])("can be %s", async (_, view, type, body) => {
    const response = await createView(view).get("/");
    expect([response.headers.get("content-type"), await response.text()]).toEqual([type, body]);
  });

  it("can be a web response of a package, with its status, its headers and its body", async () => {
    async function* bytes() {
      yield new TextEncoder().encode("pack");
      yield new TextEncoder().encode("age");
    }
    const response = await createView(() => new PackageResponse(bytes())).get("/");
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([202, "text/plain", "package"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await (await createView(() => new PackageResponse(null)).get("/")).text()).toBe("");
  });

  it("is sent as it is, by a route with a schema and by a mounted handler, if it is a web response of a package", async () => {
    const app = createApp();
    const view = (): unknown => new PackageResponse(null);
    Reflect.apply(app.route, app, ["/checked", view, { endpoint: "checked", returns: z.object({ a: z.number() }) }]);
    Reflect.apply(app.mount, app, ["/mounted", view]);
    const client = app.testClient();
    expect([(await client.get("/checked")).status, (await client.get("/mounted")).status]).toEqual([202, 202]);
  });

  it.each([
    [undefined, "it returned undefined. Did you forget a return statement?"],
    [null, "it returned null."],
    [7, "it returned a number."],
    [true, "it returned a boolean."],
    [{ n: circle }, "returned a value that JSON cannot hold"],
    [new TransformStream(), "of the class TransformStream, which JSON writes as {}. Return its 'readable'."],
    [new Writable(), "of the class Writable, a stream that cannot be read"],
    [new WeakRef({}), "of the class WeakRef, which JSON writes as {}"],
    [
      new (class Money {
        get cents() {
          return 5;
        }
      })(),
      "of the class Money, which JSON writes as {}: it has no property to write",
    ],
    [new DOMException("over"), "of the class DOMException"],
    [new Float32Array(2), "of the class Float32Array, which JSON writes as an object"],
  ])("cannot be anything else, %#", async (value, message) => {
    const view = (): unknown => value;
    const app = createApp();
    app.route("/", view, { endpoint: "pages" });
    const error = await app
      .testClient()
      .get("/")
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReturnValueError);
    expect(error).toHaveProperty("message", expect.stringContaining("The view 'pages'"));
    expect(error).toHaveProperty("message", expect.stringContaining(message));
  });

  it("is cut off if it is a stream that fails after the status is sent", async () => {
    const app = createLiveApp();
    async function* broken() {
      yield "begun";
      throw new Error("broken");
    }
    app.route("/", () => broken(), { endpoint: "view" });
    const response = await app.testClient().get("/");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("broken");
  });

  it.each<[string, () => unknown, string]>([
    ["inside of an object", () => ({ rows: Promise.reject(new Error("down")) }), "data whose 'rows' is a promise"],
    ["inside of a list", () => ({ list: [{}, Promise.reject(new Error("down"))] }), "data whose 'list.1' is a promise"],
    ["in json()", () => json(Promise.reject(new Error("down"))), "json() returned a promise"],
    ["in makeResponse()", () => makeResponse(Promise.reject(new Error("down"))), "makeResponse() returned a promise"],
    ["in an event stream", () => eventStream(pretend(Promise.reject(new Error("down")))), "eventStream() got no stream of events"],
    ["thrown", () => Promise.reject(Promise.reject(new Error("down"))), "A promise was thrown"],
    [
      "in a template",
      () => renderTemplateString("<%= it.rows %>", { rows: Promise.reject(new Error("down")) }),
      "'it.rows' is a promise. Await it",
    ],
  ])("cannot hold a promise %s, and its rejection harms nothing", async (_, view, message) => {
    const app = createApp({ config: { debug: true } });
    app.route("/", view, { endpoint: "view" });
    await expect(app.testClient().get("/")).rejects.toThrow(message);
  });

  it("survives a rejected promise inside of data in production", async () => {
    const warned = new Promise((resolve) => process.once("warning", resolve));
    const response = await createView(() => ({ rows: Promise.reject(new Error("down")) })).get("/");
    expect(await response.text()).toBe('{"rows":{}}');
    expect(await warned).toHaveProperty(
      "message",
      "The view 'view' returned data whose 'rows' is a promise, which was rejected: Error: down",
    );
  });

  it.each([
    ["a generator", count()],
    ["an async generator", generate()],
    ["the iterator of a list", ["1", "2"].values()],
  ])("cannot be %s that another response has sent", async (_, kept) => {
    const client = createView(() => kept);
    expect(await (await client.get("/")).text()).not.toBe("");
    await expect(client.get("/")).rejects.toThrow("returned an iterator that was returned before");
  });
});

/** Passes a value for another, as code without a compiler can. */
function pretend<Expected>(value: unknown): Expected {
  return value as Expected;
}
