import { connect } from "node:net";
import { BuildError, Markup, noMatch, RuleError, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp, listen } from "../support";

/** Creates an app with a rule for each converter. */
function createRules() {
  const app = createApp();
  app.converters.set("even", {
    regex: "[0-9]+",
    parse: (text) => (Number(text) % 2 === 0 ? Number(text) : noMatch),
  });
  const view = () => "";
  app.route("/s/<x>", view, { endpoint: "string" });
  app.route("/two/<string(length=2):x>", view, { endpoint: "two" });
  app.route("/i/<int:x>", view, { endpoint: "int" });
  app.route("/small/<int(max=9):x>", view, { endpoint: "small" });
  app.route("/signed/<int(signed=true):x>", view, { endpoint: "signed" });
  app.route("/fixed/<int(fixedDigits=2):x>", view, { endpoint: "fixed" });
  app.route("/f/<float:x>", view, { endpoint: "float" });
  app.route("/p/<path:x>", view, { endpoint: "path" });
  app.route("/u/<uuid:x>", view, { endpoint: "uuid" });
  app.route("/any/<any(a,b):x>", view, { endpoint: "any" });
  app.route("/even/<even:x>" as "/even/<int:x>", view, { endpoint: "even" });
  app.route("/name/<x>.txt", view, { endpoint: "name" });
  return app;
}

describe("urlFor()", () => {
  it.each<[string, unknown, string]>([
    ["string", "a b", "/s/a%20b"],
    ["string", 3, "/s/3"],
    ["string", "...", "/s/..."],
    ["string", "a..b", "/s/a..b"],
    ["string", new Markup("m"), "/s/m"],
    ["two", "ab", "/two/ab"],
    ["int", 7, "/i/7"],
    ["signed", -1, "/signed/-1"],
    ["fixed", 7, "/fixed/07"],
    ["float", 1.5, "/f/1.5"],
    ["float", 2, "/f/2.0"],
    ["path", "a/b c", "/p/a/b%20c"],
    ["uuid", "01234567-89AB-cdef-0123-456789abcdef", "/u/01234567-89AB-cdef-0123-456789abcdef"],
    ["any", "b", "/any/b"],
    ["even", 4, "/even/4"],
    ["name", "..", "/name/...txt"],
  ])("builds a URL of '%s' for %s that leads to it", async (endpoint, x, url) => {
    const app = createRules();
    expect(app.appContext(() => urlFor(endpoint, { x: x as string }))).toBe(url);
    expect(app.registry.routes.match("GET", decodeURIComponent(url), { host: "" })).toMatchObject({ kind: "found" });
  });

  it.each<[string, unknown]>([
    ["string", "a/b"],
    ["string", ""],
    ["string", "."],
    ["string", ".."],
    ["string", { a: 1 }],
    ["string", ["a"]],
    ["string", () => "a"],
    ["string", Symbol("a")],
    ["string", Promise.resolve("a")],
    ["string", new Map()],
    ["string", Object.create(null)],
    ["two", "abc"],
    ["int", -1],
    ["int", 1.5],
    ["int", "1x"],
    ["int", { valueOf: () => 1 }],
    ["small", 10],
    ["fixed", 123],
    ["float", 1e21],
    ["float", -1],
    ["float", Number.NaN],
    ["path", "../x"],
    ["path", "a/../x"],
    ["path", "a/.."],
    ["path", "a/./x"],
    ["path", "/x"],
    ["path", ""],
    ["uuid", "no"],
    ["any", "c"],
    ["even", 3],
  ])("refuses a value that the rule of '%s' would not take back: %s", (endpoint, x) => {
    const app = createRules();
    expect(() => app.appContext(() => urlFor(endpoint, { x: x as string }))).toThrow(BuildError);
  });

  it("refuses objects in the query, and dates that are none", () => {
    const app = createRules();
    const build = (q: unknown) => app.appContext(() => urlFor("int", { x: 1, q: q as string }));
    expect(build([1, "b", null, true])).toBe("/i/1?q=1&q=b&q=true");
    expect(build(new Date(0))).toBe("/i/1?q=1970-01-01T00%3A00%3A00.000Z");
    for (const value of [{ a: 1 }, [{ a: 1 }], [[1]], new Date(Number.NaN), Promise.resolve(1), Symbol("a"), () => 1]) {
      expect(() => build(value)).toThrow(BuildError);
    }
  });

  it.each([
    "javascript",
    "JavaScript",
    "data",
    "vbscript",
    "java script",
    "java\nscript",
    "",
    "javascript:alert(1)//",
    "https://evil.com/?",
  ])("refuses the scheme %j", (scheme) => {
    const app = createRules();
    const run = () => app.testRequestContext("http://good.test/", {}, () => urlFor("int", { x: 1 }, { scheme }));
    return expect(run()).rejects.toThrow(BuildError);
  });

  it("takes other schemes", async () => {
    const app = createRules();
    const build = (scheme: string) => app.testRequestContext("http://good.test/", {}, () => urlFor("int", { x: 1 }, { scheme }));
    expect([await build("https"), await build("wss"), await build("myapp")]).toEqual([
      "https://good.test/i/1",
      "wss://good.test/i/1",
      "myapp://good.test/i/1",
    ]);
  });

  it("gives no external URL where the request names no host", async () => {
    for (const [serverName, status] of [
      [null, "500"],
      ["example.com", "200"],
    ] as const) {
      const app = createLiveApp();
      app.config.serverName = serverName;
      app.get("/", () => urlFor("index", {}, { external: true }));
      const { port } = await listen(app.handler);
      const answer = await new Promise<string>((resolve) => {
        let text = "";
        const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
        socket.on("data", (piece) => {
          text += piece;
        });
        socket.once("close", () => resolve(text));
      });
      expect([answer.split(" ")[1], answer.includes("http:///")]).toEqual([status, false]);
    }
  });
});

describe("a rule", () => {
  it("cannot have a variable '__proto__'", () => {
    expect(() => createApp().route("/<__proto__>" as "/", () => "")).toThrow(RuleError);
    expect(() => createApp().route("/<int:__proto__>/x" as "/", () => "")).toThrow("A variable cannot have the name '__proto__'");
  });

  it("with an expression that cannot be read says so", () => {
    const app = createApp();
    app.converters.set("bad", { regex: "(" });
    expect(() => app.route("/<bad:x>" as "/", () => "")).toThrow("The expression of the converter 'bad' cannot be used");
  });
});
