import { setTimeout as wait } from "node:timers/promises";
import { currentApp, Flagon } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp, listen } from "../support";

function createLogged() {
  const app = createApp();
  const log: string[] = [];
  app.route("/", () => log.join(" "), { endpoint: "index" });
  return { app, log };
}

describe("app.onStart() and app.onStop()", () => {
  it("run before the first request in order, and after the last in reverse order", async () => {
    const { app, log } = createLogged();
    for (const name of ["a", "b"]) {
      app.onStart(async () => {
        await wait(1);
        log.push(`start-${name}`);
      });
      app.onStop(() => log.push(`stop-${name}`));
    }
    const client = app.testClient();
    const answers = await Promise.all([client.get("/"), client.get("/")]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(["start-a start-b", "start-a start-b"]);
    await client.close();
    await client.close();
    expect(log).toEqual(["start-a", "start-b", "stop-b", "stop-a"]);
  });

  it("run for web requests, for a listener, and for app.ready(), once", async () => {
    const { app, log } = createLogged();
    app.onStart(() => log.push(currentApp.name));
    await app.ready();
    await app.ready();
    expect(await (await app.fetch(new Request("http://localhost/"))).text()).toBe("test");
    const { origin } = await listen(app.handler);
    expect(await (await fetch(origin)).text()).toBe("test");
  });

  it("stop the started ones if a start fails, and start again with the next request", async () => {
    const { app, log } = createLogged();
    let isDown = true;
    app.onStart(() => log.push("start-a"));
    app.onStop(() => log.push("stop-a"));
    app.onStart(() => {
      if (isDown) {
        throw new Error("no database");
      }
      log.push("start-b");
    });
    app.onStop(() => log.push("stop-b"));
    await expect(app.testClient().get("/")).rejects.toThrow("no database");
    await expect(app.ready()).rejects.toThrow("no database");
    isDown = false;
    expect((await app.testClient().get("/")).status).toBe(200);
    expect(log).toEqual(["start-a", "stop-a", "start-a", "stop-a", "start-a", "start-b"]);
  });

  it("stop all others if one fails or hangs", async () => {
    const app = createLiveApp();
    const log: string[] = [];
    app.onStop(() => log.push("first"));
    app.onStop(() => {
      throw new Error("broken");
    });
    app.onStop(() => new Promise(() => undefined));
    app.onStop(() => log.push("last"));
    const begun = performance.now();
    await app.lifeCycle.stop(50);
    expect(log).toEqual(["last", "first"]);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("stop only after background work", async () => {
    const { app, log } = createLogged();
    app.onStop(() => log.push("stop"));
    app.route(
      "/work",
      () => {
        app.background(async () => {
          await wait(30);
          log.push("work");
        });
        return "";
      },
      { endpoint: "work" },
    );
    const client = app.testClient();
    await client.get("/work");
    await client.close();
    expect(log).toEqual(["work", "stop"]);
  });

  it("stop after requests in flight, after a stream that is read, and after the work that background work adds", async () => {
    const { app, log } = createLogged();
    app.onStop(() => log.push("stop"));
    app.get("/slow", async () => {
      await wait(30);
      log.push("view");
      return "";
    });
    app.get("/stream", () =>
      (async function* () {
        for (const piece of ["a", "b", "c"]) {
          yield piece;
          await wait(10);
        }
        log.push("stream");
      })(),
    );
    app.get("/work", () => {
      app.background(async () => {
        await wait(10);
        app.background(() => wait(30).then(() => log.push("inner work")));
      });
      return "";
    });
    const client = app.testClient();
    const stopAfter = async (begun: Promise<unknown>) => {
      log.length = 0;
      await client.close();
      await begun;
      return [...log];
    };
    expect(await stopAfter(client.get("/slow"))).toEqual(["view", "stop"]);
    expect(await stopAfter((await client.get("/stream")).text())).toEqual(["stream", "stop"]);
    expect(await stopAfter(client.get("/work").then(() => wait(5)))).toEqual(["inner work", "stop"]);
    await client.get("/stream");
    expect(await stopAfter(Promise.resolve())).toEqual(["stop"]);
  });

  it("stop once, and again only after another start", async () => {
    const { app, log } = createLogged();
    app.onStop(() => log.push("stop"));
    const client = app.testClient();
    await client.get("/");
    await Promise.all([client.close(), app.testClient().close()]);
    await client.close();
    expect(log).toEqual(["stop"]);
    await client.get("/");
    await client.close();
    expect(log).toEqual(["stop", "stop"]);
  });

  it("share the time of the setting shutdownTimeout", async () => {
    const app = createLiveApp();
    app.config.shutdownTimeout = 0.3;
    app.onStop(() => wait(5000));
    app.onStop(() => wait(5000));
    const begun = performance.now();
    await app.testClient().close();
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("wait for a stop that runs, and end a start that runs", async () => {
    const { app, log } = createLogged();
    for (const name of ["a", "b"]) {
      app.onStart(async () => {
        log.push(name);
        await wait(20);
      });
      app.onStop(async () => {
        await wait(20);
        log.push(`stop-${name}`);
      });
    }
    const interrupted = expect(app.ready()).rejects.toThrow("The app was stopped while it started.");
    await app.lifeCycle.stop();
    await interrupted;
    expect(log).toEqual(["a", "stop-a"]);
    await app.ready();
    const stopped = app.lifeCycle.stop();
    await app.testClient().get("/");
    await stopped;
    expect(log.slice(2)).toEqual(["a", "b", "stop-b", "stop-a", "a", "b"]);
  });

  it("undo in the stop of an extension only the start of that extension", async () => {
    const { app, log } = createLogged();
    app.onStart(() => Promise.reject(new Error("not warm")));
    app.use({
      name: "pool",
      install(target: Flagon) {
        target.onStop(() => log.push("pool"));
        target.onStart(() => log.push("never"));
      },
    });
    app.onStop(() => log.push("cold"));
    await expect(app.ready()).rejects.toThrow("not warm");
    expect(log).toEqual(["pool"]);
  });

  it("undo within a start what has been opened there, also if it fails, and each time", async () => {
    const { app, log } = createLogged();
    let isDown = false;
    app.onStart(() => {
      app.onStop(() => log.push("closed"));
      expect(() => app.onStart(() => undefined)).toThrow(/onStart/);
      if (isDown) {
        throw new Error("no database");
      }
    });
    const client = app.testClient();
    for (const _ of [1, 2]) {
      await client.get("/");
      await client.close();
    }
    isDown = true;
    await expect(client.get("/")).rejects.toThrow("no database");
    expect(log).toEqual(["closed", "closed", "closed"]);
  });

  it("refuse a request to the app within its start, and answer one within its stop", async () => {
    const { app, log } = createLogged();
    app.onStart(() => log.push("a"));
    app.get("/answer", () => "answer");
    app.onStop(async () => log.push(await (await app.testClient().get("/answer")).text()));
    await app.testClient().get("/");
    await app.testClient().close();
    expect(log).toEqual(["a", "answer"]);
    const waiting = createApp();
    waiting.onStart(() => waiting.ready());
    await expect(waiting.ready()).rejects.toThrow(/it would wait for itself/);
  });

  it("stop last what others still need, such as the database, in any order of registration", async () => {
    const { app, log } = createLogged();
    app.onStop(() => log.push("first"));
    app.lifeCycle.add({ stop: () => log.push("database"), isLast: true });
    app.onStop(() => log.push("jobs"));
    app.lifeCycle.add({ stop: () => log.push("other database"), isLast: true });
    await app.lifeCycle.stop();
    expect(log).toEqual(["jobs", "first", "other database", "database"]);
  });

  it("name the function of onStop that fails", async () => {
    const app = createLiveApp();
    const lines: unknown[] = [];
    app.logger.error = (...words: unknown[]) => void lines.push(words.at(-1));
    app.onStop(function closePool() {
      throw new Error("broken");
    });
    app.onStop(() => Promise.reject(undefined));
    await app.testClient().close();
    expect(lines).toEqual(["A function of onStop failed.", "A function of onStop ('closePool') failed."]);
  });

  it("start, stop and check once a mounted app that has several paths, and wait for its background work", async () => {
    const { app: outer, log } = createLogged();
    const inner = createApp();
    inner.get("/", () => {
      inner.background(() => wait(20).then(() => log.push("work")));
      return "";
    });
    inner.onStop(() => log.push("stop"));
    inner.healthCheck("database", () => false);
    outer.mount("/a", inner);
    outer.mount("/b", inner);
    outer.logger.level = "silent";
    const client = outer.testClient();
    await client.get("/b/");
    expect(await outer.lifeCycle.health.run()).toEqual(["database"]);
    await client.close();
    expect(log).toEqual(["work", "stop"]);
  });

  it("start and stop a mounted app with the one around it", async () => {
    const { app: outer, log } = createLogged();
    const inner = createApp();
    inner.route("/", () => log.join(" "), { endpoint: "index" });
    inner.onStart(() => log.push("start-inner"));
    inner.onStop(() => log.push("stop-inner"));
    outer.mount("/inner", inner);
    outer.onStart(() => log.push("start-outer"));
    const client = outer.testClient();
    expect(await (await client.get("/inner/")).text()).toBe("start-inner start-outer");
    await client.close();
    expect(log).toEqual(["start-inner", "start-outer", "stop-inner"]);
  });

  it("are part of the set-up", async () => {
    const { app } = createLogged();
    await app.testClient().get("/");
    expect(() => app.onStart(() => undefined)).toThrow(/'onStart' can no longer be called/);
    expect(() => app.onStop(() => undefined)).toThrow(/'onStop' can no longer be called/);
    expect(() => app.healthCheck("x", () => undefined)).toThrow(/'healthCheck' can no longer be called/);
    const other = new Flagon(__dirname, { static: null });
    await other.ready();
    expect(() => other.onStart(() => undefined)).toThrow(/after the app had started/);
    expect(() => other.onStop(Object("text"))).toThrow(/needs a function/);
    expect(() => createApp().onStart(Object("text"))).toThrow(/app\.onStart\(\) needs a function/);
    for (const once of ["yes", 1, null]) {
      expect(() => createApp().onStart(() => undefined, { once: once as never })).toThrow(
        /'once' of app\.onStart\(\) must be true or false/,
      );
    }
  });
});
