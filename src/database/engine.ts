import { DatabaseError } from "../base/errors";
import type { Scope } from "./scope";
import type { StoredColumn } from "./tables";

/** The part of a drizzle database that Flagon uses. */
export interface DrizzleDatabase {
  /** drizzle's own part of it. */
  readonly _: object;
}

/** The part of drizzle's session that runs transactions. */
export interface DrizzleSession {
  transaction(run: (handle: object) => Promise<unknown>, config?: object): Promise<unknown>;
}

/** The differences between databases. */
export interface Engine {
  /** The kind of database. */
  readonly kind: "libsql" | "postgres" | "other";
  /** Runs a function inside of a new transaction; `scope` takes drizzle's transaction. */
  begin(scope: Scope, run: (handle: object) => Promise<unknown>, config?: object): Promise<unknown>;
  /** Refuses a transaction that a failed statement has made useless. */
  verify(scope: Scope): void;
  /** Throws if the database cannot be reached. */
  check(): Promise<void>;
  /** Closes all connections. */
  close(): Promise<void>;
  /** Runs a function that no other process runs on this database at the same time. */
  lock<Result>(run: () => Promise<Result>): Promise<Result>;
  /** Runs a statement of drizzle's `sql` on a database or a transaction, and returns its rows. */
  execute(handle: object, statement: object): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Returns the rows of a statement without placeholders. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Lists the columns of all tables and views. */
  listColumns(): Promise<readonly StoredColumn[]>;
  /** The name of the database, as a person would say it, and whether it is on this machine. */
  describe(): Promise<{ readonly name: string; readonly isLocal: boolean }>;
  /** Removes all tables, and the schemas of Postgres that the migrations make. */
  clear(schemas: readonly string[]): Promise<void>;
}

/** Returns a copy of drizzle's session that talks to another client. */
export function cloneSession(session: object, client: object): DrizzleSession {
  const clone: object = Object.assign(Object.create(Object.getPrototypeOf(session)), session, { client });
  if (hasTransaction(clone)) {
    return clone;
  }
  throw new DatabaseError("The database that drizzle gave has no transactions.");
}

/** Returns the session of drizzle's database. */
export function sessionOf(database: object): object {
  const session: unknown = Reflect.get(database, "session") ?? Reflect.get(Object(Reflect.get(database, "_")), "session");
  if (typeof session !== "object" || session === null) {
    throw new DatabaseError('A Database needs what drizzle() gives: new Database(drizzle(openLibsql("file:app.db"), { schema })).');
  }
  return session;
}

/** Runs a savepoint by drizzle's own way. */
export function beginNested(handle: object, run: (handle: object) => Promise<unknown>): Promise<unknown> {
  // The handle's own method would call this function again. The method of its class is drizzle's own.
  const transaction: unknown = Reflect.get(Object.getPrototypeOf(handle), "transaction");
  if (typeof transaction !== "function") {
    throw new DatabaseError("The transaction that drizzle gave has no savepoints.");
  }
  return Promise.resolve(Reflect.apply(transaction, handle, [run]));
}

function hasTransaction(session: object): session is DrizzleSession {
  return "transaction" in session && typeof session.transaction === "function";
}

/** Returns the text of an error's message: that of its first cause. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    // A host with several addresses has an error for each.
    return error.errors.map(messageOf).join(", ");
  }
  return error instanceof Error && error.cause instanceof Error
    ? messageOf(error.cause)
    : error instanceof Error
      ? error.message
      : String(error);
}

/** Finds a property of an error or of one of its causes. */
export function findOfError(error: unknown, name: string): unknown {
  for (let current = error; typeof current === "object" && current !== null; current = Reflect.get(current, "cause")) {
    const value: unknown = Reflect.get(current, name);
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}

/** Calls a method of drizzle's that runs a statement. */
export async function callDrizzle(handle: object, method: "all" | "execute", statement: object): Promise<unknown> {
  const run: unknown = Reflect.get(handle, method);
  if (typeof run !== "function") {
    throw new DatabaseError(`The database that drizzle gave has no method '${method}'.`);
  }
  return Reflect.apply(run, handle, [statement]);
}

/** Returns a value as a list of rows. */
export function toRows(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value : [];
}

/** Reads the rows of a list of columns. */
export function toColumns(rows: readonly Readonly<Record<string, unknown>>[]): readonly StoredColumn[] {
  return rows.map((row) => ({
    schema: String(row.schema),
    table: String(row.table),
    column: String(row.column),
    isVisible: row.visible === true || row.visible === 1,
  }));
}
