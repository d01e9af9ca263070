import { connect } from "node:net";
import { Blueprint, BuildError, Markup, noMatch, route, urlFor } from "flagon";
import { describe, expect, it, vi } from "vitest";
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
  class Posts {
    @route("/posts/<int:id>")
    show({ id }: { id: number }) {
      return `${id}`;
    }
    @route("/files/<path:name>")
    file({ name }: { name: string }) {
      return name;
    }
    @route("/in/<any(news,blog):section>/<slug>")
    section({ section, slug }: { section: "news" | "blog"; slug: string }) {
      return section + slug;
    }
    @route("/ratio/<float:x>")
    ratio({ x }: { x: number }) {
      return `${x}`;
    }
    helper() {
      return 1;
    }
  }
  const app = createApp({}, Posts);

  it.each([
    [() => urlFor(Posts, "show", { id: 3 }), "/posts/3"],
    [() => urlFor("show", { id: 3, page: 2, q: "a b&c" }), "/posts/3?page=2&q=a+b%26c"],
    [() => urlFor("show", { id: 3, tag: ["a", null, "b"], none: null, empty: "" }), "/posts/3?tag=a&tag=b&empty="],
    [() => urlFor("show", { id: 3 }, { anchor: "x y/ö" }), "/posts/3#x%20y/%C3%B6"],
    [() => urlFor(Posts, "file", { name: "a b/ü?.txt" }), "/files/a%20b/%C3%BC%3F.txt"],
    [() => urlFor(Posts, "section", { section: "news", slug: "a:b+c" }), "/in/news/a:b+c"],
    [() => urlFor(Posts, "ratio", { x: 2 }), "/ratio/2.0"],
    [() => urlFor(Posts, "ratio", { x: 1e-7 }), "/ratio/0.0000001"],
  ])("builds %#", (build, expected) => {
    expect(app.appContext(build)).toBe(expected);
  });

  it("builds an external URL from the request, or from the configuration", async () => {
    const external = () => urlFor("show", { id: 1 }, { external: true });
    expect(await app.testRequestContext("https://shop.example:8443/", {}, external)).toBe("https://shop.example:8443/posts/1");
    expect(await app.testRequestContext("/", {}, () => urlFor("show", { id: 1 }, { scheme: "https" }))).toBe("https://localhost/posts/1");
    expect(() => app.appContext(external)).toThrow("Set the configuration's serverName");
    const named = createApp({ config: { serverName: "example.com", preferredUrlScheme: "https" } }, Posts);
    expect(named.appContext(external)).toBe("https://example.com/posts/1");
  });

  it("names the reason if it cannot build a URL", () => {
    const build = (run: () => string) => () => app.appContext(run);
    expect(build(() => urlFor("shwo", { id: 1 }))).toThrow("Could not build a URL for endpoint 'shwo'. Did you mean 'show'?");
    expect(build(() => urlFor("show"))).toThrow("the value of 'id' is missing");
    expect(build(() => urlFor("show", { id: "x" }))).toThrow("'x' is not a whole number");
    expect(build(() => urlFor("section", { section: "sport", slug: "x" }))).toThrow("'sport' is none of 'news', 'blog'");
    expect(build(() => urlFor("show", { id: 1 }, { method: "POST" }))).toThrow("its rules take GET");
    expect(build(() => urlFor(Posts, "helper"))).toThrow("that method has no route");
    class Other {
      page() {
        return "x";
      }
    }
    expect(build(() => urlFor(Other, "page"))).toThrow("the controller is not registered on the app");
    expect(build(() => urlFor("show"))).toThrow(BuildError);
    expect(() => urlFor("show")).toThrow("Working outside of application context");
  });

  it("is relative to the blueprint by a leading dot, and to the app outside of one", async () => {
    const shop = new Blueprint("shop", { urlPrefix: "/shop" });
    shop.route("/x", () => urlFor(".x"), { endpoint: "x" });
    const app = createApp();
    app.register(shop);
    app.route("/y", () => urlFor(".y"), { endpoint: "y" });
    expect(await (await app.testClient().get("/shop/x")).text()).toBe("/shop/x");
    expect(await (await app.testClient().get("/y")).text()).toBe("/y");
  });

  it("takes the rule of the request's method, or of the one that is asked for", async () => {
    const app = createApp();
    const view = () => [urlFor("view"), urlFor("view", {}, { method: "get" }), urlFor("view", {}, { method: "POST" })];
    app.route("/list", view, { endpoint: "view" });
    app.route("/create", view, { endpoint: "view", methods: ["POST"] });
    expect(await (await app.testClient().get("/list")).json()).toEqual(["/list", "/list", "/create"]);
    expect(await (await app.testClient().post("/create")).json()).toEqual(["/create", "/list", "/create"]);
  });

  it("takes the rule with the most variables that the values fill", () => {
    const app = createApp();
    const view = () => "x";
    app.route("/archive", view, { endpoint: "archive" });
    app.route("/archive/<int:year>", view, { endpoint: "archive" });
    app.route("/archive/<int:year>/<int:month>", view, { endpoint: "archive" });
    const urls = app.appContext(() => [
      urlFor("archive"),
      urlFor("archive", { year: 2026 }),
      urlFor("archive", { year: 2026, month: 3 }),
      urlFor("archive", { month: 3 }),
      urlFor("archive", { year: null, _private: 1 }),
    ]);
    expect(urls).toEqual(["/archive", "/archive/2026", "/archive/2026/3", "/archive?month=3", "/archive?_private=1"]);
  });

  it("puts the path of the mount in front, also that of a trusted proxy", async () => {
    const app = createApp({ config: { applicationRoot: "/app/", trustProxy: { hops: 1, prefix: true }, serverName: "example.com" } });
    app.route("/x", () => urlFor("x"), { endpoint: "x" });
    expect(app.appContext(() => [urlFor("x"), urlFor("x", {}, { external: true })])).toEqual(["/app/x", "http://example.com/app/x"]);
    expect(await (await app.testClient().get("/x")).text()).toBe("/app/x");
    const headers = { "x-forwarded-prefix": "/proxied" };
    expect(await (await app.testClient().get("/x", { headers })).text()).toBe("/proxied/x");
    const evil = { "x-forwarded-prefix": "//evil.example" };
    expect(await (await app.testClient().get("/x", { headers: evil })).text()).toBe("/app/x");
  });

  it("keeps an anchor's characters that need no escape, and refuses a scheme without a host", () => {
    const app = createApp({ config: { serverName: "example.com" } });
    app.route("/x", () => "x", { endpoint: "x" });
    expect(app.appContext(() => urlFor("x", { a: 1 }, { anchor: "a b!$&'()*+,/:;=?@#%" }))).toBe("/x?a=1#a%20b!$&'()*+,/:;=?@%23%25");
    expect(app.appContext(() => urlFor("x", {}, { scheme: "https" }))).toBe("https://example.com/x");
    expect(() => app.appContext(() => urlFor("x", {}, { scheme: "https", external: false }))).toThrow("one with a scheme is external");
  });

  it("shows defaults the values of the endpoint, the app's first, then the blueprints' from outer to inner", async () => {
    const app = createApp();
    const order: string[] = [];
    app.urlDefaults((endpoint, values) => {
      order.push(`app ${endpoint}`);
      if (app.isEndpointExpecting(endpoint, "lang")) {
        values.lang ??= "en";
      }
    });
    const shop = new Blueprint("shop", { urlPrefix: "/<lang>" });
    shop.urlDefaults((endpoint) => void order.push(`shop ${endpoint}`));
    shop.appUrlDefaults((endpoint) => void order.push(`for all ${endpoint}`));
    shop.route("/x", () => "x", { endpoint: "x" });
    app.register(shop);
    app.route("/y", () => "y", { endpoint: "y" });
    expect(app.appContext(() => [urlFor("shop.x"), urlFor("shop.x", { lang: "de" }), urlFor("y")])).toEqual(["/en/x", "/de/x", "/y"]);
    expect(order.slice(0, 3)).toEqual(["app shop.x", "for all shop.x", "shop shop.x"]);
  });

  it("asks the app's handlers when it cannot build one; the first that knows a URL gives it", () => {
    const app = createApp();
    const asked: unknown[] = [];
    app.urlBuildErrorHandler((error, endpoint, values) => {
      asked.push([error instanceof BuildError, endpoint, values]);
      return undefined;
    });
    app.urlBuildErrorHandler((error) => {
      throw error;
    });
    app.urlBuildErrorHandler((_error, endpoint) => (endpoint.startsWith("cdn:") ? `https://cdn.example/${endpoint.slice(4)}` : undefined));
    expect(app.appContext(() => urlFor("cdn:a.css", { v: 1 }))).toBe("https://cdn.example/a.css");
    expect(asked).toEqual([[true, "cdn:a.css", { v: 1 }]]);
    expect(() => app.appContext(() => urlFor("none"))).toThrow("Could not build a URL for endpoint 'none'");
  });

  it("fills variables by own values only, and not by inherited names", () => {
    const app = createApp();
    app.route("/x", () => "x", { endpoint: "x" });
    expect(app.appContext(() => urlFor("x", { toString: "a", constructor: "b" } as Record<string, string>))).toBe(
      "/x?toString=a&constructor=b",
    );
    app.route("/c/<constructor>", () => "c", { endpoint: "c" });
    expect(app.appContext(() => urlFor("c", { constructor: "b" } as Record<string, string>))).toBe("/c/b");
    expect(() => app.appContext(() => urlFor("c", {}))).toThrow("the value of 'constructor' is missing");
  });
});

