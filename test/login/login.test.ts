import { channel } from "node:diagnostics_channel";
import { Blueprint, type Flagon, flash, getFlashedMessages, redirect, renderTemplateString, request, route, session } from "flagon";
import {
  confirmLogin,
  currentUser,
  freshLoginRequired,
  isLoginFresh,
  LoginManager,
  type LoginOptions,
  loginForTest,
  loginRequired,
  loginUser,
  logoutUser,
  nextPage,
  requires,
  requireUser,
} from "flagon/login";
import { describe, expect, it, vi } from "vitest";
import { TimestampSigner } from "../../src/signing/signing";
import { createApp, writeFiles } from "../support";

class User {
  readonly #secret = "private";
  constructor(
    readonly id: number,
    readonly name: string,
    public passwordHash = "hash",
    readonly isActive = true,
  ) {}
  greet() {
    return `${this.name} ${this.#secret}`;
  }
}

declare module "flagon/login" {
  interface LoginTypes {
    user: User;
  }
}

const html = { accept: "text/html" };

function createSite(options: Partial<LoginOptions<User>> = {}, config = {}) {
  const users = [new User(1, "Ann"), new User(2, "Bo", "hash", false)];
  const app = createApp({ config });
  const login = new LoginManager<User>({
    loadUser: async (id) => users.find((user) => String(user.id) === id),
    loginView: "login",
    ...options,
  });
  app.use(login);
  class Site {
    @route("/login", { methods: ["GET", "POST"] })
    login() {
      if (request.method === "GET") {
        return { page: "login", messages: getFlashedMessages() };
      }
      const user = users.find(({ id }) => id === request.query.get("id", { type: "int" })) ?? users[0];
      const done = user !== undefined && loginUser(user, { remember: request.query.has("remember"), fresh: !request.query.has("stale") });
      return request.query.has("next") ? redirect(nextPage("/home")) : { done };
    }
    @route("/me")
    me() {
      return currentUser.isAuthenticated
        ? { name: currentUser.name, greeting: currentUser.greet(), fresh: isLoginFresh() }
        : { anonymous: currentUser.isAnonymous, name: currentUser.name ?? null };
    }
    @loginRequired
    @route("/members")
    members() {
      return "members";
    }
    @freshLoginRequired
    @route("/password", { methods: ["GET", "POST"] })
    password() {
      return "password";
    }
    @route.post("/confirm")
    confirm() {
      confirmLogin();
      return "confirmed";
    }
    @route.post("/logout")
    logout() {
      session.set("kept", "yes");
      logoutUser();
      return { user: currentUser.isAuthenticated, kept: session.get("kept") };
    }
    @route("/page")
    page() {
      return renderTemplateString("<%= currentUser.isAuthenticated ? currentUser.name : 'nobody' %>");
    }
  }
  app.register(Site);
  return { app, client: app.testClient(), users };
}

const json = async (response: Response | Promise<Response>) => (await response).json();

