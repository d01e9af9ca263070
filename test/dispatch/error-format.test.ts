import {
  abort,
  Blueprint,
  blueprint,
  Flagon,
  HTTPException,
  html,
  json,
  makeResponse,
  redirect,
  request,
  route,
  streamTemplateString,
} from "flagon";
import { LoginManager, loginRequired } from "flagon/login";
import { openapi } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";

const Rate = z.object({ id: z.int() });
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const problem = "application/problem+json";

/** Asks with a header `Accept` and returns the status and whether problem details came back. */
async function ask(app: Flagon, target: string, accept?: string, init: { method?: string; body?: string; type?: string } = {}) {
  const { method = "GET", body, type } = init;
  const headers = { ...(accept === undefined ? {} : { accept }), ...(type === undefined ? {} : { "content-type": type }) };
  const response = await app.testClient().request(method, target, { headers, ...(body === undefined ? {} : { body }) });
  return [response.status, response.headers.get("content-type")?.split(";")[0]];
}

class Rates {
  @route("/rates/<int:id>", { returns: Rate })
  show({ id }: { id: number }) {
    if (id === 5) {
      throw new Error("broken");
    }
    return { id };
  }
  @route.post("/rates", { json: Rate, maxContentLength: 20 })
  add() {
    return "added";
  }
  @route("/page")
  page() {
    return "a page";
  }
}

describe("errors of a route with 'json' or 'returns'", () => {
  it.each([
    [undefined, problem],
    ["*/*", problem],
    ["application/json", problem],
    ["application/problem+json", problem],
    ["image/png", problem],
    ["text/*", problem],
    ["application/json, text/html;q=0.5", problem],
    ["text/html;q=0.5, application/json", problem],
    [browser, "text/html"],
    ["text/html", "text/html"],
    ["text/html, application/json;q=0.9", "text/html"],
    ["text/html;q=0", problem],
    ["text/html;q=0, application/xhtml+xml;q=0", problem],
    ["text/html;level=1", "text/html"],
    ["*/*;q=0.8, text/html;q=0.5", problem],
    ["application/json, text/plain, */*", problem],
    ["application/xhtml+xml", "text/html"],
  ])("are JSON unless HTML is preferred by name: Accept '%s'", async (accept, type) => {
    const app = createLiveApp(Rates);
    expect(await ask(app, "/rates/5", accept)).toEqual([500, type]);
    expect(await ask(app, "/rates", accept, { method: "DELETE" })).toEqual([405, type]);
  });

  it("are JSON for each status, and HTML on the pages next to them", async () => {
    const app = createLiveApp(Rates);
    const post = { method: "POST", type: "application/json" };
    expect(await ask(app, "/rates", "*/*", { ...post, body: "{" })).toEqual([400, problem]);
    expect(await ask(app, "/rates", "*/*", { ...post, body: '{"id":"x"}' })).toEqual([422, problem]);
    expect(await ask(app, "/rates", "*/*", { ...post, body: `{"id":1,"more":"${"x".repeat(30)}"}` })).toEqual([413, problem]);
    expect(await ask(app, "/rates", "*/*", { method: "POST", body: "x", type: "text/plain" })).toEqual([415, problem]);
    expect(await ask(app, "/page", "*/*", { method: "DELETE" })).toEqual([405, "text/html"]);
    expect(await ask(app, "/nope", "*/*")).toEqual([404, "text/html"]);
  });

  it("are JSON for paths that have the form of the rule, but not its types", async () => {
    const app = createLiveApp(Rates);
    app.get("/<int:year>", ({ year }) => ({ id: year }), { returns: Rate, endpoint: "year" });
    app.get("/shop/<uuid:id>/items/<int:item>", () => ({ id: 1 }), { returns: Rate, endpoint: "item" });
    for (const path of ["/rates/abc", "/rates/-1", "/rates/99999999999999999999", "/shop/x/items/y"]) {
      expect(await ask(app, path, "*/*")).toEqual([404, problem]);
      expect(await ask(app, path, browser)).toEqual([404, "text/html"]);
    }
    for (const path of ["/rates/1/more", "/rate", "/abc", "/shop/x/items", "/page/1"]) {
      expect(await ask(app, path, "*/*")).toEqual([404, "text/html"]);
    }
  });

  it("are JSON for unknown paths of an app that has no other routes than those, static files and the API's document", async () => {
    const app = new Flagon(__dirname, { static: "." });
    app.logger.level = "silent";
    app.route("/rates", () => ({ id: 1 }), { returns: Rate, endpoint: "rates" });
    app.use(openapi({ info: { title: "Rates", version: "1" } }));
    expect(await ask(app, "/nope", "*/*")).toEqual([404, problem]);
    expect(await ask(app, "/%ff", "*/*")).toEqual([400, problem]);
    expect(await ask(app, "/nope", browser)).toEqual([404, "text/html"]);
  });

  it("are 401 for scripts without a login, and not a redirect to the login page", async () => {
    @loginRequired
    @blueprint("api", { urlPrefix: "/api", errors: "json" })
    class Tickets {
      @route("/tickets")
      list() {
        return [];
      }
    }
    const app = createApp({}, Tickets);
    app.use(new LoginManager({ loadUser: () => null, loginView: "/login" }));
    expect(await ask(app, "/api/tickets", "*/*")).toEqual([401, problem]);
    expect((await ask(app, "/api/tickets", browser))[0]).toBe(303);
  });
});

