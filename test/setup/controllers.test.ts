import {
  afterRequest,
  Blueprint,
  beforeRequest,
  blueprint,
  contextProcessor,
  errorHandler,
  NotFound,
  redirect,
  renderTemplateString,
  request,
  route,
  SetupError,
  templateFilter,
  templateGlobal,
  urlDefaults,
  urlFor,
  urlValuePreprocessor,
  viewDecorator,
} from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("controllers", () => {
  it("are registered as a class, or as an instance with its dependencies", async () => {
    class Greeter {
      constructor(private readonly word: string) {}
      @route("/hi/<name>")
      greet({ name }: { name: string }) {
        return `${this.word}, ${name}`;
      }
    }
    expect(await (await createApp({}, new Greeter("Salve")).testClient().get("/hi/Ann")).text()).toBe("Salve, Ann");
    expect(() => createApp({}, Greeter)).toThrow("Register an instance: app.register(new Greeter(…)).");
  });

  it("inherit routes and hooks, and an override keeps its route", async () => {
    class Base {
      @route("/a")
      a() {
        return "base a";
      }
      @route("/b")
      b() {
        return "base b";
      }
      @afterRequest
      mark(response: { headers: { set(name: string, value: string): void } }) {
        response.headers.set("x-base", "1");
      }
    }
    class Derived extends Base {
      override a() {
        return `derived over ${super.a()}`;
      }
      @route("/moved")
      override b() {
        return "derived b";
      }
    }
    const client = createApp({}, Derived).testClient();
    const response = await client.get("/a");
    expect([await response.text(), response.headers.get("x-base")]).toEqual(["derived over base a", "1"]);
    expect(await (await client.get("/moved")).text()).toBe("derived b");
    expect((await client.get("/b")).status).toBe(404);
    expect(await (await createApp({}, Base).testClient().get("/b")).text()).toBe("base b");
  });

  it("have hooks for the whole app without @blueprint", async () => {
    class Hooks {
      @beforeRequest
      stop() {
        return request.query.has("stop") ? "stopped" : undefined;
      }
      @errorHandler(404)
      missing() {
        return "nothing here";
      }
    }
    class Other {
      @route("/x")
      x() {
        return "x";
      }
    }
    const client = createApp({}, Other, Hooks).testClient();
    expect(await (await client.get("/x?stop")).text()).toBe("stopped");
    const missing = await client.get("/y");
    expect([missing.status, await missing.text()]).toEqual([404, "nothing here"]);
  });

  it("cannot share the endpoint of a view", () => {
    class One {
      @route("/one")
      index() {
        return "1";
      }
    }
    class Two {
      @route("/two")
      index() {
        return "2";
      }
    }
    expect(() => createApp({}, One, Two)).toThrow("Two views have the endpoint 'index': One.index and Two.index.\nPut @blueprint");
  });

  it("are refused if nothing is decorated, or a decorator is misplaced", () => {
    class Empty {}
    expect(() => createApp({}, Empty)).toThrow("The controller 'Empty' has no routes and no hooks.");
    expect(() => createApp({}, (() => "x") as never)).toThrow(SetupError);
    const decorate = route("/") as (target: object, name: string, descriptor?: PropertyDescriptor) => void;
    expect(() => decorate({}, "field")).toThrow("@route() was put on 'field'. It belongs on a public method");
    expect(() => decorate(class {}, "static", { value: () => "x" })).toThrow("belongs on a public method");
  });

  it("cannot be registered after the first request", async () => {
    const app = createApp({ name: "shop" });
    await app.testClient().get("/");
    expect(() => app.register(class {})).toThrow(
      "The setup method 'register' can no longer be called on the app 'shop'. It has handled its first request",
    );
    expect(() => app.beforeRequest(() => undefined)).toThrow("The setup method 'beforeRequest'");
  });
});

describe("viewDecorator()", () => {
  const log = viewDecorator(async (next, values) => `<${String(await next())}:${Object.keys(values).join()}>`);
  const half = viewDecorator((next, values) => next({ ...values, n: Number(values.n) / 2 }));

  it("wraps a method, the lowest decorator innermost, wherever @route stands", async () => {
    class Pages {
      @log
      @route("/n/<int:n>")
      @half
      number({ n }: { n: number }) {
        return `${n}`;
      }
    }
    expect(await (await createApp({}, Pages).testClient().get("/n/8")).text()).toBe("<4:n>");
  });

  it("wraps every view of a class, and can answer itself", async () => {
    const closed = viewDecorator(() => redirect("/login"));
    @closed
    class Pages {
      @route("/a")
      a() {
        return "a";
      }
    }
    expect((await createApp({}, Pages).testClient().get("/a")).headers.get("location")).toBe("/login");
  });
});

