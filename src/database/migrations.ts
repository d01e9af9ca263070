import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseError } from "../base/errors";
import { type DrizzleMigrator, loadMigrator } from "./drizzle";
import { type Engine, findOfError, messageOf } from "./engine";
import { reach } from "./reach";
import { type AppTable, describeMissing } from "./tables";

/** The words of a database about a table, a column or another object that exists. */
const existing = /\balready exists\b|\bduplicate column name\b/i;

/** A migration of the folder. */
interface Migration {
  readonly tag: string;
  /** Its file, relative to the folder. */
  readonly file: string;
  /** Whether drizzle knows it by its name, from version 1 on, and not by its time. */
  readonly isNamed: boolean;
  readonly time: number;
  readonly statements: readonly string[];
  readonly hashes: readonly string[];
}

/** A row of drizzle's table of migrations. */
interface Applied {
  readonly time: number;
  readonly hash: string;
  /** From version 1 on. */
  readonly name: string | null;
}

/** The folder of migrations compared with the database, each migration by its name. */
export interface MigrationReport {
  /** The migrations that the next `migrate` applies. */
  readonly pending: readonly string[];
  /** The migrations that drizzle would pass over, since a later one is applied. */
  readonly skipped: readonly string[];
  /** The migrations that were changed after they had been applied. */
  readonly changed: readonly string[];
  /** The problem in a sentence, or `null`. */
  readonly problem: string | null;
}

/** The parts of an app that its migrations need. */
interface MigrationParts {
  /** The folder of migrations. */
  readonly folder: string;
  /** Applies them, in place of drizzle's own migrator. */
  readonly apply: (() => unknown) | undefined;
  /** Lists the tables that the app's queries name. */
  listTables(): Promise<readonly AppTable[]>;
}

/** The migrations of a database: drizzle's, applied by drizzle, under a lock, and compared with the applied ones. */
export class Migrations {
  readonly #engine: Engine;
  readonly #database: object;
  readonly #parts: MigrationParts;

  /**
   * @param engine The database.
   * @param database The database of drizzle.
   * @param parts The folder, and the app's own parts.
   */
  constructor(engine: Engine, database: object, parts: MigrationParts) {
    this.#engine = engine;
    this.#database = database;
    this.#parts = parts;
  }

  /** The folder. */
  get folder(): string {
    return this.#parts.folder;
  }