describe("a URL of urlFor()", () => {
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
    ["string", "\0"],
    ["string", "\ud800"],
    ["string", ""],
    ["string", "."],
    ["string", ".."],
    ["string", { a: 1 }],
    ["string", ["a"]],
    ["string", () => "a"],
    ["string", Symbol("a")],
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
    ["path", "a\0b"],
    ["path", ""],
    ["uuid", "no"],
    ["any", "c"],
    ["even", 3],
  ])("refuses a value that the rule of '%s' would not take back: %s", (endpoint, x) => {
    const app = createRules();
    expect(() => app.appContext(() => urlFor(endpoint, { x: x as string }))).toThrow(BuildError);
  });

  it.each(["a//b", "https://example.com/x", "a/", "a//"])("builds a path that leads back to the value: %s", async (x) => {
    const app = createRules();
    const url = app.appContext(() => urlFor("path", { x }));
    expect(app.registry.routes.match("GET", decodeURIComponent(url), { host: "" })).toMatchObject({ kind: "found", args: { x } });
  });

  it.each(["_external", "_anchor", "_scheme", "_method"])("refuses an option of Flask among the values: %s", (name) => {
    const app = createRules();
    expect(() => app.appContext(() => urlFor("int", { x: 1, [name]: true }))).toThrow(
      `Could not build a URL for endpoint 'int': '${name}' is an option. Give it as the third argument: urlFor("int", values, { ${name.slice(1)}: true }).`,
    );
  });

  it.each([
    [{ external: true }, "/i/1?external=true", true],
    [{ external: false }, "/i/1?external=false", true],
    [{ anchor: "top" }, "/i/1?anchor=top", true],
    [{ scheme: "https" }, "/i/1?scheme=https", true],
    [{ method: "POST" }, "/i/1?method=POST", true],
    [{ external: "shop" }, "/i/1?external=shop", false],
    [{ scheme: "dark" }, "/i/1?scheme=dark", false],
    [{ method: "air mail" }, "/i/1?method=air+mail", false],
  ])("warns once, in debug mode, of an option among the values: %j", (values, url, isWarned) => {
    const app = createRules();
    const build = () => app.appContext(() => urlFor("int", { x: 1, ...values }));
    const log = vi.spyOn(app.logger, "warn");
    expect(build()).toBe(url);
    expect(log).not.toHaveBeenCalled();
    app.config.update({ debug: true });
    expect([build(), build()]).toEqual([url, url]);
    expect(log).toHaveBeenCalledTimes(isWarned ? 1 : 0);
    if (isWarned) {
      const [name = ""] = Object.keys(values);
      expect(log).toHaveBeenCalledWith(expect.stringContaining(`urlFor("int") has '${name}' among its values`));
    }
  });

  it("refuses objects and invalid dates in the query", () => {
    const app = createRules();
    const build = (q: unknown) => app.appContext(() => urlFor("int", { x: 1, q: q as string }));
    expect(build([1, "b", null, true])).toBe("/i/1?q=1&q=b&q=true");
    expect(build(new Date(0))).toBe("/i/1?q=1970-01-01T00%3A00%3A00.000Z");
    for (const value of [{ a: 1 }, [{ a: 1 }], [[1]], new Date(Number.NaN), Symbol("a"), () => 1]) {
      expect(() => build(value)).toThrow(BuildError);
    }
    expect(() => build(Promise.resolve(1))).toThrow("member 'q' of the values of urlFor() is a promise. Await it");
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

  it("builds no external URL if the request names no host", async () => {
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

describe("the hint of an unknown endpoint", () => {
  it.each([
    ["login", " Did you mean 'pages.login'?"],
    ["page.login", " Did you mean 'pages.login'?"],
    ["admin.login", " Did you mean 'pages.login'?"],
    ["blog.home", " Did you mean 'home'?"],
    ["hom", " Did you mean 'home'?"],
    ["unlike", ""],
  ])("%s is followed by '%s'", (name, hint) => {
    const app = createApp();
    const pages = new Blueprint("pages");
    pages.get("/login", () => "", { endpoint: "login" });
    app.register(pages);
    app.get("/home", () => "", { endpoint: "home" });
    app.appContext(() => expect(() => urlFor(name)).toThrow(new RegExp(`for endpoint '${name}'\\.${hint.replace(/[.?]/g, "\\$&")}$`)));
  });
});
