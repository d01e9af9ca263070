import { Blueprint, Flagon, route } from "flagon";
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

describe("a 405 for the developer", () => {
  it("names the views of the path and the ways to take the method", async () => {
    class Posts {
      @route("/edit/<int:id>")
      edit() {
        return "";
      }
    }
    const app = createSite();
    app.register(Posts);
    const client = app.testClient();
    const form = await (await client.post("/edit/3", { headers: browser, form: { title: "x" } })).text();
    expect(form).toContain(
      "the path <code>/edit/3</code> has a route, but none that takes POST. A form is posted to the path of its own page",
    );
    expect(form).toContain("<code>Posts.edit</code> takes GET at <code>/edit/&lt;int:id&gt;</code>.");
    expect(form).toContain(
      "<code>@route(&#34;/edit/&lt;int:id&gt;&#34;, { methods: [&#34;GET&#34;, &#34;POST&#34;] })</code> or <code>@route.post(",
    );
    const put = await (await client.put("/posts", { headers: browser })).text();
    expect(put).toContain("<code>list</code> takes GET");
    expect(put).toContain("<code>app.route(&#34;/posts&#34;, view, { methods: [&#34;GET&#34;, &#34;PUT&#34;] })</code> or <code>app.put(");
    expect(put).not.toContain("A form is posted");
  });

  it("says nothing of routes outside of debug mode", async () => {
    const response = await createSite({ debug: false }).testClient().post("/posts/3", { headers: browser });
    expect(response.status).toBe(405);
    expect(await response.text()).not.toContain("/posts");
  });
});
