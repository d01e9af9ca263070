import { Flagon } from "flagon";
import { Jobs, job } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { createLibsql } from "../database/libsql";
import { describeJobEdges, describeJobs, describeTransactionalJobs } from "./jobs.suite";

describeJobs("memory", async () => ({ options: {} }));
describeJobEdges("memory", async () => ({ options: {} }));
describeJobEdges("a file of libSQL", async () => {
  const { database } = await createLibsql("file");
  return { options: { database }, database };
});
describeJobs("a file of libSQL", async () => {
  const { database } = await createLibsql("file");
  return { options: { database }, database };
});
for (const kind of ["file", "memory"] as const) {
  describeTransactionalJobs(`libSQL (${kind})`, async () => {
    const { database, db, posts } = await createLibsql(kind);
    return {
      database,
      insert: () => Promise.resolve(db.insert(posts).values({ title: "row" })),
      rows: async () => (await db.select().from(posts)).length,
    };
  });
}

describe("Jobs", () => {
  it("return the job with the same key that waits for the same commit", async () => {
    const { database } = await createLibsql("memory");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.use(database);
    const jobs = new Jobs({ database });
    app.use(jobs);
    const work = job<number>("once in a commit", () => undefined);
    await app.appContext(async () => {
      await app.ready();
      await database.atomic(async () => {
        let lost = "";
        const undone = database.atomic(async () => {
          lost = await work.enqueue(0, { key: "k" });
          throw new Error("inner");
        });
        await expect(undone).rejects.toThrow("inner");
        const first = await work.enqueue(1, { key: "k" });
        expect(first).not.toBe(lost);
        expect(await work.enqueue(2, { key: "k" })).toBe(first);
        expect(await database.atomic(() => work.enqueue(3, { key: "k" }))).toBe(first);
        expect(await work.enqueue(4, { key: "l" })).not.toBe(first);
        expect(await work.enqueue(5)).not.toBe(await work.enqueue(6));
      });
      expect([...jobs.queued(work)].sort()).toEqual([1, 4, 5, 6]);
    });
    await app.lifeCycle.stop(1000);
  });

  it("refuse a second job of a name, with the places of both, and take one whose module is loaded anew", () => {
    const define = () => job("one name", () => undefined);
    define();
    define();
    const other = () => job("one name", () => undefined);
    expect(other).toThrow(/There are two jobs 'one name': one at .*jobs\.test\.ts:\d+:\d+, one at .*jobs\.test\.ts:\d+:\d+\./);
    expect(other).toThrow(expect.objectContaining({ code: "SETUP" }));
    define();
  });

  it("name their missing parts", async () => {
    expect(() => new Jobs({ concurrency: 0 })).toThrow(/concurrency/);
    expect(() => job("x", { retries: -1 }, () => undefined)).toThrow(/'retries' of the job 'x'/);
    expect(() => job("x", { timeout: 0 }, () => undefined)).toThrow(/'timeout'/);
    const { database } = await createLibsql("memory");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.use(new Jobs({ database }));
    await expect(app.ready()).rejects.toThrow(/does not use. Add it: app.use\(database\)/);
    const other = new Flagon(__dirname, { static: null, config: { testing: true } });
    other.use(new Jobs({ engine: "mysql://x" }));
    await expect(other.ready()).rejects.toThrow(/must be a URL that begins with/);
  });
});
