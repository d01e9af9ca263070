import { Config, Flagon, request, session } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp } from "../support";

const loose = { request: request as never as Record<string, never>, session: session as never as Record<string, unknown> };
const body = { form: { title: "x" } };

describe("a member of another framework", () => {
  it.each<[string, () => unknown, string]>([
    ["request.args", () => loose.request.args, "A request has no 'args'. Use request.query.get(\"name\")."],
    [
      "request.body",
      () => loose.request.body,
      "A request has no 'body'. Use await request.json(), await request.form() or await request.text().",
    ],
    ["request.params", () => loose.request.params, "A request has no 'params'. Use the argument of the view"],
    ["request.remote_addr", () => loose.request.remote_addr, "Use request.remoteAddress."],
    ["request.header()", () => loose.request.header, 'Use request.headers.get("name").'],
    ["request.cookie", () => loose.request.cookie, "Use request.cookies.name."],
    ["request.is()", () => loose.request.is, "Use request.isJson, or request.mimeType."],
    ["request.get_json()", () => loose.request.get_json, "Use await request.json()."],
    ["request.session", () => loose.request.session, 'Use session of "flagon"'],
    [
      "request.query.page",
      () => Reflect.get(request.query, "page"),
      "request.query has no member 'page'. Read a value by its name: request.query.get(\"page\").",
    ],
    ["a header by name", () => Reflect.get(request.headers, "user-agent"), 'request.headers.get("user-agent")'],
    ["a header in camel case", () => Reflect.get(request.headers, "userAgent"), 'request.headers.get("user-agent")'],
    [
      "request.form.get()",
      () => Reflect.get(request.form, "get"),
      "'get' was read of request.form, which is a function. Call it, and await it: const value = await request.form();",
    ],
    ["request.form by name", () => Reflect.get(request.form, "title"), "'title' was read of request.form, which is a function."],
    ["request.json.title", () => Reflect.get(request.json, "title"), "const value = await request.json();"],
    ["request.files by name", () => Reflect.get(request.files, "photo"), "const value = await request.files();"],
    ["session.user", () => loose.session.user, "The session has no member 'user'. Read a value by its name: session.get(\"user\")."],
    [
      "session.user = …",
      () => {
        loose.session.user = 3;
      },
      "The session has no member 'user' to assign to, and would not keep it. Write session.set(\"user\", value).",
    ],
  ])("is refused with its cure: %s", async (_, use, message) => {
    const app = createApp();
    app.post("/", () => `${use()}`, { endpoint: "x" });
    await expect(app.testClient().post("/", body)).rejects.toThrow(message);
  });

  it("is undefined in production, where nobody reads the error", async () => {
    const app = createLiveApp();
    app.get("/", () => [typeof loose.request.body, typeof loose.session.user, typeof Reflect.get(request.query, "a")].join());
    expect(await (await app.testClient().get("/")).text()).toBe("undefined,undefined,undefined");
  });

  it("leaves every member of its own, and members of the app's, as they are", async () => {
    const app = createApp();
    app.beforeRequest((current) => {
      Object.assign(current, { user: "ann" });
      session.permanent = true;
      return undefined;
    });
    app.post("/", async () => {
      const { query, headers } = request;
      const copy = new URLSearchParams(query);
      const all = [
        query.get("a"),
        query.size,
        [...query].length,
        query.toString(),
        copy.get("a"),
        headers.has("host"),
        [...headers].length > 0,
      ];
      const form = await request.form();
      session.set("n", 1);
      return [
        ...all,
        form.get("title"),
        loose.request.user,
        loose.request.flash ?? "none",
        session.get("n"),
        session.permanent,
        await query.get("a"),
      ];
    });
    const response = await app.testClient().post("/?a=1", body);
    expect(await response.json()).toEqual(["1", 1, 1, "a=1", "1", true, true, "x", "ann", "none", 1, true, "1"]);
  });

  it.each<[string, string]>([
    ["listen", "There is no method app.listen(). Use app.run({ port: 3000 }) for development"],
    ["all", "Use app.route("],
    ["set", "Use the configuration"],
    ["before_request", "Use app.beforeRequest()."],
    ["register_blueprint", "Use app.register()."],
    ["add_url_rule", "Use app.route(rule, view, options)."],
    ["test_client", "Use app.testClient()."],
  ])("is refused as a method of the app: %s()", (name, message) => {
    const app = createApp();
    expect(() => Reflect.apply(Reflect.get(app, name), app, [])).toThrow(message);
    expect(Object.keys(app)).not.toContain(name);
  });

  it("is refused as a method of the configuration, where an app may have a key of that name", () => {
    const { config } = createApp();
    expect(() => Reflect.apply(Reflect.get(config, "from_object"), config, [])).toThrow("Use app.config.update(values).");
    expect(() => Reflect.apply(Reflect.get(config, "get"), config, ["debug"])).toThrow("Use app.config.name.");
    expect(Reflect.get(new Config({ get: 3 }), "get")).toBe(3);
    expect(Object.keys(new Flagon(".").config)).not.toContain("get");
  });

  it.each<[string, (app: Flagon) => unknown, string]>([
    [
      "a command without a function",
      (app) => Reflect.apply(app.command, app, ["greet"]),
      "The command 'greet' needs a function as its second argument",
    ],
    [
      "a filter without a function",
      (app) => Reflect.apply(app.templateFilter, app, ["up"]),
      "needs a function as its second argument, but got nothing.",
    ],
    [
      "background work that is none",
      (app) => app.background(undefined as never),
      "app.background() needs a promise or a function, but got nothing.",
    ],
    [
      "a controller that is none",
      (app) => app.register(undefined as never),
      "app.register() needs a controller or a blueprint, but got nothing.",
    ],
  ])("is named in place of an error inside: %s", (_, use, message) => {
    expect(() => use(createApp())).toThrow(message);
  });
});
