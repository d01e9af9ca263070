import { Flagon } from "flagon";
import { Jobs, job, PermanentError } from "flagon/jobs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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

function listen() {
  const written = vi.spyOn(console, "error").mockImplementation(() => undefined);
  onTestFinished(() => written.mockRestore());
  return () => written.mock.calls.flat().join("\n");
}

describe.each(["memory", "the database"])("drain() of jobs in %s", (kind) => {
  it("runs all, and writes the names and errors of those that failed for good", async () => {
    const jobs = await setUp(kind);
    const written = listen();
    const seen: number[] = [];
    const [first, last] = [uniqueName(), uniqueName()];
    const broken = job<number>(first, { retries: 2 }, (n) => {
      seen.push(n);
      throw new TypeError("no such user");
    });
    const refused = job<number>(last, () => Promise.reject(new PermanentError("refused")));
    const fine = job<number>(uniqueName(), (n) => seen.push(n));
    await broken.enqueue(1);
    await refused.enqueue(2);
    await fine.enqueue(3, { delay: 60 });
    expect(await jobs.drain()).toBe(5);
    expect(written()).toContain(`The job '${first}' failed: no such user\n`);
    expect(written()).toContain(`The job '${last}' failed: refused\n`);
    expect(seen.sort()).toEqual([1, 1, 1, 3]);
    expect((await jobs.list("failed")).map(({ name }) => name).sort()).toEqual([first, last].sort());
    expect(jobs.queued()).toEqual([]);
  });

  it("writes nothing if a retry succeeds, with propagateExceptions: false, and outside of tests", async () => {
    const written = listen();
    const jobs = await setUp(kind);
    let runs = 0;
    await job(uniqueName(), () => (++runs === 1 ? Promise.reject(new Error("once")) : undefined)).enqueue(undefined);
    expect(await jobs.drain()).toBe(2);
    for (const config of [{ propagateExceptions: false }, { testing: false }]) {
      const silent = await setUp(kind, config);
      await job(uniqueName(), { retries: 0 }, () => Promise.reject(new Error("broken"))).enqueue(undefined);
      expect(await silent.drain()).toBe(1);
      expect(await silent.list("failed")).toHaveLength(1);
    }
    expect(written()).toBe("");
  });

  it("names ten failures at most, and any value that was thrown", async () => {
    const jobs = await setUp(kind);
    const written = listen();
    const broken = job<number>(uniqueName(), { retries: 0 }, () => Promise.reject(null));
    for (let n = 0; n < 12; n++) {
      await broken.enqueue(n);
    }
    await jobs.drain();
    expect(written()).toMatch(/^(The job '.*' failed: null\n){10}And 2 more\.\nFor a test that fails with them/);
  });
});
