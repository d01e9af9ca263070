import { join } from "node:path";
import { currentApp, Flagon, request, SetupError } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, writeFiles } from "../support";

describe("new Flagon()", () => {
  it("finds its folders relative to its root, in any working directory", async () => {
    const root = writeFiles({ "views/x.eta": "x", "public/a.txt": "a" });
    const app = new Flagon(root, { name: "mine", templates: "views", static: "public", staticUrlPath: "/files" });
    expect([app.name, app.root]).toEqual(["mine", root]);
    expect(await (await app.testClient().get("/files/a.txt")).text()).toBe("a");
    const { renderTemplate } = await import("flagon");
    expect(app.appContext(() => renderTemplate("x").html)).toBe("x");
  });

  it("lists its routes", () => {
    const app = createApp();
    app.route("/<int:id>", () => "x", { endpoint: "x", methods: ["GET", "POST"] });
    expect(app.routes.map(({ rule, endpoint, methods }) => [rule.source, endpoint.name, [...methods]])).toEqual([
      ["/<int:id>", "x", ["GET", "POST"]],
    ]);
  });
});

describe("app.use()", () => {
  it("installs an extension once, and keeps its state", async () => {
    const app = createApp();
    const counter = {
      name: "counter",
      install(target: Flagon) {
        const state = { requests: 0 };
        target.beforeRequest(() => {
          state.requests++;
          return undefined;
        });
        target.route("/count", () => ({ ...(currentApp.extensions.counter as object) }), { endpoint: "count" });
        return state;
      },
    };
    app.use(counter);
    await app.testClient().get("/none");
    expect(await (await app.testClient().get("/count")).json()).toEqual({ requests: 2 });
    expect(app.extensions.counter).toEqual({ requests: 2 });
    expect(() => app.use(counter)).toThrow(SetupError);
  });
});

describe("app.background()", () => {
  it("runs after the response, with its context, and logs errors", async () => {
    const app = createApp();
    const log = vi.spyOn(app.logger, "error");
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      app.route(
        "/job",
        () => {
          app.background(async () => {
            order.push("work");
            await null;
            order.push(request.path);
            resolve();
          });
          app.background(Promise.reject(new Error("failed")));
          order.push("view");
          return "x";
        },
        { endpoint: "job" },
      );
    });
    await app.testClient().get("/job");
    order.push("answered");
    await done;
    expect(order.filter((step) => step !== "answered")).toEqual(["view", "work", "/job"]);
    expect(log.mock.calls).toEqual([[{ err: expect.objectContaining({ message: "failed" }) }, "Background work failed."]]);
  });
});

describe("files of the app", () => {
  it("are opened below its root, and those of the deployment in its instance folder", async () => {
    const root = writeFiles({ "schema.sql": "create table", "instance/key.txt": "k", "elsewhere/key.txt": "e" });
    const read = async (file: ReturnType<Flagon["openResource"]>) => {
      await using handle = await file;
      return handle.readFile("utf8");
    };
    const app = new Flagon(root);
    expect(await read(app.openResource("schema.sql"))).toBe("create table");
    expect(await read(app.openInstanceResource("key.txt"))).toBe("k");
    expect(await read(new Flagon(root, { instancePath: "elsewhere" }).openInstanceResource("key.txt"))).toBe("e");
    expect(() => app.openResource("../x")).toThrow("The file '../x' is not below");
    expect(() => app.openResource("/etc/passwd")).toThrow(SetupError);
    expect(app.instancePath).toBe(join(root, "instance"));
  });
});

describe("the set-up", () => {
  it("ends with the first request: each set-up method then throws", async () => {
    const app = createApp();
    await app.testClient().get("/");
    const late: Record<string, () => unknown> = {
      route: () => app.route("/x", () => "x", { endpoint: "x" }),
      register: () => app.register(class {}),
      beforeRequest: () => app.beforeRequest(() => undefined),
      afterRequest: () => app.afterRequest(() => undefined),
      teardownRequest: () => app.teardownRequest(() => undefined),
      teardownAppContext: () => app.teardownAppContext(() => undefined),
      errorHandler: () => app.errorHandler(404, () => "x"),
      contextProcessor: () => app.contextProcessor(() => ({})),
      urlValuePreprocessor: () => app.urlValuePreprocessor(() => undefined),
      urlDefaults: () => app.urlDefaults(() => undefined),
      urlBuildErrorHandler: () => app.urlBuildErrorHandler(() => undefined),
      templateGlobal: () => app.templateGlobal("x", 1),
      templateFilter: () => app.templateFilter("x", () => 1),
      use: () => app.use({ name: "x", install: () => undefined }),
      mount: () => app.mount("/x", createApp()),
      useNode: () => app.useNode((_request, _response, next) => next()),
    };
    for (const [method, call] of Object.entries(late)) {
      expect(call, method).toThrow(
        `The setup method '${method}' can no longer be called on the app 'test'. It has handled its first request`,
      );
    }
  });
});
