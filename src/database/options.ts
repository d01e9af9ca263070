import { SetupError } from "../base/errors";
import { refuseUnknown } from "../base/unknown-options";

/** Options of a `Database`. */
export interface DatabaseOptions<Drizzle> {
  /** The folder of the migrations, relative to the app's root. Default: `"migrations"`. */
  readonly migrations?: string;
  /** Applies the migrations. Default: drizzle's own migrator, with the folder above. */
  migrate?(db: Drizzle): unknown;
  /** Fills the database with its first rows: `flagon db seed`. It runs in a transaction. */
  seed?(db: Drizzle): unknown;
  /** Closes the connections when the app stops. Default: the client's own `close()` or `end()`. */
  readonly close?: () => unknown;
  /** The file of the tables, for `flagon db generate` without a drizzle.config.ts. Default: the first of `schema.ts`, `src/schema.ts`, `db/schema.ts`. */
  readonly schemaFile?: string;
}

const databaseOptions = Object.keys({ migrations: true, migrate: true, seed: true, close: true, schemaFile: true } satisfies Record<
  keyof DatabaseOptions<unknown>,
  true
>);

/**
 * Checks the options of a `Database`.
 *
 * @throws {SetupError} If there is one that a database does not have.
 */
export function checkDatabaseOptions(options: object): void {
  refuseUnknown(options, databaseOptions, "new Database()", SetupError);
}
