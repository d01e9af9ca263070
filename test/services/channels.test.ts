import { channel, Flagon, RedisChannels } from "flagon";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../support";
import { RedisServer } from "./redis-server";

describe("RedisChannels", () => {
  const server = new RedisServer();

  beforeAll(() => server.start());

  afterAll(() => server.remove());

  it("carries messages between two apps by a real Redis, and closes its connection with the last subscription", async () => {
    const client = createClient({ url: server.url });
    await client.connect();
    const create = () => {
      const app = new Flagon(server.folder, { static: null, config: { testing: true } });
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
