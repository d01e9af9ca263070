import { setTimeout as wait } from "node:timers/promises";
import { channel, eventStream, RedisChannels, type RedisPublisher, type RedisSubscriber, request } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, createLiveApp, listen, waitUntil } from "../support";

/** A Redis of the memory: its clients speak as those of the package `redis`, or of `ioredis`. */
function createRedis(kind: "redis" | "ioredis") {
  const subscriptions = new Map<string, Set<(text: string) => void>>();
  let connections = 0;
  const createSubscriber = (): RedisSubscriber => {
    const own = new Map<string, (text: string) => void>();
    let onMessage: (channel: string, text: string) => void = () => undefined;
    return {
      ...(kind === "redis" ? { isOpen: false } : {}),
      on(event: string, listener: (...values: string[]) => void) {
        if (event === "message") {
          onMessage = listener;
        }
      },
      connect: async () => {
        connections++;
      },
      async subscribe(name: string, listener: (text: string) => void) {
        await wait(5);
        const deliver = (text: string) => (kind === "redis" ? listener(text) : onMessage(name, text));
        own.set(name, deliver);
        subscriptions.set(name, (subscriptions.get(name) ?? new Set()).add(deliver));
      },
      async unsubscribe(name: string) {
        const deliver = own.get(name);
        if (deliver !== undefined) {
          subscriptions.get(name)?.delete(deliver);
        }
      },
      disconnect() {
        for (const [name, deliver] of own) {
          subscriptions.get(name)?.delete(deliver);
        }
      },
    };
  };
  const client: RedisPublisher = {
    async publish(name, text) {
      for (const deliver of subscriptions.get(name) ?? []) {
        deliver(text);
      }
    },
    duplicate: createSubscriber,
  };
  const count = () => [...subscriptions.values()].reduce((total, { size }) => total + size, 0);
  return { client, count, names: () => [...subscriptions.keys()], connections: () => connections };
}

describe("channel()", () => {
  it("gives each subscriber a copy of each message, in order, until it ends its subscription", async () => {
    const app = createApp();
    await app.appContext(async () => {
      const news = channel<{ n: number }>("news");
      const first: unknown[] = [];
      const second: { n: number }[] = [];
      const stop = news.subscribe((message) => {
        first.push(message.n);
        message.n = 99;
      });
      channel<{ n: number }>("news").subscribe((message) => second.push(message));
      channel("other").subscribe(() => first.push("other"));
      await stop.ready;
      await news.publish({ n: 1 });
      await news.publish({ n: 2 });
      stop();
      stop();
      await news.publish({ n: 3 });
      expect([first, second]).toEqual([
        [1, 2],
        [{ n: 1 }, { n: 2 }, { n: 3 }],
      ]);
    });
  });

  it("belongs to one app, and throws without an app", async () => {
    const seen: unknown[] = [];
    const [one, two] = [createApp(), createApp()];
    one.appContext(() => channel("x").subscribe((message) => seen.push(message)));
    await two.appContext(() => channel("x").publish("two"));
    await one.appContext(() => channel("x").publish("one"));
    expect(seen).toEqual(["one"]);
    expect(() => channel("x")).toThrow("Working outside of application context");
    one.appContext(() => expect(() => channel("")).toThrow("A channel needs a name"));
    await one.appContext(() => expect(channel("x").publish(undefined)).rejects.toThrow("which JSON cannot hold"));
  });

  it("logs an error of a subscriber, and the others get the message", async () => {
    const app = createLiveApp();
    const log = vi.spyOn(app.logger, "error");
    const seen: unknown[] = [];
    await app.appContext(async () => {
      const news = channel("news");
      news.subscribe(() => {
        throw new Error("broken");
      });
      news.subscribe(() => Promise.reject(new Error("broken later")));
      news.subscribe((message) => seen.push(message));
      await news.publish("x");
    });
    await wait(1);
    expect([seen, log.mock.calls.map(([, message]) => message)]).toEqual([
      ["x"],
      Array(2).fill("A subscriber of the channel 'news' failed."),
    ]);
  });

  it("ends a subscription at the end of its block", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    await app.appContext(async () => {
      const subscription = channel("x").subscribe((message) => seen.push(message));
      await channel("x").publish(1);
      subscription[Symbol.dispose]();
      await channel("x").publish(2);
    });
    expect(seen).toEqual([1]);
  });

  it("sends to event streams, in the context of their requests, and drops clients that have left", async () => {
    const app = createApp();
    const paths: string[] = [];
    app.get("/news/<room>", ({ room }) =>
      eventStream((send) =>
        channel<string>(`room:${room}`).subscribe((message) => {
          paths.push(request.path);
          send(message);
        }),
      ),
    );
    app.post("/news/<room>", async ({ room }) => {
      await channel<string>(`room:${room}`).publish(await request.text());
      return "";
    });
    const { origin } = await listen(app.handler);
    const leave = new AbortController();
    const response = await fetch(`${origin}/news/blue`, { signal: leave.signal });
    const reader = response.body?.getReader();
    await fetch(`${origin}/news/red`, { method: "POST", body: "no" });
    await fetch(`${origin}/news/blue`, { method: "POST", body: "yes" });
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: yes\n\n");
    expect(paths).toEqual(["/news/blue"]);
    leave.abort();
    await waitUntil(() => (app.channels as unknown as { size: number }).size === 0);
    expect((app.channels as unknown as { size: number }).size).toBe(0);
  });
});

describe("RedisChannels", () => {
  it.each(["redis", "ioredis"] as const)("carries messages between apps by a client of %s", async (kind) => {
    const redis = createRedis(kind);
    const [one, two] = [createApp(), createApp()];
    one.channels = new RedisChannels(redis.client);
    two.channels = new RedisChannels(redis.client, { prefix: "flagon:channel:" });
    const seen: unknown[] = [];
    const stops = await Promise.all(
      [one, two, two].map((app, index) =>
        app.appContext(async () => {
          const stop = channel("x").subscribe((message) => seen.push([index, message]));
          await stop.ready;
          return stop;
        }),
      ),
    );
    await two.appContext(() => channel("x").publish({ a: 1 }));
    expect(seen.sort()).toEqual([0, 1, 2].map((index) => [index, { a: 1 }]));
    expect([redis.count(), redis.names()]).toEqual([2, ["flagon:channel:x"]]);
    for (const stop of stops) {
      stop();
    }
    await waitUntil(() => redis.count() === 0);
    expect(redis.count()).toBe(0);
  });

  it("opens its connection again after the last subscription", async () => {
    const redis = createRedis("redis");
    const app = createApp();
    app.channels = new RedisChannels(redis.client);
    const seen: unknown[] = [];
    for (const message of [1, 2]) {
      await app.appContext(async () => {
        const stop = channel("x").subscribe((text) => seen.push(text));
        await stop.ready;
        await channel("x").publish(message);
        stop();
        await wait(5);
      });
    }
    expect([seen, redis.connections()]).toEqual([[1, 2], 2]);
  });

  it("rejects publish() without Redis, and reports a failed subscription", async () => {
    const errors: unknown[] = [];
    const app = createApp();
    app.channels = new RedisChannels(
      {
        publish: () => Promise.reject(new Error("gone")),
        duplicate: () => {
          throw new Error("no connection");
        },
      },
      { onError: (error) => errors.push(String(error)) },
    );
    await app.appContext(async () => {
      await expect(channel("x").publish(1)).rejects.toThrow("gone");
      await expect(channel("x").subscribe(() => undefined).ready).rejects.toThrow("no connection");
    });
    expect(errors).toEqual(["Error: no connection"]);
  });
});
