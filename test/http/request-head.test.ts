import { Blueprint, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";
import { createReader, createReaderClient, readJson } from "./reader";

describe("request", () => {
  it("has its URL in parts", async () => {
    const client = createReaderClient(() => ({
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
      viewArgs: { rest: "a/x y" },
      blueprint: null,
      remoteAddress: "127.0.0.1",
    });
  });

  it("reads headers, cookies and credentials", async () => {
    const client = createReaderClient(() => ({
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
    const bearer = createReaderClient(() => request.authorization);
    expect(await readJson(bearer.get("/", { headers: { authorization: "Bearer abc.def" } }))).toEqual({ type: "bearer", token: "abc.def" });
    expect(await readJson(bearer.get("/", { headers: { authorization: "nonsense" } }))).toBeNull();
  });

  it("chooses the type, language and encoding that the client prefers", async () => {
    const client = createReaderClient(() => [
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
    ["a name with a question mark", () => request.query.get("?q"), "?q=x?", "x?"],
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

describe("the properties of a request's head", () => {
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
