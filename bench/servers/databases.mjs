/*
 * The rows of the workloads with a database: tables, queries by drizzle, and connections. All servers use them; Flagon has its own transactions.
 */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
let loaded;

/** Loads drizzle and the drivers when a workload asks for them: they would else be part of each server's start and memory. */
function load() {
  loaded ??= {
    ...require("drizzle-orm"),
    createClient: require("@libsql/client").createClient,
    drizzleLibsql: require("drizzle-orm/libsql").drizzle,
    drizzlePostgres: require("drizzle-orm/node-postgres").drizzle,
    pg: require("drizzle-orm/pg-core"),
    sqlite: require("drizzle-orm/sqlite-core"),
    Pool: require("pg").Pool,
  };
  return loaded;
}

const worldSize = 1000;
const messages = [
  "A list is only as strong as its weakest link.",
  "Any program that runs right is obsolete.",
  "Computers make very fast, very accurate mistakes.",
  "A computer scientist is someone who fixes things that aren't broken.",
  "After enough decimal places, nobody gives a damn.",
  "Emacs is a nice operating system, but I prefer UNIX.",
  "Feature: A bug with seniority.",
  "fortune: No such file or directory",
  'Say "hello" & wave',
  "Waste not, fetch everything you want.",
  '<script>alert("This should not be displayed.");</script>',
  "フレームワークのベンチマーク",
];

const known = new Map();

/** The tables by the kind of the database. */
export const tables = {
  get libsql() {
    const { sqlite } = load();
    return remember("libsql", () => ({
      worlds: sqlite.sqliteTable("worlds", { id: sqlite.integer().primaryKey(), amount: sqlite.integer().notNull() }),
      fortunes: sqlite.sqliteTable("fortunes", { id: sqlite.integer().primaryKey(), message: sqlite.text().notNull() }),
    }));
  },
  get postgres() {
    const { pg } = load();
    return remember("postgres", () => ({
      worlds: pg.pgTable("worlds", { id: pg.integer().primaryKey(), amount: pg.integer().notNull() }),
      fortunes: pg.pgTable("fortunes", { id: pg.integer().primaryKey(), message: pg.text().notNull() }),
    }));
  },
};

function remember(kind, create) {
  const found = known.get(kind) ?? create();
  known.set(kind, found);
  return found;
}

/** The kinds of databases that the benchmark has given to this server; none for the other workloads. */
export const kinds = [
  ...(process.env.BENCH_LIBSQL === undefined ? [] : ["libsql"]),
  ...(process.env.BENCH_POSTGRES === undefined ? [] : ["postgres"]),
];

/** Finds one row, whose number is of a route. */
export async function findRow(db, { worlds }, id) {
  const [row] = await db.select().from(worlds).where(loaded.eq(worlds.id, id));
  return row;
}

/** Lists the fortunes with one that is added now, in the order of their texts. */
export async function listFortunes(db, { fortunes }) {
  const rows = await db.select().from(fortunes);
  rows.push({ id: 0, message: "Additional fortune added at request time." });
  return rows.sort((left, right) => (left.message < right.message ? -1 : 1));
}

/** Changes twenty rows. All transactions go through them in the same order, so that none waits for another for ever. */
export async function updateRows(db, { worlds }) {
  const { eq, sql } = loaded;
  const start = Math.floor(Math.random() * (worldSize - 20)) + 1;
  for (let id = start; id < start + 20; id++) {
    await db
      .update(worlds)
      .set({ amount: sql`${worlds.amount} + 1` })
      .where(eq(worlds.id, id));
  }
  return { updated: 20 };
}

/** Opens a pool of Postgres. */
export function openPool() {
  return new (load().Pool)({ connectionString: process.env.BENCH_POSTGRES, max: 10 });
}

/** Opens the databases as an app without Flagon would: SQLite takes one writer at a time, so that transactions wait in a queue. */
export function openDatabases() {
  return kinds.map((kind) => {
    const { createClient, drizzleLibsql, drizzlePostgres } = load();
    if (kind === "postgres") {
      return { kind, ...bind(drizzlePostgres(openPool()), tables.postgres, (work) => work()) };
    }
    const client = createClient({ url: process.env.BENCH_LIBSQL });
    let last = client.execute("PRAGMA journal_mode = WAL");
    return {
      kind,
      ...bind(drizzleLibsql(client), tables.libsql, (work) => {
        const done = last.then(work);
        last = done.catch(() => undefined);
        return done;
      }),
    };
  });
}

function bind(db, own, takeTurn) {
  return {
    findRow: (id) => findRow(db, own, id),
    listFortunes: () => listFortunes(db, own),
    updateRows: () => takeTurn(() => db.transaction((transaction) => updateRows(transaction, own))),
  };
}

/** Fills a database. */
export async function fillDatabase(kind) {
  const { createClient, drizzleLibsql, drizzlePostgres } = load();
  const pool = kind === "postgres" ? openPool() : undefined;
  const client = pool === undefined ? createClient({ url: process.env.BENCH_LIBSQL }) : undefined;
  const db = pool === undefined ? drizzleLibsql(client) : drizzlePostgres(pool);
  const run = (statement) => (pool === undefined ? client.execute(statement) : pool.query(statement));
  await run("create table worlds (id integer primary key, amount integer not null)");
  await run("create table fortunes (id integer primary key, message text not null)");
  const { fortunes, worlds } = tables[kind];
  await db.insert(worlds).values(Array.from({ length: worldSize }, (_, index) => ({ id: index + 1, amount: 0 })));
  await db.insert(fortunes).values(messages.map((message, index) => ({ id: index + 1, message })));
  await pool?.end();
  client?.close();
}
