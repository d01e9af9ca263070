import { Flagon, FlagonResponse, g, json, makeResponse, redirect, request, route, sendFile, session, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp, writeFiles } from "../support";

type Loose = Record<string, () => unknown>;

/** Calls a method with any values. */
function call(owner: object, name: string, ...values: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(owner, name);
  return typeof method === "function" ? Reflect.apply(method, owner, values) : undefined;
}

/** Makes a response whose members are not checked. */
function loose(): Loose & { headers: Loose; cacheControl: Record<string, unknown> } {
  return makeResponse("x") as never;
}

/** Answers a request by a view that changes a response. */
async function change(app: Flagon, use: (response: ReturnType<typeof loose>) => unknown) {
  app.get("/", () => {
    const response = loose();
    use(response);
    return response;
  });
  return app.testClient().get("/");
}

const assignments: readonly (readonly [name: string, use: (response: ReturnType<typeof loose>) => unknown, message: string])[] = [
  ["statusCode", (r) => Object.assign(r, { statusCode: 404 }), "A response has no 'statusCode'. Use response.status."],
  ["status_code", (r) => Object.assign(r, { status_code: 404 }), "Use response.status."],
  ["stauts", (r) => Object.assign(r, { stauts: 404 }), "A response has no 'stauts'. Use response.status."],
  ["cachecontrol", (r) => Object.assign(r, { cachecontrol: "no-store" }), "Use response.cacheControl."],
  ["last_modified", (r) => Object.assign(r, { last_modified: new Date() }), "Use response.lastModified."],
  ["data", (r) => Object.assign(r, { data: "y" }), "Use response.body."],
  ["send()", (r) => r.send, "Use the value that the view returns"],
  ["set_cookie()", (r) => r.set_cookie, "Use response.setCookie."],
  ["cookie()", (r) => r.cookie, 'Use response.setCookie("name", "value", options).'],
  ["setHeader()", (r) => r.setHeader, 'Use response.headers.set("name", "value").'],
  ["headers by name", (r) => Object.assign(r.headers, { "X-Total": "1" }), 'Write response.headers.set("x-total", value).'],
  ["a header in camel case", (r) => Object.assign(r.headers, { contentType: "a/b" }), 'Write response.headers.set("content-type", value).'],
  ["a header that is read", (r) => r.headers["x-total"], 'response.headers.get("x-total")'],
  ["headers.add()", (r) => r.headers.add, 'Use response.headers.append("name", "value").'],
  ["maxage", (r) => Object.assign(r.cacheControl, { maxage: 60 }), "has no directive 'maxage'. Did you mean 'maxAge'?"],
  ["max_age", (r) => Object.assign(r.cacheControl, { max_age: 60 }), "Did you mean 'maxAge'?"],
  ["max-age", (r) => Object.assign(r.cacheControl, { "max-age": 60 }), "Did you mean 'maxAge'?"],
  ["no-store", (r) => Object.assign(r.cacheControl, { "no-store": true }), "Did you mean 'noStore'?"],
  ["another directive", (r) => Object.assign(r.cacheControl, { forever: true }), "The directives are: noStore, noCache"],
  ["cacheControl as a whole", (r) => Object.assign(r, { cacheControl: { maxage: 60 } }), "Did you mean 'maxAge'?"],
  ["a time that is text", (r) => Object.assign(r.cacheControl, { maxAge: "1h" }), "'max-age' of Cache-Control must be a number of seconds"],
  ["a time that is NaN", (r) => Object.assign(r.cacheControl, { sMaxAge: Number.NaN }), "must be a number of seconds, but got NaN."],
  ["a switch that is text", (r) => Object.assign(r.cacheControl, { public: "yes" }), "must be true or false, but got the text"],
  [
    "a media type without a slash",
    (r) => Object.assign(r, { mimeType: "json" }),
    'has no slash. Write it whole, such as "application/json".',
  ],
  [
    "a location that is missing",
    (r) => Object.assign(r, { location: undefined }),
    "'location' of a response must be a text, but got nothing.",
  ],
  ["an etag that is missing", (r) => Object.assign(r, { etag: undefined }), "'etag' of a response must be a text, but got nothing."],
  ["a header without a value", (r) => call(r.headers, "set", "x-a"), "The header 'x-a' must be a text, but got nothing."],
  ["a header that is null", (r) => call(r.headers, "set", "x-a", null), "The header 'x-a' must be a text, but got null."],
  ["a header that is an object", (r) => call(r.headers, "append", "x-a", {}), "must be a text, but got an object."],
  ["a cookie without a value", (r) => call(r, "setCookie", "a"), 'A cookie is removed by response.deleteCookie("a").'],
];

