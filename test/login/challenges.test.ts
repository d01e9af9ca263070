import { abort, Blueprint, type Flagon, json, makeResponse, WWWAuthenticate } from "flagon";
import { LoginManager, type LoginOptions, requireUser } from "flagon/login";
import { createDocument } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

function createSite(options: Partial<LoginOptions<{ id: number }>> = {}): Flagon {
  const app = createApp();
  app.use(
    new LoginManager<{ id: number }>({
      loadUser: () => null,
      loadUserFromRequest: ({ authorization }) => (authorization?.token === "good" ? { id: 1 } : null),
      wwwAuthenticate: 'Bearer realm="api"',
      ...options,
    }),
  );
  const api = new Blueprint("api", { urlPrefix: "/api", errors: "json" });
  api.get("/me", () => json({ id: requireUser().id }), { endpoint: "me" });
  app.register(api);
  app.get("/page", () => `${requireUser().id}`, { endpoint: "page" });
  app.get("/hand", () => abort(401), { endpoint: "hand" });
  app.get("/json", () => json({ error: "who?" }, 401), { endpoint: "json" });
  app.get("/own", () => makeResponse("no", 401, { "www-authenticate": "Own" }), { endpoint: "own" });
  return app;
}

describe("the option 'wwwAuthenticate' of LoginManager", () => {
  const ask = async (app: Flagon, path: string, headers: Record<string, string> = {}) => {
    const response = await app.testClient().get(path, { headers });
    return [response.status, response.headers.get("www-authenticate")];
  };

  it("is the challenge of each 401 without another one", async () => {
    const app = createSite();
    expect(await ask(app, "/api/me")).toEqual([401, 'Bearer realm="api"']);
    expect(await ask(app, "/api/me", { authorization: "Bearer good" })).toEqual([200, null]);
    expect(await ask(app, "/page")).toEqual([401, 'Bearer realm="api"']);
    expect(await ask(app, "/hand")).toEqual([401, 'Bearer realm="api"']);
    expect(await ask(app, "/json")).toEqual([401, 'Bearer realm="api"']);
    expect(await ask(app, "/own")).toEqual([401, "Own"]);
    expect(await ask(app, "/none")).toEqual([404, null]);
  });

  it("says that a bearer token was refused, and not so of other credentials", async () => {
    const app = createSite();
    expect(await ask(app, "/api/me", { authorization: "Bearer bad" })).toEqual([401, 'Bearer realm="api", error="invalid_token"']);
    expect(await ask(app, "/api/me", { authorization: "Basic YTpi" })).toEqual([401, 'Bearer realm="api"']);
    const both = createSite({ wwwAuthenticate: [new WWWAuthenticate("basic", { realm: "x" }), new WWWAuthenticate("bearer")] });
    expect(await ask(both, "/api/me", { authorization: "Bearer bad" })).toEqual([401, 'Basic realm="x", Bearer error="invalid_token"']);
  });

  it("is on the page of an error handler as well, and not on the way to the login page", async () => {
    const app = createSite({ loginView: "/login" });
    app.errorHandler(401, () => "<h1>Who are you?</h1>");
    expect(await ask(app, "/hand", { accept: "text/html" })).toEqual([401, 'Bearer realm="api"']);
    expect(await ask(app, "/page", { accept: "text/html" })).toEqual([303, null]);
  });

  it("sends nothing without it, as a session has no scheme of HTTP", async () => {
    expect(await ask(createSite({ wwwAuthenticate: [] }), "/api/me")).toEqual([401, null]);
  });

  it("is a security scheme of the document, unless the app states that scheme itself", () => {
    const info = { title: "x", version: "1" };
    const app = createSite({ wwwAuthenticate: ["Bearer", 'Basic realm="x"'] });
    app.get("/x", () => json(1), { endpoint: "x", returns: z.object({}), openapi: { responses: { 401: "No." } } });
    const schemes = (about: object) => (createDocument(app, { info, ...about }).components as Record<string, object>).securitySchemes;
    expect(schemes({})).toEqual({ bearer: { type: "http", scheme: "bearer" }, basic: { type: "http", scheme: "basic" } });
    const token = { type: "http", scheme: "Bearer", bearerFormat: "JWT" };
    expect(schemes({ securitySchemes: { token } })).toEqual({ basic: { type: "http", scheme: "basic" }, token });
  });
});
