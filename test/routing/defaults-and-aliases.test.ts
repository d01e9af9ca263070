import { Blueprint, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** Returns the status and the target of an answer. */
async function follow(app: ReturnType<typeof createApp>, path: string): Promise<string> {
  const response = await app.testClient().get(path);
  return `${response.status} ${response.headers.get("location") ?? (await response.text())}`;
}

describe("an alias", () => {
  it("keeps its values if another rule has defaults", async () => {
    const app = createApp();
    const users = ({ page }: { page: number }) => `page ${page}`;
    app.route("/users/", users, { endpoint: "users", defaults: { page: 1 } });
    app.route("/users/page/<int:page>", users, { endpoint: "users" });
    app.route("/users-<int:page>", users, { endpoint: "users", alias: true });
    expect(await follow(app, "/users-2")).toBe("308 /users/page/2");
    expect(await follow(app, "/users-2?q=1")).toBe("308 /users/page/2?q=1");
    expect(await follow(app, "/users-1")).toBe("308 /users/");
    expect(await follow(app, "/users/page/2")).toBe("200 page 2");
  });

  it("keeps its values besides other variables, and by its own defaults", async () => {
    const app = createApp();
    const page = ({ lang, page: number }: { lang: string; page: number }) => `${lang} ${number}`;
    app.route("/l/<lang>/", page, { endpoint: "page", defaults: { page: 1 } });
    app.route("/l/<lang>/<int:page>", page, { endpoint: "page" });
    app.route("/old/<lang>/<int:page>", page, { endpoint: "page", alias: true });
    app.route("/third/<lang>", page, { endpoint: "page", alias: true, defaults: { page: 3 } });
    expect(await follow(app, "/old/de/3")).toBe("308 /l/de/3");
    expect(await follow(app, "/old/de/1")).toBe("308 /l/de/");
    expect(await follow(app, "/third/de")).toBe("308 /l/de/3");
  });
});

describe("an alias of a rule at another host", () => {
  it("redirects to that host, with its variables, port and scheme", async () => {
    const app = createApp({ config: { serverName: "example.com" } });
    const page = () => "x";
    app.route("/x", page, { endpoint: "x", host: "new.example.com" });
    app.route("/old", page, { endpoint: "x", alias: true });
    const home = ({ tenant }: { tenant: string }) => tenant;
    app.route("/t", home, { endpoint: "t", subdomain: "<tenant>" });
    app.route("/t/<tenant>", home, { endpoint: "t", alias: true });
    expect(await follow(app, "/old?q=1")).toBe("308 http://new.example.com/x?q=1");
    expect(await follow(app, "https://example.com:8443/t/ann")).toBe("308 https://ann.example.com:8443/t");
    expect(await follow(app, "http://ann.example.com/t")).toBe("200 ann");
  });

  it("prefers a rule at its own host", async () => {
    const app = createApp();
    const view = () => "x";
    app.route("/other", view, { endpoint: "x", host: "other.test" });
    app.route("/own", view, { endpoint: "x", host: "own.test" });
    app.route("/old", view, { endpoint: "x", host: "own.test", alias: true });
    expect(await follow(app, "http://own.test/old")).toBe("308 /own");
  });
});

describe("two rules with defaults", () => {
  it.each([
    ["objects", () => ({ a: [1] })],
    ["lists", () => ["x"]],
    ["dates", () => new Date(0)],
    ["NaN", () => Number.NaN],
  ])("redirect to the shorter one if both give equal %s", async (_, value) => {
    const app = createApp();
    const view = ({ foo }: { foo: number }) => `${foo}`;
    app.route("/b/", view, { endpoint: "b", defaults: { foo: 1, more: value() } });
    app.route("/b/<int:foo>", view, { endpoint: "b", defaults: { more: value() } });
    expect(await follow(app, "/b/1")).toBe("308 /b/");
    expect(await follow(app, "/b/2")).toBe("200 2");
    expect(app.appContext(() => urlFor("b", { foo: 1, more: value() as unknown as string }))).toBe("/b/");
  });

  it("redirect for values of a converter, such as dates, and not to a rule at another host", async () => {
    const app = createApp();
    app.converters.set("date", {
      regex: "\\d{4}-\\d\\d-\\d\\d",
      parse: (text) => new Date(text),
      format: (value) => (value as Date).toISOString().slice(0, 10),
    });
    const view = () => "x";
    app.route("/d/", view, { endpoint: "d", defaults: { day: new Date("2026-01-01") } });
    app.route("/d/<date:day>" as "/d/<day>", view, { endpoint: "d" });
    app.route("/h/", view, { endpoint: "h", host: "a.test", defaults: { page: 1 } });
    app.route("/h/<int:page>", view, { endpoint: "h" });
    expect(await follow(app, "/d/2026-01-01")).toBe("308 /d/");
    expect(await follow(app, "/d/2026-01-02")).toBe("200 x");
    expect(await follow(app, "/h/1")).toBe("200 x");
  });

  it("redirect to the shorter one if both give the same values", async () => {
    const app = createApp();
    const view = ({ foo, bar }: { foo: number; bar: boolean }) => `${foo} ${bar}`;
    app.route("/bar/", view, { endpoint: "x", defaults: { foo: 1, bar: true } });
    app.route("/bar/<int:foo>", view, { endpoint: "x", defaults: { bar: true } });
    expect(await follow(app, "/bar/1")).toBe("308 /bar/");
    expect(await follow(app, "/bar/2")).toBe("200 2 true");
    expect(await follow(app, "/bar/")).toBe("200 1 true");
  });

  it("do not redirect if they differ in a value", async () => {
    const app = createApp();
    const view = ({ foo, bar }: { foo: number; bar?: boolean }) => `${foo} ${bar}`;
    app.route("/a/", view, { endpoint: "a", defaults: { foo: 1 } });
    app.route("/a/<int:foo>", view, { endpoint: "a", defaults: { bar: true } });
    expect(await follow(app, "/a/1")).toBe("200 1 true");
  });
});

describe("OPTIONS and HEAD", () => {
  it("can be listed by two rules of one path, and the first answers", async () => {
    const app = createApp();
    app.route("/", () => "read", { methods: ["GET", "OPTIONS"] });
    app.route("/", () => "write", { methods: ["POST", "OPTIONS", "HEAD"] });
    const client = app.testClient();
    expect(await (await client.options("/")).text()).toBe("read");
    expect(await (await client.post("/")).text()).toBe("write");
  });

  it("are an error if two rules of one path list nothing else", () => {
    const app = createApp();
    app.route("/", () => "a", { methods: ["OPTIONS"], endpoint: "a" });
    expect(() => app.route("/", () => "b", { methods: ["OPTIONS"], endpoint: "b" })).toThrow("both answer OPTIONS");
  });
});

describe("doubled slashes in a prefix or a rule", () => {
  it("are single ones, unless the route keeps them", async () => {
    const blueprint = new Blueprint("b", { urlPrefix: "//foo//bar//" });
    blueprint.get("//x//y", () => urlFor(".x_y"));
    blueprint.get("/kept//z", () => "z", { mergeSlashes: false });
    const app = createApp();
    app.register(blueprint);
    expect(await follow(app, "/foo/bar/x/y")).toBe("200 /foo/bar/x/y");
    expect(await follow(app, "//foo//bar/kept//z")).toBe("200 z");
  });
});