describe("a login", () => {
  it("makes currentUser the app's own user, in views and templates, until the logout", async () => {
    const { client } = createSite();
    expect(await json(client.get("/me"))).toEqual({ anonymous: true, name: null });
    expect(await (await client.get("/page")).text()).toBe("nobody");
    expect(await json(client.post("/login"))).toEqual({ done: true });
    expect(await json(client.get("/me"))).toEqual({ name: "Ann", greeting: "Ann private", fresh: true });
    expect(await (await client.get("/page")).text()).toBe("Ann");
    expect(await json(client.post("/logout"))).toEqual({ user: false, kept: "yes" });
    expect(await json(client.get("/me"))).toEqual({ anonymous: true, name: null });
  });

  it("is refused for inactive users, and ends when the user is no longer found", async () => {
    const { client, users } = createSite();
    expect(await json(client.post("/login?id=2"))).toEqual({ done: false });
    await client.post("/login");
    users.length = 0;
    expect(await json(client.get("/me"))).toEqual({ anonymous: true, name: null });
  });

  it("gives the session a new id and a new token", async () => {
    const { client } = createSite();
    await client.session((current) => {
      current.set("csrf_token", "old");
      current.set("basket", [1]);
    });
    await client.post("/login");
    await client.session((current) => expect([current.has("csrf_token"), current.get("basket")]).toEqual([false, [1]]));
  });

  it("is anonymous on the page of an early error, such as a refused request", async () => {
    const { app, client } = createSite();
    app.errorHandler(403, () => renderTemplateString("<%= currentUser.name ?? 'nobody' %>"));
    await client.post("/login");
    const refused = await client.post("/confirm", { headers: { "sec-fetch-site": "cross-site" } });
    expect([refused.status, await refused.text()]).toEqual([403, "nobody"]);
    expect(await (await client.get("/page")).text()).toBe("Ann");
  });

  it("costs visitors without a cookie nothing: no session, no look-up", async () => {
    const loadUser = vi.fn();
    const { client } = createSite({ loadUser });
    const response = await client.get("/me");
    expect([response.headers.get("vary"), response.headers.get("set-cookie"), loadUser.mock.calls.length]).toEqual([null, null, 0]);
  });

  it("leaves static files to every cache", async () => {
    const root = writeFiles({ "static/a.css": "a" });
    const { Flagon: App } = await import("flagon");
    const app = new App(root, { config: { secretKey: "k", testing: true } });
    app.use(new LoginManager<User>({ loadUser: () => new User(1, "Ann") }));
    const client = app.testClient();
    await loginForTest(client, new User(1, "Ann"));
    const response = await client.get("/static/a.css");
    expect([response.status, response.headers.get("vary"), response.headers.get("cache-control")]).toEqual([200, null, "no-cache"]);
  });

  it("is published on diagnostics channels", async () => {
    const heard: unknown[] = [];
    const names = ["flagon:user.logged-in", "flagon:user.logged-out", "flagon:user.unauthorized"];
    const listen = (message: unknown, name: string | symbol) =>
      void heard.push([name, (message as { user: User | null }).user?.name ?? null]);
    for (const name of names) {
      channel(name).subscribe(listen);
    }
    const { client } = createSite();
    await client.get("/members");
    await client.post("/login");
    await client.post("/logout");
    for (const name of names) {
      channel(name).unsubscribe(listen);
    }
    expect(heard).toEqual([
      ["flagon:user.unauthorized", null],
      ["flagon:user.logged-in", "Ann"],
      ["flagon:user.logged-out", "Ann"],
    ]);
  });
});

describe("@loginRequired", () => {
  it("redirects browsers to the login page, with a message and the way back", async () => {
    const { client } = createSite();
    const response = await client.get("/members?a=1&b=2", { headers: html });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/login?next=%2Fmembers%3Fa%3D1%26b%3D2"]);
    expect(await json(client.get("/login"))).toEqual({ page: "login", messages: ["Please log in to access this page."] });
    await client.post("/login");
    expect(await (await client.get("/members")).text()).toBe("members");
  });

  it.each([
    [{ accept: "application/json" }, 401],
    [{ accept: "application/json, text/html;q=0.5" }, 401],
    [{ accept: "*/*" }, 303],
    [{ accept: "*/*", "content-type": "application/json" }, 401],
    [html, 303],
  ])("answers %j with %i", async (headers, status) => {
    expect((await createSite().client.get("/members", { headers })).status).toBe(status);
  });

  it("answers 401 without a login page, or with the app's own answer", async () => {
    expect((await createSite({ loginView: undefined } as never).client.get("/members", { headers: html })).status).toBe(401);
    const { client } = createSite({ unauthorized: (current) => ({ refused: current.path }) });
    expect(await json(client.get("/members"))).toEqual({ refused: "/members" });
  });

  it("protects a whole class, and comes before its schemas", async () => {
    const { app } = createSite();
    const part = new Blueprint("part", { urlPrefix: "/part" });
    @loginRequired
    class Part {
      @route("/a")
      a() {
        return "a";
      }
    }
    part.register(Part);
    app.register(part);
    const client = app.testClient();
    expect((await client.get("/part/a", { headers: { accept: "application/json" } })).status).toBe(401);
    await loginForTest(client, new User(1, "Ann"));
    expect(await (await client.get("/part/a")).text()).toBe("a");
  });

  it("can have another message, category and page, or none", async () => {
    const { client } = createSite({ loginMessage: "Who are you?", loginView: "/sign-in?x=1" });
    expect((await client.get("/members", { headers: html })).headers.get("location")).toBe("/sign-in?x=1&next=%2Fmembers");
    expect(((await json(client.get("/login"))) as { messages: unknown }).messages).toEqual(["Who are you?"]);
    const silent = createSite({ loginMessage: null }).client;
    await silent.get("/members", { headers: html });
    expect(((await json(silent.get("/login"))) as { messages: unknown }).messages).toEqual([]);
  });

  it.each([
    ["/members?a=1", "/members?a=1"],
    ["//evil.example", "/home"],
    ["https://evil.example", "/home"],
    ["/\\evil.example", "/home"],
    ["\\\\evil.example", "/home"],
    ["javascript:alert(1)", "/home"],
    ["\thttps://evil.example", "/home"],
    ["https:evil.example", "/home"],
    ["", "/home"],
  ])("redirects back to %j by %j", async (next, location) => {
    const response = await createSite().client.post("/login", { query: { next } });
    expect(response.headers.get("location")).toBe(location);
  });
});

