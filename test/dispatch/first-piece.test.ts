import { createReadStream } from "node:fs";
import { request as sendRequest } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { abort, FlagonResponse, json, makeResponse, redirect, request, session } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, createLiveApp, listen, waitUntil } from "../support";

/** Returns a web stream that something reads. */
function lockStream(): ReadableStream<Uint8Array> {
  const stream = new Blob(["x"]).stream();
  stream.getReader();
  return stream;
}

async function readResponse(): Promise<Response> {
  const response = new Response("w");
  await response.text();
  return response;
}

const kept = new Response("kept");
const failed = new Readable({ read: () => undefined });
failed.on("error", () => undefined).destroy(new Error("broken before"));

async function readStream(): Promise<ReadableStream> {
  const stream = new Blob(["x"]).stream();
  await stream.cancel();
  return stream;
}

function pipedStream(): Readable {
  const stream = new PassThrough();
  stream.pipe(new PassThrough());
  return stream.end("elsewhere");
}

const failures: readonly [string, () => unknown][] = [
  ["a web response that was read", readResponse],
  ["a web stream that something reads", lockStream],
  ["a file that is not there", () => createReadStream("/does/not/exist")],
  ["a stream that has failed", () => failed],
  ["a web stream that was cancelled", readStream],
  ["a web stream that fails without an error", () => new ReadableStream({ start: (controller) => controller.error() })],
  ["a stream that is piped elsewhere", pipedStream],
  ["a stream of objects", () => Readable.from([{ a: 1 }])],
  ["a stream that is destroyed", () => Readable.from(["x"]).destroy()],
  [
    "a stream that fails when it is read",
    () =>
      new Readable({
        read() {
          this.destroy(new Error("broken"));
        },
      }),
  ],
  [
    "a web stream that fails",
    () =>
      new ReadableStream({
        pull: () => {
          throw new Error("broken");
        },
      }),
  ],
  [
    "a generator that throws before its first piece",
    async function* () {
      await wait(30);
      yield* [];
      throw new Error("broken");
    },
  ],
  [
    "a synchronous generator that throws before its first piece",
    function* () {
      yield* [];
      throw new Error("broken");
    },
  ],
  [
    "a stream whose first piece cannot be sent",
    async function* () {
      yield 1;
    },
  ],
  ["a response whose stream fails", () => new FlagonResponse(createReadStream("/does/not/exist"), 200, { "x-a": "1" })],
];

describe("a stream that fails before its first piece", () => {
  it.each(failures)("is answered with 500 by the error handlers: %s", async (_name, view) => {
    const app = createLiveApp();
    app.route("/", view, { endpoint: "x" });
    const seen: unknown[] = [];
    app.teardownRequest((error) => {
      seen.push(error);
    });
    const log = vi.spyOn(app.logger, "error");
    const { origin } = await listen(app.handler);
    for (const response of [await fetch(origin), await app.testClient().get("/"), await app.fetch(new Request("http://localhost/"))]) {
      expect([response.status, response.headers.get("x-a"), (await response.text()).includes("Internal Server Error")]).toEqual([
        500,
        null,
        true,
      ]);
    }
    await waitUntil(() => seen.length === 3);
    expect([seen.every((error) => error instanceof Error), log.mock.calls.length]).toEqual([true, 3]);
  });

  it("goes to the handler of its class, and through the after hooks again", async () => {
    const app = createLiveApp();
    const statuses: number[] = [];
    app.errorHandler(RangeError, (error) => new FlagonResponse(error.message, 503));
    app.afterRequest((response) => {
      statuses.push(response.status);
    });
    app.route(
      "/",
      async function* () {
        session.set("x", 1);
        yield* [];
        throw new RangeError("out of range");
      },
      { endpoint: "x" },
    );
    const response = await app.testClient().get("/");
    expect([response.status, await response.text(), statuses]).toEqual([503, "out of range", [200, 503]]);
  });

  it("is thrown to the test if errors propagate", async () => {
    const app = createApp();
    app.route("/", () => createReadStream("/does/not/exist"), { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("ENOENT");
  });

  it("of a mounted handler is answered as well", async () => {
    const app = createLiveApp();
    const used = await readResponse();
    app.mount("/used", async () => used);
    app.mount("/locked", () => ({ body: lockStream() }).body as unknown as Response);
    app.mount(
      "/fails",
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.error(new Error("broken")),
          }),
        ),
    );
    const { origin } = await listen(app.handler);
    for (const path of ["/used/", "/locked/", "/fails/"]) {
      expect([path, (await fetch(origin + path)).status, (await app.testClient().get(path)).status]).toEqual([path, 500, 500]);
    }
  });
});

