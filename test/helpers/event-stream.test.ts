import { EventEmitter } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { type EventSubscription, eventStream, request } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, createLiveApp, listen, waitUntil } from "../support";

/** Creates an app that sends the events of a subscription. */
function createSender(subscribe: EventSubscription, app = createApp()) {
  app.route("/events", () => eventStream(subscribe), { endpoint: "events" });
  return app;
}

describe("eventStream() with a function", () => {
  it("sends the events in their order, until the end", async () => {
    let stopped = 0;
    const app = createSender((send, end) => {
      send("one");
      setTimeout(() => {
        send({ data: { two: 2 }, event: "up", id: "2" });
        end();
        end();
        send("late");
      }, 5);
      return () => stopped++;
    });
    const response = await app.testClient().get("/events");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(await response.text()).toBe('data: one\n\nevent: up\nid: 2\ndata: {"two":2}\n\n');
    expect(stopped).toBe(1);
  });

  it("can end before the function has returned", async () => {
    let stopped = 0;
    const app = createSender((send, end) => {
      send("only");
      end();
      return () => stopped++;
    });
    const { origin } = await listen(app.handler);
    expect(await (await app.testClient().get("/events")).text()).toBe("data: only\n\n");
    expect(await (await fetch(`${origin}/events`)).text()).toBe("data: only\n\n");
    expect(stopped).toBe(2);
  });

  it("begins and stops in the request's context", async () => {
    const seen: string[] = [];
    const app = createSender((_send, end) => {
      seen.push(`begun ${request.path}`);
      setTimeout(end, 1);
      return () => seen.push(`stopped ${request.path}`);
    });
    const { origin } = await listen(app.handler);
    await (await fetch(`${origin}/events`)).text();
    await (await app.testClient().get("/events")).text();
    expect(seen).toEqual(["begun /events", "stopped /events", "begun /events", "stopped /events"]);
  });

  it("sends the head before there is an event, and stops when the client leaves", async () => {
    const news = new EventEmitter();
    const app = createSender((send) => {
      news.on("post", send);
      return () => news.off("post", send);
    });
    const { port } = await listen(app.handler);
    await new Promise<void>((resolve) => {
      const message = get({ port, path: "/events" }, (response) => {
        news.emit("post", "Hello");
        response.once("data", (piece: Buffer) => {
          expect(piece.toString()).toBe("data: Hello\n\n");
          expect(news.listenerCount("post")).toBe(1);
          message.destroy();
        });
        response.once("error", () => undefined).once("close", resolve);
      });
    });
    await waitUntil(() => news.listenerCount("post") === 0);
    expect(news.listenerCount("post")).toBe(0);
  });

  it("stops when the reader of a web Response cancels", async () => {
    const news = new EventEmitter();
    const app = createSender((send) => {
      news.on("post", send);
      send("first");
      return () => news.off("post", send);
    });
    const response = await app.fetch(new Request("http://localhost/events"));
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? "").toString()).toBe("data: first\n\n");
    expect(news.listenerCount("post")).toBe(1);
    const next = reader?.read();
    await reader?.cancel();
    expect((await next)?.done).toBe(true);
    await waitUntil(() => news.listenerCount("post") === 0);
    expect(news.listenerCount("post")).toBe(0);
  });

  it("does not begin for HEAD", async () => {
    let begun = 0;
    const app = createSender(() => {
      begun++;
      return () => undefined;
    });
    const { origin } = await listen(app.handler);
    expect((await app.testClient().head("/events")).status).toBe(200);
    expect((await fetch(`${origin}/events`, { method: "HEAD" })).status).toBe(200);
    expect(begun).toBe(0);
  });

  it("cuts off a client that does not read, and logs the reason", async () => {
    const failures: unknown[] = [];
    let sent = 0;
    const app = createSender((send) => {
      const timer = setInterval(() => {
        send("x".repeat(100_000));
        sent += 100_000;
      });
      return () => clearInterval(timer);
    }, createLiveApp());
    app.teardownRequest((error) => {
      failures.push(error);
    });
    const { port } = await listen(app.handler);
    const socket = connect(port, "127.0.0.1");
    socket.pause().on("error", () => undefined);
    socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    for (let round = 0; round < 5 && failures.length === 0; round++) {
      await waitUntil(() => failures.length > 0);
    }
    expect(String(failures)).toContain("more than 1048576 bytes wait");
    const before = sent;
    await wait(20);
    expect(sent).toBe(before);
    socket.destroy();
  });

  it("ends its request once, also when its reader cancels meanwhile", async () => {
    let tornDown = 0;
    const app = createSender((send, end) => {
      send("only");
      end();
      return () => undefined;
    });
    app.teardownRequest(async () => {
      tornDown++;
      await wait(20);
    });
    const reader = (await app.fetch(new Request("http://localhost/events"))).body?.getReader();
    await reader?.read();
    const next = reader?.read();
    await waitUntil(() => tornDown > 0);
    await reader?.cancel();
    expect((await next)?.done).toBe(true);
    await wait(30);
    expect(tornDown).toBe(1);
  });

  it("cuts off the reader of a web Response that stops reading", async () => {
    let timer: NodeJS.Timeout | undefined;
    let stopped = 0;
    const app = createSender((send) => {
      timer = setInterval(() => send("x".repeat(100_000)));
      return () => {
        clearInterval(timer);
        stopped++;
      };
    }, createLiveApp());
    const reader = (await app.fetch(new Request("http://localhost/events"))).body?.getReader();
    expect((await reader?.read())?.value?.byteLength).toBe(100_008);
    await waitUntil(() => stopped > 0);
    await expect(reader?.read()).rejects.toThrow("more than 1048576 bytes wait");
    expect(stopped).toBe(1);
  });

  it.each<[string, EventSubscription, string]>([
    [
      "what is no event",
      (send) => {
        send("one");
        send(2 as unknown as string);
        return () => undefined;
      },
      "gave a number that is no event",
    ],
    [
      "an error at its beginning",
      () => {
        throw new Error("no news");
      },
      "no news",
    ],
    ["a function that cannot be stopped", (() => undefined) as unknown as EventSubscription, "returns nothing that stops its events"],
    ["a generator that is not called", async function* () {} as unknown as EventSubscription, "eventStream(events())"],
    [
      "an error before it can be stopped",
      async () => {
        throw new Error("no broker");
      },
      "no broker",
    ],
  ])("is answered with 500 if it fails with %s", async (_name, subscribe, message) => {
    const failures: unknown[] = [];
    const app = createSender(subscribe, createLiveApp());
    app.teardownRequest((error) => {
      failures.push(error);
    });
    const { origin } = await listen(app.handler);
    const answers = [await app.testClient().get("/events"), await fetch(`${origin}/events`)];
    expect(answers.map((answer) => [answer.status, answer.headers.get("content-type")])).toEqual([
      [500, "text/html; charset=utf-8"],
      [500, "text/html; charset=utf-8"],
    ]);
    await waitUntil(() => failures.length === 2);
    expect(failures.map(String)).toEqual([expect.stringContaining(message), expect.stringContaining(message)]);
  });

  it("is cut off if it fails after its head", async () => {
    const app = createSender((send) => {
      const timer = setTimeout(() => send(2 as unknown as string), 40);
      return () => clearTimeout(timer);
    }, createLiveApp());
    const { origin } = await listen(app.handler);
    await expect(fetch(`${origin}/events`).then((response) => response.text())).rejects.toThrow();
    await expect((await app.testClient().get("/events")).text()).rejects.toThrow("gave a number that is no event");
  });

  it("can await its subscription, and stops one that resolves after the end", async () => {
    let stopped = 0;
    const app = createSender(async (send, end) => {
      await wait(30);
      send("ready");
      end();
      return () => stopped++;
    });
    const { origin } = await listen(app.handler);
    expect(await (await fetch(`${origin}/events`)).text()).toBe("data: ready\n\n");
    expect(stopped).toBe(1);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("broker gone");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broker gone"))],
  ])("logs that its stop function %s, and ends", async (_name, stop) => {
    const app = createSender((send, end) => {
      setTimeout(() => {
        send("last");
        end();
      }, 5);
      return stop;
    }, createLiveApp());
    const log = vi.spyOn(app.logger, "error");
    const { origin } = await listen(app.handler);
    expect(await (await fetch(`${origin}/events`)).text()).toBe("data: last\n\n");
    expect(await (await app.testClient().get("/events")).text()).toBe("data: last\n\n");
    await waitUntil(() => log.mock.calls.length === 2);
    expect(log.mock.calls.map(([, message]) => message)).toEqual(Array(2).fill("The function that stops an event stream failed."));
  });
});