describe("@freshLoginRequired", () => {
  it("asks remembered visitors to log in again", async () => {
    const { client } = createSite();
    await client.post("/login?stale");
    const response = await client.get("/password", { headers: html });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/login?next=%2Fpassword"]);
    expect(((await json(client.get("/login"))) as { messages: unknown }).messages).toEqual(["Please reauthenticate to access this page."]);
    expect((await client.get("/password", { headers: { accept: "application/json" } })).status).toBe(401);
    await client.post("/confirm");
    expect(await (await client.get("/password")).text()).toBe("password");
  });
});

describe("a remembered login", () => {
  async function remember(options: Partial<LoginOptions<User>> = {}, config = {}) {
    const site = createSite({ getSecret: (user) => user.passwordHash, ...options }, config);
    const response = await site.client.post("/login?remember");
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith("remember_token=")) ?? "";
    const value = /^remember_token=([^;]*)/.exec(cookie)?.[1] ?? "";
    const come = (sent = value) => json(site.app.testClient().get("/me", { headers: { cookie: `remember_token=${sent}` } }));
    return { ...site, cookie, value, come };
  }

  it("comes back without a session, but not fresh", async () => {
    const { come, cookie } = await remember();
    expect(cookie).toMatch(/; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/);
    expect(await come()).toEqual({ name: "Ann", greeting: "Ann private", fresh: false });
  });

  it("expires on the server, even if the browser keeps it", async () => {
    const { come } = await remember({ rememberDuration: 1000 });
    vi.useFakeTimers({ now: Date.now() + 1_002_000, toFake: ["Date"] });
    try {
      expect(await come()).toEqual({ anonymous: true, name: null });
    } finally {
      vi.useRealTimers();
    }
  });

  it("ends with a new password, a changed cookie, and the logout", async () => {
    const { client, come, users, value } = await remember();
    for (let index = 0; index < value.length; index++) {
      const changed = value.slice(0, index) + (value[index] === "A" ? "B" : "A") + value.slice(index + 1);
      expect(await come(changed)).toEqual({ anonymous: true, name: null });
    }
    const response = await client.post("/logout");
    expect(response.headers.getSetCookie().some((line) => line.startsWith("remember_token=; Max-Age=0"))).toBe(true);
    const [user] = users;
    if (user !== undefined) {
      user.passwordHash = "changed";
    }
    expect(await come()).toEqual({ anonymous: true, name: null });
  });

  it("is read under a former key", async () => {
    const { app, come } = await remember();
    app.config.update({ secretKey: "new", secretKeyFallbacks: ["a key for tests"] });
    expect(await come()).toMatchObject({ name: "Ann" });
    app.config.update({ secretKeyFallbacks: [] });
    expect(await come()).toEqual({ anonymous: true, name: null });
  });

  it("has Flask-Login's layout if sessions are shared with Flask", async () => {
    const { come, value } = await remember({}, { sessionDigest: "sha1", secretKey: "deterministic" });
    expect(value).toBe(
      "1|0e9e6e9855fbe6df7906ec4737578a1d491b38d3fd5246c1561016e189d6516043286501ca43257c938e60aad77acec5ce916b94ca9d00c0bb6f9883ae4b82ae",
    );
    expect(await come()).toMatchObject({ name: "Ann", fresh: false });
    expect(await come(`2${value.slice(1)}`)).toEqual({ anonymous: true, name: null });
    expect(await come("nonsense")).toEqual({ anonymous: true, name: null });
  });

  it("is extended by each request, by a setting", async () => {
    const { client } = await remember({ rememberRefreshEachRequest: true });
    expect((await client.get("/me")).headers.getSetCookie().some((line) => line.startsWith("remember_token="))).toBe(true);
  });
});

