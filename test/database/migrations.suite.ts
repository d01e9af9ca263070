import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Flagon } from "flagon";
import { Database, type DatabaseOptions } from "flagon/database";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { writeFiles } from "../support";

type Row = Readonly<Record<string, unknown>>;

/** A database without tables, opened as often as wanted. */
export interface Opened {
  readonly drizzle: { readonly _: object };
  query(sql: string): Promise<readonly Row[]>;
}

const first =
  "create table one (id integer primary key, title text not null);\n--> statement-breakpoint\ninsert into one values (1, 'first');\n";

function journal(...tags: readonly string[]): string {
  const entries = tags.map((tag) => ({
    idx: Number(tag.slice(0, 4)),
    version: "6",
    when: 1000 + Number(tag.slice(0, 4)),
    tag,
    breakpoints: true,
  }));
  return JSON.stringify({ version: "7", dialect: "sqlite", entries });
}

function writeProject(files: Record<string, string> = {}) {
  return writeFiles({ "migrations/meta/_journal.json": journal("0000_one"), "migrations/0000_one.sql": first, ...files });
}

/** The behaviour of migrations on all databases. */
export function describeMigrations(name: string, prepare: () => Promise<() => Opened>): void {
  const setUp = async (root = writeProject(), options: DatabaseOptions<{ readonly _: object }> = {}) => {
    const open = await prepare();
    const opened: Database[] = [];
    onTestFinished(async () => {
      for (const database of opened) {
        await database.close();
      }
    });
    const create = () => {
      const { drizzle, query } = open();
      const database = new Database(drizzle, options);
      opened.push(database);
      const app = new Flagon(root, { static: null, config: { testing: true } });
      app.use(database);
      const run = (...words: string[]) => app.testCommands().invoke(words);
      return { app, database, query, run };
    };
    return { root, create };
  };
  const write = (root: string, tag: string, text: string, ...all: readonly string[]) => {
    writeFileSync(join(root, `migrations/${tag}.sql`), text);
    writeFileSync(join(root, "migrations/meta/_journal.json"), journal(...all));
  };

  describe(`migrations on ${name}`, () => {
    it("are applied once, by the first of several processes", async () => {
      const { create } = await setUp();
      const all = [create(), create(), create(), create()];
      const applied = await Promise.all(all.map(({ database }) => database.migrate()));
      expect(applied.flat()).toEqual(["0000_one"]);
      expect(await all[0]?.query("select title from one")).toEqual([{ title: "first" }]);
      expect(await all[1]?.database.inspectMigrations()).toEqual({ pending: [], skipped: [], changed: [], problem: null });
    });

    it("that were generated again after they had been applied name the reset as their cure, in development alone", async () => {
      const { create, root } = await setUp();
      const { database, query, run } = create();
      await database.migrate();
      write(root, "0001_one", "create table one (id integer primary key);", "0001_one");
      const again = await run("db", "migrate");
      expect([again.exitCode, again.output]).toEqual([
        1,
        expect.stringMatching(
          /'0001_one' failed: .*already exists[\s\S]*an applied migration that the folder does not have[^\n]*npx flagon db reset/,
        ),
      ]);
      expect(again.output).not.toContain("Fix ");
      vi.stubEnv("NODE_ENV", "production");
      const served = await run("db", "migrate");
      vi.unstubAllEnvs();
      expect(served.output).toMatch(/Restore the former files/);
      expect(served.output).not.toContain("reset");
      expect((await run("db", "reset")).exitCode).toBe(0);
      expect(await query("select * from one")).toEqual([]);
    });

    it("of tables that were made by other means name the reset as well, and those that are wrong do not", async () => {
      const { create, root } = await setUp();
      const { run, query } = create();
      await query("create table one (id integer primary key)");
      expect((await run("db", "migrate")).output).toMatch(/has no applied migration[^\n]*npx flagon db reset/);
      await query("drop table one");
      expect((await run("db", "migrate")).exitCode).toBe(0);
      write(root, "0001_two", "create table one (id integer primary key);", "0000_one", "0001_two");
      const wrong = await run("db", "migrate");
      expect(wrong.output).toMatch(/already exists[\s\S]*Fix .*0001_two\.sql/);
      expect(wrong.output).not.toContain("reset");
    });

    it("have a state: pending, skipped or changed", async () => {
      const { create, root } = await setUp();
      const { app, database, query, run } = create();
      expect((await database.inspectMigrations()).pending).toEqual(["0000_one"]);
      expect(await app.registry.deploymentChecks[0]?.()).toEqual([
        { problem: "Not applied yet: '0000_one'.", cure: "Run: npx flagon db migrate" },
      ]);
      expect((await run("db", "check")).exitCode).toBe(1);
      expect(await run("db", "migrate")).toMatchObject({ exitCode: 0, output: "Applied 0000_one.\n" });
      expect(await run("db", "check")).toMatchObject({ exitCode: 0, output: "All migrations are applied.\n" });
      write(root, "0002_three", "create table three (id integer primary key);", "0000_one", "0002_three");
      await run("db", "migrate");
      write(root, "0001_two", "create table two (id integer primary key);", "0000_one", "0001_two", "0002_three");
      expect((await database.inspectMigrations()).skipped).toEqual(["0001_two"]);
      await expect(database.migrate()).rejects.toThrow(/passed over since a later one is: '0001_two'/);
      write(root, "0000_one", first.replaceAll("\n", "\r\n"), "0000_one", "0002_three");
      expect((await database.inspectMigrations()).problem).toBeNull();
      write(root, "0000_one", `${first}-- more`, "0000_one", "0002_three");
      await expect(database.migrate()).rejects.toThrow(/Changed after it had been applied: '0000_one'/);
      expect(await query("select count(*) as count from three")).toHaveLength(1);
      expect(await app.registry.deploymentChecks[0]?.()).toHaveLength(1);
    });

    it("are rolled back if a statement fails, and the error names file and statement", async () => {
      const { create, root } = await setUp();
      const { database, run } = create();
      write(
        root,
        "0001_two",
        "create table two (id integer primary key);\n--> statement-breakpoint\ninsert into nowhere values (1);",
        "0000_one",
        "0001_two",
      );
      await expect(database.migrate()).rejects.toThrow(
        /'0001_two' failed: [\s\S]*nowhere[\s\S]*insert into nowhere values \(1\)[\s\S]*0001_two\.sql/,
      );
      expect((await database.inspectMigrations()).pending).toContain("0001_two");
      expect((await run("db", "migrate")).exitCode).toBe(1);
    });

    it("are left as they are, with an error that names the file, if one is gone or the journal is torn", async () => {
      const { create, root } = await setUp();
      const { app, database, query, run } = create();
      const write = (text: string) => writeFileSync(join(root, "migrations/meta/_journal.json"), text);
      for (const text of ["<<<<<<< HEAD", "", "null", "[]", '{"version":"7"}']) {
        write(text);
        await expect(database.migrate(), text).rejects.toThrow(
          /The journal of the migrations, '.*_journal\.json', cannot be read: .* Restore it/,
        );
        expect((await run("db", "check")).output, text).toMatch(/cannot be read/);
      }
      await expect(app.registry.deploymentChecks[0]?.()).rejects.toThrow(/cannot be read/);
      write(journal("0000_one", "0001_gone"));
      await expect(database.migrate()).rejects.toThrow(/The migrations in '.*' cannot be read: .*0001_gone\.sql/);
      expect((await query("select 1 as found"))[0]?.found).toBe(1);
      await expect(query("select * from one")).rejects.toThrow();
    });

    it("make a database that a reset empties: views, and a table for searches or a schema of its own", async () => {
      const own =
        name === "Postgres"
          ? 'create schema "second one";\n--> statement-breakpoint\ncreate table "second one".notes (id integer primary key);'
          : "create virtual table notes using fts5(text);\n--> statement-breakpoint\ninsert into notes values ('found');";
      const { create } = await setUp(
        writeProject({
          "migrations/0000_one.sql": `${first}--> statement-breakpoint\ncreate view titles as select title from one;\n--> statement-breakpoint\n${own}`,
        }),
      );
      const { run } = create();
      await run("db", "migrate");
      expect(await run("db", "reset")).toMatchObject({ exitCode: 0, output: "Emptied.\nApplied 0000_one.\n" });
    });

    it("are read before a reset removes anything", async () => {
      const { create, root } = await setUp();
      const { database, query, run } = create();
      await database.migrate();
      writeFileSync(join(root, "migrations/meta/_journal.json"), "{");
      expect(await run("db", "reset")).toMatchObject({ exitCode: 1 });
      expect(await query("select title from one")).toEqual([{ title: "first" }]);
    });

    it("belong to commands that fill and empty the database, in production only by its name", async () => {
      let filled = 0;
      const { create } = await setUp(undefined, {
        seed: async () => {
          filled++;
          if (filled === 3) {
            throw new Error("half-way");
          }
        },
      });
      const { query, run } = create();
      await run("db", "migrate");
      expect(await run("db", "seed")).toMatchObject({ output: "Filled.\n" });
      expect(await run("db", "reset")).toMatchObject({ output: "Emptied.\nApplied 0000_one.\n" });
      expect([filled, await query("select title from one")]).toEqual([2, [{ title: "first" }]]);
      expect((await run("db", "seed")).exitCode).toBe(1);
      const before = process.env.NODE_ENV;
      process.env.NODE_ENV = "production";
      try {
        const refused = await run("db", "reset");
        expect([refused.exitCode, String(refused.error)]).toEqual([
          2,
          expect.stringMatching(/would empty the database '\w[\w.]*', which is in production/),
        ]);
        const [, called = ""] = /--database (\S+)/.exec(String(refused.error)) ?? [];
        expect((await run("db", "reset", "--database", "other")).exitCode).toBe(2);
        expect((await run("db", "reset", "--database", called)).exitCode).toBe(0);
      } finally {
        process.env.NODE_ENV = before;
      }
      expect((await create().run("db", "unknown")).exitCode).toBe(2);
    });
  });
}
