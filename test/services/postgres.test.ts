import { setTimeout as wait } from "node:timers/promises";
import { sql, sum } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { bigint, jsonb, numeric, pgSchema, pgTable, serial, text, timestamp } from "drizzle-orm/pg-core";
import { Flagon } from "flagon";
import { Database, openPostgres, paginate, recordQueries } from "flagon/database";
import { Jobs, job } from "flagon/jobs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { describeDatabase, type Made } from "../database/database.suite";
import { describeEdges } from "../database/edges.suite";
import { describeMigrations } from "../database/migrations.suite";
import { describeQueryErrors } from "../database/query-errors.suite";
import { createApp, writeFiles } from "../support";
import { PostgresServer } from "./postgres-server";

const posts = pgTable("posts", { id: serial().primaryKey(), title: text().notNull().unique() });
const server = new PostgresServer();

beforeAll(() => server.create());
afterAll(() => server.remove());

async function createPostgres(options: object = {}) {
  const pool = openPostgres(await server.createDatabase(), options);
  const database = new Database(drizzle({ client: pool, schema: { posts }, logger: recordQueries() }));
  await database.current.execute(sql`create table posts (id serial primary key, title text not null unique)`);
  onTestFinished(() => database.close());
  return { database, db: database.current, posts, pool };
}

// The suite is typed by the tables of libSQL. Those of Postgres take the same calls.
describeDatabase("Postgres", async () => (await createPostgres()) as unknown as Made, true);
describeEdges("Postgres", async () => (await createPostgres()) as unknown as Made, true);
describeQueryErrors("Postgres", async () => (await createPostgres()) as unknown as Made, true);

