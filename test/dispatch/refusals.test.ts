import { connect } from "node:net";
import { Readable } from "node:stream";
import { type Flagon, FlagonResponse, g, HTTPException, renderTemplateString } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, createLiveApp, listen } from "../support";

/** Creates an app whose after hook needs the work of its before hook. */
function createPair() {
  const app = createApp({ config: { testing: false, trustedHosts: ["good.test"] } });
  app.logger.level = "silent";
  const calls: string[] = [];
  app.beforeRequest(() => {
    calls.push("before");
    g.start = { time: 1 };
  });
  app.afterRequest((response) => {
    calls.push("after");
    response.headers.set("x-time", String((g.start as { time: number }).time));
  });
  app.teardownRequest(() => {
    calls.push("teardown");
  });
  app.route("/", () => "x", { endpoint: "x", methods: ["GET", "POST"] });
  return { app, calls };
}

/** Sends a head as it is, and returns the status line of the answer. */
function sendHead(port: number, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(head));
    socket.once("data", (piece) => {
      resolve(piece.toString().split("\r\n", 1)[0] ?? "");
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

describe("a request that is refused for its head", () => {
  it.each([
    ["a foreign host", "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 400],
    ["a malformed host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    ["a long target", `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: good.test\r\n\r\n`, 414],
  ])("keeps its status, and runs no hooks: %s", async (_name, head, status) => {
    const { app, calls } = createPair();
    const { port } = await listen(app.handler);
    expect(await sendHead(port, head)).toContain(` ${status} `);
    expect(calls).toEqual([]);
    expect((await app.testClient().get("http://good.test/")).headers.get("x-time")).toBe("1");
    expect(calls).toEqual(["before", "after", "teardown"]);
  });

  it("goes to the app's error handlers, and keeps its status if one fails", async () => {
    const { app } = createPair();
    app.contextProcessor(() => ({ site: "Mine" }));
    app.errorHandler(414, () => renderTemplateString("<%= site %>"));
    app.errorHandler(400, () => {
      throw new Error("broken");
    });
    const log = vi.spyOn(app.logger, "error");
    const client = app.testClient();
    const long = await client.get(`http://good.test/${"a".repeat(9000)}`);
    expect([long.status, await long.text()]).toEqual([414, "Mine"]);
    const foreign = await client.get("http://evil.test/");
    expect([foreign.status, await foreign.text()]).toEqual([400, expect.stringContaining("Bad Request")]);
    expect(log).toHaveBeenCalledOnce();
  });
});

describe("a request that the cross-site check refuses", () => {
  it.each([true, false])("runs the after hooks, and is sent if one fails (testing: %s)", async (testing) => {
    const { app, calls } = createPair();
    app.config.testing = testing;
    const log = vi.spyOn(app.logger, "error");
    const response = await app.testClient().post("http://good.test/", { headers: { "sec-fetch-site": "cross-site" } });
    expect([response.status, response.headers.get("x-content-type-options"), response.headers.get("cache-control")]).toEqual([
      403,
      "nosniff",
      "no-store",
    ]);
    expect(calls).toEqual(["after", "teardown"]);
    expect(log).toHaveBeenCalledOnce();
  });
});

describe("a refusal", () => {
  const refuse: Record<string, (app: Flagon) => Promise<Response>> = {
    "of a host": (app) => app.testClient().get("http://evil.test/"),
    "of a long target": (app) => app.testClient().get(`http://good.test/${"a".repeat(9000)}`),
    "of another site": (app) => app.testClient().post("http://good.test/", { headers: { "sec-fetch-site": "cross-site" } }),
    "of a missing token": (app) => app.fetch(new Request("http://good.test/", { method: "POST", headers: { cookie: "a=b" } })),
  };
  const failures: Record<string, () => unknown> = {
    throws: () => {
      throw new Error("broken");
    },
    rejects: () => Promise.reject(new Error("broken")),
    "returns nothing": () => undefined,
    "returns a number": () => 5,
    "returns a stream that fails": () => Readable.from([{}]),
  };

  function createSite() {
    const app = createApp({ config: { testing: false, trustedHosts: ["good.test"] } });
    app.logger.level = "silent";
    app.route("/", () => "home", { endpoint: "home", methods: ["GET", "POST"] });
    return app;
  }

  it.each(Object.entries(refuse))("%s is sent if its error handler or an after hook fails", async (_, send) => {
    for (const fail of Object.values(failures)) {
      const plain = await send(createSite());
      const broken = createSite();
      broken.errorHandler(HTTPException, fail);
      broken.afterRequest(() => {
        throw new Error("always");
      });
      const answer = await send(broken);
      expect([answer.status, await answer.text()]).toEqual([plain.status, await plain.text()]);
    }
  });
});

describe("an after hook that always fails", () => {
  it.each([
    ["a page", "/", 500, 2],
    ["a view that fails", "/fails", 500, 1],
    ["a missing page", "/none", 500, 2],
  ])("keeps the handler's page, and runs at most twice: %s", async (_name, path, status, runs) => {
    const app = createLiveApp();
    let count = 0;
    app.afterRequest(() => {
      count++;
      throw new Error("always");
    });
    app.errorHandler(500, () => "mine");
    app.route("/", () => "x", { endpoint: "x" });
    app.route("/fails", () => Promise.reject(new Error("view")), { endpoint: "fails" });
    const response = await app.testClient().get(path);
    expect([response.status, await response.text(), count]).toEqual([status, "mine", runs]);
  });

  it("keeps the handler's page if it throws an HTTP error", async () => {
    const app = createLiveApp();
    let count = 0;
    const seen: number[] = [];
    app.afterRequest(async () => {
      count++;
      throw new HTTPException();
    });
    app.errorHandler(HTTPException, (error) => {
      seen.push(error.status);
      return "mine";
    });
    app.route("/", () => "x", { endpoint: "x" });
    expect([await (await app.testClient().get("/")).text(), count, seen]).toEqual(["mine", 2, [500]]);
  });

  it("ends each response once, also one that another hook has replaced", async () => {
    const app = createLiveApp();
    const closed: string[] = [];
    const create = (name: string): FlagonResponse => {
      const response = new FlagonResponse(name);
      response.callOnClose(() => closed.push(name));
      return response;
    };
    app.afterRequest(() => {
      throw new Error("always");
    });
    app.afterRequest((response) => create(`${response.body} replaced`));
    app.errorHandler(500, () => create("handler"));
    app.route("/", () => create("view"), { endpoint: "x" });
    expect(await (await app.testClient().get("/")).text()).toBe("handler replaced");
    expect(closed.sort()).toEqual(["handler", "handler replaced", "view", "view replaced"]);
  });
});

describe("an error that cannot be read", () => {
  class Unreadable extends Error {
    override get message(): string {
      throw new Error("no message");
    }
  }
  const withProperty = Object.defineProperty(new Error("x"), "own", {
    enumerable: true,
    get: () => {
      throw new Error("no property");
    },
  });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  it.each<[string, unknown]>([
    ["a message", new Unreadable()],
    ["a stack", Object.defineProperty(new Error("x"), "stack", { get: () => abortNow() })],
    ["a cause", new Error("x", { cause: new Unreadable() })],
    ["a property", withProperty],
    ["a proxy", revoked.proxy],
    ["a prototype", new Proxy({}, { getPrototypeOf: () => abortNow() })],
    ["undefined", undefined],
    ["null", null],
    ["a symbol", Symbol("x")],
    ["an object without a prototype", Object.create(null)],
  ])("is answered with 500 and the default headers, and logged once: %s", async (_name, thrown) => {
    const app = createLiveApp();
    const log = vi.spyOn(app.logger, "error").mockImplementation((value: unknown) => {
      JSON.stringify(Object.values((value as { err: object | null }).err ?? {}).map(String));
    });
    app.route(
      "/",
      () => {
        throw thrown;
      },
      { endpoint: "x" },
    );
    const response = await app.testClient().get("/", { headers: { accept: "application/json" } });
    expect([response.status, response.headers.get("content-type"), response.headers.get("x-content-type-options")]).toEqual([
      500,
      "application/problem+json",
      "nosniff",
    ]);
    expect(log.mock.results.filter(({ type }) => type === "return")).toHaveLength(1);
  });
});

function abortNow(): never {
  throw new Error("unreadable");
}

describe("a malformed path", () => {
  it.each([
    ["/%ff", 400, "/%ff"],
    ["/%", 400, "/%"],
    ["/a%20b%00", 400, "/a b%00"],
    ["/%C3%A9%", 400, "/é%"],
    ["*", 400, "*"],
  ])("is answered with 400, and hooks and handlers can read it: %s", async (target, status, path) => {
    const app = createLiveApp();
    const seen: string[] = [];
    app.beforeRequest((received) => {
      seen.push(received.path);
    });
    app.afterRequest((_, received) => {
      seen.push(received.path);
    });
    app.errorHandler(400, (_, received) => received.path);
    app.get("/", () => "x");
    const { port } = await listen(app.handler);
    expect(await sendHead(port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).toContain(` ${status} `);
    expect(seen).toEqual([path, path]);
  });

  it("excludes the asterisk of OPTIONS, which asks about the whole app", async () => {
    const app = createLiveApp();
    app.get("/", () => "x");
    app.post("/a", () => "x");
    const { port } = await listen(app.handler);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"));
      socket.once("data", (piece) => {
        resolve(piece.toString());
        socket.destroy();
      });
    });
    expect([answer.startsWith("HTTP/1.1 200 "), /^allow: (.*)\r$/im.exec(answer)?.[1]]).toEqual([true, "GET, HEAD, OPTIONS, POST"]);
  });
});