/** Uses that fail everywhere, and say why. */
const failures: readonly (readonly [name: string, use: (response: ReturnType<typeof loose>) => unknown, message: string])[] = [
  ["all headers", (r) => Object.assign(r, { headers: { a: "1" } }), "cannot be replaced. Set some of them: response.headers.update"],
  ["a text as lastModified", (r) => Object.assign(r, { lastModified: "2026-01-01" }), 'Write new Date("2026-01-01").'],
  ["an invalid date", (r) => Object.assign(r, { lastModified: new Date("x") }), "but got one that is not valid."],
  ["seconds as expires", (r) => Object.assign(r, { expires: 60 }), "Seconds are response.cacheControl.maxAge = 60."],
  ["a list of names for vary()", (r) => call(r, "vary", ["Cookie"]), "Spread the list: response.vary(...names)."],
  ["an object for headers.set()", (r) => call(r.headers, "set", {}), "set by headers.update({ … })"],
  ["an object as a cookie", (r) => call(r, "setCookie", "a", { b: 1 }), "Write JSON.stringify(value)"],
  ["a text as maxAge", (r) => call(r, "setCookie", "a", "b", { maxAge: "60" }), "must be a whole number of seconds"],
  ["seconds as expires of a cookie", (r) => call(r, "setCookie", "a", "b", { expires: 60 }), "must be a Date, but got 60."],
  ["data as the body", (r) => Object.assign(r, { body: { a: 1 } }), "whose body is an object. A body is text, bytes or a stream"],
  ["a number as the body", (r) => Object.assign(r, { body: 5 }), "whose body is 5."],
];

describe("a response", () => {
  it.each([...assignments, ...failures])("that nothing would send as it is meant is an error: %s", async (_, use, message) => {
    await expect(change(createApp(), use)).rejects.toThrow(message);
  });

  it.each(assignments)("stays as it was in production: %s", async (_, use) => {
    expect((await change(createLiveApp(), use)).status).toBeLessThan(500);
  });

  it("is checked in after hooks, too", async () => {
    const app = createApp();
    app.get("/", () => "x");
    app.afterRequest((response) => {
      Object.assign(response, { statusCode: 404 });
    });
    await expect(app.testClient().get("/")).rejects.toThrow("Use response.status.");
  });

  it("keeps its own members, members of the app's, and those of a class of the app's", async () => {
    class Page extends FlagonResponse {
      data: string;
      constructor() {
        super("page");
        this.data = "own";
      }
    }
    const app = createApp();
    app.get("/", () => {
      const response = makeResponse("x", 201, { "x-a": "1", "x-b": ["1", "2"] });
      Object.assign(response, { timing: 3 });
      response.cacheControl = { maxAge: 60, noCache: true };
      response.cacheControl.private = true;
      response.headers.set("x-c", String(Reflect.get(response, "timing")));
      response.lastModified = new Date(0);
      response.mimeType = "text/plain";
      response.vary("Cookie", "Accept");
      return response;
    });
    app.get("/page", () => new Page());
    app.get("/awaited", async () => await makeResponse("y"));
    const client = app.testClient();
    const response = await client.get("/");
    expect([response.status, response.headers.get("cache-control"), response.headers.get("x-b"), response.headers.get("x-c")]).toEqual([
      201,
      "max-age=60, no-cache, private",
      "1, 2",
      "3",
    ]);
    expect(await (await client.get("/page")).text()).toBe("page");
    expect(await (await client.get("/awaited")).text()).toBe("y");
  });
});