  /** Compares the folder, and the tables of the app, with the database. */
  async inspect(): Promise<MigrationReport> {
    await reach(this.#engine);
    const report = await this.#compare();
    return report.problem === null ? { ...report, problem: await this.#findMissing() } : report;
  }

  /** Describes the columns of the app's queries that no migration has made. */
  async #findMissing(): Promise<string | null> {
    const tables = this.#engine.kind === "other" ? [] : await this.#parts.listTables();
    const missing = tables.length === 0 ? [] : describeMissing(tables, await this.#engine.listColumns(), this.#engine.kind === "libsql");
    return missing.length === 0
      ? null
      : `All migrations are applied, and the tables of the app differ from those of the database:\n${missing.join("\n")}\nWrite a migration: npx flagon db generate.`;
  }

  async #compare(): Promise<MigrationReport> {
    const migrations = this.#read();
    const applied = await this.#readApplied();
    const latest = Math.max(0, ...applied.map(({ time }) => time));
    const missing = migrations.filter((migration) => !applied.some((row) => isOf(migration, row)));
    const pending = missing.filter(({ isNamed, time }) => isNamed || time > latest).map(({ tag }) => tag);
    const skipped = missing.filter(({ isNamed, time }) => !isNamed && time <= latest).map(({ tag }) => tag);
    const changed = migrations
      .filter((migration) => applied.some((row) => isOf(migration, row) && !migration.hashes.includes(row.hash)))
      .map(({ tag }) => tag);
    return { pending, skipped, changed, problem: describe(pending, skipped, changed) };
  }

  /** Applies the pending migrations, while no other process does. */
  async migrate(): Promise<readonly string[]> {
    await reach(this.#engine);
    return this.#engine.lock(async () => {
      const before = await this.#compare();
      if (before.skipped.length > 0 || before.changed.length > 0) {
        throw new DatabaseError(describe([], before.skipped, before.changed) ?? "");
      }
      try {
        await (this.#parts.apply ?? (() => this.#applyByDrizzle()))();
      } catch (error) {
        throw await this.#explain(error, before.pending);
      }
      return before.pending;
    });
  }

  /**
   * Lists the schemas of Postgres that the migrations make.
   *
   * @throws {DatabaseError} If the migrations cannot be read.
   */
  listSchemas(): readonly string[] {
    return this.#read().flatMap(({ statements }) =>
      [...statements.join("\n").matchAll(/\bcreate\s+schema\s+(?:if\s+not\s+exists\s+)?(?:"((?:[^"]|"")+)"|([a-z_]\w*))/gi)].map(
        ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.toLowerCase(),
      ),
    );
  }

  #read(): readonly Migration[] {
    const hasJournal = existsSync(join(this.folder, "meta/_journal.json"));
    if (!hasJournal && !hasNamed(this.folder)) {
      if (this.#parts.apply !== undefined) {
        return [];
      }
      throw new DatabaseError(
        `There are no migrations in '${this.folder}'. Make the first by: npx flagon db generate. If they are elsewhere: new Database(…, { migrations: "folder" }).`,
      );
    }
    const tags = hasJournal ? this.#readTags() : [];
    return this.#readFiles().map(({ folderMillis, hash, name, sql }, index) => {
      const text = sql.join("--> statement-breakpoint");
      const tag = name ?? tags[index] ?? String(folderMillis);
      // Git can change the ends of lines between machines.
      const plain = text.replaceAll("\r\n", "\n");
      return {
        tag,
        file: name === undefined ? `${tag}.sql` : join(name, "migration.sql"),
        isNamed: name !== undefined,
        time: folderMillis,
        statements: sql,
        hashes: [hash, hashOf(plain), hashOf(plain.replaceAll("\n", "\r\n"))],
      };
    });
  }

  /** Reads the names of drizzle's journal. A merge can leave it torn. */
  #readTags(): readonly string[] {
    const file = join(this.folder, "meta/_journal.json");
    try {
      const { entries }: { entries?: readonly { tag: string }[] } = JSON.parse(readFileSync(file, "utf8"));
      if (!Array.isArray(entries)) {
        throw new TypeError("it has no list of entries");
      }
      return entries.map(({ tag }) => tag);
    } catch (cause) {
      throw new DatabaseError(
        `The journal of the migrations, '${file}', cannot be read: ${messageOf(cause)}. Restore it: it lists the migrations in the order in which they are applied.`,
        { cause },
      );
    }
  }

  #readFiles(): ReturnType<DrizzleMigrator["readMigrationFiles"]> {
    try {
      return loadMigrator().readMigrationFiles({ migrationsFolder: this.folder });
    } catch (cause) {
      throw new DatabaseError(
        `The migrations in '${this.folder}' cannot be read: ${messageOf(cause)}. If a file is gone, restore it; if it was never applied, remove its entry from meta/_journal.json as well.`,
        { cause },
      );
    }
  }

  async #readApplied(): Promise<readonly Applied[]> {
    if (this.#engine.kind === "other") {
      return [];
    }
    const [table, known] =
      this.#engine.kind === "postgres"
        ? ["drizzle.__drizzle_migrations", "SELECT to_regclass('drizzle.__drizzle_migrations') AS name"]
        : ["__drizzle_migrations", "SELECT max(name) AS name FROM sqlite_master WHERE name = '__drizzle_migrations'"];
    const [row] = await this.#engine.query(known);
    if (row?.name === null || row?.name === undefined) {
      return [];
    }
    const rows = await this.#engine.query(`SELECT * FROM ${table}`);
    return rows.map(({ created_at, hash, name }) => ({
      time: Number(created_at),
      hash: String(hash),
      name: typeof name === "string" ? name : null,
    }));
  }

  async #applyByDrizzle(): Promise<void> {
    const migrator: { migrate(database: object, config: object): unknown } =
      this.#engine.kind === "postgres" ? require("drizzle-orm/node-postgres/migrator") : require("drizzle-orm/libsql/migrator");
    if (this.#engine.kind === "other") {
      throw new DatabaseError(
        "Say how the migrations are applied: new Database(…, { migrate: (db) => migrate(db, { migrationsFolder }) }).",
      );
    }
    await migrator.migrate(this.#database, { migrationsFolder: this.folder });
  }

  /** Names the file and the statement that failed, and the cure. */
  async #explain(error: unknown, pending: readonly string[]): Promise<unknown> {
    const migrations = this.#read();
    const index: unknown = findOfError(error, "statementIndex");
    const query: unknown = findOfError(error, "query");
    // libSQL counts the statements, each migration having one more that notes it.
    const all = migrations
      .filter(({ tag }) => pending.includes(tag))
      .flatMap(({ file, statements, tag }) => [...statements, ""].map((statement) => ({ file, tag, statement })));
    const failed = typeof index === "number" ? all[index] : all.find(({ statement }) => statement.trim() !== "" && statement === query);
    if (failed === undefined) {
      return error;
    }
    const reason = messageOf(error);
    const cure = (existing.test(reason) ? await this.#describeExisting(migrations) : undefined) ?? `Fix ${join(this.folder, failed.file)}.`;
    return new DatabaseError(
      `The migration '${failed.tag}' failed: ${reason}\n\n${failed.statement.trim()}\n\nNothing of it was applied. ${cure}`,
      { cause: error },
    );
  }

  /** Describes the cure if the tables come from elsewhere than the folder: then the file of the migration is as it should be. */
  async #describeExisting(migrations: readonly Migration[]): Promise<string | undefined> {
    const applied = await this.#readApplied();
    const gone = applied.filter((row) => !migrations.some((migration) => isOf(migration, row))).length;
    if (gone === 0 && applied.length > 0) {
      return undefined;
    }
    const cause =
      gone === 0
        ? "The database has no applied migration, so that its tables were made by other means, such as drizzle-kit push."
        : `The database has ${gone === 1 ? "an applied migration" : `${gone} applied migrations`} that the folder does not have: it was emptied and generated again.`;
    const restore =
      gone === 0
        ? "Use an empty database."
        : "Restore the former files, such as from Git, and generate a migration for what has changed since.";
    return process.env.NODE_ENV !== "production" && (await this.#engine.describe()).isLocal
      ? `${cause} In development, if no row of it is needed: npx flagon db reset, which drops all tables and applies all migrations. Otherwise: ${restore}`
      : `${cause} ${restore}`;
  }
}

