import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as drizzleOrm from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { Flagon } from "flagon";
import { Database, openLibsql, paginate } from "flagon/database";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLibsql } from "../database/libsql";
import { writeFiles } from "../support";

const [one, two, three] = ["20260101000000_one", "20260201000000_two", "20260301000000_three"];
const first =
  "create table one (id integer primary key, title text not null);\n--> statement-breakpoint\ninsert into one values (1, 'first');\n";

function setUp(files: Record<string, string>) {
  const root = writeFiles({ "package.json": "{}", ...files });
  const create = () => {
    const client = openLibsql(`file:${root}/app.db`);
    const database = new Database(drizzle({ client }));
    onTestFinished(() => database.close());
    const app = new Flagon(root, { static: null, config: { testing: true } });
    app.use(database);
    return { client, database, run: (...words: string[]) => app.testCommands().invoke(words) };
  };
  return { root, create };
}

describe("the folders of migrations of drizzle 1", () => {
  it("are applied once, by the first of several processes, and compared with what is applied", async () => {
    const { create, root } = setUp({ [`migrations/${one}/migration.sql`]: first, [`migrations/${three}/migration.sql`]: "select 1;" });
    const all = [create(), create(), create()];
    const [made] = all;
    expect((await made?.database.inspectMigrations())?.pending).toEqual([one, three]);
    const applied = await Promise.all(all.map(({ database }) => database.migrate()));
    expect(applied.flat()).toEqual([one, three]);
    expect((await made?.run("db", "check"))?.output).toBe("All migrations are applied.\n");
    // One with an earlier time, of another branch, is applied as well.
    const late = writeFiles({ [`migrations/${two}/migration.sql`]: "create table two (id integer);" });
    symlinkSync(join(late, "migrations", two), join(root, "migrations", two));
    expect(await made?.database.inspectMigrations()).toMatchObject({ pending: [two], skipped: [] });
    expect(await made?.database.migrate()).toEqual([two]);
    writeFileSync(join(root, "migrations", one, "migration.sql"), first.replaceAll("\n", "\r\n"));
    expect((await made?.database.inspectMigrations())?.problem).toBeNull();
    writeFileSync(join(root, "migrations", one, "migration.sql"), `${first}-- more`);
    await expect(made?.database.migrate()).rejects.toThrow(`Changed after it had been applied: '${one}'`);
  });

  it("are rolled back if a statement fails, and the error names file and statement", async () => {
    const { create } = setUp({
      [`migrations/${one}/migration.sql`]: first,
      [`migrations/${two}/migration.sql`]: "create table two (id integer);\n--> statement-breakpoint\ninsert into nowhere values (1);",
    });
    const { client, database } = create();
    await expect(database.migrate()).rejects.toThrow(
      new RegExp(`'${two}' failed: [\\s\\S]*nowhere[\\s\\S]*insert into nowhere values \\(1\\)[\\s\\S]*${two}/migration.sql`),
    );
    expect((await database.inspectMigrations()).pending).toContain(two);
    expect((await client.execute("select name from sqlite_master where name in ('one', 'two')")).rows).toEqual([]);
  });

  it("are written by flagon db generate, which refuses to guess a renaming", async () => {
    const table = (columns: string) =>
      `import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";\nexport const users = sqliteTable("users", { id: integer().primaryKey(), ${columns} });\n`;
    const { create, root } = setUp({ "schema.ts": table("name: text().notNull(), age: integer()") });
    symlinkSync(join(__dirname, "../../node_modules"), join(root, "node_modules"));
    const { database, run } = create();
    const generated = await run("db", "generate", "--name", "users");
    expect([generated.exitCode, generated.output]).toEqual([0, expect.any(String)]);
    const [folder = ""] = readdirSync(join(root, "migrations"));
    expect(folder).toMatch(/^\d{14}_users$/);
    expect(await database.migrate()).toEqual([folder]);
    writeFileSync(join(root, "schema.ts"), table("title: text().notNull(), age: integer()"));
    const renamed = await run("db", "generate");
    expect([renamed.exitCode, readdirSync(join(root, "migrations")).length]).toEqual([1, 1]);
    writeFileSync(join(root, "schema.ts"), table("name: text().notNull()"));
    expect((await run("db", "generate", "--name", "ageless")).output).toContain("These statements lose or move data");
  });
});

describe("the casing of tables of drizzle 1", () => {
  it("is that of their migrations, with a file of settings and without one", async () => {
    const table = `import { integer, snakeCase, text } from "drizzle-orm/sqlite-core";\nexport const users = snakeCase.table("users", { id: integer().primaryKey(), passwordHash: text() });\n`;
    for (const files of [
      {},
      { "drizzle.config.ts": 'export default { dialect: "sqlite", schema: "./schema.ts", out: "./migrations" };' },
    ]) {
      const { create, root } = setUp({ "schema.ts": table, ...files });
      symlinkSync(join(__dirname, "../../node_modules"), join(root, "node_modules"));
      const { client, database, run } = create();
      expect(await run("db", "generate")).toMatchObject({ exitCode: 0 });
      await database.migrate();
      expect(await run("db", "check")).toMatchObject({ exitCode: 0, output: "All migrations are applied.\n" });
      await client.execute("alter table users rename column password_hash to passwordHash");
      expect((await run("db", "check")).output).toContain("no column 'password_hash'; it has 'passwordHash'");
    }
  });
});

describe("the relational queries of drizzle 1", () => {
  it("are paged by a function", async () => {
    const { client, database, posts } = await createLibsql("memory");
    const { defineRelations } = drizzleOrm as unknown as { defineRelations(tables: object): object };
    const db = drizzle({ client, relations: defineRelations({ posts }) } as never) as unknown as {
      query: { posts: { findMany(options: object): Promise<{ title: string }[]> } };
    };
    for (const title of ["a", "b", "c"]) {
      await database.current.insert(posts).values({ title });
    }
    const page = await paginate(({ limit, offset }) => db.query.posts.findMany({ limit, offset, orderBy: { id: "desc" } }), {
      count: database.current.$count(posts),
      page: 2,
      perPage: 2,
    });
    expect([page.total, page.items.map(({ title }) => title)]).toEqual([3, ["a"]]);
  });
});
