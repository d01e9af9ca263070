import { setTimeout as wait } from "node:timers/promises";
import { currentApp } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp } from "../support";

function createLogged() {
  const app = createLiveApp();
  app.logger.level = "silent";
  const log: string[] = [];
  return { app, log, note: (text: string) => () => void log.push(text) };
}

describe("the functions of onStart", () => {
  it("run in the primary process or in the workers, by 'once'", async () => {
    for (const [role, expected] of [
      ["single", ["once", "each", "each-stopped", "once-stopped", "always"]],
      ["primary", ["once", "once-stopped"]],
      ["worker", ["each", "each-stopped", "always"]],
    ] as const) {
      const { app, log, note } = createLogged();
      app.onStop(note("always"));
      app.onStart(note("once"), { once: true });
      app.onStop(note("once-stopped"));
      app.onStart(note("each"), { once: false });
      app.onStop(note("each-stopped"));
      await app.lifeCycle.start(role);
      await app.lifeCycle.stop(1000, role);
      expect(log, role).toEqual(expected);
    }
  });

  it("of a mounted app run to their end first, also if the outer app has none", async () => {
    const { app: outer, log, note } = createLogged();
    const inner = createApp();
    inner.onStart(() => wait(20).then(note("inner")));
    inner.get("/", () => log.join());
    outer.mount("/inner", inner);
    expect(await (await outer.fetch(new Request("http://localhost/inner/"))).text()).toBe("inner");
    const { app: busy } = createLogged();
    busy.mount("/inner", inner);
    busy.onStart(note("outer"));
    await outer.testClient().close();
    await busy.ready();
    expect(log).toEqual(["inner", "inner", "outer"]);
  });

  it("of a mounted app run in the primary process or in the workers too, and so do its stops", async () => {
    for (const [role, expected] of [
      ["primary", ["once", "once-stopped"]],
      ["worker", ["each", "each-stopped"]],
    ] as const) {
      const { app: outer, log, note } = createLogged();
      const inner = createApp();
      inner.onStop(() => (role === "worker" ? undefined : note("always")()));
      inner.onStart(note("once"), { once: true });
      inner.onStop(note("once-stopped"));
      inner.onStart(note("each"));
      inner.onStop(note("each-stopped"));
      outer.mount("/inner", inner);
      await outer.lifeCycle.start(role);
      await outer.lifeCycle.stop(1000, role);
      expect(log, role).toEqual(expected);
    }
  });

  it("do not run after a stop that comes while a mounted app starts", async () => {
    const { app: outer, log, note } = createLogged();
    const inner = createApp();
    inner.onStart(() => wait(20).then(note("inner")));
    outer.mount("/inner", inner);
    outer.onStart(note("outer"));
    const interrupted = expect(outer.ready()).rejects.toThrow("The app was stopped while it started.");
    await outer.lifeCycle.stop();
    await interrupted;
    expect(log).toEqual(["inner"]);
  });

  it("cannot stop the app, which would wait for them", async () => {
    const { app } = createLogged();
    app.onStart(() => app.testClient().close());
    const begun = performance.now();
    await expect(app.testClient().get("/")).rejects.toThrow("A function of onStart stopped its own app: the stop would wait for it.");
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("may return a promise of another library", async () => {
    const { app } = createLogged();
    const query = {};
    Reflect.set(query, "then", (_: unknown, reject: (error: Error) => void) => {
      reject(new Error("no database"));
    });
    app.onStart(() => query);
    await expect(app.ready()).rejects.toThrow("no database");
  });
});

describe("the functions of onStop", () => {
  it("undo the latest start that no other one undoes", async () => {
    const { app, log, note } = createLogged();
    app.onStart(note("a"));
    app.onStart(() => Promise.reject(new Error("no b")));
    app.onStop(note("stop-b"));
    app.onStop(note("stop-a"));
    await expect(app.ready()).rejects.toThrow("no b");
    expect(log).toEqual(["a", "stop-a"]);
  });

  it("undo a start before an extension, and the start that they were added with", async () => {
    const { app, log, note } = createLogged();
    app.onStart(() => Promise.reject(new Error("not warm")));
    app.use({ name: "pool", install: (target) => target.onStop(note("pool")) });
    app.onStop(note("cold"));
    app.lifeCycle.add({ start: note("never"), stop: note("never stopped") });
    await expect(app.ready()).rejects.toThrow("not warm");
    expect(log).toEqual(["pool"]);
  });

  it("run for each stop, if they were added after a start that was stopped", async () => {
    const { app, log, note } = createLogged();
    let isSlow = true;
    app.onStart(() => (isSlow ? wait(20) : undefined));
    const interrupted = expect(app.ready()).rejects.toThrow("stopped while it started");
    await app.lifeCycle.stop();
    await interrupted;
    app.onStop(note("stop"));
    isSlow = false;
    for (const _ of [1, 2]) {
      await app.ready();
      await app.lifeCycle.stop();
    }
    expect(log).toEqual(["stop", "stop"]);
  });

  it("run once for two stops at a time, which both wait for them", async () => {
    const { app, log } = createLogged();
    app.onStop(() => wait(20).then(() => log.push("stop")));
    void app.lifeCycle.stop();
    await app.lifeCycle.stop();
    expect(log).toEqual(["stop"]);
  });

  it("may stop the app, which they do already", async () => {
    const { app, log } = createLogged();
    app.config.shutdownTimeout = 5;
    app.onStop(async () => {
      await app.testClient().close();
      log.push("stop");
    });
    const begun = performance.now();
    await app.testClient().close();
    expect(log).toEqual(["stop"]);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("share the time of the stop, and get some even if it is over", async () => {
    const { app } = createLogged();
    const times: number[] = [];
    app.lifeCycle.add({ stop: (time) => void times.push(time) });
    app.lifeCycle.add({ stop: () => new Promise(() => undefined) });
    app.lifeCycle.add({ stop: (time) => wait(100).then(() => void times.push(time)) });
    await app.lifeCycle.stop(1000);
    const [first = 0, last = 0] = times;
    expect([first > 900, first <= 1000, last >= 240, last <= 260]).toEqual([true, true, true, true]);
    const { app: other } = createLogged();
    other.lifeCycle.add({ stop: (time) => void times.push(time) });
    other.lifeCycle.add({ stop: () => wait(300) });
    const inner = createApp();
    inner.lifeCycle.add({ stop: (time) => void times.push(time) });
    other.mount("/inner", inner);
    await other.lifeCycle.stop(1000);
    expect([(times[3] ?? 0) <= 720, (times[3] ?? 0) > 250]).toEqual([true, true]);
    expect([(times[2] ?? 0) <= 720, (times[2] ?? 0) > 250]).toEqual([true, true]);
  });

  it("do not wait for a start that never ends", async () => {
    const { app, note } = createLogged();
    app.onStart(() => new Promise(() => undefined));
    app.onStop(note("never"));
    const begun = performance.now();
    app.ready().catch(() => undefined);
    await app.lifeCycle.stop(100);
    expect(performance.now() - begun).toBeLessThan(1000);
    const again = performance.now();
    app.ready().catch(() => undefined);
    await app.lifeCycle.stop(6000);
    expect(performance.now() - again).toBeLessThan(2500);
  });

  it("have the time of shutdownTimeout, up to a second, if background work has used it up", async () => {
    const { app, log } = createLogged();
    app.config.shutdownTimeout = 0.5;
    app.background(() => new Promise(() => undefined));
    app.onStop(() => wait(350).then(() => log.push("stop")));
    await app.testClient().close();
    expect(log).toEqual(["stop"]);
  });

  it("have the time of shutdownTimeout after a start that failed", async () => {
    const { app } = createLogged();
    app.config.shutdownTimeout = 0.2;
    app.onStart(() => undefined);
    app.onStop(() => new Promise(() => undefined));
    app.onStart(() => Promise.reject(new Error("no database")));
    const begun = performance.now();
    await expect(app.ready()).rejects.toThrow("no database");
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("run with the app's context, those of mounted apps in reverse order, and are logged if they take too long", async () => {
    const { app, log } = createLogged();
    for (const name of ["a", "b"]) {
      const inner = createApp({ name });
      inner.onStop(() => void log.push(currentApp.name));
      app.mount(`/${name}`, inner);
    }
    app.logger.error = (...words: unknown[]) => void log.push(String(words.at(-1)));
    app.onStop(function closePool() {
      return new Promise(() => undefined);
    });
    await app.lifeCycle.stop(50);
    expect(log).toEqual(["A function of onStop ('closePool') did not finish in time. The app stops without it.", "b", "a"]);
  });
});
