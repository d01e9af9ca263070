import { Blueprint, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** Answers each request with what a function reads of it. */
function createReader(read: () => unknown, config = {}) {
  const app = createApp({ config });
  app.route("/<path:rest>", async () => ({ read: await read() }), { endpoint: "read", methods: ["GET", "POST"] });
  const client = app.testClient();
  return async (target: string, headers: Record<string, string | null> = {}, remoteAddress = "127.0.0.1") => {
    const response = await client.get(target, { headers, remoteAddress });
    return response.status === 200 ? ((await response.json()) as { read: unknown }).read : [response.status, await response.text()];
  };
}

/** Sends requests by the test client, and answers each with the value that a function reads of it. */
function createClient(read: () => unknown) {
  const app = createApp();
  app.route("/", async () => ({ read: await read() }), { endpoint: "read", methods: ["GET", "POST"] });
  app.route("/a/<path:rest>", async () => ({ read: await read() }), { endpoint: "rest" });
  return app.testClient();
}

async function readJson(response: Response | Promise<Response>): Promise<unknown> {
  const body = (await (await response).json()) as { read?: unknown };
  return body.read;
}

describe("request", () => {
  it("has its URL in parts", async () => {
    const client = createClient(() => ({
      method: request.method,
      url: request.url,
      path: request.path,
      fullPath: request.fullPath,
      query: [...request.query],
      host: request.host,
      scheme: request.scheme,
      isSecure: request.isSecure,
      endpoint: request.endpoint,
      viewArgs: request.viewArgs,
      blueprint: request.blueprint,
      remoteAddress: request.remoteAddress,
    }));
    expect(await readJson(client.get("https://example.com:443/a/x%20y?q=1&q=%C3%A4+b&empty="))).toEqual({
      method: "GET",
      url: "https://example.com/a/x%20y?q=1&q=%C3%A4+b&empty=",
      path: "/a/x y",
      fullPath: "/a/x%20y?q=1&q=%C3%A4+b&empty=",
      query: [
        ["q", "1"],
        ["q", "ä b"],
        ["empty", ""],
      ],
      host: "example.com",
      scheme: "https",
      isSecure: true,
      endpoint: "rest",
      viewArgs: { rest: "x y" },
      blueprint: null,
      remoteAddress: "127.0.0.1",
    });
  });

  it("reads headers, cookies and credentials", async () => {
    const client = createClient(() => ({
      one: request.headers.get("X-One"),
      none: request.headers.get("x-none"),
      has: request.headers.has("X-ONE"),
      names: [...request.headers.keys()].includes("x-one"),
      cookies: { ...request.cookies },
      authorization: request.authorization,
    }));
    const headers = { "x-one": "1", cookie: 'a=1; b="x\\054 y"; a=2; c=%20', authorization: `Basic ${btoa("ann:se:cret")}` };
    expect(await readJson(client.get("/", { headers }))).toEqual({
      one: "1",
      none: null,
      has: true,
      names: true,
      cookies: { a: "1", b: "x, y", c: "%20" },
      authorization: { type: "basic", username: "ann", password: "se:cret" },
    });
    const bearer = createClient(() => request.authorization);
    expect(await readJson(bearer.get("/", { headers: { authorization: "Bearer abc.def" } }))).toEqual({ type: "bearer", token: "abc.def" });
    expect(await readJson(bearer.get("/", { headers: { authorization: "nonsense" } }))).toBeNull();
  });

  it("negotiates what the client accepts", async () => {
    const client = createClient(() => [
      request.accepts.types("text/html", "application/json") ?? null,
      request.accepts.languages("en", "de") ?? null,
      request.accepts.encodings("br", "gzip") ?? null,
    ]);
    const headers = { accept: "text/html;q=0.5, application/json", "accept-language": "de-DE,de;q=0.9", "accept-encoding": "gzip" };
    expect(await readJson(client.get("/", { headers }))).toEqual(["application/json", "de", "gzip"]);
    expect(
      await readJson(client.get("/", { headers: { accept: "image/png", "accept-language": "fr", "accept-encoding": "zstd" } })),
    ).toEqual([null, null, null]);
    expect(await readJson(client.get("/"))).toEqual(["text/html", "en", null]);
  });
});

describe("request.query", () => {
  it.each([
    ["text", () => request.query.get("q"), "q=x", "x"],
    ["nothing", () => request.query.get("q"), "", null],
    ["a default", () => request.query.get("q", { default: "d" }), "", "d"],
    ["empty text, not the default", () => request.query.get("q", { default: "d" }), "q=", ""],
    ["a whole number", () => request.query.get("n", { type: "int" }), "n=7", 7],
    ["null for what is none", () => request.query.get("n", { type: "int" }), "n=7.5", null],
    ["null for one too large", () => request.query.get("n", { type: "int" }), "n=99999999999999999999", null],
    ["the default for what is none", () => request.query.get("n", { type: "int", default: 1 }), "n=x", 1],
    ["the default for an empty number", () => request.query.get("n", { type: "int", default: 1 }), "n=", 1],
    ["a number", () => request.query.get("n", { type: "float" }), "n=-1.5e3", -1500],
    ["no number in hex", () => request.query.get("n", { type: "float" }), "n=0x10", null],
    ["yes", () => request.query.get("b", { type: "boolean" }), "b=on", true],
    ["no", () => request.query.get("b", { type: "boolean", default: true }), "b=0", false],
    ["neither", () => request.query.get("b", { type: "boolean" }), "b=maybe", null],
    ["what a function makes", () => request.query.get("d", { type: (text) => text.toUpperCase() }), "d=x", "X"],
    ["null where a function throws", () => request.query.get("d", { type: (text) => BigInt(text).toString() }), "d=x", null],
    ["all of a name that convert", () => request.query.getAll("n", { type: "int" }), "n=1&n=x&n=3", [1, 3]],
    ["all as text", () => request.query.getAll("n"), "n=1&n=x", ["1", "x"]],
  ])("gives %s", async (_, read, query, expected) => {
    expect(await createReader(read)(`/x?${query}`)).toEqual(expected);
  });

  it("requires a value with require(): a missing one is a 400 that names it", async () => {
    const read = createReader(() => request.query.require("page", { type: "int" }) + 1);
    expect(await read("/x?page=2")).toBe(3);
    expect(await read("/x")).toEqual([400, expect.stringContaining("lacks the parameter &#39;page&#39;")]);
    expect(await read("/x?page=two")).toEqual([
      400,
      expect.stringContaining("The parameter &#39;page&#39; of the request has a value that is not taken"),
    ]);
  });

  it("has the type of its conversion", () => {
    const read = () => {
      const page: number = request.query.get("page", { type: "int", default: 1 });
      const maybe: number | null = request.query.get("page", { type: "int" });
      const word: string | null = request.query.get("word");
      const made: Date | null = request.query.get("day", { type: (text) => new Date(text) });
      // @ts-expect-error It may be null.
      const wrong: number = request.query.get("page", { type: "int" });
      return [page, maybe, word, made, wrong];
    };
    expect(read).toThrow("Working outside of request context");
  });
});

describe("the parts of a URL", () => {
  it("include the path of the app's root", async () => {
    const read = createReader(
      () => [request.url, request.baseUrl, request.rootUrl, request.origin, request.rootPath, request.queryString],
      {
        applicationRoot: "/app",
      },
    );
    expect(await read("http://example.com:80/a%20b?q=%41")).toEqual([
      "http://example.com/app/a%20b?q=%41",
      "http://example.com/app/a%20b",
      "http://example.com/app/",
      "http://example.com",
      "/app",
      "q=%41",
    ]);
  });
});

describe("the client's address", () => {
  const forwarded = {
    "x-forwarded-for": "6.6.6.6, 1.1.1.1, 10.0.0.2",
    "x-forwarded-proto": "https, http",
    "x-forwarded-host": "shop.example, inner",
    "x-forwarded-port": "8443, 80",
  };
  const look = () => [request.remoteAddress, request.scheme, request.host, request.isSecure, request.accessRoute];

  it("is the peer's address by default: forwarded headers are ignored", async () => {
    expect(await createReader(look)("/x", forwarded)).toEqual(["127.0.0.1", "http", "localhost", false, ["127.0.0.1"]]);
  });

  it("comes from the trusted number of proxies", async () => {
    expect(await createReader(look, { trustProxy: 1 })("/x", forwarded)).toEqual([
      "10.0.0.2",
      "http",
      "localhost",
      false,
      ["10.0.0.2", "127.0.0.1"],
    ]);
    const route = ["1.1.1.1", "10.0.0.2", "127.0.0.1"];
    expect(await createReader(look, { trustProxy: 2 })("/x", forwarded)).toEqual(["1.1.1.1", "https", "localhost", true, route]);
    const all = { hops: 2, host: true, port: true, prefix: true };
    expect(await createReader(look, { trustProxy: all })("/x", forwarded)).toEqual(["1.1.1.1", "https", "shop.example:8443", true, route]);
  });

  it("is the first address that is not trusted", async () => {
    const read = createReader(look, { trustProxy: ["loopback", "10.0.0.0/8"] });
    expect(await read("/x", forwarded)).toEqual(["1.1.1.1", "https", "localhost", true, ["1.1.1.1", "10.0.0.2", "127.0.0.1"]]);
    // Nothing is believed of a client that comes past the proxies.
    const all = createReader(look, { trustProxy: { hops: "loopback, 10.0.0.0/8", host: true, port: true } });
    expect(await all("/x", forwarded, "8.8.8.8")).toEqual(["8.8.8.8", "http", "localhost", false, ["8.8.8.8"]]);
    expect(await all("/x", forwarded)).toEqual(["1.1.1.1", "https", "shop.example:8443", true, ["1.1.1.1", "10.0.0.2", "127.0.0.1"]]);
    expect(await all("/x", { "x-forwarded-for": "1.1.1.1, unknown, 10.0.0.2" })).toContain("10.0.0.2");
  });

  it("comes without host, port and prefix, unless these are trusted by name", async () => {
    const headers = { ...forwarded, "x-forwarded-prefix": "/pre" };
    const seen = async (more: Record<string, boolean>) =>
      createReader(() => [request.host, request.rootPath], { trustProxy: { hops: 1, ...more } })("/x", headers);
    expect(await seen({})).toEqual(["localhost", ""]);
    expect(await seen({ host: true })).toEqual(["inner", ""]);
    expect(await seen({ port: true })).toEqual(["localhost", ""]);
    expect(await seen({ prefix: true, host: false })).toEqual(["localhost", "/pre"]);
  });

  it.each<[unknown, string | null, string]>([
    [1, null, "127.0.0.1"],
    [1, "", "127.0.0.1"],
    [1, ",", "127.0.0.1"],
    [1, "1.1.1.1,", "127.0.0.1"],
    [1, "unknown", "127.0.0.1"],
    [1, "_hidden", "127.0.0.1"],
    [1, "<script>", "127.0.0.1"],
    [1, "999.1.1.1", "127.0.0.1"],
    [1, "1.2.3", "127.0.0.1"],
    [1, "a".repeat(3000), "127.0.0.1"],
    [1, "[1.2.3.4]", "127.0.0.1"],
    [1, "1.1.1.1, unknown", "127.0.0.1"],
    [1, "unknown, 1.1.1.1", "1.1.1.1"],
    [1, "203.0.113.9:1234", "203.0.113.9"],
    [1, "[2001:DB8:0::1]:80", "2001:db8::1"],
    [1, "[2001:db8::1]", "2001:db8::1"],
    [1, "2001:db8::1", "2001:db8::1"],
    [1, "::ffff:1.2.3.4", "1.2.3.4"],
    [1, "::FFFF:102:304", "1.2.3.4"],
    [1, "[::ffff:1.2.3.4]:99", "1.2.3.4"],
    [1, "fe80::1%eth0", "fe80::1"],
    [2, "192.168.0.2", "127.0.0.1"],
    [2, ", 192.168.0.3", "127.0.0.1"],
    [2, "unknown, 192.168.0.3", "127.0.0.1"],
    [2, "1.1.1.1, 192.168.0.3", "1.1.1.1"],
    [3, "1.1.1.1, 192.168.0.3", "127.0.0.1"],
    ["loopback", "1.1.1.1:80", "1.1.1.1"],
    ["loopback", "1.1.1.1,", "127.0.0.1"],
    ["loopback", "unknown", "127.0.0.1"],
    [{ hops: 1 }, "1.1.1.1", "1.1.1.1"],
    [{ hops: 0 }, "1.1.1.1", "127.0.0.1"],
  ])("is, with trustProxy %j and X-Forwarded-For %j, %s", async (trustProxy, value, expected) => {
    const headers = value === null ? {} : { "x-forwarded-for": value };
    expect(await createReader(() => [request.remoteAddress], { trustProxy })("/x", headers)).toEqual([expected]);
  });

  it("has one spelling, from a socket and from a proxy", async () => {
    const read = createReader(() => [request.remoteAddress, request.accessRoute]);
    expect(await read("/x", {}, "::ffff:9.9.9.9")).toEqual(["9.9.9.9", ["9.9.9.9"]]);
    expect(await read("/x", {}, "2001:0DB8::0001")).toEqual(["2001:db8::1", ["2001:db8::1"]]);
    const mapped = createReader(() => [request.remoteAddress], { trustProxy: "10.0.0.0/8" });
    expect(await mapped("/x", { "x-forwarded-for": "1.1.1.1" }, "::ffff:10.0.0.1")).toEqual(["1.1.1.1"]);
  });

  it("comes without malformed schemes, ports and hosts", async () => {
    const trustProxy = { hops: 1, host: true, port: true };
    const headers = { "x-forwarded-proto": "javascript", "x-forwarded-port": "x", "x-forwarded-host": "a b" };
    expect(await createReader(look, { trustProxy })("/x", headers)).toEqual([400, expect.any(String)]);
    for (const port of ["x", "0", "65536", "-1", "8.0"]) {
      const odd = { "x-forwarded-proto": "javascript", "x-forwarded-port": port };
      expect(await createReader(look, { trustProxy })("/x", odd)).toEqual(["127.0.0.1", "http", "localhost", false, ["127.0.0.1"]]);
    }
  });

  it("needs well-formed trusted addresses: the error names the wrong one", async () => {
    await expect((async () => createReader(look, { trustProxy: "10.0.0.0/99" })("/x"))()).rejects.toThrow(
      "The setting 'trustProxy' must be a number of proxies",
    );
    for (const trustProxy of [
      -1,
      1.5,
      "",
      [],
      [1],
      {},
      { host: true },
      { hops: -1 },
      { hops: 1, host: 1 },
      { hops: 1, proto: true },
      true,
      null,
    ]) {
      await expect((async () => createReader(look, { trustProxy })("/x"))()).rejects.toThrow("'trustProxy'");
    }
  });
});

describe("the properties of a request's head", () => {
  it("include the parsed conditional headers", async () => {
    const read = createReader(() => ({
      match: [request.ifMatch.isStar, [...request.ifMatch.strong], request.ifMatch.hasStrong('"a"'), request.ifMatch.hasStrong("c")],
      noneMatch: [
        [...request.ifNoneMatch.strong],
        [...request.ifNoneMatch.weak],
        request.ifNoneMatch.has("b"),
        request.ifNoneMatch.isEmpty,
      ],
      modified: request.ifModifiedSince?.getTime() ?? null,
      unmodified: request.ifUnmodifiedSince?.getTime() ?? null,
      ifRange: request.ifRange,
      range: request.range,
      cache: [...request.cacheControl],
    }));
    expect(
      await read("/x", {
        "if-match": '"a", W/"c"',
        "if-none-match": '"a", W/"b"',
        "if-modified-since": "Thu, 01 Jan 1970 00:00:10 GMT",
        "if-unmodified-since": "nonsense",
        "if-range": '"a"',
        range: "bytes=0-4, 10-, -3",
        "cache-control": "no-cache, max-age=60",
      }),
    ).toEqual({
      match: [false, ["a"], true, false],
      noneMatch: [["a"], ["b"], true, false],
      modified: 10_000,
      unmodified: null,
      ifRange: { etag: "a", date: null },
      range: {
        unit: "bytes",
        ranges: [
          [0, 4],
          [10, null],
          [null, 3],
        ],
      },
      cache: [
        ["no-cache", true],
        ["max-age", 60],
      ],
    });
    expect(await read("/x", { "if-match": "*", "if-range": 'W/"a"', range: "bytes=5-2" })).toMatchObject({
      match: [true, [], true, true],
      noneMatch: [[], [], false, true],
      ifRange: null,
      range: null,
    });
  });

  it("include type, length, referrer and user agent", async () => {
    const read = createReader(() => [
      request.contentType,
      request.mimeType,
      request.mimeTypeParameters,
      request.contentLength,
      request.isJson,
      request.referrer,
      request.userAgent,
    ]);
    const headers = { "content-type": 'Application/LD+JSON; Charset="utf-8"; v=1', referer: "http://a/b", "user-agent": "ua" };
    expect(await read("/x", headers)).toEqual([
      headers["content-type"],
      "application/ld+json",
      { charset: "utf-8", v: "1" },
      null,
      true,
      "http://a/b",
      "ua",
    ]);
    expect(await read("/x", { "user-agent": null })).toEqual(["", "", {}, null, false, null, ""]);
  });

  it("include the parameters of Digest credentials", async () => {
    const read = createReader(() => request.authorization);
    expect(await read("/x", { authorization: 'Digest username="ann", nonce="a\\"b", qop=auth' })).toEqual({
      type: "digest",
      token: 'username="ann", nonce="a\\"b", qop=auth',
      parameters: { username: "ann", nonce: 'a"b', qop: "auth" },
    });
  });

  it("include the blueprints around its endpoint", async () => {
    const inner = new Blueprint("inner");
    inner.route("/x", () => [request.blueprint, request.blueprints], { endpoint: "x" });
    const outer = new Blueprint("outer");
    outer.register(inner);
    const app = createApp();
    app.register(outer);
    expect(await (await app.testClient().get("/x")).json()).toEqual(["outer.inner", ["outer.inner", "outer"]]);
  });
});
