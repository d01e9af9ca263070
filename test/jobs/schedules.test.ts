import { Jobs, schedule } from "flagon/jobs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MemoryStore } from "../../src/jobs/memory-store";
import { Scheduler, Times } from "../../src/jobs/schedule";
import { createApp } from "../support";

function list(pattern: string, timeZone: string, from: string, count: number): string[] {
  const times = new Times({ name: "x", pattern, options: { timeZone }, run: () => undefined });
  const found: string[] = [];
  let time: number | null = Date.parse(from);
  while (found.length < count && time !== null) {
    time = times.after(time);
    found.push(time === null ? "never" : new Date(time).toISOString().slice(0, 16));
  }
  return found;
}

describe("the times of a schedule", () => {
  it("run a fixed time once when clocks go back, and every half hour also in the repeated hour", () => {
    expect(list("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", 2)).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
    expect(list("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45Z", 6)).toEqual([
      "2026-10-25T00:00",
      "2026-10-25T00:30",
      "2026-10-25T01:00",
      "2026-10-25T01:30",
      "2026-10-25T02:00",
      "2026-10-25T02:30",
    ]);
  });

  it("run a time in the gap of a clock change after the gap, also a gap of half an hour", () => {
    const [first, second] = list("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 2);
    expect([first?.slice(0, 10), second]).toEqual(["2026-03-29", "2026-03-30T00:30"]);
    expect(list("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00Z", 1)[0]?.slice(0, 10)).toBe("2026-10-03");
    expect(list("0 12 * * *", "Asia/Kolkata", "2026-01-01T00:00Z", 1)).toEqual(["2026-01-01T06:30"]);
    expect(list("0 3 * * *", "UTC", "2026-01-01T00:00Z", 1)).toEqual(["2026-01-01T03:00"]);
  });

  it.each([
    ["0 3 * * *", { timeZone: "Europe/Nowhere" }, /time zone 'Europe\/Nowhere'/],
    ["30 0 30 2 *", {}, /whose time never comes/],
    ["0 25 * * *", {}, /cannot be read/],
    ["tomorrow", {}, /cannot be read/],
    ["2050-12-24T20:00:00", {}, /cannot be read: it has not five or six fields/],
    ["0 0 3 * * * 2050", {}, /cannot be read/],
    ["0 3 * *", {}, /cannot be read/],
    ["0 3 31 4,6,9,11 *", {}, /whose time never comes/],
    ["0 3 * * *", { timeZone: "" }, /time zone ''/],
    ["0 3 * * *", { retries: -1 }, /'retries'/],
    ["0 3 * * *", { timeout: 0 }, /'timeout'/],
    ["", {}, /cannot be read/],
  ])("refuse '%s' at the start", async (pattern, options, message) => {
    class Reports {
      @schedule(pattern, options)
      nightly() {
        return undefined;
      }
    }
    const app = createApp({}, Reports);
    app.use(new Jobs());
    await expect(app.ready()).rejects.toThrow(message);
    await expect(app.ready()).rejects.toThrow("Reports.nightly");
  });

  it("refuse unknown options, no function, and a schedule that no worker would run", async () => {
    const options = { timezone: "Europe/Berlin", retries: 1 };
    expect(() => schedule("0 3 * * *", options)).toThrow(/There is no option 'timezone' of @schedule\(\).*'timeZone'/);
    const app = createApp();
    const jobs = new Jobs();
    app.use(jobs);
    expect(() => jobs.schedule("x", "0 3 * * *", () => undefined, options)).toThrow(/no option 'timezone' of the schedule 'x'/);
    const none: unknown = undefined;
    expect(() => jobs.schedule("x", "0 3 * * *", none as () => unknown)).toThrow(/has no function/);
    await app.ready();
    const worker = await jobs.work();
    expect(() => jobs.schedule("late", "0 3 * * *", () => undefined)).toThrow(/'late' was added after the worker had started/);
    await worker.stop(1000);
    await app.lifeCycle.stop(1000);
  });

  it("are several on one method, and refused on two classes of one name", async () => {
    const define = () => {
      class Reports {
        @schedule("0 3 * * *")
        @schedule("0 15 * * *", { timeZone: "Europe/Berlin" })
        nightly() {
          return undefined;
        }
      }
      return Reports;
    };
    const fine = createApp({}, define());
    fine.use(new Jobs());
    await fine.ready();
    const twice = createApp({}, define(), define());
    twice.use(new Jobs());
    await expect(twice.ready()).rejects.toThrow(/two schedules 'Reports\.nightly': '0 (?:3|15) \* \* \*' and/);
  });

  it("refuse a second schedule of the same name", () => {
    const jobs = new Jobs();
    jobs.schedule("nightly", "0 3 * * *", () => undefined);
    expect(() => jobs.schedule("nightly", "0 4 * * *", () => undefined)).toThrow(/two schedules 'nightly'/);
  });
});

describe("a scheduler", () => {
  const times = new Times({ name: "nightly", pattern: "0 3 * * *", options: {}, run: () => undefined });

  function setUp(now: string) {
    vi.useFakeTimers({ now: new Date(now) });
    onTestFinished(() => void vi.useRealTimers());
    const store = new MemoryStore();
    const ran: string[] = [];
    const start = async () => {
      const app = createApp();
      app.logger.level = "silent";
      const scheduler = new Scheduler(app, store, async (_, tick) => void ran.push(new Date(tick).toISOString()));
      await scheduler.start("nightly", times);
      return scheduler;
    };
    return { store, ran, start };
  }

  it("makes up for missed times once, by the latest, and for none of a new schedule", async () => {
    const { ran, start, store } = setUp("2026-05-10T12:00:00Z");
    await (await start()).stop();
    expect(ran).toEqual([]);
    vi.setSystemTime(new Date("2026-05-14T02:00:00Z"));
    expect(await store.lastTick("nightly")).toBe(Date.parse("2026-05-10T12:00:00Z"));
    await (await start()).stop();
    expect(ran).toEqual(["2026-05-13T03:00:00.000Z"]);
    await (await start()).stop();
    expect(ran).toHaveLength(1);
  });

  it("tries a time again that the database has refused, up to the next one, and runs it once", async () => {
    const { ran, start, store } = setUp("2026-05-10T02:59:30Z");
    const scheduler = await start();
    const { claimTick } = store;
    let end = Date.parse("2026-05-10T03:10:00Z");
    store.claimTick = (name, tick, run) =>
      claimTick.call(store, name, tick, async () => {
        await run();
        if (Date.now() < end) {
          ran.pop();
          throw new Error("The database is away.");
        }
      });
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    expect(ran).toEqual([]);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(ran).toEqual(["2026-05-10T03:00:00.000Z"]);
    end = Date.parse("2026-05-12T03:00:10Z");
    await vi.advanceTimersByTimeAsync(48 * 3600_000);
    expect(ran).toEqual(["2026-05-10T03:00:00.000Z", "2026-05-12T03:00:00.000Z"]);
    await scheduler.stop();
  });

  it("repeats no time after the clock was set back, while it runs and after a restart", async () => {
    const { ran, start } = setUp("2026-05-10T02:59:30Z");
    const scheduler = await start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ran).toEqual(["2026-05-10T03:00:00.000Z"]);
    vi.setSystemTime(new Date("2026-05-10T02:50:00Z"));
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    await scheduler.stop();
    vi.setSystemTime(new Date("2026-05-10T02:50:00Z"));
    const other = await start();
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(ran).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(24 * 3600_000);
    expect(ran).toEqual(["2026-05-10T03:00:00.000Z", "2026-05-11T03:00:00.000Z"]);
    await other.stop();
  });

  it("runs a time once when two processes wait for it", async () => {
    const { ran, start } = setUp("2026-05-10T02:59:30Z");
    const both = [await start(), await start()];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ran).toEqual(["2026-05-10T03:00:00.000Z"]);
    await Promise.all(both.map((one) => one.stop()));
  });
});