describe("the option 'errors'", () => {
  it("applies to all paths of an app, unless a blueprint overrides it", async () => {
    const pages = new Blueprint("pages", { urlPrefix: "/pages", errors: "html" });
    pages.route("/<int:id>", () => "page", { endpoint: "show" });
    const app = createApp({ errors: "json" });
    app.route("/x", () => json(request.path), { endpoint: "x" });
    app.register(pages);
    expect(await ask(app, "/nope", "*/*")).toEqual([404, problem]);
    expect(await ask(app, "/x", undefined, { method: "PUT" })).toEqual([405, problem]);
    expect(await ask(app, "/pages/one", "*/*")).toEqual([404, "text/html"]);
    expect(await ask(app, "/pages/1", "*/*", { method: "PUT" })).toEqual([404 + 1, "text/html"]);
    expect(await ask(app, "/pages/1", "application/json", { method: "PUT" })).toEqual([405, problem]);
  });

  it("applies to unknown paths below the prefix of a blueprint, and to blueprints inside it", async () => {
    const inner = new Blueprint("inner", { urlPrefix: "/inner" });
    inner.route("/x", () => "x", { endpoint: "x" });
    const api = new Blueprint("api", { urlPrefix: "/<tenant>/api", errors: "json" });
    api.register(inner);
    const app = createApp();
    app.register(api);
    app.route("/", () => "home", { endpoint: "home" });
    expect(await ask(app, "/a/api/nope", "*/*")).toEqual([404, problem]);
    expect(await ask(app, "/a/api", "*/*")).toEqual([404, problem]);
    expect(await ask(app, "/a/api/inner/x", "*/*", { method: "POST" })).toEqual([405, problem]);
    expect(await ask(app, "/a/apis", "*/*")).toEqual([404, "text/html"]);
    expect(await ask(app, "/a/api/nope", browser)).toEqual([404, "text/html"]);
  });

  it("applies to the host of a blueprint, and not to its paths on other hosts", async () => {
    const app = createApp({ config: { serverName: "example.com" } });
    const api = new Blueprint("api", { subdomain: "api", errors: "json" });
    api.get("/x", () => "x", { endpoint: "x" });
    const pages = new Blueprint("pages", { urlPrefix: "/help", errors: "html" });
    pages.get("/", () => "help", { endpoint: "index" });
    api.register(pages);
    const tenants = new Blueprint("tenants", { host: "<name>.example.org", urlPrefix: "/v1", errors: "json" });
    tenants.get("/x", () => "x", { endpoint: "x" });
    app.register(api);
    app.register(tenants);
    app.get("/", () => "home", { endpoint: "home" });
    const on = async (host: string, path: string) =>
      (await app.testClient().get(path, { headers: { host } })).headers.get("content-type")?.split(";")[0];
    expect(await on("api.example.com", "/none")).toBe(problem);
    expect(await on("api.example.com", "/help/none")).toBe("text/html");
    expect(await on("example.com", "/none")).toBe("text/html");
    expect(await on("a.example.org", "/v1/none")).toBe(problem);
    expect(await on("a.example.org", "/none")).toBe("text/html");
    expect(await on("example.com", "/v1/none")).toBe("text/html");
  });
});

