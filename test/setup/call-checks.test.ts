import { Blueprint, beforeRequest, blueprint, csrfExempt, errorHandler, Flagon, route, SetupError, viewDecorator } from "flagon";
import { freshLoginRequired, LoginManager, loginRequired, requires } from "flagon/login";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** Calls a function as JavaScript does, without the checks of the compiler. */
function call(target: object, method: string, ...values: readonly unknown[]): unknown {
  const value: unknown = Reflect.get(target, method);
  return typeof value === "function" ? Reflect.apply(value, target, values) : undefined;
}

/** Calls a function or constructs a class without the checks of the compiler, and returns the message of the SetupError. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return error instanceof Error ? error.message : "";
  }
  return "nothing was thrown";
}

const view = () => "answer";
const middleware = (_request: unknown, _response: unknown, next: () => void) => next();
class Empty {}

describe("the arguments of a route", () => {
  it.each<[method: string, values: readonly unknown[], message: string]>([
    ["get", ["/m", view, view], "The options of the rule '/m' are a function. The view is the second argument of get()"],
    ["post", ["/m", middleware, view], "The options of the rule '/m' are a function."],
    ["get", ["/m", view, {}, view], 'get("/m") got 4 arguments, but takes three: the rule, the view and the options.'],
    ["put", ["/m", { status: 201 }, view], "The view of the rule '/m' is an object. The second argument is the view of put()"],
    ["put", ["/m", [middleware], view], "The view of the rule '/m' is a list."],
    ["patch", ["/m", "show"], "The view of the rule '/m' is the text \"show\"."],
    ["delete", ["/m"], "The view of the rule '/m' is missing."],
    ["route", ["/m", Empty], "The view of route(\"/m\") is the class 'Empty'. A controller is registered: app.register(Empty)."],
    ["get", ["/m", (_request: unknown, _response: unknown) => ""], 'The view of get("/m") has 2 parameters, but a view gets one object'],
    ["get", [/x/, view], "but this one is a regular expression. It is in get(/x/). Variables stand in angle brackets."],
    ["get", [["/a", "/b"], view], "but this one is a list. It is in get([…]). Call it once for each rule."],
    ["get", [undefined, view], 'A rule is text, such as "/users/<int:id>", but this one is missing. It is in get().'],
    ["get", ["/m", view, "show"], "The options of the rule '/m' are the text \"show\"."],
    ["get", ["/m", view, null], "The options of the rule '/m' are null."],
    ["route", ["/m", view, { method: ["POST"] }], "There is no option 'method' of the route route(\"/m\"). Did you mean 'methods'?"],
    ["get", ["/m", view, { endpiont: "x" }], "Did you mean 'endpoint'?"],
    ["get", ["/m", view, { wrong: "x" }], "There is no option 'wrong' of the route get(\"/m\"). The options are: endpoint, defaults"],
    ["post", ["/m", view, { body: {} }], "There is no option 'body' of the route post(\"/m\"). The schema of a JSON body is 'json'"],
    [
      "get",
      ["/m", view, { querystring: {} }],
      "There is no option 'querystring' of the route get(\"/m\"). The schema of the query is 'query'.",
    ],
    [
      "get",
      ["/m", view, { response: {} }],
      "There is no option 'response' of the route get(\"/m\"). The schema of the result is 'returns'",
    ],
    ["get", ["/m", view, { summary: "M" }], "It is part of the document: openapi: { … }."],
    ["get", ["/m", view, { methods: ["POST"] }], 'get("/m") already says the method. Use route() to give several.'],
    ["route", ["/m", view, { methods: "POST" }], '\'methods\' of the route route("/m") must be a list: ["POST"].'],
    ["route", ["/m", view, { methods: [1] }], "'methods' of the route route(\"/m\") must be a list of texts"],
  ])("%s(…%#) of an app and a blueprint explain a mistake", (method, values, message) => {
    expect(refusal(() => call(createApp(), method, ...values))).toContain(message);
    expect(refusal(() => call(new Blueprint("part"), method, ...values))).toContain(message);
  });

  it.each<[name: string, values: readonly unknown[], message: string]>([
    ["route", ["/m", view], '@route("/m") takes a rule and options. The view is the method below it.'],
    ["route", ["/m", {}, view], '@route("/m") takes a rule and options.'],
    ["route", [/x/], "but this one is a regular expression. It is in @route(/x/)."],
    ["get", [["/a"]], "but this one is a list. It is in @route.get([…])."],
    ["route", ["/m", { method: ["POST"] }], "There is no option 'method' of the route @route(\"/m\"). Did you mean 'methods'?"],
    ["post", ["/m", { methods: ["PUT"] }], '@route.post("/m") already says the method. Use @route() to give several.'],
  ])("@%s(…%#) explains a mistake", (name, values, message) => {
    expect(refusal(() => (name === "route" ? Reflect.apply(route, undefined, [...values]) : call(route, name, ...values)))).toContain(
      message,
    );
  });

  it("may be a view of any arity below two, and no options", async () => {
    const app = createApp();
    call(app, "get", "/a", function show() {
      return "a";
    });
    call(app, "get", "/b", async () => "b", undefined);
    expect(await (await app.testClient().get("/a")).text()).toBe("a");
    expect(await (await app.testClient().get("/b")).text()).toBe("b");
  });
});

describe("app.use() and app.useNode()", () => {
  class Plugin {
    readonly name = "plugin";
    install() {
      return null;
    }
  }

  it.each<[method: string, values: readonly unknown[], message: string]>([
    ["use", [middleware], "Middleware of Connect or Express goes to app.useNode()"],
    ["use", [(_e: unknown, _a: unknown, _b: unknown, _c: unknown) => ""], "Errors are handled by app.errorHandler("],
    ["use", ["/api", middleware], 'A handler below a path is mounted: app.mount("/api", handler).'],
    ["use", [Plugin], "This one is the class 'Plugin'. Give an instance of it: app.use(new Plugin(…))."],
    ["use", [Empty], "A controller is registered: app.register(Empty)."],
    ["use", [new Blueprint("part")], "Blueprints and controllers are registered: app.register()."],
    ["use", [{}], "This one is an object."],
    ["use", [null], "This one is null."],
    ["useNode", ["/x", middleware], 'app.useNode("/x") takes no path: middleware runs for all requests.'],
    ["useNode", [{}], "app.useNode() needs middleware, a function of (request, response, next), but got an object."],
    ["useNode", [Empty], "but got the class 'Empty'."],
    ["useNode", [middleware, middleware], "app.useNode() takes one function."],
    [
      "useNode",
      [(_e: unknown, _a: unknown, _b: unknown, _c: unknown) => ""],
      "Errors are handled by app.errorHandler(Error, (error) => …).",
    ],
  ])("%s(…%#) explains a mistake", (method, values, message) => {
    expect(refusal(() => call(createApp(), method, ...values))).toContain(message);
  });
});

describe("hooks", () => {
  const ofBoth = ["beforeRequest", "afterRequest", "teardownRequest", "contextProcessor", "urlValuePreprocessor", "urlDefaults"];
  const ofApps = ["teardownAppContext", "urlBuildErrorHandler", "shellContextProcessor"];
  const ofBlueprints = [
    "beforeAppRequest",
    "afterAppRequest",
    "teardownAppRequest",
    "appContextProcessor",
    "appUrlValuePreprocessor",
    "appUrlDefaults",
  ];

  it.each([
    ...[...ofBoth, ...ofApps].map((name) => [name, () => createApp()] as const),
    ...[...ofBoth, ...ofBlueprints].map((name) => [name, () => new Blueprint("part")] as const),
  ])("%s() takes a function alone", (name, create) => {
    expect(refusal(() => call(create(), name, "/x", view))).toContain(`${name}() needs a function, but got the text "/x".`);
    expect(refusal(() => call(create(), name, undefined))).toBe(`${name}() needs a function, but got nothing.`);
    expect(refusal(() => call(create(), name, Empty))).toContain(`${name}() needs a function, but got the class 'Empty'.`);
  });

  it.each(["beforeRequest", "afterRequest"])("%s() names useNode() for middleware", (name) => {
    expect(refusal(() => call(createApp(), name, middleware))).toBe(
      `${name}() got a function of 3 parameters. Middleware with (request, response, next) is added by app.useNode(); a hook calls no next().`,
    );
  });

  it.each<[values: readonly unknown[], message: string]>([
    [
      [view],
      "errorHandler() got a handler alone. Say the errors that it handles: errorHandler(404, handler), or errorHandler(Error, handler)",
    ],
    [["404", view], 'but got the text "404". Write 404 as a number.'],
    [[view, view], "errorHandler() is for a status code or an error class, such as errorHandler(404)"],
    [[new Error("no"), view], "but got an object."],
    [[404], "errorHandler(404) needs a function as its second argument, but got nothing."],
    [[TypeError], "errorHandler(TypeError) needs a function as its second argument, but got nothing."],
    [[404, middleware], "errorHandler(404) got a function of 3 parameters."],
  ])("errorHandler(…%#) explains a mistake", (values, message) => {
    expect(refusal(() => call(createApp(), "errorHandler", ...values)).replaceAll("appErrorHandler", "errorHandler")).toContain(message);
    expect(refusal(() => call(new Blueprint("part"), "appErrorHandler", ...values)).replaceAll("appE", "e")).toContain(message);
  });

  it("explain an @errorHandler without a call", () => {
    expect(refusal(() => Reflect.apply(errorHandler, undefined, [{}, "method", {}]))).toContain(
      "@errorHandler() is for a status code or an error class",
    );
  });

  it("run as before with the right functions", async () => {
    const app = createApp();
    app.beforeRequest((request) => (request.path === "/stop" ? "stopped" : undefined));
    app.afterRequest((response, request) => void response.headers.set("x-path", request.path));
    app.errorHandler(404, () => "none");
    const response = await app.testClient().get("/stop");
    expect([await response.text(), response.headers.get("x-path")]).toEqual(["stopped", "/stop"]);
    expect(await (await app.testClient().get("/none")).text()).toBe("none");
    expect(beforeRequest).toBeTypeOf("function");
  });
});

describe("the options of an app and a blueprint", () => {
  it.each<[values: readonly unknown[], message: string]>([
    [[__dirname, { errors: "JSON" }], 'The option \'errors\' of new Flagon() is "json" or "html", not the text "JSON".'],
    [[__dirname, { template: "pages" }], "There is no option 'template' of new Flagon(). Did you mean 'templates'?"],
    [[__dirname, { secretKey: "x" }], "There is no option 'secretKey' of new Flagon(). The options are: name, templates,"],
    [[{ dirname: __dirname }], "Give new Flagon(import.meta.dirname)."],
    [[{ config: {} }], "The first argument of new Flagon() is the folder of the app, a text, but it is an object."],
    [["file:///app/app.js"], 'new Flagon() got the URL "file:///app/app.js". It takes the path of a folder: import.meta.dirname.'],
    [[__dirname, "x"], 'The options of new Flagon() are not an object, but the text "x".'],
  ])("new Flagon(…%#) explains a mistake", (values, message) => {
    expect(refusal(() => Reflect.construct(Flagon, [...values]))).toContain(message);
  });

  it("are checked for a blueprint, its class and its registration", () => {
    const message = "There is no option 'urlprefix' of the blueprint 'part'. Did you mean 'urlPrefix'?";
    expect(refusal(() => Reflect.construct(Blueprint, ["part", { urlprefix: "/x" }]))).toBe(message);
    expect(refusal(() => call(createApp(), "register", new Blueprint("part"), { urlprefix: "/x" }))).toBe(message);
    const options: object = { urlprefix: "/x" };
    @blueprint("part", options)
    class Part {
      @route("/")
      show() {
        return "";
      }
    }
    expect(refusal(() => createApp().register(Part))).toBe(message);
    expect(refusal(() => Reflect.construct(Blueprint, ["part", { errors: "xml" }]))).toContain('is "json" or "html", not the text "xml".');
  });
});

describe("a decorator around a function", () => {
  it.each<[name: string, decorator: unknown]>([
    ["loginRequired", loginRequired],
    ["freshLoginRequired", freshLoginRequired],
    ["requires()", requires(() => true)],
    ["viewDecorator()", viewDecorator((next) => next())],
    ["csrfExempt", csrfExempt],
  ])("is refused for all else: %s", (_, decorator) => {
    for (const target of [undefined, {}, [view], "view", null]) {
      expect(refusal(() => (typeof decorator === "function" ? Reflect.apply(decorator, undefined, [target]) : undefined))).toContain(
        "A decorator such as @loginRequired belongs on a method or a class, or around a function that is a view, not on ",
      );
    }
  });

  it("needs a function that wraps", () => {
    expect(refusal(() => Reflect.apply(viewDecorator, undefined, [undefined]))).toContain(
      "viewDecorator() needs a function that wraps views",
    );
  });

  it("has its like in a hook of a blueprint", async () => {
    const { requireUser } = await import("flagon/login");
    const app = createApp();
    app.use(new LoginManager({ loadUser: () => null }));
    const members = new Blueprint("members", { urlPrefix: "/members" });
    members.beforeRequest(() => {
      requireUser();
    });
    members.get("/", () => "members");
    app.register(members);
    app.get("/", () => "all");
    expect((await app.testClient().get("/members/")).status).toBe(401);
    expect((await app.testClient().get("/")).status).toBe(200);
  });
});

describe("a set-up from Flask or Express", () => {
  const routed = (name: string, options?: object): Blueprint => {
    const made = new Blueprint(name, options);
    made.get("/x", () => "x");
    return made;
  };

  it.each<[name: string, use: (app: Flagon) => unknown, message: string]>([
    ["a blueprint without a name", () => Reflect.construct(Blueprint, []), "is its name, such as new Blueprint("],
    [
      "a blueprint of options alone",
      () => Reflect.construct(Blueprint, [{ name: "a" }]),
      "The name is the first argument, the options are the second.",
    ],
    ["a blueprint named by a path", () => new Blueprint("/admin"), 'write new Blueprint("admin", { urlPrefix: "/admin" }).'],
    ["a blueprint with a dot", () => new Blueprint("a.b"), "'a.b' cannot be the name of a blueprint"],
    ["a blueprint with a path", () => Reflect.construct(Blueprint, ["a", "/api"]), 'A prefix is { urlPrefix: "/api" }.'],
    ["a blueprint with a module", () => Reflect.construct(Blueprint, ["a", "/x/a.ts"]), "a blueprint needs no name of a module."],
    [
      "a prefix without a slash",
      (app) => app.register(routed("a", { urlPrefix: "api" })),
      'begins with no slash. Write urlPrefix: "/api".',
    ],
    ["a prefix without a slash, of a registration", (app) => app.register(routed("a"), { urlPrefix: "api" }), 'Write urlPrefix: "/api".'],
    ["a prefix that is no text", () => new Blueprint("a", { urlPrefix: 3 as never }), 'must be a text, such as "/a", but it is 3.'],
    ["a registration with a path", (app) => app.register(routed("a"), "/api" as never), 'A prefix is { urlPrefix: "/api" }.'],
    [
      "before_request() of a blueprint",
      () => Reflect.apply(Reflect.get(routed("a"), "before_request"), null, []),
      "Use blueprint.beforeRequest().",
    ],
    ["use() of a router", () => Reflect.apply(Reflect.get(routed("a"), "use"), null, []), "Use blueprint.beforeRequest() for a function"],
    [
      "a setting among the options",
      () => new Flagon(".", { secret_key: "x" } as never),
      "'secretKey' is a setting: new Flagon(root, { config: { secretKey: … } }).",
    ],
    ["template_folder", () => new Flagon(".", { template_folder: "x" } as never), "The folder of the templates is 'templates'."],
    ["a port", () => new Flagon(".", { port: 3 } as never), "app.run({ port: 3000 })"],
    [
      "a LoginManager without options",
      () => Reflect.construct(LoginManager, []),
      "needs options, but got none. Write app.use(new LoginManager({",
    ],
    [
      "a LoginManager of the app",
      (app) => Reflect.construct(LoginManager, [app]),
      "takes options, and no app. Write app.use(new LoginManager({",
    ],
    [
      "a LoginManager without a loader",
      () => Reflect.construct(LoginManager, [{}]),
      "The option 'loadUser' of new LoginManager() must be a function",
    ],
    ["login_view", () => Reflect.set(new LoginManager({ loadUser: () => null }), "login_view", "x"), "Use the option 'loginView'."],
    ["init_app()", () => Reflect.get(new LoginManager({ loadUser: () => null }), "init_app"), "Use app.use(login)."],
  ])("is an error with the cure: %s", (_, use, message) => {
    expect(() => use(createApp())).toThrow(message);
  });

  it("takes a prefix without a slash inside of another one, as Flask does", async () => {
    const outer = new Blueprint("outer", { urlPrefix: "/v1" });
    outer.register(routed("inner", { urlPrefix: "books" }));
    const app = createApp();
    app.register(outer);
    expect((await app.testClient().get("/v1/books/x")).status).toBe(200);
  });
});