describe("a stream that fails after a hook has replaced it", () => {
  it("ends only its own response", async () => {
    const app = createLiveApp();
    app.get("/", () => createReadStream("/does/not/exist"));
    app.afterRequest((response) => {
      response.body = "replaced";
    });
    expect(await (await app.testClient().get("/")).text()).toBe("replaced");
    await wait(20);
  });
});

describe("a response that is kept", () => {
  it("can be returned once, and as clones", async () => {
    const app = createLiveApp();
    app.route("/", () => kept, { endpoint: "x" });
    const template = new Response("copied");
    app.route("/clone", () => template.clone(), { endpoint: "clone" });
    const client = app.testClient();
    expect(await (await client.get("/")).text()).toBe("kept");
    expect((await client.get("/")).status).toBe(500);
    expect([await (await client.get("/clone")).text(), await (await client.get("/clone")).text()]).toEqual(["copied", "copied"]);
  });
});

describe("a response of Flagon's that is kept", () => {
  it.each<[string, () => FlagonResponse]>([
    ["text", () => makeResponse("kept")],
    ["JSON", () => json({ kept: true })],
    ["no body", () => new FlagonResponse(null, 204)],
    ["a redirect", () => redirect("/elsewhere")],
  ])("belongs to one request, since it has the cookies of that: %s", async (_, make) => {
    const app = createLiveApp();
    const log = vi.spyOn(app.logger, "error");
    const kept = make();
    app.route("/", () => kept, { endpoint: "x" });
    const begin = () => {
      session.set("user", "ann");
      return kept;
    };
    app.route("/session", begin, { endpoint: "session" });
    app.route("/raised", () => abort(kept), { endpoint: "raised" });
    app.afterRequest((response) => response.setCookie("seen", "1"));
    const first = await app.testClient().get("/session");
    expect([first.status < 400, first.headers.getSetCookie().length]).toEqual([true, 2]);
    for (const path of ["/", "/session", "/raised"]) {
      const second = await app.testClient().get(path);
      expect([path, second.status, second.headers.getSetCookie().join().includes("session=") && path !== "/session"]).toEqual([
        path,
        500,
        false,
      ]);
    }
    expect(String(Reflect.get(Object(log.mock.calls[0]?.[0]), "err"))).toContain("was sent for another request, with its cookies");
  });

  it("may pass through hooks and error handlers of its own request", async () => {
    const app = createLiveApp();
    app.route("/", () => abort(makeResponse("made", 403)), { endpoint: "x" });
    app.afterRequest((response) => response);
    app.errorHandler(404, () => makeResponse("none", 404));
    const client = app.testClient();
    for (let round = 0; round < 2; round++) {
      expect((await client.get("/")).status).toBe(403);
      expect((await client.get("/none")).status).toBe(404);
    }
  });
});

describe("a stream with a first piece", () => {
  it("can set the session until then, and not later", async () => {
    const app = createLiveApp();
    app.route(
      "/early",
      async function* () {
        session.set("x", request.path);
        yield "a";
      },
      { endpoint: "early" },
    );
    app.route(
      "/late",
      async function* () {
        yield "a";
        session.set("x", request.path);
        yield "b";
      },
      { endpoint: "late" },
    );
    const client = app.testClient();
    const early = await client.get("/early");
    expect([await early.text(), early.headers.get("set-cookie")]).toEqual(["a", expect.stringContaining("session=")]);
    await expect((await app.testClient().get("/late")).text()).rejects.toThrow("changed after its response was sent");
  });

  it.each<[string, () => unknown, string]>([
    ["an empty generator", async function* () {}, ""],
    ["an empty stream", () => Readable.from([]), ""],
    ["a generator of one piece", () => [..."abc"].values(), "abc"],
    ["a slow generator", slowly, "slow"],
    ["a stream of objects", () => Readable.from(["a", Buffer.from("b")]), "ab"],
    ["a file", () => createReadStream(__filename, { end: 9 }), "import { c"],
    ["a web stream", () => new Blob(["web"]).stream(), "web"],
    ["a web response", () => new Response("web"), "web"],
  ])("is sent whole: %s", async (_name, view, text) => {
    const app = createApp();
    app.route("/", view, { endpoint: "x" });
    const { origin } = await listen(app.handler);
    expect(await (await fetch(origin)).text()).toBe(text);
    expect(await (await app.testClient().get("/")).text()).toBe(text);
    expect(await (await app.testClient().head("/")).text()).toBe("");
  });

  async function* slowly() {
    await wait(40);
    yield "slow";
  }
});

