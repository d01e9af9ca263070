import { setTimeout as wait } from "node:timers/promises";
import {
  copyCurrentRequestContext,
  currentApp,
  flash,
  type Globals,
  g,
  hasAppContext,
  hasRequestContext,
  renderTemplate,
  renderTemplateAsync,
  request,
  route,
  session,
  urlFor,
} from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, listen, writeFiles } from "../support";

declare module "flagon" {
  interface Globals {
    id: number;
  }
}

describe("the context", () => {
  it.each([
    ["in this process", false],
    ["over sockets", true],
  ])("is never another request's, for hundreds at once %s, through awaits, timers, streams and templates", async (_, overSockets) => {
    const root = writeFiles({
      "templates/sync.eta": "<% layout('frame') %><%= request.query.get('id') %>/<%= g.id %>/<%= session.get('id') %>",
      "templates/frame.eta": "[<%= it.body %>|<%= include('part') %>]",
      "templates/part.eta": "<%= request.query.get('id') %>",
      "templates/async.eta": "<% await it.wait(Math.random() * 5) %><%= request.query.get('id') %>/<%= g.id %>",
    });
    const read = () => `${request.query.get("id")}/${g.id}/${session.get("id")}`;
    class Views {
      @route("/", { methods: ["POST"] })
      async index() {
        g.id = Number(request.query.get("id"));
        session.set("id", g.id);
        const parts = [read()];
        await wait(Math.random() * 5);
        parts.push(read());
        parts.push((await request.form()).getText("id") ?? "", read());
        parts.push(await new Promise<string>((resolve) => setTimeout(() => resolve(read()), Math.random() * 5)));
        parts.push(await new Promise<string>((resolve) => setImmediate(() => process.nextTick(() => resolve(read())))));
        parts.push(...(await Promise.all([1, 2].map((delay) => wait(Math.random() * 3 * delay).then(read)))));
        parts.push(`${renderTemplate("sync")}`, `${await renderTemplateAsync("async", { wait })}`);
        async function* stream() {
          yield JSON.stringify(parts);
          for (let piece = 0; piece < 3; piece++) {
            await wait(Math.random() * 3);
            yield `\n${read()}`;
          }
        }
        return stream();
      }
    }
    const app = createApp({}, Views);
    app.templates.addFolder(`${root}/templates`);
    const seen: string[] = [];
    app.afterRequest((response) => {
      response.headers.set("x-id", `${g.id}`);
      return response;
    });
    app.teardownRequest(async () => {
      await wait(1);
      seen.push(`${g.id}`);
    });
    const { origin } = await listen(app.handler);
    const send = (id: number): Promise<Response> =>
      overSockets
        ? fetch(`${origin}/?id=${id}`, { method: "POST", body: new URLSearchParams({ id: String(id) }) })
        : app.testClient().post(`/?id=${id}`, { form: { id } });
    const ids = Array.from({ length: 400 }, (_, id) => id);
    await Promise.all(
      ids.map(async (id) => {
        const response = await send(id);
        expect(response.headers.get("x-id")).toBe(`${id}`);
        const [first = "", ...rest] = (await response.text()).split("\n");
        const own = `${id}/${id}/${id}`;
        expect(JSON.parse(first)).toEqual([own, own, `${id}`, own, own, own, own, own, `[${own}|${id}]`, `${id}/${id}`]);
        expect(rest).toEqual([own, own, own]);
      }),
    );
    await wait(20);
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(ids);
  });

  it("throws outside of a request, and the error names the cure", () => {
    for (const use of [() => request.path, () => session.get("x"), () => "x" in session]) {
      expect(use).toThrow(/^Working outside of request context\.\n\n'(request|session)' was used while no request is active\./);
    }
    expect(() => g.id).toThrow("Working outside of application context.\n\n'g' was used");
    expect(() => currentApp.name).toThrow("'currentApp' was used while no app is active");
    expect(() => flash("x")).toThrow("'flash' was used");
    expect(() => renderTemplate("x")).toThrow("'renderTemplate' was used");
  });

  it("has the app and g, but no request, if it is the app's", () => {
    const app = createApp({ name: "alone" });
    app.appContext(() => {
      g.id = 3;
      expect([currentApp.name, g.id, currentApp === app, currentApp.config === app.config]).toEqual(["alone", 3, false, true]);
      expect(() => request.path).toThrow("Working outside of request context");
    });
    expect(app.appContext(() => (g as Partial<Globals>).id)).toBeUndefined();
  });

  it("can be opened for a request in a test, without handling it", async () => {
    const app = createApp();
    app.route("/x/<int:n>", () => expect.unreachable(), { endpoint: "x" });
    app.beforeRequest(() => expect.unreachable());
    const seen = await app.testRequestContext("/x/3?q=1", { method: "GET", headers: { "x-a": "1" } }, async () => {
      await wait(1);
      return [request.endpoint, request.viewArgs, request.query.get("q"), request.headers.get("x-a"), urlFor("x", { n: 4 })];
    });
    expect(seen).toEqual(["x", { n: 3 }, "1", "1", "/x/4"]);
  });

  it("is separate for two apps in one process, also when one calls the other", async () => {
    const inner = createApp({ name: "inner" });
    inner.route("/", () => `${currentApp.name} ${request.path}`, { endpoint: "x" });
    const outer = createApp({ name: "outer" });
    outer.route(
      "/out",
      async () => {
        const answer = await (await inner.testClient().get("/")).text();
        return `${answer}, ${currentApp.name} ${request.path}`;
      },
      { endpoint: "x" },
    );
    expect(await (await outer.testClient().get("/out")).text()).toBe("inner /, outer /out");
  });

  it("can be queried", async () => {
    const app = createApp();
    expect([hasAppContext(), hasRequestContext()]).toEqual([false, false]);
    expect(app.appContext(() => [hasAppContext(), hasRequestContext()])).toEqual([true, false]);
    expect(await app.testRequestContext("/", {}, () => [hasAppContext(), hasRequestContext()])).toEqual([true, true]);
  });

  it("can be kept for a callback", async () => {
    const app = createApp();
    const callbacks: (() => unknown)[] = [];
    app.route("/x", () => String(callbacks.push(copyCurrentRequestContext(() => [request.path, g.id]))), { endpoint: "x" });
    app.beforeRequest(() => {
      g.id = 7;
      return undefined;
    });
    await app.testClient().get("/x");
    expect(callbacks[0]?.()).toEqual(["/x", 7]);
    expect(() => copyCurrentRequestContext(() => 1)).toThrow("Working outside of request context");
  });
});
