import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/libsql";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Flagon } from "flagon";
import { Database, openLibsql, openPostgres } from "flagon/database";
import { describe, expect, it, onTestFinished } from "vitest";
import { writeFiles } from "../support";

type Casing = "snake_case" | "camelCase";

const tables = `export const users = table("users", { id: integer().primaryKey(), passwordHash: text(), sent_at: text(), own: text("ownName") });\n`;
const sqliteTables = `import { integer, sqliteTable as table, text } from "drizzle-orm/sqlite-core";\n${tables}`;
const users = sqliteTable("users", { id: integer().primaryKey(), passwordHash: text(), sent_at: text(), own: text("ownName") });

function setUp(files: Readonly<Record<string, string>>, database: Database, close: () => unknown = () => database.close()) {
  const root = writeFiles({ "package.json": "{}", "schema.ts": sqliteTables, ...files });
  symlinkSync(join(__dirname, "../../node_modules"), join(root, "node_modules"));
  onTestFinished(async () => void (await close()));
  const app = new Flagon(root, { static: null, config: { testing: true } });
  app.use(database);
  const run = (...words: string[]) => app.testCommands().invoke(["db", ...words]);
  const generate = async () => {
    const { exitCode, output } = await run("generate");
    const [file] = readdirSync(join(root, "migrations")).filter((name) => name.endsWith(".sql"));
    const sql = readFileSync(join(root, "migrations", file ?? ""), "utf8");
    const columns = sql
      .split("\n")
      .filter((line) => line.startsWith("\t"))
      .map((line) => /\w+/.exec(line)?.[0]);
    return { exitCode, output, columns };
  };
  return { app, root, run, generate };
}

function open(casing?: Casing, schema: Record<string, unknown> = { users }) {
  const options = { client: openLibsql(":memory:"), ...(casing === undefined ? {} : { casing }), schema };
  return new Database(drizzle(options));
}

const names = {
  none: ["id", "passwordHash", "sent_at", "ownName"],
  snake_case: ["id", "password_hash", "sent_at", "ownName"],
  camelCase: ["id", "passwordHash", "sentAt", "ownName"],
};
const config = (casing: string, dialect = "sqlite") =>
  `export default { dialect: "${dialect}", schema: "./schema.ts", out: "./migrations"${casing === "" ? "" : `, casing: "${casing}"`} };\n`;

describe("flagon db generate, with the casing of drizzle(),", () => {
  it.each(["snake_case", "camelCase", undefined] as const)("is that of the migrations: %s", async (casing) => {
    const database = open(casing);
    const { generate, run } = setUp({}, database);
    expect((await generate()).columns).toEqual(names[casing ?? "none"]);
    await database.migrate();
    expect(await run("check")).toMatchObject({ exitCode: 0, output: "All migrations are applied.\n" });
    await database.drizzle.insert(users).values({ id: 1, passwordHash: "x", sent_at: "y", own: "z" });
    expect(await database.drizzle.select().from(users)).toEqual([{ id: 1, passwordHash: "x", sent_at: "y", own: "z" }]);
  });

  it.each([
    [
      "snake_case",
      "ts",
      config("camelCase"),
      /drizzle\.config\.ts has casing: "camelCase" and drizzle\(\) of the app has casing: "snake_case"/,
    ],
    ["camelCase", "ts", config(""), /drizzle\.config\.ts has no casing and drizzle\(\) of the app has casing: "camelCase"/],
    [
      "snake_case",
      "js",
      `module.exports = { dialect: "sqlite", schema: "./schema.ts", out: "./migrations" };`,
      /drizzle\.config\.js has no/,
    ],
    [
      "snake_case",
      "json",
      '{ "dialect": "sqlite", "schema": "./schema.ts", "out": "./migrations" }',
      /drizzle\.config\.json has no casing/,
    ],
    [undefined, "ts", config("snake_case"), /has casing: "snake_case" and drizzle\(\) of the app has no casing/],
    ["snake_case", "ts", config("snake_case"), /^(?!.*of the app)/s],
    [undefined, "ts", config(""), /^(?!.*of the app)/s],
  ] as const)("comes before that of a file of settings, which it names: %s, %s", async (casing, end, text, said) => {
    const { generate } = setUp({ [`drizzle.config.${end}`]: text }, open(casing));
    const made = await generate();
    expect(made).toMatchObject({ exitCode: 0, columns: names[casing ?? "none"], output: expect.stringMatching(said) });
  });

  it("is that of the migrations on Postgres as well, and in an app of ES modules", async () => {
    const database = new Database(drizzlePostgres({ client: openPostgres("postgres://app@127.0.0.1:1/app"), casing: "snake_case" }));
    const { generate, root } = setUp(
      {
        "package.json": '{"type":"module"}',
        "schema.ts": `import { integer, pgTable as table, text } from "drizzle-orm/pg-core";\n${tables}`,
      },
      database,
    );
    expect((await generate()).columns).toEqual(names.snake_case);
    rmSync(join(root, "migrations"), { recursive: true });
    writeFileSync(join(root, "drizzle.config.ts"), config("", "postgresql"));
    expect((await generate()).columns).toEqual(names.snake_case);
  });
});