it.each([
  [401, "Credentials are missing, or they are wrong.", "check your user name"],
  [404, "There is no resource at this path.", "If you typed the address"],
  [410, "The resource at this path was removed for good.", "The page at this address"],
])("an error %i has words for programs in JSON, and for visitors on a page", async (status, words, forVisitors) => {
  const app = createLiveApp();
  app.route("/", () => abort(status), { endpoint: "index" });
  const client = app.testClient();
  const read = async (accept: string) => (await client.get("/", { headers: { accept } })).text();
  expect(JSON.parse(await read("application/json"))).toMatchObject({ status, detail: words });
  expect(await read("text/html")).toContain(forVisitors);
});

describe("an error handler of the app that renders a page", () => {
  const page = (): string => "<h1>Not here</h1>";

  /** An app of pages with a JSON blueprint and a JSON route, whose errors the app handles. */
  function createMixed(handler: () => unknown, own?: () => unknown): Flagon {
    const api = new Blueprint("api", { urlPrefix: "/api", errors: "json" });
    api.route("/items/<int:id>", ({ id }) => (id === 5 ? abort(404, "There is no item 5.") : { id }), { endpoint: "item" });
    if (own !== undefined) {
      api.errorHandler(404, own as () => string);
    }
    const app = createLiveApp(Rates);
    app.errorHandler(404, handler as () => string);
    app.register(api);
    return app;
  }

  it.each([
    ["/api/items/5", undefined, problem],
    ["/api/items/5", "*/*", problem],
    ["/api/items/5", "application/json", problem],
    ["/api/items/5", "application/*;q=0.5, image/webp", problem],
    ["/api/items/5", browser, "text/html"],
    ["/api/nope", "*/*", problem],
    ["/api", "*/*", problem],
    ["/api/nope", browser, "text/html"],
    ["/nope", "*/*", "text/html"],
    ["/nope", "application/json", "text/html"],
  ])("answers %s for Accept '%s' as %s", async (path, accept, type) => {
    expect(await ask(createMixed(page), path, accept)).toEqual([404, type]);
  });

  it("gives way with text, markup and streams, at once or later, but not with data and responses", async () => {
    const values: [() => unknown, string | null | undefined][] = [
      [() => html`<h1>Not here</h1>`, problem],
      [async () => "<h1>Not here</h1>", problem],
      [
        function* () {
          yield "<h1>";
        },
        problem,
      ],
      [() => new ReadableStream(), problem],
      [() => ({ error: "none" }), "application/json"],
      [() => json({ error: "none" }), "application/json"],
      [() => makeResponse("<h1>Not here</h1>"), "text/html"],
      [() => new Response("<h1>Not here</h1>", { headers: { "content-type": "text/html" } }), "text/html"],
      [() => streamTemplateString("<h1>"), "text/html"],
      [() => redirect("/"), "text/html"],
    ];
    for (const [handler, type] of values) {
      expect((await ask(createMixed(handler), "/api/items/5", "*/*"))[1]).toBe(type);
    }
  });

  it("keeps status, description and headers of the error, and lets the handler run", async () => {
    let count = 0;
    const app = createMixed(() => `${count++}`);
    app.errorHandler(429, page);
    app.errorHandler(TypeError, page);
    app.route("/busy", () => abort(429, "Wait.", { retryAfter: 9 }), { endpoint: "busy", returns: Rate });
    app.route("/typo", () => Reflect.apply(Object, undefined, []).none.id, { endpoint: "typo", returns: Rate });
    const client = app.testClient();
    expect(await (await client.get("/api/items/5")).json()).toMatchObject({ status: 404, detail: "There is no item 5." });
    expect(count).toBe(1);
    const busy = await client.get("/busy");
    expect([busy.status, busy.headers.get("retry-after"), busy.headers.get("vary")]).toEqual([429, "9", "accept"]);
    expect(await (await client.get("/typo")).json()).toMatchObject({ status: 500, title: "Internal Server Error" });
  });

  it("gives way for routes with a schema, for an app of JSON alone, and for handlers of a class and of 500", async () => {
    const app = createLiveApp(Rates);
    app.errorHandler(HTTPException, page);
    app.errorHandler(500, page);
    expect(await ask(app, "/rates/5", "*/*")).toEqual([500, problem]);
    expect(await ask(app, "/rates", "*/*", { method: "POST", type: "application/json", body: "{" })).toEqual([400, problem]);
    expect(await ask(app, "/rates", "*/*", { method: "PUT" })).toEqual([405, problem]);
    expect(await ask(app, "/page", "*/*", { method: "PUT" })).toEqual([405, "text/html"]);
    const stated = createApp({ errors: "json" });
    stated.errorHandler(404, page);
    expect(await ask(stated, "/nope", "*/*")).toEqual([404, problem]);
    expect(await ask(stated, "/nope", browser)).toEqual([404, "text/html"]);
  });

  it("is not asked where the blueprint handles the error itself", async () => {
    const app = createMixed(page, () => "<h1>No such item</h1>");
    expect(await (await app.testClient().get("/api/items/5")).text()).toBe("<h1>No such item</h1>");
  });

  it("gives way to an inner blueprint of JSON, and stays for an outer one that is JSON itself", async () => {
    const create = (outerErrors: "json" | undefined): Flagon => {
      const inner = new Blueprint("inner", { urlPrefix: "/inner", errors: "json" });
      inner.route("/x", () => abort(404), { endpoint: "x" });
      const outer = new Blueprint("outer", { urlPrefix: "/outer", ...(outerErrors && { errors: outerErrors }) });
      outer.errorHandler(404, page);
      outer.register(inner);
      const app = createApp();
      app.register(outer);
      return app;
    };
    expect(await ask(create(undefined), "/outer/inner/x", "*/*")).toEqual([404, problem]);
    expect(await ask(create("json"), "/outer/inner/x", "*/*")).toEqual([404, "text/html"]);
  });
});