describe("a change of the user's secret", () => {
  it("ends the sessions of all browsers, but for the one that confirms its login", async () => {
    const { app, client, users } = createSite({ getSecret: (user) => user.passwordHash });
    app.route(
      "/change",
      () => {
        const [user] = users;
        if (user !== undefined) {
          user.passwordHash = "new";
        }
        confirmLogin();
        return {};
      },
      { endpoint: "change", methods: ["POST"] },
    );
    const other = app.testClient();
    await client.post("/login");
    await other.post("/login?remember");
    await other.session((current) => current.set("basket", 1));
    expect(await json(other.get("/me"))).toMatchObject({ name: "Ann" });
    await client.post("/change");
    expect(await json(client.get("/me"))).toMatchObject({ name: "Ann", fresh: true });
    expect((await other.get("/members", { headers: html })).status).toBe(303);
    expect(await json(other.get("/me"))).toEqual({ anonymous: true, name: null });
    await other.session((current) =>
      expect([current.has("_user_id"), current.has("_secret"), current.get("basket")]).toEqual([false, false, 1]),
    );
    await other.post("/login");
    expect(await json(other.get("/me"))).toMatchObject({ name: "Ann" });
  });

  it("that comes with the login itself, such as a new hash of the same password, ends nothing", async () => {
    const { app, users } = createSite({ getSecret: (user) => user.passwordHash });
    app.route(
      "/rehash",
      () => {
        const stale = new User(1, "Ann", users[0]?.passwordHash);
        const [user] = users;
        if (user !== undefined) {
          user.passwordHash = "rehashed";
        }
        return { done: loginUser(stale) };
      },
      { endpoint: "rehash", methods: ["POST"] },
    );
    const client = app.testClient();
    await client.post("/rehash");
    expect(await json(client.get("/me"))).toMatchObject({ name: "Ann" });
  });

  it("counts from the first request for a session that another app, or a test, has logged in", async () => {
    const { client, users } = createSite({ getSecret: (user) => user.passwordHash });
    await loginForTest(client, new User(1, "Ann"));
    expect(await json(client.get("/me"))).toMatchObject({ name: "Ann" });
    const [user] = users;
    if (user !== undefined) {
      user.passwordHash = "new";
    }
    expect(await json(client.get("/me"))).toEqual({ anonymous: true, name: null });
  });

  it("is nothing without getSecret", async () => {
    const { client, users } = createSite();
    await client.post("/login");
    const [user] = users;
    if (user !== undefined) {
      user.passwordHash = "new";
    }
    expect(await json(client.get("/me"))).toMatchObject({ name: "Ann" });
    await client.session((current) => expect(current.has("_secret")).toBe(false));
  });
});

describe("session protection", () => {
  const other = { "user-agent": "another browser" };

  it("takes the freshness from the login of another client with 'basic'", async () => {
    const { client } = createSite();
    await client.post("/login");
    expect(await json(client.get("/me", { headers: other }))).toMatchObject({ name: "Ann", fresh: false });
  });

  it("ends the login with 'strong', and keeps the other values", async () => {
    const { client } = createSite({ sessionProtection: "strong" });
    await client.session((current) => current.set("basket", 1));
    await client.post("/login");
    expect(await json(client.get("/me", { headers: other }))).toEqual({ anonymous: true, name: null });
    await client.session((current) => expect([current.has("_user_id"), current.get("basket")]).toEqual([false, 1]));
  });

  it("ignores another client with null", async () => {
    const { client } = createSite({ sessionProtection: null });
    await client.post("/login");
    expect(await json(client.get("/me", { headers: other, remoteAddress: "9.9.9.9" }))).toMatchObject({ fresh: true });
  });
});

