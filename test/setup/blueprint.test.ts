import { afterRequest, Blueprint, blueprint, errorHandler, NotFound, request, route, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

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
