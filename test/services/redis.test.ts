import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Flagon, session } from "flagon";
import { RedisStore, ServerSessions } from "flagon/sessions";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPort } from "../support";

describe("RedisStore", () => {
  let folder: string;
  let server: ChildProcess;
  let port: number;

  const start = async () => {
    server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], { stdio: "pipe" });
    await new Promise<void>((resolve) => {
      server.stdout?.on("data", (text: Buffer) => (/Ready to accept connections/.test(String(text)) ? resolve() : undefined));
    });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "flagon-redis-"));
    port = await findPort();
    await start();
  });

  afterAll(async () => {
    server.kill();
    await rm(folder, { recursive: true });
  });

  it("keeps sessions in a real Redis for as long as they live, and bounds how long it waits for one that is gone", async () => {
    const redis = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 50 } });
    redis.on("error", () => undefined);
    await redis.connect();
    const app = new Flagon(folder, { static: null, config: { secretKey: "k" } });
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
    server.kill();
    await new Promise((resolve) => server.once("exit", resolve));
    const begun = performance.now();
    expect((await client.get("/count")).status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(2000);
    await start();
    for (let round = 0; round < 50 && !redis.isReady; round++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await (await client.get("/count")).json()).toEqual({ count: 1 });
    redis.destroy();
  });
});
