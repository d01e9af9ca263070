import { job } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pauseBefore } from "../../src/jobs/retry";

describe("the pause before a job is tried again", () => {
  const hour = 3600_000;
  it.each([
    [1, 1, 1000],
    [1, 2, 2000],
    [1, 3, 4000],
    [1, 8, 128_000],
    [0.5, 3, 2000],
    [60, 2, 120_000],
    [60, 10, hour],
    [1, 1000, hour],
    [0, 5, 0],
  ])("with a backoff of %d s after run %d is about %d ms, at most an hour", (backoff, attempt, middle) => {
    const task = job(`a ${backoff} ${attempt}`, { data: z.object({}), backoff }, () => undefined);
    const pauses = Array.from({ length: 200 }, () => pauseBefore(task, attempt));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(Math.floor(middle * 0.75));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(Math.ceil(middle * 1.25));
  });

  it("differs from job to job, so that they do not come back at once", () => {
    const task = job("b", { data: z.object({}), backoff: 10 }, () => undefined);
    expect(new Set(Array.from({ length: 50 }, () => pauseBefore(task, 1))).size).toBeGreaterThan(20);
  });
});
