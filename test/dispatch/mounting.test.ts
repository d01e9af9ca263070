import { get, type IncomingMessage, type ServerResponse } from "node:http";
import compression from "compression";
import express from "express";
import { type Flagon, flash, g, renderTemplateString, request, SetupError, session, urlFor } from "flagon";
import helmet from "helmet";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp, listen } from "../support";

/** Runs a check over a real connection, without one, and through the web's interface: they are to agree. */
async function everyWay(app: Flagon, check: (send: (target: string, init?: RequestInit) => Promise<Response>) => Promise<void>) {
  const { origin } = await listen(app.handler);
  await check((target, init) => fetch(origin + target, { redirect: "manual", ...init }));
  await check((target, init) => app.fetch(new Request(`http://127.0.0.1${target}`, init)));
  const client = app.testClient();
  await check((target, init) =>
    client.request(init?.method ?? "GET", target, {
      ...(typeof init?.body === "string" ? { body: init.body } : {}),
      headers: Object.fromEntries(new Headers(init?.headers)),
    }),
  );
}

describe("app.mount()", () => {
  it("answers for hosts that are trusted and over HTTPS alone, if the settings say so", async () => {
    const app = createApp({ config: { httpsOnly: true, trustedHosts: ["example.com"] } });
    const shop = createApp();
    shop.get("/", () => "the shop");
    app.mount("/shop", shop);
    app.mount("/fetch", () => new Response("fetched"));
    app.mount("/node", (_message: IncomingMessage, reply: ServerResponse) => void reply.end("noted"));
    const client = app.testClient();
    for (const path of ["/shop/", "/fetch/x?a=1", "/node/x"]) {
      const away = await client.get(`http://example.com${path}`);
      expect([path, away.status, away.headers.get("location")]).toEqual([path, 308, `https://example.com${path}`]);
      expect([path, (await client.get(`https://other.example${path}`)).status]).toEqual([path, 400]);
    }
    expect(await (await client.get("https://example.com/shop/")).text()).toBe("the shop");
    expect(await (await client.get("https://example.com/fetch/x")).text()).toBe("fetched");
  });

  it("lets another app answer below a path, with its own hooks and its URLs below that path", async () => {
    const shop = createApp();
    shop.route("/", () => "the shop", { endpoint: "index" });
    shop.route("/items/<int:id>", ({ id }) => ({ id, url: urlFor("item", { id: id + 1 }), path: request.path, root: request.rootPath }), {
      endpoint: "item",
    });
    shop.afterRequest((response) => response.headers.set("x-shop", "1"));
    const app = createApp();
    app.route("/", () => "home", { endpoint: "index" });
    app.route("/shopping", () => "not the shop", { endpoint: "other" });
    app.afterRequest((response) => response.headers.set("x-app", "1"));
    app.mount("/shop", shop);
    await everyWay(app, async (send) => {
      const item = await send("/shop/items/3");
      expect(await item.json()).toEqual({ id: 3, url: "/shop/items/4", path: "/items/3", root: "/shop" });
      expect([item.headers.get("x-shop"), item.headers.get("x-app")]).toEqual(["1", null]);
      expect(await (await send("/shop/")).text()).toBe("the shop");
      expect(await (await send("/")).text()).toBe("home");
      expect(await (await send("/shopping")).text()).toBe("not the shop");
      expect((await send("/shop/none")).status).toBe(404);
    });
  });

  it("redirects from the path itself to its slash, and keeps the query", async () => {
    const app = createApp();
    app.mount("/shop", createApp());
    await everyWay(app, async (send) => {
      const response = await send("/shop?a=1");
      expect([response.status, response.headers.get("location")]).toEqual([308, "/shop/?a=1"]);
    });
  });

  it("nests, takes the longest path, compares decoded segments, and leaves the raw path in URLs", async () => {
    const inner = createApp();
    inner.route("/x", () => urlFor("x"), { endpoint: "x" });
    const outer = createApp();
    outer.mount("/b c", inner);
    outer.route("/x", () => "outer", { endpoint: "x" });
    const app = createApp();
    app.mount("/a", outer);
    app.mount("/a/b c/d", (): Response => new Response("longest"));
    await everyWay(app, async (send) => {
      expect(await (await send("/a/b%20c/x")).text()).toBe("/a/b%20c/x");
      expect(await (await send("/%61/x")).text()).toBe("outer");
      expect(await (await send("/a/b%20c/d/e")).text()).toBe("longest");
      expect((await send("/a%2Fx")).status).toBe(404);
    });
  });

  it("gives a fetch handler a web request without the path: to a Hono app, or to a function", async () => {
    const hono = new Hono();
    hono.get("/hello/:name", (context) => context.text(`Hello ${context.req.param("name")} ${context.req.query("q")}`));
    hono.post("/echo", async (context) =>
      context.body(await context.req.text(), 201, { "x-length": context.req.header("content-length") ?? "" }),
    );
    const app = createApp();
    app.beforeRequest(() => "the app's hooks do not concern what is mounted");
    app.mount("/hono", hono);
    app.mount("/url", (web: Request) => Response.json(new URL(web.url).pathname));
    await everyWay(app, async (send) => {
      expect(await (await send("/hono/hello/Ann?q=1")).text()).toBe("Hello Ann 1");
      const echo = await send("/hono/echo", { method: "POST", body: "some text" });
      expect([echo.status, await echo.text()]).toEqual([201, "some text"]);
      expect(await (await send("/url")).json()).toBe("/");
      expect(await (await send("/url/a/b")).json()).toBe("/a/b");
    });
  });

  it("gives a Node handler Node's own objects: to an Express app, or to a function", async () => {
    const legacy = express();
    legacy.use(express.json());
    legacy.post("/items/:id", (message, reply) => {
      reply.status(201).json({ id: message.params.id, body: message.body, url: [message.url, message.baseUrl, message.originalUrl] });
    });
    const app = createApp();
    app.mount("/legacy", legacy);
    app.mount("/plain", (message: IncomingMessage, reply: ServerResponse) => {
      reply.writeHead(200, { "x-url": message.url ?? "" }).end("plain");
    });
    await everyWay(app, async (send) => {
      const response = await send("/legacy/items/7?q=1", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"a":1}',
      });
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual({ id: "7", body: { a: 1 }, url: ["/items/7?q=1", "/legacy", "/legacy/items/7?q=1"] });
      const plain = await send("/plain?x");
      expect([plain.headers.get("x-url"), await plain.text()]).toEqual(["/?x", "plain"]);
    });
  });

  it("passes the app's trust in proxies on", async () => {
    const inner = createApp();
    inner.route("/x", () => [request.url, request.remoteAddress, urlFor("x", {}, { external: true })], { endpoint: "x" });
    const app = createApp({ config: { trustProxy: { hops: 1, host: true, prefix: true } } });
    app.mount("/in", inner);
    const headers = {
      "x-forwarded-for": "9.9.9.9",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "example.com",
      "x-forwarded-prefix": "/pre",
    };
    expect(await (await app.testClient().get("/in/x", { headers })).json()).toEqual([
      "https://example.com/pre/in/x",
      "9.9.9.9",
      "https://example.com/pre/in/x",
    ]);
  });

  it("keeps the session of a mounted app below its path", async () => {
    const inner = createApp();
    inner.route("/visit", () => String(session.set("seen", true)), { endpoint: "visit" });
    const app = createApp();
    app.mount("/in", inner);
    const response = await app.testClient().get("/in/visit");
    expect(response.headers.get("set-cookie")).toMatch(/; Path=\/in(;|$)/);
  });

  it("answers an error of a mounted handler with an error page, or as the server does", async () => {
    const app = createLiveApp();
    app.mount("/fetch", () => Promise.reject(new Error("secret")));
    app.mount("/node", (_message: IncomingMessage, _reply: ServerResponse) => {
      throw new Error("secret");
    });
    const { origin } = await listen(app.handler);
    for (const path of ["/fetch", "/node"]) {
      const response = await fetch(origin + path);
      expect([response.status, (await response.text()).includes("secret")]).toEqual([500, false]);
    }
    expect((await app.testClient().get("/fetch")).status).toBe(500);
    await expect(app.testClient().get("/node")).rejects.toThrow("secret");
  });

  it("refuses targets and paths that cannot be mounted", async () => {
    const app = createApp();
    const mount = (prefix: string, target: unknown) => () => Reflect.apply(app.mount, app, [prefix, target]);
    expect(mount("", createApp())).toThrow(SetupError);
    expect(mount("/", createApp())).toThrow("Nothing can be mounted at '/'");
    expect(mount("shop", createApp())).toThrow("Nothing can be mounted at 'shop'");
    expect(mount("/a//b", createApp())).toThrow("Nothing can be mounted at '/a//b'");
    expect(mount("/shop", {})).toThrow("The target mounted at '/shop' does not answer requests");
    await app.testClient().get("/");
    expect(mount("/shop", createApp())).toThrow("The setup method 'mount' can no longer be called");
  });
});