describeMigrations("Postgres", async () => {
  const url = await server.createDatabase();
  return () => {
    const pool = openPostgres(url, { max: 1 });
    return { drizzle: drizzle({ client: pool }), query: async (text) => (await pool.query(text)).rows };
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

  it("gives a connection back whose BEGIN or COMMIT is refused", async () => {
    const { database, db, pool } = await createPostgres({ max: 1, connectionTimeoutMillis: 1000 });
    for (let round = 0; round < 3; round++) {
      await expect(database.atomic(() => wait(1), { isolationLevel: "nonsense" })).rejects.toThrow();
      expect([pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0]);
    }
    await database.atomic(() => db.insert(posts).values({ title: "fine" }));
    expect(await db.select().from(posts)).toHaveLength(1);
  });

  it("does all work of one transaction by one connection: pages, jobs and savepoints", async () => {
    const { database, db } = await createPostgres({ max: 1, connectionTimeoutMillis: 500 });
    const app = createApp();
    app.use(database);
    const jobs = new Jobs();
    app.use(jobs);
    const work = job<number>("by one connection", () => undefined);
    await app.ready();
    await app.appContext(() =>
      database.atomic(async () => {
        await db.insert(posts).values({ title: "x" });
        await work.enqueue(1, { key: "k" });
        await database.atomic(() => work.enqueue(2));
        expect((await paginate(db.select().from(posts).orderBy(posts.id))).total).toBe(1);
        expect(await app.lifeCycle.health.run()).toEqual([]);
        await database.afterCommit(() => db.select().from(posts));
      }),
    );
    expect([...jobs.queued(work)].sort()).toEqual([1, 2]);
    expect(await jobs.drain()).toBe(2);
    await app.lifeCycle.stop(5000);
  });

  it("keeps to its own transaction when a query was prepared outside of it, and warns in debug mode", async () => {
    const { database, db } = await createPostgres();
    const app = createApp({ config: { debug: true } });
    const lines: unknown[] = [];
    app.logger.warn = (line: unknown) => lines.push(line);
    const prepared = db.select().from(posts).prepare("all_posts");
    const rows = await app.appContext(() =>
      database.atomic(async () => {
        await db.insert(posts).values({ title: "x" });
        return prepared.execute();
      }),
    );
    expect([rows, lines]).toEqual([[], [expect.stringContaining("outside of the transaction")]]);
  });

  it("gives numeric values and sums as text, and bigint as text in JSON", async () => {
    const { database, db } = await createPostgres();
    const amounts = pgTable("amounts", { price: numeric({ precision: 30, scale: 2 }), size: bigint({ mode: "bigint" }) });
    await db.execute(sql`create table amounts (price numeric(30, 2), size bigint)`);
    await db.insert(amounts).values({ price: "12345678901234567890.10", size: 9007199254740993n });
    const [total] = await db.select({ total: sum(amounts.size) }).from(amounts);
    expect(total).toEqual({ total: "9007199254740993" });
    const app = createApp();
    app.use(database);
    app.get("/", () => db.select().from(amounts), { endpoint: "index" });
    expect(await (await app.testClient().get("/")).json()).toEqual([{ price: "12345678901234567890.10", size: "9007199254740993" }]);
  });

  it("explains a migration that cannot run in a transaction, and applies nothing of it", async () => {
    const root = writeFiles({
      "migrations/meta/_journal.json": JSON.stringify({
        version: "7",
        dialect: "postgresql",
        entries: [{ idx: 0, version: "7", when: 1, tag: "0000_index", breakpoints: true }],
      }),
      "migrations/0000_index.sql":
        "create table things (id int);\n--> statement-breakpoint\ncreate index concurrently things_id on things (id);",
    });
    const { database, db } = await createPostgres();
    const other = new Database(database.drizzle, { migrations: `${root}/migrations` });
    await expect(other.migrate()).rejects.toThrow(/'0000_index' failed: [\s\S]*create index concurrently things_id/);
    expect((await db.execute(sql`select to_regclass('things') as name`)).rows).toEqual([{ name: null }]);
  });

  it("accepts an isolation level", async () => {
    const { database, db } = await createPostgres();
    const level = await database.atomic(async () => (await db.execute(sql`show transaction_isolation`)).rows, {
      isolationLevel: "serializable",
    });
    expect(level).toEqual([{ transaction_isolation: "serializable" }]);
  });

  it("is compared with the tables of the app, in all of its schemas", async () => {
    const shop = pgSchema("shop");
    const schema = {
      users: pgTable("users", { id: serial().primaryKey(), passwordHash: text() }),
      orders: shop.table("orders", { id: serial().primaryKey(), sentAt: text() }),
      paid: shop.view("paid", { id: serial() }).as(sql`select 1 as id`),
      state: shop.enum("state", ["open", "paid"]),
    };
    const client = openPostgres(await server.createDatabase());
    const database = new Database(drizzle({ client, schema, casing: "snake_case" }));
    onTestFinished(() => database.close());
    const journal = {
      version: "7",
      dialect: "postgresql",
      entries: [{ idx: 0, version: "7", when: 1, tag: "0000_one", breakpoints: true }],
    };
    const statements = `create table users (id serial, "passwordHash" text);--> statement-breakpoint
create schema shop;--> statement-breakpoint
create table shop.users (id serial, password_hash text);--> statement-breakpoint
create table shop.orders (id serial, sent_at text);--> statement-breakpoint
create table orders (id serial);`;
    const root = writeFiles({ "migrations/meta/_journal.json": JSON.stringify(journal), "migrations/0000_one.sql": statements });
    const app = new Flagon(root, { static: null, config: { testing: true } });
    app.use(database);
    const check = async () => (await app.testCommands().invoke(["db", "check"])).output;
    expect(await check()).toBe("Not applied yet: '0000_one'.\n");
    await database.migrate();
    expect(await check()).toContain("\nThe table 'users' has no column 'password_hash'; it has 'passwordHash'.\nWrite a migration");
    await client.query('alter table users rename column "passwordHash" to password_hash');
    expect(await check()).toBe("All migrations are applied.\n");
    await client.query("drop table shop.orders");
    expect(await check()).toContain("There is no table 'shop.orders'.");
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