describe("@blueprint()", () => {
  @blueprint("admin", { urlPrefix: "/admin" })
  class Admin {
    @route("/")
    index() {
      return `${request.blueprint} ${request.endpoint} ${urlFor(".user", { id: 1 })} ${urlFor(Admin, "user", { id: 2 })}`;
    }
    @route("/users/<int:id>")
    user({ id }: { id: number }) {
      if (id === 0) {
        throw new NotFound();
      }
      return `${id}`;
    }
    @afterRequest()
    mark(response: { headers: { set(name: string, value: string): void } }) {
      response.headers.set("x-admin", "1");
    }
    @errorHandler(NotFound)
    missing() {
      return "no such user";
    }
  }
  class Pages {
    @route("/")
    index() {
      return "home";
    }
  }
  const client = createApp({}, Pages, Admin).testClient();

  it("gives its routes a prefix and its endpoints a name", async () => {
    expect(await (await client.get("/admin/")).text()).toBe("admin admin.index /admin/users/1 /admin/users/2");
  });

  it("keeps its hooks and handlers to its own routes", async () => {
    expect((await client.get("/admin/")).headers.get("x-admin")).toBe("1");
    expect((await client.get("/")).headers.get("x-admin")).toBeNull();
    expect(await (await client.get("/admin/users/0")).text()).toBe("no such user");
    expect(await (await client.get("/admin/unknown")).text()).toContain("<h1>Not Found</h1>");
  });

  it("can be registered twice under two names", async () => {
    const app = createApp();
    app.register(Admin);
    app.register(Admin, { name: "second", urlPrefix: "/second" });
    expect(await (await app.testClient().get("/second/")).text()).toBe("second second.index /second/users/1 /admin/users/2");
    expect(() => createApp({}, Admin, Admin)).toThrow("A blueprint 'admin' is registered already. Register it under another name");
  });
});

describe("Blueprint", () => {
  it("nests: prefixes join, names are dotted, hooks are nested", async () => {
    const order: string[] = [];
    const hook = (name: string) => () => {
      order.push(name);
      return undefined;
    };
    const inner = new Blueprint("inner", { urlPrefix: "/in" });
    inner.beforeRequest(hook("before inner"));
    inner.afterRequest(hook("after inner"));
    inner.route("/x", () => `${request.blueprint} ${request.endpoint}`, { endpoint: "x" });
    const outer = new Blueprint("outer", { urlPrefix: "/out/<lang>" });
    outer.beforeRequest(hook("before outer"));
    outer.afterRequest(hook("after outer"));
    outer.register(inner);
    const app = createApp();
    app.beforeRequest(hook("before app"));
    app.afterRequest(hook("after app 1"));
    app.afterRequest(hook("after app 2"));
    app.register(outer);
    expect(await (await app.testClient().get("/out/de/in/x")).text()).toBe("outer.inner outer.inner.x");
    expect(order).toEqual(["before app", "before outer", "before inner", "after inner", "after outer", "after app 2", "after app 1"]);
    expect(app.appContext(() => urlFor("outer.inner.x", { lang: "fr" }))).toBe("/out/fr/in/x");
  });

  it("refuses itself, dotted names, and changes after it is registered", () => {
    const part = new Blueprint("part");
    expect(() => part.register(part)).toThrow("cannot be registered on itself");
    expect(() => createApp({}, new Blueprint("a.b"))).toThrow("cannot be the name of a blueprint");
    createApp({}, part);
    expect(() => part.route("/", () => "x", { endpoint: "x" })).toThrow(
      "The setup method 'route' can no longer be called on the blueprint 'part'",
    );
  });
});

describe("URL values", () => {
  it("of a language prefix are taken out and put into URLs by @urlValuePreprocessor and @urlDefaults", async () => {
    const langs = new Map<string, unknown>();
    @blueprint("pages", { urlPrefix: "/<lang>" })
    class Pages {
      @urlValuePreprocessor
      take(_endpoint: string | null, values: Record<string, unknown>) {
        langs.set(request.target, values.lang);
        delete values.lang;
      }
      @urlDefaults
      put(_endpoint: string, values: Record<string, unknown>) {
        values.lang ??= langs.get(request.target);
      }
      @route("/about")
      about(values: object) {
        return `${JSON.stringify(values)} ${urlFor(".about")} ${urlFor(".about", { lang: "fr" })}`;
      }
    }
    expect(await (await createApp({}, Pages).testClient().get("/de/about")).text()).toBe("{} /de/about /fr/about");
  });
});

describe("template decorators", () => {
  it("give templates functions and values by name", async () => {
    class Site {
      @contextProcessor
      values() {
        return { site: "S&Co", shout: "hidden by nothing" };
      }
      @templateFilter
      double(text: string) {
        return text + text;
      }
      @templateGlobal("now")
      year() {
        return 2026;
      }
      @route("/")
      index() {
        return renderTemplateString("<%= site %> <%= double('<') %> <%= now() %> <%= it.site %>", { site: "data" });
      }
    }
    expect(await (await createApp({}, Site).testClient().get("/")).text()).toBe("S&amp;Co &lt;&lt; 2026 data");
  });
});