describe("the page of a query that is not valid", () => {
  it("shows the wrong values", async () => {
    const app = createApp();
    app.route("/list", () => "list", { query: z.object({ page: z.int(), size: z.int().max(9).optional() }), endpoint: "list" });
    const response = await app.testClient().get("/list?page=%3Cb%3E&size=10", { headers: { accept: browser } });
    const page = await response.text();
    expect(response.status).toBe(422);
    expect(page).toContain("<li><code>page</code>: <q>&lt;b&gt;</q></li><li><code>size</code>: <q>10</q></li>");
  });

  it.each([
    ["filter[from]=x", "<li><code>filter.from</code>: <q>x</q></li>"],
    ["ids=1&ids=%3Ci%3E", "<li><code>ids.1</code>: <q>&lt;i&gt;</q></li>"],
    ["ids[0]=1&ids[1]=y", "<li><code>ids.1</code>: <q>y</q></li>"],
    ["filter=7", "<li><code>filter</code>: <q>7</q></li>"],
    ["other=1&more=%22", "<li><code>other</code>: <q>1</q></li><li><code>more</code>: <q>&#34;</q></li>"],
  ])("shows the values of objects and lists, and the names that are not known: %s", async (search, list) => {
    const app = createApp();
    const query = z.strictObject({ filter: z.object({ from: z.int() }).optional(), ids: z.array(z.int()).optional() });
    app.route("/list", () => "list", { query, endpoint: "list" });
    const page = await (await app.testClient().get(`/list?${search}`, { headers: { accept: browser } })).text();
    expect(page).toContain(`<ul>${list}</ul>`);
  });
});

describe("the description of problem details", () => {
  it.each([
    [401, "Credentials are missing, or they are wrong."],
    [403, "The request is not allowed."],
    [404, "There is no resource at this path."],
    [406, "The resource has no form that the client accepts."],
    [410, "The resource at this path was removed for good."],
    [429, "The client sent too many requests."],
  ])("speaks to programs, and that of the page to visitors: %i", async (status, detail) => {
    const app = createApp({ errors: "json" });
    app.get("/", () => abort(status), { endpoint: "x" });
    app.get("/own", () => abort(status, "Because."), { endpoint: "own" });
    const read = async (path: string, accept: string) => (await app.testClient().get(path, { headers: { accept } })).text();
    expect(JSON.parse(await read("/", "*/*"))).toEqual({ type: "about:blank", title: expect.any(String), status, detail });
    expect(await read("/", browser)).not.toContain(detail);
    expect(JSON.parse(await read("/own", "*/*"))).toMatchObject({ detail: "Because." });
  });
});
