import { setTimeout as wait } from "node:timers/promises";
import { currentApp } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createApp, createLiveApp } from "../support";

describe("app.healthCheck()", () => {
  it("names failed and slow checks, and shares one run", async () => {
    const app = createLiveApp();
    let runs = 0;
    app.healthCheck("fine", async () => {
      runs++;
      await wait(20);
    });
    app.healthCheck("broken", () => Promise.reject(new Error("gone")));
    app.healthCheck("false", () => false);
    app.healthCheck("slow", () => new Promise(() => undefined), { timeout: 0.05 });
    const { health } = app.lifeCycle;
    let lines = 0;
    app.logger.error = () => void lines++;
    const [first, second] = await Promise.all([health.run(), health.run()]);
    expect([first, second]).toEqual([
      ["broken", "false", "slow"],
      ["broken", "false", "slow"],
    ]);
    expect([runs, lines]).toEqual([1, 3]);
    await health.run();
    expect(runs).toBe(2);
  });

  it("runs with the app's context, and again after a run that never ends", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const app = createLiveApp();
    let runs = 0;
    let name = "";
    app.healthCheck("hangs", () => {
      runs++;
      ({ name } = currentApp);
      return runs === 1 ? new Promise(() => undefined) : undefined;
    });
    const run = async () => {
      const failed = app.lifeCycle.health.run();
      await vi.advanceTimersByTimeAsync(2000);
      return failed;
    };
    expect([await run(), await run(), runs, name]).toEqual([["hangs"], ["hangs"], 1, app.name]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect([await run(), await run(), runs]).toEqual([[], [], 3]);
  });

  it("refuses a second check of the same name, a wrong name or time limit, and no function", () => {
    const app = createApp();
    app.healthCheck("database", () => undefined);
    expect(() => app.healthCheck("database", () => undefined)).toThrow(/two health checks 'database'/);
    for (const timeout of [0, -1, Number.NaN, "2", true, null]) {
      expect(() => app.healthCheck("other", () => undefined, { timeout: timeout as never })).toThrow(/above 0/);
    }
    for (const name of ["", " ", "a\nb", " padded", undefined, null, 5, {}]) {
      expect(() => app.healthCheck(name as never, () => undefined)).toThrow(/needs a name of one line/);
    }
    expect(() => app.healthCheck("no function", "down" as never)).toThrow(/needs a function that throws/);
  });

  it("fails for a response of fetch() that is not ok, and for a promise of another library that rejects", async () => {
    const app = createLiveApp();
    app.logger.level = "silent";
    app.healthCheck("up", async () => new Response("up"));
    app.healthCheck("down", async () => new Response("down", { status: 503 }));
    const query = {};
    Reflect.set(query, "then", (_: unknown, reject: (error: Error) => void) => {
      reject(new Error("gone"));
    });
    app.healthCheck("query", () => query);
    expect(await app.lifeCycle.health.run()).toEqual(["down", "query"]);
  });

  it("waits as long as a time limit says that no timer can hold", async () => {
    const app = createLiveApp();
    for (const timeout of [Number.POSITIVE_INFINITY, 1e10]) {
      app.healthCheck(`slow ${timeout}`, () => wait(20), { timeout });
    }
    expect(await app.lifeCycle.health.run()).toEqual([]);
  });

  it("counts the checks of mounted apps", () => {
    const [outer, inner] = [createApp(), createApp()];
    outer.mount("/inner", inner);
    expect(outer.lifeCycle.health.isEmpty).toBe(true);
    inner.healthCheck("database", () => undefined);
    expect(outer.lifeCycle.health.isEmpty).toBe(false);
  });

  it("keeps a new run when the old one, which was given up, ends after all", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const app = createLiveApp();
    app.logger.level = "silent";
    const ends: (() => void)[] = [];
    app.healthCheck("hangs", () => new Promise<void>((resolve) => void ends.push(resolve)));
    const run = async () => {
      const failed = app.lifeCycle.health.run();
      await vi.advanceTimersByTimeAsync(2000);
      return failed;
    };
    await run();
    await vi.advanceTimersByTimeAsync(30_000);
    expect([await run(), ends.length]).toEqual([["hangs"], 2]);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect([await run(), ends.length]).toEqual([["hangs"], 2]);
    ends[1]?.();
    await vi.advanceTimersByTimeAsync(0);
    const last = app.lifeCycle.health.run();
    await vi.advanceTimersByTimeAsync(0);
    ends[2]?.();
    expect(await last).toEqual([]);
  });
});
