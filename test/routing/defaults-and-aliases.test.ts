import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** Returns the status and the target of an answer. */
async function follow(app: ReturnType<typeof createApp>, path: string): Promise<string> {
  const response = await app.testClient().get(path);
  return `${response.status} ${response.headers.get("location") ?? (await response.text())}`;
}

describe("an alias", () => {
  it("keeps its values where another rule has defaults", async () => {
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

  it("keeps its values beside other variables, and by its own defaults", async () => {
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

describe("two rules with defaults", () => {
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
  it("may be listed by two rules of one path, and the first answers", async () => {
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
