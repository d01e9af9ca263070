import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { channel, Flagon, RedisChannels } from "flagon";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPort, waitUntil } from "../support";

describe("RedisChannels", () => {
  let folder: string;
  let server: ChildProcess;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "flagon-redis-"));
    port = await findPort();
    server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], { stdio: "pipe" });
    await new Promise<void>((resolve) => {
      server.stdout?.on("data", (text: Buffer) => (/Ready to accept connections/.test(String(text)) ? resolve() : undefined));
    });
  });

  afterAll(async () => {
    server.kill();
    await rm(folder, { recursive: true });
  });

  it("carries messages between two apps by a real Redis, and closes its connection with the last subscription", async () => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    const create = () => {
      const app = new Flagon(folder, { static: null, config: { testing: true } });
      app.channels = new RedisChannels(client);
      return app;
    };
    const [one, two] = [create(), create()];
    const seen: unknown[] = [];
    const stop = await one.appContext(async () => {
      const subscription = channel("news").subscribe((message) => seen.push(message));
      await subscription.ready;
      return subscription;
    });
    await two.appContext(() => channel("news").publish({ text: "Hello" }));
    await waitUntil(() => seen.length === 1);
    expect(seen).toEqual([{ text: "Hello" }]);
    expect(await client.pubSubNumSub("flagon:channel:news")).toEqual({ "flagon:channel:news": 1 });
    stop();
    let left = 1;
    for (let round = 0; round < 100 && left > 0; round++) {
      left = Object.values(await client.pubSubNumSub("flagon:channel:news"))[0] ?? 0;
    }
    expect(left).toBe(0);
    await client.close();
  });
});
