import { Flagon, request, session } from "flagon";
import { RedisStore, ServerSessions } from "flagon/sessions";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../support";
import { RedisServer } from "./redis-server";

describe("RedisStore", () => {
  const server = new RedisServer();

  beforeAll(() => server.start());

  afterAll(() => server.remove());

  it("keeps sessions in a real Redis until they expire, and bounds the wait for a lost server", async () => {
    const redis = createClient({ url: server.url, socket: { reconnectStrategy: 50 } });
    redis.on("error", () => undefined);
    await redis.connect();
    const app = new Flagon(server.folder, { static: null, config: { secretKey: "k" } });
    app.logger.level = "silent";
    app.sessionInterface = new ServerSessions(new RedisStore(redis, { timeout: 200 }), { idleLifetime: 1000 });
    app.route(
      "/count",
      () => {
        const count = ((session.get("count") as number | undefined) ?? 0) + 1;
        session.set("count", count);
        return { count };
      },
      { endpoint: "count" },
    );
    app.route("/regenerate", () => String(session.regenerate()), { endpoint: "regenerate" });
    const client = app.testClient();
    expect(await (await client.get("/count")).json()).toEqual({ count: 1 });
    expect(await (await client.get("/count")).json()).toEqual({ count: 2 });
    const [key = "", ...others] = await redis.keys("*");
    expect([key.startsWith("flagon:session:"), others]).toEqual([true, []]);
    expect(await redis.ttl(key)).toBeGreaterThan(990);
    await client.get("/regenerate");
    expect((await redis.keys("*")).includes(key)).toBe(false);
    await server.stop();
    const begun = performance.now();
    expect((await client.get("/count")).status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(2000);
    await server.start();
    for (let round = 0; round < 50 && !redis.isReady; round++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await (await client.get("/count")).json()).toEqual({ count: 1 });
    redis.destroy();
  });

  it("never brings back an ended session", async () => {
    const redis = createClient({ url: server.url });
    redis.on("error", () => undefined);
    await redis.connect();
    await redis.flushAll();
    const store = new RedisStore(redis);
    expect(await store.update("gone", "x", 10)).toBe(false);
    expect(await redis.keys("*")).toEqual([]);
    await store.set("there", "x", 10);
    expect([await store.update("there", "y", 100), await store.get("there"), (await redis.ttl("flagon:session:there")) > 90]).toEqual([
      true,
      "y",
      true,
    ]);
    expect([await store.delete("there"), await store.delete("there")]).toEqual([true, false]);
    const app = new Flagon(server.folder, { static: null, config: { secretKey: "k", testing: true } });
    app.sessionInterface = new ServerSessions(store);
    let release = (): void => undefined;
    let started = (): void => undefined;
    app.beforeRequest(() => {
      if (request.path === "/set") {
        session.permanent = true;
      }
    });
    app.route("/set", () => "set", { endpoint: "set" });
    app.route("/has", () => String(session.permanent), { endpoint: "has" });
    app.route("/clear", () => String(session.clear()), { endpoint: "clear" });
    app.route(
      "/slow/<how>",
      async ({ how }) => {
        await new Promise<void>((resolve) => {
          release = resolve;
          started();
        });
        return how === "write" ? String(session.set("n", 1)) : String(session.regenerate());
      },
      { endpoint: "slow" },
    );
    for (const how of ["write", "regenerate"]) {
      const client = app.testClient();
      await client.get("/set");
      const [key = ""] = await redis.keys("*");
      expect(key).not.toContain(client.cookies.get(new URL("http://localhost/"), "session"));
      const atWork = new Promise<void>((resolve) => {
        started = resolve;
      });
      const slow = client.get(`/slow/${how}`);
      await atWork;
      await client.get("/clear");
      release();
      expect([(await slow).headers.getSetCookie(), await (await client.get("/has")).text(), await redis.keys("*")]).toEqual([
        [],
        "false",
        [],
      ]);
    }
    redis.destroy();
  });

  it.each(["with scripts", "without the right to run scripts"])(
    "keeps the change of each of 40 slow requests that overlap, %s",
    async (way) => {
      const redis = createClient({ url: server.url });
      redis.on("error", () => undefined);
      await redis.connect();
      await redis.flushAll();
      const refused = (): Promise<unknown> => Promise.reject(new Error("NOPERM this user has no permissions to run the 'eval' command"));
      const store = new RedisStore(
        way === "with scripts"
          ? redis
          : {
              get: (key) => redis.get(key),
              setEx: (key, seconds, value) => redis.setEx(key, seconds, value),
              set: (key, value, options) => redis.set(key, value, { expiration: { type: "EX", value: options.EX }, condition: "XX" }),
              del: (key) => redis.del(key),
              eval: refused,
            },
      );
      const app = new Flagon(server.folder, { static: null, config: { secretKey: "k", testing: true } });
      app.sessionInterface = new ServerSessions(store);
      const gates: (() => void)[] = [];
      app.get("/begin", () => String(session.set("shared", "first")));
      app.get("/end", () => (request.query.get("names") ?? "").split(",").map((name) => session.get(name) ?? null));
      app.get("/slow/<name>", async ({ name }: { name: string }) => {
        await new Promise<void>((resolve) => (gates[Number(name)] = resolve));
        session.set(`own-${name}`, Number(name));
        return "";
      });
      const client = app.testClient();
      await client.get("/begin");
      const names = Array.from({ length: 40 }, (_, index) => index);
      const answers = names.map((name) => client.get(`/slow/${name}`));
      await waitUntil(() => gates.filter((gate) => gate !== undefined).length === names.length, 10_000);
      for (const name of names) {
        gates[name]?.();
        // Without scripts two saves at one moment may meet, so there is one after another.
        await (way === "with scripts" ? null : answers[name]);
      }
      await Promise.all(answers);
      const keys = ["shared", ...names.map((name) => `own-${name}`)];
      expect(await (await client.get("/end", { query: { names: keys.join() } })).json()).toEqual(["first", ...names]);
      redis.destroy();
    },
  );
});
