import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { bigint, jsonb, pgTable, serial, text, timestamp } from "drizzle-orm/pg-core";
import { Database, openPostgres, recordQueries } from "flagon/database";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { describeDatabase, type Made } from "../database/database.suite";
import { describeEdges } from "../database/edges.suite";
import { describeMigrations } from "../database/migrations.suite";
import { PostgresServer } from "./postgres-server";

const posts = pgTable("posts", { id: serial().primaryKey(), title: text().notNull().unique() });
const server = new PostgresServer();

beforeAll(() => server.create());
afterAll(() => server.remove());

async function createPostgres(options: object = {}) {
  const pool = openPostgres(await server.createDatabase(), options);
  const database = new Database(drizzle(pool, { schema: { posts }, logger: recordQueries() }));
  await database.current.execute(sql`create table posts (id serial primary key, title text not null unique)`);
  onTestFinished(() => database.close());
  return { database, db: database.current, posts, pool };
}

// The suite is typed by the tables of libSQL. Those of Postgres take the same calls.
describeDatabase("Postgres", async () => (await createPostgres()) as unknown as Made, true);
describeEdges("Postgres", async () => (await createPostgres()) as unknown as Made, true);

describeMigrations("Postgres", async () => {
  const url = await server.createDatabase();
  return () => {
    const pool = openPostgres(url, { max: 1 });
    return { drizzle: drizzle(pool), query: async (text) => (await pool.query(text)).rows };
  };
});

describe("Postgres", () => {
  it("names the pool if a query outside of the transaction gets no connection", async () => {
    const { database, pool } = await createPostgres({ max: 1, connectionTimeoutMillis: 100 });
    const error: unknown = await database.atomic(() => database.drizzle.select().from(posts)).catch((thrown: unknown) => thrown);
    expect(String(Reflect.get(Object(error), "cause"))).toMatch(/No connection of the pool became free in 0.1 s: 1 of 1 are in use/);
    const waiting = database.atomic(() => wait(300));
    await expect(database.atomic(() => wait(1))).rejects.toMatchObject({ code: "DATABASE" });
    await waiting;
    expect(pool.totalCount).toBeLessThanOrEqual(1);
  });

  it("is healthy while its pool is in use", async () => {
    const { database } = await createPostgres({ max: 1, connectionTimeoutMillis: 100 });
    const { Flagon } = await import("flagon");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.use(database);
    const busy = database.atomic(() => wait(200));
    await wait(20);
    expect(await app.lifeCycle.health.run()).toEqual([]);
    await busy;
  });

  it("survives lost connections, idle and in a transaction", async () => {
    const { database, db, pool } = await createPostgres();
    await db.select().from(posts);
    const end = (condition: string) => pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${condition}`);
    await Promise.all([db.select().from(posts), db.select().from(posts), db.select().from(posts)]);
    await end("datname = current_database() and pid <> pg_backend_pid()");
    await wait(50);
    await expect(
      database.atomic(async () => {
        await db.insert(posts).values({ title: "lost" });
        await end("datname = current_database() and state = 'idle in transaction'");
        await wait(50);
        await db.insert(posts).values({ title: "lost too" });
      }),
    ).rejects.toThrow();
    await database.atomic(() => db.insert(posts).values({ title: "kept" }));
    expect((await db.select().from(posts)).map(({ title }) => title)).toEqual(["kept"]);
  });

  it("accepts an isolation level", async () => {
    const { database, db } = await createPostgres();
    const level = await database.atomic(async () => (await db.execute(sql`show transaction_isolation`)).rows, {
      isolationLevel: "serializable",
    });
    expect(level).toEqual([{ transaction_isolation: "serializable" }]);
  });

  it("keeps times with a zone and large numbers as bigint, and refuses a NUL", async () => {
    const { db } = await createPostgres();
    const things = pgTable("things", {
      time: timestamp({ withTimezone: true }),
      size: bigint({ mode: "bigint" }),
      rounded: bigint("rounded", { mode: "number" }),
      data: jsonb(),
    });
    await db.execute(sql`create table things (time timestamptz, size bigint, rounded bigint, data jsonb)`);
    const time = new Date("2026-03-29T00:30:15.678Z");
    await db.execute(sql`set time zone 'Asia/Kolkata'`);
    await db.insert(things).values({ time, size: 9007199254740993n });
    await db.execute(sql`update things set rounded = size`);
    const [row] = await db.select().from(things);
    // As a number it is another one.
    expect([row?.time?.toISOString(), row?.size, String(row?.rounded)]).toEqual([
      "2026-03-29T00:30:15.678Z",
      9007199254740993n,
      "9007199254740992",
    ]);
    await expect(db.insert(things).values({ data: { text: "a\0b" } })).rejects.toMatchObject({ cause: { code: "22P05" } });
  });
});
