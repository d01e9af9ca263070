import { request, session } from "flagon";
import { MemoryStore, type ServerSessionOptions, ServerSessions, type SessionStore } from "flagon/sessions";
import { describe, expect, it, vi } from "vitest";
import { createApp, createLiveApp } from "../support";

function createSite(store: SessionStore, options?: ServerSessionOptions, app = createApp()) {
  app.sessionInterface = new ServerSessions(store, options);
  app.route("/set", () => String(session.set("n", (session.get("n") as number | undefined) ?? Number(request.query.get("n") ?? 1))), {
    endpoint: "set",
  });
  app.route("/get", () => ({ n: session.get("n") ?? null, isNew: session.isNew }), { endpoint: "get" });
  app.route("/nested", () => String((session.get("list") as number[] | undefined)?.push(1) ?? session.set("list", [])), {
    endpoint: "nested",
  });
  app.route("/clear", () => String(session.clear()), { endpoint: "clear" });
  app.route("/regenerate", () => String(session.regenerate()), { endpoint: "regenerate" });
  app.route("/plain", () => "plain", { endpoint: "plain" });
  return { app, client: app.testClient(), get: async (client = app.testClient()) => (await client.get("/get")).json() };
}

const cookieOf = (response: Response) => /session=([^;]*)/.exec(response.headers.getSetCookie().join())?.[1] ?? null;

describe("sessions on the server", () => {
  it("are kept there; the cookie holds an id and nothing else", async () => {
    const store = new MemoryStore();
    const { client, get } = createSite(store);
    const response = await client.get("/set?n=7");
    expect(response.headers.get("set-cookie")).toMatch(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(await get(client)).toEqual({ n: 7, isNew: false });
    expect(store.size).toBe(1);
    expect(await get()).toEqual({ n: null, isNew: true });
  });

  it("save nested changes, and are written only when they change or grow old", async () => {
    const store = new MemoryStore();
    const set = vi.spyOn(store, "set");
    const { client } = createSite(store);
    await client.get("/nested");
    await client.get("/nested");
    await client.get("/get");
    expect(set.mock.calls).toHaveLength(2);
    vi.useFakeTimers({ now: Date.now() + 3 * 60 * 60 * 1000, toFake: ["Date"] });
    try {
      await client.get("/get");
      expect(set.mock.calls).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it("do not touch pages that do not use them", async () => {
    const { client } = createSite(new MemoryStore());
    await client.get("/set");
    const plain = await client.get("/plain");
    expect([plain.headers.get("vary"), plain.headers.get("cache-control"), plain.headers.get("set-cookie")]).toEqual([null, null, null]);
    const used = await client.get("/get");
    expect([used.headers.get("vary"), used.headers.get("cache-control")]).toEqual(["cookie", "private"]);
  });

  it("never take over an id from a client", async () => {
    const store = new MemoryStore();
    const { app, get } = createSite(store);
    for (const id of ["A".repeat(43), "short", "", "../../etc", "x".repeat(5000)]) {
      const response = await app.testClient().get("/set", { headers: { cookie: `session=${id}` } });
      expect(cookieOf(response)).toMatch(/^[\w-]{43}$/);
      expect(cookieOf(response)).not.toBe(id);
    }
    expect(await get()).toEqual({ n: null, isNew: true });
  });

  it("get a new id when they are regenerated; the old one is void", async () => {
    const { app, client } = createSite(new MemoryStore());
    const before = cookieOf(await client.get("/set?n=3"));
    const after = cookieOf(await client.get("/regenerate"));
    expect(after).not.toBe(before);
    const read = async (id: string | null) => (await app.testClient().get("/get", { headers: { cookie: `session=${id}` } })).json();
    expect([await read(before), await read(after)]).toEqual([
      { n: null, isNew: true },
      { n: 3, isNew: false },
    ]);
  });

  it("are removed when they are cleared, with their cookie", async () => {
    const store = new MemoryStore();
    const { client } = createSite(store);
    await client.get("/set");
    const response = await client.get("/clear");
    expect([store.size, response.headers.get("set-cookie")]).toEqual([0, expect.stringContaining("session=; Max-Age=0")]);
  });

  it("end after an idle time, and after a total time", async () => {
    const { client, get } = createSite(new MemoryStore(), { idleLifetime: 100, absoluteLifetime: 250 });
    const start = Date.now();
    await client.get("/set?n=5");
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const [seconds, n] of [
        [90, 5],
        [180, 5],
        [245, 5],
        [251, null],
      ] as const) {
        vi.setSystemTime(start + seconds * 1000);
        expect([seconds, ((await get(client)) as { n: unknown }).n]).toEqual([seconds, n]);
      }
      vi.setSystemTime(start + 1_000_000);
      await client.get("/set?n=6");
      vi.setSystemTime(start + 1_000_000 + 101_000);
      expect(await get(client)).toEqual({ n: null, isNew: true });
    } finally {
      vi.useRealTimers();
    }
  });

  it("keep the change of each request, also if many save at one moment", async () => {
    const app = createApp();
    app.sessionInterface = new ServerSessions(new MemoryStore());
    app.get("/begin", () => String(session.set("first", 1)));
    app.get("/end", () => (request.query.get("names") ?? "").split(",").map((name) => session.get(name) ?? null));
    app.get("/slow/<name>", async ({ name }: { name: string }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      session.set(name, true);
      return "";
    });
    const client = app.testClient();
    await client.get("/begin");
    const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => client.get(`/slow/${name}`)));
    expect(await (await client.get("/end", { query: { names: ["first", ...names].join() } })).json()).toEqual([
      1,
      ...names.map(() => true),
    ]);
  });

  it("in memory are limited in number: the least recently saved one goes first", async () => {
    const { app, get } = createSite(new MemoryStore({ limit: 2 }));
    const clients = [app.testClient(), app.testClient(), app.testClient()];
    for (const client of clients) {
      await client.get("/set?n=1");
    }
    expect(await Promise.all(clients.map((client) => get(client)))).toEqual([
      { n: null, isNew: true },
      { n: 1, isNew: false },
      { n: 1, isNew: false },
    ]);
  });

  it("are answered with 503 if the store fails, or go on empty, as configured", async () => {
    const broken: SessionStore = {
      get: () => Promise.reject(new Error("down")),
      set: () => Promise.reject(new Error("down")),
      delete: () => Promise.reject(new Error("down")),
    };
    const cookie = { cookie: `session=${"A".repeat(43)}` };
    const refusing = createSite(broken, {}, createLiveApp()).client;
    const response = await refusing.get("/get", { headers: cookie });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await refusing.get("/set")).status).toBe(503);
    expect((await refusing.get("/plain")).status).toBe(200);
    const going = createSite(broken, { whenUnavailable: "anonymous" }, createLiveApp()).client;
    expect(await (await going.get("/get", { headers: cookie })).json()).toEqual({ n: null, isNew: true });
    expect((await going.get("/set", { headers: cookie })).status).toBe(200);
  });
});
