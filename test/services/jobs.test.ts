import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { pgTable, serial, text } from "drizzle-orm/pg-core";
import { route } from "flagon";
import { Database, openPostgres } from "flagon/database";
import { Jobs, job } from "flagon/jobs";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createBullBackend } from "../../src/jobs/bull-backend";
import { SqlStore } from "../../src/jobs/sql-store";
import { describeJobInputs } from "../jobs/inputs.suite";
import { describeJobEdges, describeJobs, describeTransactionalJobs, uniqueName, until } from "../jobs/jobs.suite";
import { describeResets } from "../jobs/reset.suite";
import { describeStore } from "../jobs/store.suite";
import { createApp, findPort } from "../support";
import { PostgresServer } from "./postgres-server";
import { RedisServer } from "./redis-server";

const posts = pgTable("posts", { id: serial().primaryKey(), title: text().notNull() });
const postgres = new PostgresServer();
const redis = new RedisServer(["--appendonly", "yes", "--databases", "200"]);

beforeAll(async () => {
  await Promise.all([postgres.create(), redis.start()]);
});

afterAll(async () => {
  await redis.remove();
  await postgres.remove();
});

async function createPostgres() {
  const database = new Database(drizzle({ client: openPostgres(await postgres.createDatabase()), schema: { posts } }));
  await database.current.execute(sql`create table posts (id serial primary key, title text not null)`);
  onTestFinished(() => database.close());
  return database;
}

describeJobs("a table of Postgres", async () => {
  const database = await createPostgres();
  return { options: { database }, database };
});
describeJobEdges("a table of Postgres", async () => {
  const database = await createPostgres();
  return { options: { database }, database };
});
describeJobInputs("a table of Postgres", async () => {
  const database = await createPostgres();
  return { options: { database }, database };
});
describeJobInputs("BullMQ on Redis", async () => ({ options: { engine: redis.nextUrl() } }));
describeJobInputs("BullMQ on Postgres", async () => ({ options: { engine: await postgres.createDatabase() } }));
async function createPosts() {
  const database = await createPostgres();
  return {
    database,
    insert: () => Promise.resolve(database.current.insert(posts).values({ title: "row" })),
    rows: async () => (await database.current.select().from(posts)).length,
  };
}
describeTransactionalJobs("Postgres", createPosts);
describeResets("Postgres", createPosts);
describeStore("a table of Postgres", async () => {
  const database = await createPostgres();
  return { store: new SqlStore(database), database };
});
describeJobs("BullMQ on Redis", async () => ({ options: { engine: redis.nextUrl() } }));
describeJobs("BullMQ on Postgres", async () => ({ options: { engine: await postgres.createDatabase() } }));
describeJobEdges("BullMQ on Redis", async () => ({ options: { engine: redis.nextUrl() } }));
describeJobEdges("BullMQ on Postgres", async () => ({ options: { engine: await postgres.createDatabase() } }));