describe("a user of a request", () => {
  it("is found by an API key, and writes no session", async () => {
    const { client } = createSite({
      loadUserFromRequest: (current) => (current.authorization?.token === "key" ? new User(1, "Ann") : null),
    });
    const response = await client.get("/members", { headers: { authorization: "Bearer key" } });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([200, null]);
    expect((await client.get("/members", { headers: { authorization: "Bearer no", accept: "application/json" } })).status).toBe(401);
  });
});

describe("a missing part of a login", () => {
  it("is named by the error: a manager, a request, hooks that run too early", async () => {
    expect(() => currentUser.isAuthenticated).toThrow("Working outside of request context");
    const app = createApp();
    app.route("/x", () => String(currentUser.isAuthenticated), { endpoint: "x" });
    await expect(app.testClient().get("/x")).rejects.toThrow(
      "The app 'test' has no login. Add one: app.use(new LoginManager({ loadUser })).",
    );
    const early: Flagon = createApp();
    early.beforeRequest(() => void flash(String(currentUser.isAuthenticated)));
    early.use(new LoginManager<User>({ loadUser: () => null }));
    await expect(early.testClient().get("/x")).rejects.toThrow("The user is not loaded yet");
  });
});

describe("requireUser()", () => {
  function createPages(options: Partial<LoginOptions<User>> = {}) {
    const ann = new User(1, "Ann");
    const app = createApp();
    app.use(new LoginManager<User>({ loadUser: (id) => (id === "1" ? ann : null), loginView: "/login", ...options }));
    app.route("/name", () => requireUser().name, { endpoint: "name" });
    app.route("/post", () => requireUser().greet(), { endpoint: "post", methods: ["POST"] });
    app.route("/messages", () => getFlashedMessages().join(), { endpoint: "messages" });
    return { app, ann, client: app.testClient() };
  }

  function createApp401() {
    const app = createApp();
    app.use(new LoginManager<User>({ loadUser: () => null }));
    app.route("/name", () => requireUser().name, { endpoint: "name" });
    return app.testClient();
  }

  it("returns the user, of the app's own type", async () => {
    const { ann, client } = createPages();
    await loginForTest(client, ann);
    expect(await (await client.get("/name")).text()).toBe("Ann");
    expect(await (await client.post("/post")).text()).toBe("Ann private");
  });

  it("answers as @loginRequired does: with the login page, or 401 for JSON clients", async () => {
    const { client } = createPages();
    const page = await client.get("/name?x=1", { headers: html });
    expect([page.status, page.headers.get("location")]).toEqual([303, "/login?next=%2Fname%3Fx%3D1"]);
    expect((await client.post("/post", { headers: html })).headers.get("location")).toBe("/login");
    expect(await (await client.get("/messages")).text()).toContain("Please log in to access this page.");
    expect((await client.get("/name", { headers: { accept: "application/json" } })).status).toBe(401);
    expect((await createApp401().get("/name", { headers: html })).status).toBe(401);
  });

  it("gives the answer of the option 'unauthorized', unless that is a promise", async () => {
    const plain = await createPages({ unauthorized: () => ({ please: "log in" }) }).client.get("/name");
    expect([plain.status, await plain.json()]).toEqual([200, { please: "log in" }]);
    const moved = await createPages({ unauthorized: () => redirect("/other") }).client.get("/name");
    expect([moved.status, moved.headers.get("location")]).toEqual([303, "/other"]);
    await expect(createPages({ unauthorized: async () => Promise.reject(new Error("x")) }).client.get("/name")).rejects.toThrow(
      "requireUser() cannot wait for the promise",
    );
  });
});