describe("migrations on libSQL, compared with the tables of the app,", () => {
  const journal = JSON.stringify({
    version: "7",
    dialect: "sqlite",
    entries: [{ idx: 0, version: "6", when: 1, tag: "0000_one", breakpoints: true }],
  });
  const migration = (sql: string) => ({ "migrations/meta/_journal.json": journal, "migrations/0000_one.sql": sql });

  it.each([
    [
      "a column with another casing",
      'create table users (id integer primary key, "passwordHash" text, sent_at text, ownName text)',
      /The table 'users' has no column 'password_hash'; it has 'passwordHash'\.\nWrite a migration: npx flagon db generate/,
    ],
    [
      "a column that no migration makes",
      "create table users (id integer primary key, password_hash text, ownName text)",
      /no column 'sent_at'\./,
    ],
    ["a table that no migration makes", "create table others (id integer)", /There is no table 'users'\./],
  ])("lack %s", async (_, sql, said) => {
    const { app, run } = setUp(migration(sql), open("snake_case"));
    expect((await run("migrate")).exitCode).toBe(0);
    expect(await run("check")).toMatchObject({ exitCode: 1, output: expect.stringMatching(said) });
    expect(await app.registry.deploymentChecks[0]?.()).toEqual([
      { problem: expect.stringMatching(said), cure: "Run: npx flagon db check" },
    ]);
  });

  it("find the tables of an app whose drizzle() does not have them, in their file", async () => {
    const database = new Database(drizzle({ client: openLibsql(":memory:"), casing: "snake_case" }));
    const { run } = setUp(
      migration("create table users (id integer primary key, passwordHash text, sent_at text, ownName text)"),
      database,
    );
    await run("migrate");
    expect((await run("check")).output).toContain("no column 'password_hash'; it has 'passwordHash'");
  });

  it("compare names without their case, and know views, generated columns and other tables", async () => {
    const { run } = setUp(
      migration(
        'create table USERS (ID integer primary key, Password_Hash text generated always as (upper(sent_at)) virtual, sent_at text, "OWNNAME" text, more text)',
      ),
      open("snake_case"),
    );
    await run("migrate");
    expect(await run("check")).toMatchObject({ exitCode: 0 });
  });

  it("do not fail for a file of tables that cannot be loaded", async () => {
    const database = new Database(drizzle({ client: openLibsql(":memory:") }));
    const { run } = setUp({ ...migration("create table users (id integer)"), "schema.ts": "throw new Error('no');" }, database);
    await run("migrate");
    expect(await run("check")).toMatchObject({ exitCode: 0 });
  });
});