/** Tells whether a folder holds migrations of drizzle 1, each in a folder of its name. */
function hasNamed(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => existsSync(join(folder, name, "migration.sql")));
}

/** Tells whether a row is that of a migration. A table of before version 1 has no names, but times with their milliseconds. */
function isOf({ isNamed, tag, time }: Migration, row: Applied): boolean {
  if (!isNamed) {
    return row.time === time;
  }
  return row.name === null ? Math.floor(row.time / 1000) === Math.floor(time / 1000) : row.name === tag;
}

function describe(pending: readonly string[], skipped: readonly string[], changed: readonly string[]): string | null {
  const list = (tags: readonly string[]): string => tags.map((tag) => `'${tag}'`).join(", ");
  const parts = [
    ...(pending.length === 0 ? [] : [`Not applied yet: ${list(pending)}.`]),
    ...(skipped.length === 0
      ? []
      : [
          `Never applied, and passed over since a later one is: ${list(skipped)}. Generate it again, so that it is the last: delete its file and its entry in meta/_journal.json, and run npx flagon db generate.`,
        ]),
    ...(changed.length === 0
      ? []
      : [`Changed after it had been applied: ${list(changed)}. Restore the file, and put the change into a migration of its own.`]),
  ];
  return parts.length === 0 ? null : parts.join("\n");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
