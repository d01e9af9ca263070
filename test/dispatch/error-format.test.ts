import { Blueprint, blueprint, Flagon, json, request, route } from "flagon";
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
    ["application/xhtml+xml", "text/html"],
  ])("are JSON unless HTML is preferred by name: Accept '%s'", async (accept, type) => {
    const app = createLiveApp(Rates);
    expect(await ask(app, "/rates/5", accept)).toEqual([500, type]);
    expect(await ask(app, "/rates", accept, { method: "DELETE" })).toEqual([405, type]);
  });

  it("are JSON for each status, and HTML on the pages beside them", async () => {
    const app = createLiveApp(Rates);
    const post = { method: "POST", type: "application/json" };
    expect(await ask(app, "/rates", "*/*", { ...post, body: "{" })).toEqual([400, problem]);
    expect(await ask(app, "/rates", "*/*", { ...post, body: '{"id":"x"}' })).toEqual([422, problem]);
    expect(await ask(app, "/rates", "*/*", { ...post, body: `{"id":1,"more":"${"x".repeat(30)}"}` })).toEqual([413, problem]);
    expect(await ask(app, "/rates", "*/*", { method: "POST", body: "x", type: "text/plain" })).toEqual([415, problem]);
    expect(await ask(app, "/page", "*/*", { method: "DELETE" })).toEqual([405, "text/html"]);
    expect(await ask(app, "/nope", "*/*")).toEqual([404, "text/html"]);
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
});
