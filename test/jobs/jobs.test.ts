import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { Flagon } from "flagon";
import { Jobs, job } from "flagon/jobs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLibsql } from "../database/libsql";
import { describeJobInputs } from "./inputs.suite";
import { describeJobEdges, describeJobs, describeTransactionalJobs, until } from "./jobs.suite";
import { describeResets } from "./reset.suite";

describeJobInputs("memory", async () => ({ options: {} }));
describeJobInputs("a file of libSQL", async () => {
  const { database } = await createLibsql("file");
  return { options: { database }, database };
});
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
  const create = async () => {
    const { database, db, posts } = await createLibsql(kind);
    return {
      database,
      insert: () => Promise.resolve(db.insert(posts).values({ title: "row" })),
      rows: async () => (await db.select().from(posts)).length,
    };
  };
  describeTransactionalJobs(`libSQL (${kind})`, create);
  describeResets(`libSQL (${kind})`, create);
}

describe("jobs in the app's database", () => {
  const setUp = async (options: object = {}) => {
    const { database, db } = await createLibsql("file");
    const app = new Flagon(__dirname, { static: null, config: { testing: true, propagateExceptions: false } });
    app.logger.level = "silent";
    app.use(database);
    const jobs = new Jobs({ database, ...options });
    app.use(jobs);
    await app.ready();
    onTestFinished(() => app.lifeCycle.stop(2000));
    return { app, database, db, jobs };
  };

  it.each([
    ["ended", 3, null],
    ["tried again", 3, new Error("again")],
    ["failed", 0, new Error("for good")],
  ])("are not %s by a worker that has lost its claim", async (end, retries, failure) => {
    const { app, database, jobs } = await setUp({ lease: 60 });
    let release: () => unknown = () => undefined;
    const held = job<number>(`held until ${end}`, { retries }, async () => {
      await new Promise((resolve, reject) => {
        release = () => (failure === null ? resolve(undefined) : reject(failure));
      });
    });
    await app.appContext(() => held.enqueue(1));
    await jobs.work();
    await until(async () => (await jobs.list("active")).length === 1);
    await database.execute(sql`update flagon_jobs set claim = 'of another worker'`);
    release();
    await wait(200);
    expect(await jobs.list()).toMatchObject([{ state: "active" }]);
    expect(await database.execute(sql`select claim from flagon_jobs`)).toEqual([{ claim: "of another worker" }]);
  });

  it("stay with a worker whose process was blocked for longer than its lease", async () => {
    const { app, jobs } = await setUp({ lease: 0.2 });
    const runs: number[] = [];
    const blocking = job<number>("blocks the process", async (n) => {
      runs.push(n);
      await wait(50);
      for (const end = Date.now() + 500; Date.now() < end; );
      await wait(200);
    });
    await app.appContext(() => blocking.enqueue(1));
    await jobs.work();
    await until(async () => (await jobs.list("done")).length === 1);
    expect(runs).toEqual([1]);
  });

  it("run once if the database is away, for longer than the lease, when their run ends", async () => {
    const { app, database, jobs } = await setUp({ lease: 0.3 });
    const { execute } = database;
    const runs: string[] = [];
    const outage = () => {
      const end = Date.now() + 1000;
      database.execute = (statement) =>
        Date.now() < end ? Promise.reject(new Error("The database is away.")) : execute.call(database, statement);
    };
    const fine = job<number>("ends during an outage", () => {
      runs.push("fine");
      outage();
    });
    const broken = job<number>("fails during an outage", { retries: 0 }, () => {
      runs.push("broken");
      outage();
      throw new Error("broken");
    });
    await app.appContext(() => fine.enqueue(1));
    await jobs.work();
    await until(async () => (await jobs.list("done").catch(() => [])).length === 1);
    await app.appContext(() => broken.enqueue(1));
    await until(async () => (await jobs.list("failed").catch(() => [])).length === 1);
    expect([runs, await jobs.list("failed")]).toEqual([["fine", "broken"], [expect.objectContaining({ error: "broken" })]]);
  });

  it("run once if the clock jumps by an hour while they run", async () => {
    const { app, jobs } = await setUp();
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const runs: number[] = [];
    const slow = job<number>("sees a jump of the clock", async (n) => {
      runs.push(n);
      vi.setSystemTime(Date.now() + 3600_000);
      await wait(500);
    });
    await app.appContext(() => slow.enqueue(1));
    const worker = await jobs.work();
    for (let round = 0; round < 20 && (await jobs.list("done")).length === 0; round++) {
      worker.wake();
      await wait(100);
    }
    expect([runs, (await jobs.list("done")).length]).toEqual([[1], 1]);
  });

  it("that ended their worker in each of their runs fail, without one more", async () => {
    const { app, database, jobs } = await setUp();
    const runs: number[] = [];
    const deadly = job<number>("ends its worker", { retries: 1 }, (n, { attempt }) => runs.push(n * attempt));
    const die = (id: string, attempt: number) =>
      database.execute(
        sql`update flagon_jobs set state = 'active', attempt = ${attempt}, claim = 'dead', claimed_until = 1 where id = ${id}`,
      );
    await app.appContext(async () => {
      await die(await deadly.enqueue(10), 1);
      await die(await deadly.enqueue(100), 2);
    });
    await jobs.work();
    await until(async () => (await jobs.list("active")).length === 0);
    expect(runs).toEqual([20]);
    expect(await jobs.list("failed")).toMatchObject([{ data: 100, error: "The worker ended during each of its 2 runs." }]);
  });

  it("do not count a delay or a pause before a retry as silence of a worker", async () => {
    const { app, jobs } = await setUp({ lease: 0.1 });
    const runs: number[] = [];
    const again = job<number>("pauses for longer than the lease", { retries: 1, backoff: 0.5 }, (n, { attempt }) => {
      runs.push(n);
      if (attempt === 1) {
        throw new Error("once more");
      }
    });
    await app.appContext(() => again.enqueue(1, { delay: 0.4 }));
    await jobs.work();
    await until(async () => (await jobs.list("done")).length === 1);
    expect(runs).toEqual([1, 1]);
  });

  it("are removed a day, or a month if they failed, after their end, and so are runs of schedules that are gone", async () => {
    const { app, database, jobs } = await setUp();
    const fine = job<number>("ends well", () => undefined);
    const broken = job<number>("ends badly", { retries: 0 }, () => Promise.reject(new Error("broken")));
    const day = 24 * 3600_000;
    const count = async () => (await jobs.list()).map(({ name }) => name).sort();
    await app.appContext(async () => {
      await fine.enqueue(1);
      await broken.enqueue(1);
      await jobs.drain();
      await fine.enqueue(2, { delay: 3600 });
    });
    await database.execute(
      sql`insert into flagon_jobs (id, name, queue, data, state, run_at, attempt, changed_at) values ('x', 'schedule:gone', 'default', 'null', 'waiting', 0, 0, 0)`,
    );
    await database.execute(sql`update flagon_jobs set changed_at = ${Date.now() - 2 * day} where id <> 'x'`);
    const worker = await jobs.work();
    expect(await count()).toEqual(["ends badly", "ends well"]);
    await worker.stop(1000);
    await app.lifeCycle.stop(1000);
  });
});

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

  it.each(["memory", "database"])(
    "keep the key of a failed job that is retried by hand, unless another one has it, in the %s",
    async (kind) => {
      const app = new Flagon(__dirname, { static: null, config: { testing: true, propagateExceptions: false } });
      app.logger.level = "silent";
      if (kind === "database") {
        app.use((await createLibsql("file")).database);
      }
      const jobs = new Jobs();
      app.use(jobs);
      await app.ready();
      const work = job<number>(`retried by hand in the ${kind}`, { retries: 0 }, () => Promise.reject(new Error("broken")));
      const first = await work.enqueue(1, { key: "k" });
      await jobs.drain();
      expect(await jobs.retry(first)).toBe(true);
      expect(await work.enqueue(2, { key: "k" })).toBe(first);
      await jobs.drain();
      const second = await work.enqueue(3, { key: "k" });
      expect(second).not.toBe(first);
      expect(await jobs.retry(first)).toBe(true);
      expect(await work.enqueue(4, { key: "k" })).toBe(second);
      expect([...jobs.queued(work)].sort()).toEqual([1, 3]);
      await app.lifeCycle.stop(1000);
    },
  );

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
    const typo = { retrys: 5, backoff: 1 };
    expect(() => job("x", typo, () => undefined)).toThrow(/There is no option 'retrys' of the job 'x'.*'retries'/);
    for (const name of ["", "a\0b", "a\nb", "\ud800"]) {
      expect(() => job(name, () => undefined)).toThrow(/A job needs a name/);
      expect(() => job("x", { queue: name }, () => undefined)).toThrow(/'queue' of the job 'x'/);
    }
    expect(() => job("x", { queue: "a,b" }, () => undefined)).toThrow(/without control characters and commas/);
    expect(() => job("schedule:x", () => undefined)).toThrow(/has the name of a schedule/);
    const { database } = await createLibsql("memory");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.use(new Jobs({ database }));
    await expect(app.ready()).rejects.toThrow(/does not use. Add it: app.use\(database\)/);
    const other = new Flagon(__dirname, { static: null, config: { testing: true } });
    other.use(new Jobs({ engine: "mysql://x" }));
    await expect(other.ready()).rejects.toThrow(/must be a URL that begins with/);
  });
});