describe("app.useNode()", () => {
  it("runs Connect middleware in front of the app, in order, also without a network", async () => {
    const app = createApp();
    const order: string[] = [];
    app.useNode((_message, reply, next) => {
      order.push("first");
      reply.setHeader("x-first", "1");
      setImmediate(next);
    });
    app.useNode((message, reply, next) => {
      order.push("second");
      if (message.url === "/stop") {
        reply.writeHead(418).end("stopped");
      } else {
        next();
      }
    });
    app.route("/x", () => `x ${request.headers.get("x-a")}`, { endpoint: "x" });
    await everyWay(app, async (send) => {
      order.length = 0;
      const response = await send("/x", { headers: { "x-a": "b" } });
      expect([response.status, await response.text(), response.headers.get("x-first")]).toEqual([200, "x b", "1"]);
      expect(order).toEqual(["first", "second"]);
      const stopped = await send("/stop");
      expect([stopped.status, await stopped.text()]).toEqual([418, "stopped"]);
    });
  });

  it("keeps helmet's headers over Flagon's defaults, and adds up cookies and Vary", async () => {
    const app = createApp();
    app.useNode(helmet({ xFrameOptions: { action: "deny" } }));
    app.useNode((_message, reply, next) => {
      reply.setHeader("set-cookie", "a=1");
      reply.setHeader("vary", "origin");
      next();
    });
    app.route(
      "/x",
      () => {
        flash("seen");
        return "x";
      },
      { endpoint: "x" },
    );
    await everyWay(app, async (send) => {
      const { headers } = await send("/x");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("content-security-policy")).toContain("default-src 'self'");
      expect(headers.get("vary")).toBe("origin, cookie");
      expect(headers.getSetCookie().map((cookie) => cookie.split("=")[0])).toEqual(["a", "session"]);
    });
  });

  it("works with middleware that changes the response, such as compression", async () => {
    const app = createApp();
    app.useNode(compression({ threshold: 0 }));
    app.route("/x", () => "x".repeat(5000), { endpoint: "x" });
    const { origin } = await listen(app.handler);
    const { encoding, length } = await new Promise<{ encoding: string | undefined; length: number }>((resolve, reject) => {
      get(`${origin}/x`, { headers: { "accept-encoding": "gzip" } }, async (message) => {
        let size = 0;
        for await (const chunk of message) {
          size += (chunk as Uint8Array).length;
        }
        resolve({ encoding: message.headers["content-encoding"], length: size });
      }).on("error", reject);
    });
    expect(encoding).toBe("gzip");
    expect(length).toBeLessThan(1000);
    expect(await (await fetch(`${origin}/x`)).text()).toBe("x".repeat(5000));
  });

  it("hands an error of middleware to the app's error handlers", async () => {
    class Refused extends Error {}
    const app = createApp();
    app.useNode((_message, _reply, next) => next(new Refused("no")));
    app.errorHandler(Refused, (error) => ({ refused: error.message }));
    app.route("/x", () => "x", { endpoint: "x" });
    await everyWay(app, async (send) => {
      const response = await send("/x");
      expect([response.status, await response.json()]).toEqual([500, { refused: "no" }]);
    });
  });

  it("routes the URL that middleware set, and keeps its properties", async () => {
    const app = createApp();
    app.useNode((message, _reply, next) => {
      message.url = message.url?.replace("/old", "/new") ?? "/";
      Object.assign(message, { user: "ann" });
      next();
    });
    app.route("/new", () => `${(request.raw as IncomingMessage & { user: string }).user} ${request.path}`, { endpoint: "new" });
    await everyWay(app, async (send) => expect(await (await send("/old")).text()).toBe("ann /new"));
  });

  it("lets an unhandled error of a view reach the test", async () => {
    const app = createApp();
    app.useNode((_message, _reply, next) => next());
    app.route(
      "/x",
      () => {
        throw new Error("broken");
      },
      { endpoint: "x" },
    );
    await expect(app.testClient().get("/x")).rejects.toThrow("broken");
  });

  it("streams through, with the context kept", async () => {
    const app = createApp();
    app.useNode((_message, _reply, next) => next());
    app.route(
      "/x",
      async function* stream() {
        g.part = "b";
        yield "a";
        yield String(g.part);
        yield renderTemplateString("<%= request.path %>").html;
      },
      { endpoint: "x" },
    );
    await everyWay(app, async (send) => expect(await (await send("/x")).text()).toBe("ab/x"));
  });
});

describe("a handler inside another framework", () => {
  it("has the root path of Express's mount", async () => {
    const app = createApp();
    app.route("/x", () => `${urlFor("x")} ${request.path}`, { endpoint: "x" });
    const outer = express().use("/shop", app.handler);
    const { origin } = await listen(outer);
    const response = await fetch(`${origin}/shop/x`);
    expect(await response.text()).toBe("/shop/x /x");
  });
});
