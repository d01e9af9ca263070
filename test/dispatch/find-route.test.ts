import { NotFound, request, route } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("a path with several methods", () => {
  class Things {
    @route("/x")
    get() {
      return "got";
    }
    @route.post("/x")
    post() {
      return "posted";
    }
    @route("/x/<id>", { methods: ["put", "DELETE"] })
    change({ id }: { id: string }) {
      return id;
    }
    @route("/quiet", { provideAutomaticOptions: false })
    quiet() {
      return "quiet";
    }
    @route("/own", { methods: ["OPTIONS"] })
    own() {
      return "own";
    }
  }
  const client = createApp({}, Things).testClient();

  it("answers each method by its own view", async () => {
    expect(await (await client.get("/x")).text()).toBe("got");
    expect(await (await client.post("/x")).text()).toBe("posted");
    expect(await (await client.put("/x/1")).text()).toBe("1");
  });

  it("answers 405 with all methods of the path in Allow", async () => {
    const response = await client.delete("/x");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
    expect((await client.get("/x/1")).headers.get("allow")).toBe("DELETE, OPTIONS, PUT");
  });

  it("answers HEAD as GET without the body", async () => {
    const response = await client.head("/x");
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("answers OPTIONS by itself, unless told otherwise", async () => {
    const response = await client.options("/x");
    expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([200, "GET, HEAD, OPTIONS, POST", ""]);
    expect((await client.options("/quiet")).status).toBe(405);
    expect(await (await client.options("/own")).text()).toBe("own");
    expect((await client.options("/none")).status).toBe(404);
  });

  it("refuses methods given as text, and unknown ones", async () => {
    expect(() => route("/", { methods: "POST" as never })).toThrow('must be a list: ["POST"]');
    const app = createApp();
    app.route("/", () => "x", { endpoint: "x", methods: ["FETCH"] });
    await expect(app.testClient().get("/")).rejects.toThrow("has the method 'FETCH', which HTTP does not know");
  });
});

describe("the result of routing", () => {
  it("is a property of the request, and so is the error of routing", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    app.beforeRequest(() => {
      const { blueprint, endpoint, rule, viewArgs, routingException } = request;
      seen.push({ blueprint, endpoint, rule, viewArgs, failed: routingException?.status ?? null });
      return undefined;
    });
    app.route("/x/<int:id>", () => "x", { endpoint: "x" });
    const client = app.testClient();
    await client.get("/x/1");
    await client.get("/none");
    await client.post("/x/1");
    expect(seen).toEqual([
      { blueprint: null, endpoint: "x", rule: "/x/<int:id>", viewArgs: { id: 1 }, failed: null },
      { blueprint: null, endpoint: null, rule: null, viewArgs: {}, failed: 404 },
      { blueprint: null, endpoint: null, rule: null, viewArgs: {}, failed: 405 },
    ]);
  });

  it("is one exception for all hooks and handlers of a request, and a new one for the next", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    app.beforeRequest(() => void seen.push(request.routingException));
    app.errorHandler(NotFound, (error) => {
      seen.push(error);
      return "handled";
    });
    const client = app.testClient();
    expect((await client.get("/none")).status).toBe(404);
    await client.get("/none");
    expect(seen[0]).toBeInstanceOf(NotFound);
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).not.toBe(seen[0]);
  });

  it("is thrown by an app with trapHttpExceptions", async () => {
    const app = createApp({ config: { trapHttpExceptions: true } });
    await expect(app.testClient().get("/none")).rejects.toThrow(NotFound);
  });

  it("is predictable: isEndpointExpecting() knows the values of an endpoint", () => {
    const app = createApp();
    app.route("/<lang>/x", () => "x", { endpoint: "x" });
    app.route("/y", () => "y", { endpoint: "y", defaults: { lang: "en" } });
    expect(app.isEndpointExpecting("x", "lang")).toBe(true);
    expect(app.isEndpointExpecting("y", "lang")).toBe(true);
    expect(app.isEndpointExpecting("x", "lang", "other")).toBe(false);
    expect(app.isEndpointExpecting("none", "lang")).toBe(false);
    expect(app.isEndpointExpecting("y", "toString")).toBe(false);
  });
});