describe("the heartbeat of an event stream", () => {
  async function* slowly() {
    yield "one";
    await wait(70);
    yield "two";
  }

  it.each<[string, Parameters<typeof eventStream>[0]]>([
    ["a generator", slowly()],
    [
      "a function",
      (send, end) => {
        send("one");
        const timer = setTimeout(() => {
          send("two");
          end();
        }, 70);
        return () => clearTimeout(timer);
      },
    ],
  ])("is a comment while %s has no event", async (_name, events) => {
    const app = createApp();
    app.route("/events", () => eventStream(events, { heartbeat: 0.03 }), { endpoint: "events" });
    const { origin } = await listen(app.handler);
    expect(await (await fetch(`${origin}/events`)).text()).toMatch(/^data: one\n\n(?:: \n\n){1,2}data: two\n\n$/);
  });

  it("can be turned off, and must be a number of seconds", async () => {
    const app = createApp();
    app.route("/events", () => eventStream(slowly(), { heartbeat: false }), { endpoint: "events" });
    expect(await (await app.testClient().get("/events")).text()).toBe("data: one\n\ndata: two\n\n");
    for (const heartbeat of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e6]) {
      expect(() => eventStream(slowly(), { heartbeat })).toThrow("The heartbeat of an event stream cannot be");
    }
  });

  it("is sent before the first event of a generator, and a later failure cuts the stream off", async () => {
    const app = createLiveApp();
    app.route(
      "/events",
      () =>
        eventStream(
          (async function* () {
            await wait(60);
            yield* [];
            throw new Error("too late");
          })(),
          { heartbeat: 0.03 },
        ),
      { endpoint: "events" },
    );
    const reader = (await app.testClient().get("/events")).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(": \n\n");
    await expect(
      (async () => {
        while ((await reader?.read())?.done === false) {}
      })(),
    ).rejects.toThrow("too late");
  });
});

