import { Blueprint, Flagon } from "flagon";
import { describe, expect, it } from "vitest";

function createSite({ debug = true, empty = false } = {}) {
  const app = new Flagon(__dirname, { static: null, config: { debug, secretKey: "a key that is long enough" } });
  app.logger.level = "silent";
  if (!empty) {
    app.get("/posts/<int:id>", function show() {
      return "";
    });
    app.get("/posts", () => "", { endpoint: "list" });
    app.post("/posts", () => "", { endpoint: "create" });
    const admin = new Blueprint("admin", { urlPrefix: "/admin" });
    admin.get("/users", () => "", { endpoint: "users" });
    app.register(admin);
  }
  return app;
}

const browser = { accept: "text/html" };

describe("a 404 for the developer", () => {
  it("lists the routes, the nearest first, with methods and views", async () => {
    const response = await createSite().testClient().get("/postss?<b>", { headers: browser });
    const text = await response.text();
    expect(response.status).toBe(404);
    expect(text).toContain("no route matches <code>/postss</code>. Did you mean");
    expect([...text.matchAll(/<li><code>(.*?)<\/code>/g)].map(([, rule]) => rule)).toEqual([
      "/posts",
      "/posts/&lt;int:id&gt;",
      "/admin/users",
    ]);
    expect(text).toContain("<small>GET, list, POST, create</small>");
  });

  it("says that the app has no routes", async () => {
    expect(await (await createSite({ empty: true }).testClient().get("/", { headers: browser })).text()).toContain(
      "The app has no routes.",
    );
  });

  it.each([
    ["outside of debug mode", { debug: false }, {}],
    ["to another machine", {}, { remoteAddress: "203.0.113.9" }],
    ["to another host name", {}, { headers: { ...browser, host: "evil.example" } }],
    ["to a client of JSON", {}, { headers: { accept: "application/json" } }],
  ])("says nothing of routes %s", async (_, site, request) => {
    const response = await createSite(site)
      .testClient()
      .get("/postss", { headers: browser, ...request });
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("/posts<");
  });

  it("says nothing of routes for a 404 that a view answers", async () => {
    const app = createSite();
    app.get("/gone", async () => (await import("flagon")).abort(404), { endpoint: "gone" });
    expect(await (await app.testClient().get("/gone", { headers: browser })).text()).not.toContain("/admin/users");
  });
});
