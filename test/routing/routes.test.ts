import { g, request, route, SetupError, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp } from "../support";

describe("a route's options", () => {
  it("alias: redirects to the other rule of the endpoint, with its values and the query", async () => {
    class Users {
      @route("/users/<int:id>/profile")
      @route("/u/<int:id>", { alias: true })
      show({ id }: { id: number }) {
        return `${id} ${urlFor(Users, "show", { id })}`;
      }
    }
    const client = createApp({}, Users).testClient();
    const response = await client.get("/u/7?tab=a%20b");
    expect([response.status, response.headers.get("location")]).toEqual([308, "/users/7/profile?tab=a%20b"]);
    expect(await (await client.get("/users/7/profile")).text()).toBe("7 /users/7/profile");
  });

  it("alias: needs another rule with its variables", async () => {
    const app = createApp();
    app.route("/u", () => "u", { alias: true, endpoint: "u" });
    await expect(app.testClient().get("/u")).rejects.toThrow("The rule '/u' is an alias, but 'u' has no other rule with its variables.");
  });

  it("buildOnly: builds URLs of pages on other servers, and matches nothing", async () => {
    const app = createApp();
    app.route("/cdn/<path:file>", () => "never", { buildOnly: true, endpoint: "cdn" });
    expect(app.appContext(() => urlFor("cdn", { file: "a/b.css" }))).toBe("/cdn/a/b.css");
    expect((await app.testClient().get("/cdn/a/b.css")).status).toBe(404);
  });

  it("defaults: reach the view, typed, also without another rule", async () => {
    class Pages {
      @route("/first", { defaults: { page: 1, kind: "list" } })
      index({ page, kind }: { page: number; kind: string }) {
        return `${kind} ${page}`;
      }
    }
    expect(await (await createApp({}, Pages).testClient().get("/first")).text()).toBe("list 1");
  });

  it("mergeSlashes: false matches doubled slashes as written", async () => {
    const app = createApp();
    app.route("/a//b", () => "doubled", { endpoint: "doubled", mergeSlashes: false });
    app.route("/a/b", () => "single", { endpoint: "single", mergeSlashes: false });
    app.route("/c/d", () => "never doubled", { endpoint: "other", mergeSlashes: false });
    const client = app.testClient();
    expect(await (await client.get("/a//b")).text()).toBe("doubled");
    expect(await (await client.get("/a/b")).text()).toBe("single");
    expect((await client.get("/c//d")).status).toBe(404);
  });

  it("default to the settings", async () => {
    const app = createApp({ config: { strictSlashes: false, mergeSlashes: false, provideAutomaticOptions: false } });
    app.route("/x/", () => "x", { endpoint: "x" });
    app.route("/y/", () => "y", { endpoint: "y", strictSlashes: true, provideAutomaticOptions: true, mergeSlashes: true });
    const client = app.testClient();
    expect((await client.get("/x")).status).toBe(200);
    expect((await client.get("//x/")).status).toBe(404);
    expect((await client.options("/x/")).status).toBe(405);
    expect((await client.get("/y")).status).toBe(308);
    expect((await client.get("//y/")).status).toBe(308);
    expect((await client.options("/y/")).status).toBe(200);
  });

  it("provideAutomaticOptions: a route that lists OPTIONS gets it", async () => {
    const app = createApp();
    app.route("/x", () => "mine", { methods: ["GET", "OPTIONS"], endpoint: "x" });
    expect(await (await app.testClient().options("/x")).text()).toBe("mine");
  });

  it("maxContentLength: is the route's own limit", async () => {
    const app = createApp({ config: { maxContentLength: 10 } });
    app.route("/small", async () => String((await request.text()).length), { methods: ["POST"], endpoint: "small" });
    app.route("/large", async () => String((await request.text()).length), { methods: ["POST"], endpoint: "large", maxContentLength: 100 });
    const body = "x".repeat(50);
    expect((await app.testClient().post("/small", { body })).status).toBe(413);
    expect(await (await app.testClient().post("/large", { body })).text()).toBe("50");
    expect((await app.testClient().post("/large", { body: "x".repeat(101) })).status).toBe(413);
  });
});

