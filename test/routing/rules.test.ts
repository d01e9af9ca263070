import { abort, noMatch, RuleError, route, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** Answers with the rule that matched and what it gave. */
function createEcho(...rules: readonly `/${string}`[]) {
  const app = createApp();
  rules.forEach((rule, index) => {
    app.route(rule as "/", (values: object) => ({ rule, ...values }), { endpoint: `view${index}` });
  });
  const client = app.testClient();
  return async (path: string) => {
    const response = await client.get(path);
    return response.status === 200
      ? ((await response.json()) as Record<string, unknown>)
      : [response.status, response.headers.get("location")];
  };
}

describe("a rule", () => {
  it.each([
    ["/<name>", "/joe", { name: "joe" }],
    ["/<name>", "/j%C3%B6e%20x", { name: "jöe x" }],
    ["/<int:id>", "/007", { id: 7 }],
    ["/<float:x>", "/1.50", { x: 1.5 }],
    ["/<path:p>", "/a/b/c", { p: "a/b/c" }],
    ["/<path:p>", "/a//c", { p: "a//c" }],
    ["/<uuid:u>", "/9B2E1B1E-1111-2222-3333-444455556666", { u: "9b2e1b1e-1111-2222-3333-444455556666" }],
    ["/<any(news, blog):section>", "/blog", { section: "blog" }],
    ["/<string(length=2):code>", "/de", { code: "de" }],
    ["/<int(min=1,max=9):n>", "/9", { n: 9 }],
    ["/<int(fixed_digits=4):year>", "/0099", { year: 99 }],
    ["/<int(signed=True):n>", "/-3", { n: -3 }],
    ["/user-<name>", "/user-joe", { name: "joe" }],
    ["/<int:a>-<int:b>.<ext>", "/3-4.txt", { a: 3, b: 4, ext: "txt" }],
    ["/wiki/<path:page>/edit", "/wiki/a/b/edit", { page: "a/b" }],
    ["/a.b*c:d(e)", "/a.b*c:d(e)", {}],
    ["/100%", "/100%25", {}],
    ["/<x>", "/50%25%3F%23", { x: "50%?#" }],
    ["/%2e", "/%252e", {}],
  ] as const)("matches %s with %s", async (rule, path, values) => {
    expect(await createEcho(rule)(path)).toEqual({ rule, ...values });
  });

  it.each([
    ["/<int:id>", "/x"],
    ["/<int:id>", "/-1"],
    ["/<int:id>", "/99999999999999999999"],
    ["/<float:x>", "/1"],
    ["/<path:p>", "/"],
    ["/<any(a,b):x>", "/c"],
    ["/<string(length=2):code>", "/deu"],
    ["/<int(min=1,max=9):n>", "/10"],
    ["/<name>", "/"],
    ["/x/<name>", "/x/"],
    ["/<name>/x", "//x/"],
    ["/<name>", "/a%2Fb"],
    ["/about", "/About"],
    ["/about", "/about/"],
    ["/about", "/about%0A"],
  ] as const)("does not match %s with %s", async (rule, path) => {
    expect(await createEcho(rule)(path)).toEqual([404, null]);
  });

  it.each([
    [["/<name>", "/me"], "/me", "/me"],
    [["/<name>", "/<int:id>"], "/5", "/<int:id>"],
    [["/<name>", "/<int:id>"], "/x", "/<name>"],
    [["/<path:p>", "/<name>", "/user-<name>"], "/user-x", "/user-<name>"],
    [["/<path:p>", "/<int:a>/x"], "/q/x", "/<path:p>"],
    [["/<a>/b", "/<int:a>/<c>"], "/5/b", "/<int:a>/<c>"],
    [["/static/x", "/<a>/y"], "/static/y", "/<a>/y"],
    [["/<path:p>", "/<path:p>/edit"], "/a/edit", "/<path:p>/edit"],
    [["/a/<path:p>", "/<path:p>"], "/a/", "/<path:p>"],
    [["/<uuid:u>", "/<int:n>", "/<any(x,y):k>", "/<s>"], "/y", "/<any(x,y):k>"],
  ] as const)("is chosen by specificity, not by order: %j for %s", async (rules, path, expected) => {
    expect(await createEcho(...rules)(path)).toHaveProperty("rule", expected);
    expect(await createEcho(...[...rules].reverse())(path)).toHaveProperty("rule", expected);
  });

  it("redirects to the slash when the rule ends with one, and keeps the query", async () => {
    const get = createEcho("/x/", "/<a>/é/");
    expect(await get("/x?a=1&b=%20")).toEqual([308, "/x/?a=1&b=%20"]);
    expect(await get("/%C3%A4/%C3%A9")).toEqual([308, "/%C3%A4/%C3%A9/"]);
    expect(await get("/x/")).toEqual({ rule: "/x/" });
  });

  it("redirects doubled slashes to single ones, and never to another host", async () => {
    const get = createEcho("/a/b", "/");
    expect(await get("//a///b?q")).toEqual([308, "/a/b?q"]);
    expect(await get("//evil.example")).toEqual([404, null]);
    expect(await get("//")).toEqual([308, "/"]);
  });

  it("takes both spellings without strict slashes", async () => {
    const app = createApp();
    app.route("/x", () => "x", { endpoint: "x", strictSlashes: false });
    app.route("/y/", () => "y", { endpoint: "y", strictSlashes: false });
    const client = app.testClient();
    for (const path of ["/x", "/x/", "/y", "/y/"]) {
      expect((await client.get(path)).status).toBe(200);
    }
  });

  it("redirects to the shorter rule when its defaults give the same values", async () => {
    class Pages {
      @route("/", { defaults: { page: 1 } })
      @route("/page/<int:page>")
      index({ page }: { page: number }) {
        return `page ${page} ${urlFor(Pages, "index", { page })}`;
      }
    }
    const client = createApp({}, Pages).testClient();
    expect(await (await client.get("/")).text()).toBe("page 1 /");
    expect((await client.get("/page/1?x=2")).headers.get("location")).toBe("/?x=2");
    expect(await (await client.get("/page/2")).text()).toBe("page 2 /page/2");
  });

  it("takes converters of the app's own", async () => {
    const app = createApp();
    app.converters.set("date", {
      regex: "\\d{4}-\\d\\d-\\d\\d",
      parse: (text) => (Number.isNaN(Date.parse(text)) ? noMatch : new Date(text)),
      format: (value) => (value as Date).toISOString().slice(0, 10),
    });
    app.converters.set("list", ({ named }) => ({ regex: "(a|b)+", parse: (text) => text.split(String(named.by ?? "")) }));
    app.route(
      "/on/<date:day>" as "/",
      (values: object) => ({ time: (values as { day: Date }).day.getTime(), url: urlFor("day", values as never) }),
      { endpoint: "day" },
    );
    app.route("/l/<list(by=''):items>/<n>" as "/", (values: object) => values, { endpoint: "list" });
    const client = app.testClient();
    expect(await (await client.get("/on/2026-01-02")).json()).toEqual({ time: Date.UTC(2026, 0, 2), url: "/on/2026-01-02" });
    expect((await client.get("/on/2026-99-99")).status).toBe(404);
    expect(await (await client.get("/l/abba/x")).json()).toEqual({ items: ["a", "b", "b", "a"], n: "x" });
  });

  it.each([
    ["about", "A rule begins with a slash."],
    ["/users/:id", "A variable is written as '<id>', not as ':id'."],
    ["/users/{id}", "A variable is written as '<id>', not as '{id}'."],
    ["/users/[id]/x", "A variable is written as '<id>', not as '[id]'."],
    ["/files/*", "The rest of a path is written as '<path:rest>', not as '*'."],
    ["/files/*name", "The rest of a path is written as '<path:name>', not as '*'."],
    ["/*/x", "The rest of a path is written as '<path:rest>', not as '*'."],
    ["/**", "The rest of a path is written as '<path:rest>', not as '*'."],
    ["/<integer:id>", "Unknown converter 'integer' in rule. Did you mean 'int'?"],
    ["/<int:>", "A variable is written as"],
    ["/a>b", "A variable is written as"],
    ["/<a>/<a>", "The variable 'a' comes twice."],
    ["/<a><b>", "Between two variables"],
    ["/<any():x>", "The converter 'any' needs"],
  ])("refuses %s", (rule, message) => {
    const app = createApp();
    const add = () => app.route(rule as "/", () => "x", { endpoint: "x" });
    expect(add).toThrow(RuleError);
    expect(add).toThrow(message);
  });

  it("points at its mistake, and names its view", () => {
    expect(() => createApp().route("/users/<integer:id>" as "/", () => "x", { endpoint: "user" })).toThrow(
      "  /users/<integer:id>\n          ^\n\nIt is a rule of user.",
    );
  });

  it("refuses two routes that take the same requests when the second is added", () => {
    const app = createApp();
    app.route("/<int:a>", () => "a", { endpoint: "a" });
    expect(() => app.route("/<int:b>", () => "b", { endpoint: "b" })).toThrow(
      "The rules '/<int:a>' of 'a' and '/<int:b>' of 'b' both answer GET",
    );
  });

  it("cannot have a variable '__proto__'", () => {
    expect(() => createApp().route("/<__proto__>" as "/", () => "")).toThrow(RuleError);
    expect(() => createApp().route("/<int:__proto__>/x" as "/", () => "")).toThrow("A variable cannot have the name '__proto__'");
  });

  it("is refused if the expression of its converter cannot be read", () => {
    const app = createApp();
    app.converters.set("bad", { regex: "(" });
    expect(() => app.route("/<bad:x>" as "/", () => "")).toThrow("The expression of the converter 'bad' cannot be used");
  });
});

describe("app.route()", () => {
  it("names the endpoint after the function", async () => {
    const app = createApp();
    app.route("/hello/<name>", function hello({ name }) {
      return name === "nobody" ? abort(404) : `Hello, ${name}`;
    });
    expect(await (await app.testClient().get("/hello/Ann")).text()).toBe("Hello, Ann");
    expect(app.appContext(() => urlFor("hello", { name: "Bo" }))).toBe("/hello/Bo");
  });
});

describe("arguments and methods that no request can meet", () => {
  it.each<[string, string]>([
    ["/<int(min=a):x>", "The argument 'min' of the converter 'int' must be a number, but got 'a'."],
    ["/<float(max=true):x>", "The argument 'max' of the converter 'float' must be a number, but got 'true'."],
    ["/<int(signed=1):x>", "The argument 'signed' of the converter 'int' must be true or false, but got '1'."],
    ["/<int(min=5,max=1):x>", "'min' of the converter 'int' is above 'max', so that it takes no value: 5 and 1."],
    ["/<string(minlength=4,maxlength=2):x>", "'minlength' of the converter 'string' is above 'maxlength'"],
  ])("are errors of the set-up: %s", (rule, message) => {
    expect(() => createApp().route(rule as "/", () => "", { endpoint: "x" })).toThrow(message);
  });

  it.each<[readonly string[], string]>([
    [[], "The list 'methods' of x is empty, so that no request reaches it."],
    [["GET", ""], "The method '' of x is none"],
    [["GET POST"], "The method 'GET POST' of x is none: a method is a word"],
    [["GET,POST"], "The method 'GET,POST' of x is none"],
    [["GÉT"], "The method 'GÉT' of x is none"],
  ])("are errors of the set-up: %j", (methods, message) => {
    expect(() => createApp().route("/", () => "", { endpoint: "x", methods })).toThrow(message);
  });

  it.each([
    [{ host: "https://api.example.com" }, "'https://api.example.com' is no host. Write it without a scheme and a path"],
    [{ host: "api.example.com/v1" }, "is no host"],
    [{ host: "*.example.com" }, "is no host"],
    [{ host: "" }, "'' is no host"],
    [{ host: "a b" }, "is no host"],
    [{ host: "a.example.com", subdomain: "a" }, "A rule has a host or a subdomain, not both: 'a.example.com' and 'a'."],
  ])("are errors of the set-up: %j", (options, message) => {
    const app = createApp({ config: { serverName: "example.com" } });
    expect(() => app.route("/", () => "", { endpoint: "x", ...options })).toThrow(message);
  });

  it.each([
    "example.com",
    "<x>.example.com",
    "<any(a,b):x>.example.com:8080",
    "localhost",
    "127.0.0.1:5000",
    "[::1]:5000",
    "xn--mnchen-3ya.test",
  ])("are none if the host is one: %s", (host) => {
    expect(() => createApp().route("/", () => "", { endpoint: "x", host })).not.toThrow();
  });
});