function createClient(view: () => unknown) {
  const app = createApp();
  app.route("/", view, { endpoint: "view" });
  return app.testClient();
}

describe("eventStream() with a stream", () => {
  it("formats events", async () => {
    async function* events() {
      yield "plain\ntext";
      yield { data: { a: 1 }, event: "up\ndate", id: "7", retry: 1000 };
    }
    const response = await createClient(() => eventStream(events())).get("/");
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(await response.text()).toBe('data: plain\ndata: text\n\nevent: up date\nid: 7\nretry: 1000\ndata: {"a":1}\n\n');
  });

  it("gives the events as text when its body is iterated", async () => {
    async function* events() {
      yield "one";
      yield { data: 2 };
    }
    const pieces: unknown[] = [];
    await createClient(async () => {
      for await (const piece of eventStream(events()).body as AsyncIterable<unknown>) {
        pieces.push(piece);
      }
      return "";
    }).get("/");
    expect(pieces).toEqual(["data: one\n\n", "data: 2\n\n"]);
  });

  it("fails at a value that is not an event", async () => {
    async function* events() {
      yield "one";
      yield 2 as unknown as string;
    }
    const response = await createClient(() => eventStream(events())).get("/");
    await expect(response.text()).rejects.toThrow("gave a number that is no event");
  });
});