describe("a client that leaves before the first piece", () => {
  it("ends the request", async () => {
    const app = createLiveApp();
    let torn = 0;
    app.teardownRequest(() => {
      torn++;
    });
    app.route(
      "/<kind>",
      ({ kind }: { kind: string }) =>
        kind === "stream"
          ? new Readable({ read: () => undefined })
          : (async function* () {
              await new Promise(() => undefined);
              yield "never";
            })(),
      { endpoint: "x" },
    );
    const { port } = await listen(app.handler);
    for (const path of ["/stream", "/generator"]) {
      const message = sendRequest({ port, path }).on("error", () => undefined);
      message.end();
      await wait(40);
      message.destroy();
    }
    await waitUntil(() => torn === 2);
    expect(torn).toBe(2);
  });
});

describe("a value that JSON writes as {}", () => {
  it.each<[string, unknown]>([
    ["Error", new Error("x")],
    ["Error", new (class Mine extends Error {})("x")],
    ["Map", new Map([[1, 2]])],
    ["Set", new Set([1])],
    ["FormData", new FormData()],
    ["URLSearchParams", new URLSearchParams("a=1")],
    ["Headers", new Headers()],
  ])("is refused with the view and the class: %s", async (name, value) => {
    const app = createApp();
    app.route("/", () => value, { endpoint: "mine" });
    await expect(app.testClient().get("/")).rejects.toThrow(`The view 'mine' returned a value of the class ${name}`);
  });

  it("is sent if it has toJSON()", async () => {
    const app = createApp();
    app.route("/", () => Object.assign(new Error("x"), { toJSON: () => ({ mine: true }) }), { endpoint: "x" });
    expect(await (await app.testClient().get("/")).json()).toEqual({ mine: true });
  });

  it("is refused in debug mode if it is a promise inside of data", async () => {
    const view = () => ({ page: { rows: [1, Promise.resolve(2)] } });
    const app = createApp({ config: { debug: true } });
    app.route("/", view, { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("The view 'x' returned data whose 'page.rows.1' is a promise");
    const live = createApp();
    live.route("/", view, { endpoint: "x" });
    expect((await live.testClient().get("/")).status).toBe(200);
  });

  it.each<[string, string, unknown]>([
    ["Map", "page.names", { page: { names: new Map([[1, 2]]) } }],
    ["Set", "0", [new Set([1])]],
    ["Error", "errors.0", { errors: [new Error("x")] }],
  ])("is refused in debug mode inside of data: %s", async (name, path, value) => {
    const message = `data whose '${path}' is a value of the class ${name}, which JSON writes as {}`;
    const app = createApp({ config: { debug: true } });
    app.route("/", () => value, { endpoint: "x" });
    app.route("/json", () => json(value), { endpoint: "json" });
    await expect(app.testClient().get("/")).rejects.toThrow(`The view 'x' returned ${message}`);
    await expect(app.testClient().get("/json")).rejects.toThrow(`json() returned ${message}`);
  });

  it("is sent inside of data by a JSON of the app's own", async () => {
    const app = createApp({ config: { debug: true } });
    const write = (_key: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
    app.json = { parse: JSON.parse, stringify: (value) => JSON.stringify(value, write) };
    app.route("/", () => ({ names: new Map([["a", 1]]) }), { endpoint: "x" });
    expect(await (await app.testClient().get("/")).json()).toEqual({ names: { a: 1 } });
  });
});
