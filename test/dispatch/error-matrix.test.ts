import { abort, Blueprint, type Flagon, type FlagonOptions } from "flagon";
import { LoginManager, loginRequired } from "flagon/login";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const Rate = z.object({ id: z.int() });
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const aborted = [400, 401, 403, 404, 406, 409, 418, 429, 500, 503];

function create(options: FlagonOptions = {}): Flagon {
  const app = createApp({ ...options, config: { testing: false } });
  app.logger.level = "silent";
  app.use(new LoginManager({ loadUser: () => null, loginView: "/login" }));
  return app;
}

/** Adds a route for each kind of error. */
function addRoutes(target: Flagon | Blueprint, schemas: { readonly returns?: typeof Rate }): void {
  for (const status of aborted) {
    target.get(`/${status}` as "/", () => abort(status), { endpoint: `e${status}`, ...schemas });
  }
  const add = (): { id: number } => ({ id: 1 });
  target.post("/add", add, { endpoint: "add", json: Rate, maxContentLength: 30, ...schemas });
  target.get("/private", loginRequired(add), { endpoint: "private", ...schemas });
  target.get("/search", add, { endpoint: "search", query: z.object({ page: z.int() }), ...schemas });
}

const apps: Readonly<Record<string, () => { app: Flagon; prefix: string }>> = {
  "routes with 'returns' next to a page": () => {
    const app = create();
    addRoutes(app, { returns: Rate });
    app.get("/page", () => "a page");
    return { app, prefix: "" };
  },
  "a blueprint of JSON next to a page": () => {
    const app = create();
    const api = new Blueprint("api", { errors: "json", urlPrefix: "/api" });
    addRoutes(api, {});
    app.register(api);
    app.get("/page", () => "a page");
    return { app, prefix: "/api" };
  },
  "an app of JSON": () => {
    const app = create({ errors: "json" });
    addRoutes(app, {});
    return { app, prefix: "" };
  },
};

describe.each(Object.entries(apps))("the errors of %s", (_, createOne) => {
  it.each<[string | undefined, "application/problem+json" | "text/html"]>([
    [undefined, "application/problem+json"],
    ["*/*", "application/problem+json"],
    ["", "application/problem+json"],
    ["application/json", "application/problem+json"],
    ["text/html;q=0.1,application/json", "application/problem+json"],
    ["application/*", "application/problem+json"],
    [browser, "text/html"],
  ])("have one format for all statuses: Accept '%s'", async (accept, type) => {
    const { app, prefix } = createOne();
    const client = app.testClient();
    const ask = async (method: string, path: string, body?: string, more: Record<string, string> = {}): Promise<unknown[]> => {
      const headers = { ...(accept === undefined ? {} : { accept }), "content-type": "application/json", ...more };
      const response = await client.request(method, prefix + path, { headers, ...(body === undefined ? {} : { body }) });
      return [response.status, response.headers.get("content-type")?.split(";")[0]];
    };
    for (const status of aborted) {
      expect(await ask("GET", `/${status}`)).toEqual([status, type]);
    }
    expect(await ask("DELETE", "/409")).toEqual([405, type]);
    expect(await ask("POST", "/add", '{"id":"x"}')).toEqual([422, type]);
    expect(await ask("POST", "/add", '{"id":')).toEqual([400, type]);
    expect(await ask("POST", "/add", `{"id":1,"more":"${"x".repeat(40)}"}`)).toEqual([413, type]);
    expect(await ask("POST", "/add", "x", { "content-type": "text/plain" })).toEqual([415, type]);
    expect(await ask("POST", "/add", '{"id":1}', { origin: "https://evil.example" })).toEqual([403, type]);
    expect(await ask("GET", "/search?page=x")).toEqual([422, type]);
    // A browser is sent to the page of the login.
    expect(await ask("GET", "/private")).toEqual([type === "text/html" ? 303 : 401, type]);
  });
});