describe("BullMQ", () => {
  it("accepts the app's own Redis client, and gives access to its queues", async () => {
    const client = createClient({ url: redis.nextUrl() });
    client.on("error", () => undefined);
    await client.connect();
    const app = createApp();
    const jobs = new Jobs({ engine: client });
    app.use(jobs);
    const seen: number[] = [];
    const work = job<number>(uniqueName(), (n) => seen.push(n));
    await app.appContext(() => work.enqueue(1));
    await jobs.drain();
    expect(seen).toEqual([1]);
    expect(await jobs.queue("default")).toHaveProperty("name", "flagon-default");
    await app.lifeCycle.stop(5000);
    expect(client.isOpen).toBe(true);
    client.destroy();
  });

  it("gets jobs after the commit, and none after a rollback", async () => {
    const database = await createPostgres();
    const app = createApp();
    app.use(database);
    const jobs = new Jobs({ engine: redis.nextUrl() });
    app.use(jobs);
    const seen: number[] = [];
    const work = job<number>(uniqueName(), (n) => seen.push(n));
    await app.ready();
    await app.appContext(async () => {
      await database.atomic(async () => {
        const first = await work.enqueue(1, { key: "k" });
        expect(await work.enqueue(2, { key: "k" })).toBe(first);
        await database
          .atomic(async () => {
            await work.enqueue(3);
            throw new Error("inner");
          })
          .catch(() => undefined);
        await database.atomic(() => work.enqueue(4));
        expect(await jobs.list("waiting")).toEqual([]);
      });
      expect([...jobs.queued(work)].sort()).toEqual([1, 4]);
      await expect(
        database.atomic(async () => {
          await work.enqueue(5);
          throw new Error("outer");
        }),
      ).rejects.toThrow("outer");
    });
    await jobs.drain();
    expect(seen.sort()).toEqual([1, 4]);
    await app.lifeCycle.stop(5000);
  });

  it("commits no rows while Redis is away or full, and adds the job of committed rows once Redis is back", async () => {
    const database = await createPostgres();
    const app = createApp();
    app.logger.level = "silent";
    app.use(database);
    const jobs = new Jobs({ engine: redis.nextUrl() });
    app.use(jobs);
    const seen: number[] = [];
    const work = job<number>(uniqueName(), (n) => void seen.push(n));
    await app.ready();
    const save = (n: number, before: () => unknown = () => undefined) =>
      app.appContext(() =>
        database.atomic(async () => {
          await database.current.insert(posts).values({ title: String(n) });
          await work.enqueue(n);
          await database.afterCommit(before);
        }),
      );
    const titles = async () => (await database.current.select().from(posts)).map(({ title }) => title);
    const admin = createClient({ url: redis.url });
    await admin.connect();
    await admin.configSet("maxmemory", "1");
    await expect(save(1)).rejects.toMatchObject({ code: "JOB" });
    await admin.configSet("maxmemory", "0");
    admin.destroy();
    await redis.stop("SIGKILL");
    const begun = performance.now();
    await expect(save(2)).rejects.toMatchObject({ code: "JOB" });
    await redis.start();
    await until(() =>
      save(3).then(
        () => true,
        () => false,
      ),
    );
    // It goes between the commit and the job.
    await save(4, () => redis.stop("SIGKILL"));
    await save(5).catch(() => undefined);
    expect(performance.now() - begun).toBeLessThan(25_000);
    await redis.start();
    await until(() => jobs.queued(work).length === 2, 20_000);
    await jobs.drain();
    expect([seen.sort(), await titles()]).toEqual([
      [3, 4],
      ["3", "4"],
    ]);
    await app.lifeCycle.stop(5000);
  });

  it("refuses a Redis that removes any key once it is full, by URL and by client", async () => {
    const client = createClient({ url: redis.nextUrl() });
    await client.connect();
    await client.configSet("maxmemory-policy", "allkeys-lru");
    await client.configSet("maxmemory", "500mb");
    onTestFinished(async () => {
      await client.configSet("maxmemory-policy", "noeviction");
      await client.configSet("maxmemory", "0");
      client.destroy();
    });
    for (const engine of [redis.nextUrl(), client]) {
      const app = createApp();
      app.use(new Jobs({ engine }));
      const work = job<number>(uniqueName(), () => undefined);
      await expect(app.appContext(() => work.enqueue(1))).rejects.toMatchObject({ code: "CONFIG" });
      await expect(app.ready()).rejects.toThrow(/maxmemory-policy allkeys-lru/);
    }
  });

  it("runs each time of a schedule once, and knows the last one among thousands of others", async () => {
    for (const engine of [redis.nextUrl(), await postgres.createDatabase()]) {
      const backend = createBullBackend(engine, 30_000, () => new Map());
      const { ticks } = backend;
      const runs: string[] = [];
      const claim = (name: string, tick: number) => ticks.claimTick(name, tick, async () => void runs.push(`${name} ${tick}`));
      await claim("schedule:nightly", 5);
      for (let from = 0; from < 1200; from += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, n) => claim("schedule:often", from + n)));
      }
      await Promise.all([claim("schedule:nightly", 7), claim("schedule:nightly", 7), claim("schedule:often", 7)]);
      await claim("schedule:nightly", 6);
      expect(runs.filter((run) => run.startsWith("schedule:nightly")).sort()).toEqual([
        "schedule:nightly 5",
        "schedule:nightly 6",
        "schedule:nightly 7",
      ]);
      expect([runs.length, await ticks.lastTick("schedule:nightly"), await ticks.lastTick("schedule:other")]).toEqual([1203, 7, null]);
      await backend.clean([]);
      expect(await ticks.lastTick("schedule:nightly")).toBe(7);
      await backend.close();
    }
  }, 120_000);

  it("opens one queue for jobs that are enqueued at once", async () => {
    const app = createApp();
    const jobs = new Jobs({ engine: redis.nextUrl() });
    app.use(jobs);
    const work = job<number>(uniqueName(), () => undefined);
    const warnings: string[] = [];
    const hear = (warning: Error) => warnings.push(warning.name);
    process.on("warning", hear);
    await app.appContext(() => Promise.all(Array.from({ length: 1000 }, (_, n) => work.enqueue(n))));
    process.off("warning", hear);
    expect([warnings, jobs.queued(work).length]).toEqual([[], 1000]);
    await app.lifeCycle.stop(5000);
  });

  it("rejects within seconds if Redis is away from the start, hangs, or is full, and goes on afterwards", async () => {
    const create = (engine: string, ...controllers: object[]) => {
      const app = createApp({}, ...controllers);
      app.logger.level = "silent";
      app.use(new Jobs({ engine }));
      return app;
    };
    const work = job<string>(uniqueName(), () => undefined);
    class Views {
      @route.post("/")
      async index() {
        await work.enqueue("x");
        return {};
      }
    }
    const timed = async (run: () => Promise<unknown>) => {
      const begun = performance.now();
      await expect(run()).rejects.toMatchObject({ code: "JOB" });
      return performance.now() - begun;
    };
    const away = create(`redis://127.0.0.1:${await findPort()}`, Views);
    expect(await timed(() => away.testClient().post("/"))).toBeLessThan(7000);
    const app = create(redis.nextUrl(), Views);
    const client = app.testClient();
    expect((await client.post("/")).status).toBe(200);
    redis.send("SIGSTOP");
    try {
      expect(await timed(() => client.post("/"))).toBeLessThan(7000);
    } finally {
      redis.send("SIGCONT");
    }
    const admin = createClient({ url: redis.url });
    await admin.connect();
    await admin.configSet("maxmemory", "1");
    expect(await timed(() => client.post("/"))).toBeLessThan(7000);
    await admin.configSet("maxmemory", "0");
    admin.destroy();
    expect((await client.post("/")).status).toBe(200);
    await app.lifeCycle.stop(5000);
  });

  it("goes on after all keys of Redis are removed: the worker, keys of jobs, and schedules", async () => {
    const app = createApp();
    const errors: unknown[] = [];
    app.logger.error = (...line: readonly unknown[]) => errors.push(line);
    const url = redis.nextUrl();
    const jobs = new Jobs({ engine: url });
    app.use(jobs);
    const seen: number[] = [];
    const work = job<number>(uniqueName(), (n) => void seen.push(n));
    let ticks = 0;
    jobs.schedule(uniqueName(), "* * * * * *", () => ticks++);
    await app.ready();
    await jobs.work();
    await work.enqueue(1);
    await work.enqueue(2, { key: "k", delay: 3600 });
    await until(() => seen.length === 1 && ticks > 0);
    const admin = createClient({ url });
    await admin.connect();
    await admin.flushDb();
    admin.destroy();
    const before = ticks;
    await work.enqueue(3, { key: "k" });
    await work.enqueue(4, { delay: 0.5 });
    await until(() => seen.length === 3 && ticks > before + 1, 20_000);
    expect([seen, await jobs.list("waiting")]).toEqual([[1, 3, 4], []]);
    expect(errors).toEqual([]);
    await app.lifeCycle.stop(5000);
  });

  it.each(["redis://127.0.0.1/none", "redis://127.0.0.1:port", "redis://user:a#b@127.0.0.1"])(
    "explains a URL that cannot be read: %s",
    async (engine) => {
      const app = createApp();
      app.use(new Jobs({ engine }));
      await expect(app.ready()).rejects.toMatchObject({ code: "CONFIG", message: expect.stringMatching(/^The URL of 'engine' of Jobs/) });
      await expect(app.ready()).rejects.not.toThrow("a#b");
    },
  );

  it.each(["redis", "postgres"])("ends the start within seconds if its service is away: %s", async (scheme) => {
    const app = createApp();
    app.use(new Jobs({ engine: `${scheme}://127.0.0.1:${await findPort()}` }));
    const begun = performance.now();
    await expect(app.ready()).rejects.toMatchObject({ code: "JOB", message: expect.stringContaining("does not answer") });
    expect(performance.now() - begun).toBeLessThan(8000);
  });

  it("neither loses jobs nor lets requests hang while Redis is away", async () => {
    const app = createApp();
    app.logger.level = "silent";
    const jobs = new Jobs({ engine: redis.nextUrl() });
    app.use(jobs);
    const seen = new Set<number>();
    const work = job<number>(uniqueName(), (n) => seen.add(n));
    await app.ready();
    for (let n = 0; n < 20; n++) {
      await app.appContext(() => work.enqueue(n, { delay: 0.5 }));
    }
    await redis.stop("SIGKILL");
    const begun = performance.now();
    await expect(app.appContext(() => work.enqueue(20))).rejects.toMatchObject({ code: "JOB" });
    expect(performance.now() - begun).toBeLessThan(7000);
    await redis.start();
    await jobs.work();
    await until(() => seen.size === 20, 20_000);
    await app.lifeCycle.stop(5000);
  });
});
