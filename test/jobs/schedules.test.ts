import { Jobs, schedule } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { Times } from "../../src/jobs/schedule";
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

  it("refuse a second schedule of the same name", () => {
    const jobs = new Jobs();
    jobs.schedule("nightly", "0 3 * * *", () => undefined);
    expect(() => jobs.schedule("nightly", "0 4 * * *", () => undefined)).toThrow(/two schedules 'nightly'/);
  });
});
