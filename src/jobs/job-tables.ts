import { DatabaseError, JobError } from "../base/errors";
import type { Database } from "../database/database";
import { type DrizzleSql, loadDrizzle } from "../database/drizzle";
import { findOfError, messageOf } from "../database/engine";
import { findScope } from "../database/scope";
import { findUniqueViolation } from "../database/violations";

type Row = Readonly<Record<string, unknown>>;

const tables = [
  `create table if not exists flagon_jobs (
    id text primary key, name text not null, queue text not null, data text not null, key text,
    state text not null, run_at bigint not null, attempt integer not null, claim text, claimed_until bigint,
    error text, request_id text, traceparent text, changed_at bigint not null)`,
  "create index if not exists flagon_jobs_due on flagon_jobs (state, run_at)",
  "create unique index if not exists flagon_jobs_key on flagon_jobs (name, key) where state = 'waiting' and key is not null",
  "create table if not exists flagon_ticks (name text not null, tick bigint not null, primary key (name, tick))",
];

/** The tables of jobs. They are made at the start, and made again if they were dropped since, as `flagon db reset` does. */
export class JobTables {
  readonly #database: Database;
  /** The transactions that have seen the tables. */
  readonly #seen = new WeakSet<object>();
  #isMade = false;

  /** @param database The app's database. */
  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Makes the tables, if this object has not made them yet.
   *
   * @throws {JobError} If the database refuses them.
   */
  async prepare(): Promise<void> {
    if (!this.#isMade) {
      await this.#make();
    }
  }

  /** Runs a statement on the tables. If they are gone, they are made again before. */
  async execute(statement: DrizzleSql): Promise<readonly Row[]> {
    await this.#look();
    try {
      return await this.#database.execute(statement);
    } catch (error) {
      if (!isMissingTable(error)) {
        throw error;
      }
      this.#isMade = false;
      await this.#make();
      return this.#database.execute(statement);
    }
  }

  /** Looks for the tables before a transaction on Postgres uses them: a statement that fails would end it. */
  async #look(): Promise<void> {
    const transaction = this.#database.kind === "postgres" ? findScope(this.#database)?.root : undefined;
    if (transaction === undefined || this.#seen.has(transaction)) {
      return;
    }
    const { sql } = loadDrizzle();
    const [row] = await this.#database.execute(
      sql`select to_regclass('flagon_jobs') is not null and to_regclass('flagon_ticks') is not null as found`,
    );
    if (row?.found === true) {
      this.#seen.add(transaction);
    } else {
      await this.#make();
    }
  }

  async #make(): Promise<void> {
    const { sql } = loadDrizzle();
    for (const statement of tables) {
      await this.#create(sql.raw(statement));
    }
    // Tables that are made inside of a transaction may be rolled back.
    this.#isMade = !this.#database.isInTransaction;
  }

  async #create(statement: DrizzleSql): Promise<void> {
    const run = () => this.#database.execute(statement);
    try {
      // A refusal must not end the transaction around it.
      await (this.#database.isAtomic ? this.#database.atomic(run) : run());
    } catch (error) {
      // Two processes may make a table at once, of which Postgres refuses one.
      const isMade = findUniqueViolation(error) !== null || ["42P07", "42710"].includes(String(findOfError(error, "code")));
      if (!isMade) {
        throw error instanceof DatabaseError
          ? error
          : new JobError(`The tables of jobs cannot be made or found in the database: ${messageOf(error)}`, { cause: error });
      }
    }
  }
}

function isMissingTable(error: unknown): boolean {
  return findOfError(error, "code") === "42P01" || /no such table: (?:main\.)?flagon_(?:jobs|ticks)\b/.test(messageOf(error));
}
