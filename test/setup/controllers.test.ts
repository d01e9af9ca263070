import {
  afterRequest,
  beforeRequest,
  blueprint,
  contextProcessor,
  errorHandler,
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

  it("wraps a method, the lowest decorator innermost, at any place of @route", async () => {
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