describe("a body with a status in a list, as in Flask", () => {
  const warnings = (app: Flagon) => {
    const lines: string[] = [];
    app.logger.warn = ((line: string) => lines.push(line)) as never;
    return lines;
  };

  it.each<[string, () => unknown]>([
    ["text", () => ["x", 404]],
    ["data", () => [{ error: "gone" }, 410]],
    ["headers", () => ["x", 201, { location: "/" }]],
    ["a promise of it", async () => ["x", 404]],
  ])("is data, with one warning in debug mode: %s", async (_, view) => {
    const app = createApp({ config: { debug: true } });
    const lines = warnings(app);
    app.get("/", view as () => string, { endpoint: "v" });
    const client = app.testClient();
    expect(await (await client.get("/")).json()).toEqual(JSON.parse(JSON.stringify(await view())));
    await client.get("/");
    expect(lines).toEqual([expect.stringMatching(/^The view 'v' returned a list of a body and the status \d+, .*makeResponse\(body/)]);
  });

  it.each<[string, () => unknown]>([
    ["one that says that it is data", () => json(["x", 404])],
    ["two texts", () => ["x", "404"]],
    ["numbers", () => [1, 404]],
    ["a number that is no status", () => ["x", 7]],
    ["a year", () => ["x", 2026]],
    ["four items", () => ["x", 404, {}, 1]],
    ["three items without headers", () => ["x", 404, 3]],
  ])("is not another list: %s", async (_, view) => {
    const app = createApp({ config: { debug: true } });
    const lines = warnings(app);
    app.get("/", view as () => string[]);
    expect((await app.testClient().get("/")).status).toBe(200);
    expect(lines).toEqual([]);
  });

  it("is data in tests and in production, without a word", async () => {
    for (const app of [createApp(), createLiveApp()]) {
      const lines = warnings(app);
      app.get("/", () => ["x", 404]);
      expect(await (await app.testClient().get("/")).json()).toEqual(["x", 404]);
      expect(lines).toEqual([]);
    }
  });
});

describe("the session", () => {
  it.each<[string, () => unknown, string]>([
    [
      "get() with a default",
      () => Reflect.apply(session.get, session, ["n", 0]),
      'session.get() takes no default. Write session.get("n") ?? 0.',
    ],
    ["pop() with a default", () => Reflect.apply(session.pop, session, ["n", "a"]), 'Write session.pop("n") ?? "a".'],
    ["get() with a list", () => Reflect.apply(session.get, session, ["n", []]), 'Write session.get("n") ?? value.'],
    ["a misspelt property", () => Object.assign(session, { permanant: true }), "Did you mean 'permanent'?"],
    ["modified of Flask", () => Object.assign(session, { modified: true }), "changes inside of a value are saved, too"],
    ["destroy() of Express", () => Reflect.get(session, "destroy"), "Use session.clear()"],
  ])("says what it does not take: %s", async (_, use, message) => {
    const app = createApp();
    app.get("/", () => String(use()));
    await expect(app.testClient().get("/")).rejects.toThrow(message);
  });

  it("takes no default of nothing amiss, and ignores defaults in production", async () => {
    const read = (): string => {
      session.set("n", 5);
      return [
        Reflect.apply(session.get, session, ["n", null]),
        Reflect.apply(session.pop, session, ["n", undefined]),
        session.has("n"),
      ].join();
    };
    const app = createApp();
    app.get("/", read);
    expect(await (await app.testClient().get("/")).text()).toBe("5,5,false");
    const live = createLiveApp();
    live.get("/", () => String(Reflect.apply(session.get, session, ["n", 0])));
    expect(await (await live.testClient().get("/")).text()).toBe("undefined");
  });
});

describe("redirect()", () => {
  class Blog {
    @route("/posts/<int:id>")
    show() {
      return "post";
    }

    @route("/start/page")
    index() {
      return "page";
    }

    @route("/login")
    login() {
      return "login";
    }

    @route("/go")
    go() {
      return redirect(request.query.get("to") ?? "");
    }
  }

  it.each([
    [
      "index",
      'redirect("index") got the name of an endpoint, which browsers read as the path \'/index\'. Build its URL: redirect(urlFor("index")).',
    ],
    ["show", 'redirect(urlFor("show", { … })).'],
    [".index", 'redirect(urlFor(".index")).'],
  ])("refuses the name of an endpoint: %s", async (name, message) => {
    await expect(createApp({}, Blog).testClient().get(`/go?to=${name}`)).rejects.toThrow(message);
  });

  it.each(["login", "other", "../posts/3", "?page=2", "posts/3"])("takes a relative path: %s", async (path) => {
    const response = await createApp({}, Blog)
      .testClient()
      .get("/go", { query: { to: path } });
    expect([response.status, response.headers.get("location")]).toEqual([303, path]);
  });

  it("takes anything in production", async () => {
    expect((await createLiveApp(Blog).testClient().get("/go?to=index")).headers.get("location")).toBe("index");
  });
});

describe("the argument of a view", () => {
  it.each<[string, (values: Record<string, Record<string, string>>) => unknown, string]>([
    [
      "params",
      (req) => req.params?.id,
      "The argument of the view 'v' has no 'params': it holds the variables of the rule alone, here 'postId'. Take them as ({ postId }) => ….",
    ],
    ["query", (req) => req.query?.page, 'Use request.query.get("name") of "flagon".'],
    ["body", (req) => req.body?.title, 'Use await request.json() or await request.form() of "flagon".'],
    [
      "a misspelt variable",
      ({ postid }) => String(postid),
      "The rule '/<int:postId>' of the view 'v' has no variable 'postid'. Did you mean 'postId'?",
    ],
    ["an underscore", ({ post_id }) => String(post_id), "Did you mean 'postId'?"],
  ])("refuses what it does not hold: %s", async (_, view, message) => {
    const app = createApp();
    app.get("/<int:postId>", view as () => string, { endpoint: "v" });
    await expect(app.testClient().get("/3")).rejects.toThrow(message);
  });

  it("gives the variables of all rules of the view, is data, and is loose in production", async () => {
    class Pages {
      @route("/", { endpoint: "list" })
      @route("/page/<int:page>", { endpoint: "list" })
      list({ page = 1, other = "none" }: { page?: number; other?: string }) {
        return { page, other };
      }
    }
    const app = createApp({}, Pages);
    app.get("/all/<name>", (values) => values, { endpoint: "all" });
    // A view of several rules may name variables like members of a request.
    app.get("/of", ({ user, path, method }: Record<string, unknown>) => ({
      user: user ?? null,
      path: path ?? null,
      method: method ?? null,
    }));
    const client = app.testClient();
    expect(await (await client.get("/")).json()).toEqual({ page: 1, other: "none" });
    expect(await (await client.get("/page/2")).json()).toEqual({ page: 2, other: "none" });
    expect(await (await client.get("/all/ann")).json()).toEqual({ name: "ann" });
    expect(await (await client.get("/of")).json()).toEqual({ user: null, path: null, method: null });
    const show = ({ id, uid, query }: Record<string, unknown>) => ({ id: id ?? null, uid: uid ?? null, query: query ?? null });
    const shared = createApp();
    shared.get("/posts/<int:id>", show, { endpoint: "post" });
    shared.get("/users/<int:uid>", show, { endpoint: "user" });
    shared.get("/search/<query>", show, { endpoint: "search" });
    expect(await (await shared.testClient().get("/posts/3")).json()).toEqual({ id: 3, uid: null, query: null });
    const live = createLiveApp();
    live.get("/<int:postId>", (values) => typeof Reflect.get(values, "params"), { endpoint: "v" });
    expect(await (await live.testClient().get("/3")).text()).toBe("undefined");
  });
});

describe("an error of JavaScript", () => {
  const flagon = { urlFor } as never as Record<string, () => string>;

  it.each<[string, () => unknown, string]>([
    ["jsonify()", () => new Function("jsonify()")(), "Return the object itself, or json(value, status)."],
    [
      "url_for() of a module",
      () => new Function("f", "return f.url_for('index')")(flagon),
      "There is no 'url_for' in Flagon. Use urlFor().",
    ],
    ["render_template()", () => new Function("render_template('index')")(), "Use renderTemplate()."],
    ["res.send()", () => new Function("res.send('x')")(), "A view returns its answer"],
    ["a name without its import", () => new Function("return urlFor('index')")(), 'Import it: import { urlFor } from "flagon".'],
    ["loginRequired without its import", () => new Function("return loginRequired")(), 'import { loginRequired } from "flagon/login".'],
    [
      "request.cookies.get()",
      () => new Function("r", "return r.cookies.get('a')")(request),
      "request.cookies is an object: request.cookies.name",
    ],
    ["g.get()", () => new Function("g", "return g.get('user')")(g), "g is an object: g.name = value"],
  ])("from a habit has its cure: %s", async (_, use, message) => {
    const app = createApp();
    app.get("/", () => String(use()));
    await expect(app.testClient().get("/")).rejects.toThrow(message);
  });

  it("of a method that was given as a function names the lost object", async () => {
    class Books {
      titles = ["Emma"];
      show() {
        return this.titles[0] ?? "";
      }
    }
    const app = createApp();
    app.get("/", new Books().show, { endpoint: "v" });
    await expect(app.testClient().get("/")).rejects.toThrow(
      "The view 'v' reads 'this.titles', but a method that is given as a function has lost its object.",
    );
  });

  it("of the app's own stays as it was", async () => {
    const app = createApp();
    app.get("/", () => new Function("const own = {}; own.urlFor()")());
    await expect(app.testClient().get("/")).rejects.toThrow(/^own\.urlFor is not a function$/);
  });
});

describe("sendFile()", () => {
  it("says for the developer where it looked", async () => {
    const root = writeFiles({ "app.js": "" });
    for (const [testing, words] of [
      [true, `sendFile("a/b.pdf") found no file '${root}/a/b.pdf': a relative path begins at the app's root, '${root}'.`],
      [false, "There is no resource at this path."],
    ] as const) {
      const app = new Flagon(root, { config: { testing, secretKey: "a key for tests" } });
      app.logger.level = "silent";
      app.get("/", () => sendFile("a/b.pdf"));
      const response = await app.testClient().get("/", { headers: { accept: "application/json" } });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ detail: words });
    }
  });
});

it("urlFor() refuses a bare value", async () => {
  const app = createApp();
  app.get("/<int:id>", () => "", { endpoint: "v" });
  app.get("/", () => urlFor("v", Number(3) as never));
  await expect(app.testClient().get("/")).rejects.toThrow('the values must be an object, but got 3. Write urlFor("v", { id: 3 }).');
});

it("a method of other loggers names the one of this logger", () => {
  const { logger } = createApp();
  for (const log of [logger, logger.child({ part: 1 })]) {
    expect(() => Reflect.apply(Reflect.get(log, "warning"), log, ["x"])).toThrow(
      "There is no method logger.warning(). Use logger.warn(message).",
    );
    expect(() => Reflect.apply(Reflect.get(log, "exception"), log, ["x"])).toThrow("Use logger.error({ err: error }, message).");
  }
});