describe("redirects of routing", () => {
  it("keep method and body by 308, and the path of the mount", async () => {
    const app = createApp({ config: { applicationRoot: "/app" } });
    app.route("/x/", async () => `${request.method} ${await request.text()}`, { methods: ["POST"], endpoint: "x" });
    const response = await app.testClient().post("/x?q=1", { body: "data" });
    expect([response.status, response.headers.get("location")]).toEqual([308, "/app/x/?q=1"]);
  });

  it("happen only if the rule with the slash takes the method", async () => {
    const app = createApp();
    app.route("/x/", () => "got", { endpoint: "get" });
    app.route("/x", () => "posted", { methods: ["POST"], endpoint: "post" });
    app.route("/y/", () => "y", { endpoint: "y" });
    const client = app.testClient();
    expect(await (await client.post("/x")).text()).toBe("posted");
    expect(await (await client.get("/x/")).text()).toBe("got");
    expect((await client.get("/x")).status).toBe(308);
    expect((await client.head("/y")).status).toBe(308);
    expect((await client.options("/y")).status).toBe(308);
    expect((await client.post("/y")).status).toBe(404);
  });

  it("are seen by hooks, but by no error handler", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    app.route("/x/", () => "x", { endpoint: "x" });
    app.beforeRequest(() => void seen.push(request.routingException, request.endpoint));
    app.errorHandler(Error, () => "handled");
    expect((await app.testClient().get("/x")).status).toBe(308);
    expect(seen).toEqual([null, null]);
  });
});

describe("two views of one endpoint", () => {
  it("are refused when the second is added, even with the same name; one view can have several rules", () => {
    const app = createApp();
    const view = () => "x";
    app.route("/a", view);
    app.route("/b", view);
    expect(() => app.route("/c", () => "other", { endpoint: "view" })).toThrow(SetupError);
    expect(() => app.route("/c", () => "other", { endpoint: "view" })).toThrow("Two views have the endpoint 'view'");
    class Pages {
      @route("/a")
      first() {
        return "x";
      }
    }
    app.route("/first", () => "taken", { endpoint: "first" });
    expect(() => app.register(Pages)).toThrow(
      "Two views have the endpoint 'first': first and Pages.first.\nPut @blueprint(\"name\") on one of the controllers",
    );
  });
});

describe("app.urlValuePreprocessor() and app.urlDefaults()", () => {
  it("take a language prefix out of the values, and put it into URLs", async () => {
    const app = createApp();
    app.urlValuePreprocessor((_endpoint, values) => {
      g.lang = values.lang ?? "en";
      delete values.lang;
    });
    app.urlDefaults((endpoint, values) => {
      if (values.lang === undefined && app.isEndpointExpecting(endpoint, "lang")) {
        values.lang = g.lang;
      }
    });
    app.route("/<lang>/about", (values) => `${g.lang} ${Object.keys(values).length} ${urlFor("about")}`, { endpoint: "about" });
    app.route("/plain", () => urlFor("about"), { endpoint: "plain" });
    const client = app.testClient();
    expect(await (await client.get("/de/about")).text()).toBe("de 0 /de/about");
    expect(await (await client.get("/plain")).text()).toBe("/en/about");
    expect((await client.get("/none/at/all")).status).toBe(404);
  });
});

describe("generic views by inheritance", () => {
  it("can be a base class whose routes and hooks a subclass completes", async () => {
    abstract class ItemView<Item extends { id: number }> {
      protected abstract readonly items: readonly Item[];
      @route("/")
      list() {
        return this.items;
      }
      @route("/<int:id>")
      show({ id }: { id: number }) {
        return this.items.find((item) => item.id === id) ?? {};
      }
    }
    class Books extends ItemView<{ id: number; title: string }> {
      protected readonly items = [{ id: 1, title: "Emma" }];
    }
    class Films extends ItemView<{ id: number; year: number }> {
      protected readonly items = [{ id: 2, year: 1999 }];
      override list() {
        return super.list().slice(0, 0);
      }
    }
    const app = createApp();
    app.register(Books, { name: "books", urlPrefix: "/books" });
    app.register(Films, { name: "films", urlPrefix: "/films" });
    const read = async (path: string) => (await app.testClient().get(path)).json();
    expect(await read("/books/")).toEqual([{ id: 1, title: "Emma" }]);
    expect(await read("/films/")).toEqual([]);
    expect(await read("/films/2")).toEqual({ id: 2, year: 1999 });
    expect(app.appContext(() => urlFor(Films, "show", { id: 3 }))).toBe("/films/3");
    expect(app.appContext(() => urlFor("books.show", { id: 3 }))).toBe("/books/3");
  });
});

describe("many apps", () => {
  it("of one factory share nothing in one process", async () => {
    const create = (name: string) => {
      const app = createLiveApp();
      app.converters.set("own", { regex: name });
      app.route("/<own:x>" as "/", () => name, { endpoint: "x" });
      app.errorHandler(404, () => `none in ${name}`);
      return app.testClient();
    };
    const [one, two] = [create("one"), create("two")];
    expect(await Promise.all(["/one", "/two"].map(async (path) => (await one.get(path)).text()))).toEqual(["one", "none in one"]);
    expect(await Promise.all(["/one", "/two"].map(async (path) => (await two.get(path)).text()))).toEqual(["none in two", "two"]);
  });
});
