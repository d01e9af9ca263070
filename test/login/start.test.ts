import { Blueprint, Flagon } from "flagon";
import { LoginManager, type LoginOptions, loginRequired } from "flagon/login";
import { describe, expect, it } from "vitest";

function createSite(options: Partial<LoginOptions>, secretKey: string | null = "a key that is long enough") {
  const app = new Flagon(__dirname, { config: { secretKey } });
  app.use(new LoginManager({ loadUser: () => null, ...options }));
  app.get("/home", () => "home", { endpoint: "home" });
  app.get("/signin", () => "in", { endpoint: "signin" });
  const pages = new Blueprint("pages", { urlPrefix: "/pages" });
  pages.get("/login", () => "in", { endpoint: "login" });
  app.register(pages);
  return app;
}

describe("an app with logins", () => {
  it.each<[options: Partial<LoginOptions>, message: string]>([
    [
      { loginView: "login" },
      "The option 'loginView' of LoginManager names the endpoint 'login', but there is none. Did you mean 'pages.login'?",
    ],
    [
      { loginView: "signn" },
      "The option 'loginView' of LoginManager names the endpoint 'signn', but there is none. Did you mean 'signin'?",
    ],
    [
      { loginView: "signin", refreshView: "again" },
      "The option 'refreshView' of LoginManager names the endpoint 'again', but there is none.",
    ],
  ])("does not start with a page that does not exist: %j", async (options, message) => {
    await expect(createSite(options).ready()).rejects.toThrow(message);
  });

  it.each<Partial<LoginOptions>>([
    {},
    { loginView: "pages.login" },
    { loginView: "/anywhere", refreshView: "signin" },
    { loginView: ".login" },
  ])("starts with %j", async (options) => {
    await expect(createSite(options).ready()).resolves.toBeUndefined();
  });

  it("does not start without a key to sign sessions", async () => {
    await expect(createSite({ loginView: "signin" }, null).ready()).rejects.toThrow(
      "The app has a login page, but no secret key to sign sessions: nobody could log in. Set FLAGON_SECRET_KEY",
    );
  });

  it("needs no key if its users come with each request, or in a test", async () => {
    await expect(createSite({ loadUserFromRequest: () => null }, null).ready()).resolves.toBeUndefined();
    const app = new Flagon(__dirname);
    app.use(new LoginManager({ loadUser: () => null, loginView: "/in" }));
    expect((await app.testClient().get("/none")).status).toBe(404);
  });

  it.each(["members.login", "/members/login"])("names a login page %s that needs a login itself", async (loginView) => {
    const app = new Flagon(__dirname, { config: { secretKey: "a key that is long enough", testing: true } });
    app.use(new LoginManager({ loadUser: () => null, loginView }));
    const members = new Blueprint("members", { urlPrefix: "/members" });
    members.beforeRequest(loginRequired(() => undefined));
    members.get("/login", () => "in", { endpoint: "login" });
    app.register(members);
    await expect(app.testClient().get("/members/login?next=%2F")).rejects.toThrow("The login page '/members/login' needs a login itself");
  });
});