describe("@requires", () => {
  function createPages() {
    const users = [new User(1, "Ann"), new User(2, "Bo")];
    const app = createApp();
    app.use(new LoginManager<User>({ loadUser: (id) => users.find((user) => String(user.id) === id), loginView: "/login" }));
    class Profiles {
      @requires((user, { id }) => user.name === "Ann" || user.id === id)
      @route("/users/<int:id>")
      show({ id }: { id: number }) {
        return `user ${id}`;
      }
      @requires(async (user) => user.name === "Ann")
      @route("/later")
      later() {
        return "later";
      }
      @requires((user, { id }: { id: number }) => user.id < id)
      @route("/typed/<int:id>", { methods: ["GET", "OPTIONS"] })
      typed({ id }: { id: number }) {
        return request.method === "OPTIONS" ? "options" : `typed ${id}`;
      }
      @requires(() => Promise.reject(new RangeError("broken")))
      @route("/broken")
      broken() {
        return "never";
      }
      @requires((() => "yes") as never)
      @route("/truthy")
      truthy() {
        return "never";
      }
    }
    @requires((user) => user.name === "Ann")
    class Admin {
      @route("/admin")
      admin() {
        return "admin";
      }
    }
    app.register(Profiles);
    app.register(Admin);
    const clientOf = async (user?: User) => {
      const client = app.testClient();
      if (user !== undefined) {
        await loginForTest(client, user);
      }
      return client;
    };
    return { clientOf, users };
  }

  it("lets in users for whom its function returns true, and others get 403", async () => {
    const { clientOf, users } = createPages();
    const [ann, bo] = await Promise.all(users.map((user) => clientOf(user)));
    const statuses = async (path: string) => [(await ann?.get(path))?.status, (await bo?.get(path))?.status];
    expect(await statuses("/users/2")).toEqual([200, 200]);
    expect(await statuses("/users/1")).toEqual([200, 403]);
    expect(await statuses("/later")).toEqual([200, 403]);
    expect(await statuses("/admin")).toEqual([200, 403]);
    expect(await statuses("/typed/2")).toEqual([200, 403]);
    expect(await statuses("/truthy")).toEqual([403, 403]);
    await expect(ann?.get("/broken")).rejects.toThrow("broken");
  });

  it("asks visitors to log in first, and lets preflights pass", async () => {
    const client = await createPages().clientOf();
    for (const path of ["/users/1", "/later", "/admin", "/broken"]) {
      expect((await client.get(path, { headers: html })).headers.get("location")).toMatch(/^\/login\?next=/);
      expect((await client.get(path, { headers: { accept: "application/json" } })).status).toBe(401);
    }
    const options = await client.options("/typed/1");
    expect([options.status, await options.text()]).toEqual([200, "options"]);
  });
});

describe("a remembered login", () => {
  it("is ignored if its cookie is signed but malformed", async () => {
    const { app } = createSite();
    const signer = new TimestampSigner(["a key for tests"], { salt: "remember-me", digest: "sha256", derivation: "hmac" });
    for (const payload of ["no JSON", "{", "null", "7", '"1"', "[]", "[1]", "{}", "[[]]", '["999", null]']) {
      const cookie = `remember_token=${signer.sign(Buffer.from(payload).toString("base64url"))}`;
      const response = await app.testClient().get("/me", { headers: { cookie } });
      expect([payload, response.status, await response.text()]).toEqual([payload, 200, expect.stringContaining("null")]);
    }
  });

  it("is signed again if a former key signed it, with the same end", async () => {
    const { app, client } = createSite({ rememberDuration: 1000 }, { secretKey: "old" });
    await client.post("/login?remember=1");
    const cookie = `remember_token=${client.cookies.get(new URL("http://localhost/"), "remember_token")}`;
    app.config.update({ secretKey: "new", secretKeyFallbacks: ["old"] });
    const start = Date.now();
    vi.useFakeTimers({ now: start + 500_000, toFake: ["Date"] });
    try {
      const later = app.testClient();
      const response = await later.get("/me", { headers: { cookie } });
      const fresh = response.headers.getSetCookie().find((one) => one.startsWith("remember_token="));
      expect(new Date(/Expires=([^;]*)/.exec(fresh ?? "")?.[1] ?? 0).getTime()).toBeLessThanOrEqual(start + 1_001_000);
      app.config.update({ secretKeyFallbacks: [] });
      expect(await (await app.testClient().get("/me", { headers: { cookie: fresh?.split(";")[0] ?? "" } })).text()).toContain("Ann");
      vi.setSystemTime(start + 1_002_000);
      expect(await (await app.testClient().get("/me", { headers: { cookie: fresh?.split(";")[0] ?? "" } })).text()).not.toContain("Ann");
    } finally {
      vi.useRealTimers();
    }
  });
});
