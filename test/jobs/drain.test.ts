import { Flagon } from "flagon";
import { Jobs, job, PermanentError } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { createLibsql } from "../database/libsql";
import { uniqueName } from "./jobs.suite";

async function setUp(kind: string, config: object = {}) {
  const app = new Flagon(__dirname, { static: null, config: { testing: true, ...config } });
  app.logger.level = "silent";
  if (kind === "the database") {
    app.use((await createLibsql("file")).database);
  }
  const jobs = new Jobs();
  app.use(jobs);
  return jobs;
}

describe.each(["memory", "the database"])("drain() of jobs in %s", (kind) => {
  it("rejects after all jobs have run, with the names and errors of those that failed", async () => {
    const jobs = await setUp(kind);
    const seen: number[] = [];
    const reason = new TypeError("no such user");
    const [first, last] = [uniqueName(), uniqueName()];
    const broken = job<number>(first, { retries: 2 }, (n) => {
      seen.push(n);
      throw reason;
    });
    const refused = job<number>(last, () => Promise.reject(new PermanentError("refused")));
    const fine = job<number>(uniqueName(), (n) => seen.push(n));
    await broken.enqueue(1);
    await refused.enqueue(2);
    await fine.enqueue(3, { delay: 60 });
    const error = await jobs.drain().then(
      () => expect.unreachable("it was silent"),
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ name: "JobError", code: "JOB" });
    expect(error.message).toContain(`The job '${first}' failed: no such user\n`);
    expect(error.message).toContain(`The job '${last}' failed: refused\n`);
    expect(error.cause).toBeInstanceOf(Error);
    expect(seen.sort()).toEqual([1, 1, 1, 3]);
    expect((await jobs.list("failed")).map(({ name }) => name).sort()).toEqual([first, last].sort());
    expect(jobs.queued()).toEqual([]);
    // What has been told is not told again.
    expect(await jobs.drain()).toBe(0);
  });

  it("resolves if a retry succeeds", async () => {
    const jobs = await setUp(kind);
    let runs = 0;
    await job(uniqueName(), () => (++runs === 1 ? Promise.reject(new Error("once")) : undefined)).enqueue(undefined);
    expect(await jobs.drain()).toBe(2);
  });

  it("resolves with propagateExceptions: false, and outside of tests", async () => {
    for (const config of [{ propagateExceptions: false }, { testing: false }]) {
      const jobs = await setUp(kind, config);
      await job(uniqueName(), { retries: 0 }, () => Promise.reject(new Error("broken"))).enqueue(undefined);
      expect(await jobs.drain()).toBe(1);
      expect(await jobs.list("failed")).toHaveLength(1);
    }
  });

  it("names ten failures at most, and any value that was thrown", async () => {
    const jobs = await setUp(kind);
    const broken = job<number>(uniqueName(), { retries: 0 }, () => Promise.reject(null));
    for (let n = 0; n < 12; n++) {
      await broken.enqueue(n);
    }
    await expect(jobs.drain()).rejects.toThrow(/(The job '.*' failed: null\n){10}And 2 more\.\nIf the test expects that/);
  });
});
