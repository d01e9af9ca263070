import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigError, DatabaseError } from "../base/errors";
import { lazily } from "../base/lazily";
import { refuseUnknown } from "../base/unknown-options";
import { callDrizzle, cloneSession, type Engine, messageOf, toColumns, toRows } from "./engine";
import { measureQuery, takeOverRecording } from "./query-recorder";
import { runInScope, type Scope } from "./scope";
import type { StoredColumn } from "./tables";
import { isBusy, type LibsqlClient, type LibsqlTransaction, type QueuedClient, queueWriters, refuseNul, retryBusy } from "./writers";

const loadLibsql = lazily(() => require("@libsql/client") as typeof import("@libsql/client"));

/** The time that SQLite itself waits for another process, in milliseconds. It is short: SQLite blocks this whole process meanwhile. */
const busyTimeout = 10;
/** The time in which a server must answer, in milliseconds. */
const longestAnswer = 30_000;

/** Options of `openLibsql()`. */
export interface LibsqlOptions {
  /** The token of a server. Default: `DATABASE_AUTH_TOKEN` of the environment. */
  readonly authToken?: string;
}

/**
 * Opens a database of libSQL for `drizzle()`: a file, which needs no server, or one on a server.
 *
 * A file gets a write-ahead log, so that readers do not wait for the writer; its folder is made. Writers of this process wait for
 * their turn in a queue, for 5 seconds at most. Foreign keys are on. A server must answer within 30 seconds.
 *
 * @param url `"file:instance/app.db"`, relative to the working directory, `":memory:"`, or `"libsql://…"`. Default: `DATABASE_URL` of the
 * environment, or `"file:instance/app.db"`.
 * @param options The token of a server.
 * @throws {ConfigError} If the URL is one of another database.
 *
 * @example
 * ```ts
 * const database = new Database(drizzle(openLibsql("file:instance/app.db"), { schema }));
 * ```
 */
export function openLibsql(
  url: string = process.env.DATABASE_URL ?? "file:instance/app.db",
  options: LibsqlOptions = {},
): import("@libsql/client", { with: { "resolution-mode": "import" }}).Client {
  refuseUnknown(options, ["authToken"], "openLibsql()", ConfigError);
  if (/^postgres(ql)?:/i.test(url)) {
    throw new ConfigError(
      'The URL of the database is one of Postgres. Open it by openPostgres(url), and define the tables by "drizzle-orm/pg-core".',
    );
  }
  const isMemory = url === ":memory:" || /^file::memory:/i.test(url);
  const isFile = /^file:/i.test(url) && !isMemory;
  const authToken = options.authToken ?? (isFile || isMemory ? undefined : process.env.DATABASE_AUTH_TOKEN);
  const client = createClient(url, isFile, authToken);
  if (isFile) {
    // A file that cannot be written keeps its mode.
    client.execute("PRAGMA journal_mode = WAL").catch(() => undefined);
  }
  if (isLibsqlClient(client)) {
    queueWriters(client);
  }
  return client;
}

function createClient(
  url: string,
  isFile: boolean,
  authToken: string | undefined,
): import("@libsql/client", { with: { "resolution-mode": "import" }}).Client {
  try {
    if (isFile) {
      mkdirSync(dirname(pathOf(url)), { recursive: true });
    }
    const fetchInTime = (request: Request): Promise<Response> => fetch(request, { signal: AbortSignal.timeout(longestAnswer) });
    return loadLibsql().createClient({
      url,
      timeout: busyTimeout,
      ...(isFile ? {} : { fetch: fetchInTime }),
      ...(authToken === undefined ? {} : { authToken }),
    });
  } catch (cause) {
    // A URL can hold a token.
    const shown = url.replace(/\?.*$/, "").replace(/\/\/[^/@]*@/, "//");
    throw new ConfigError(
      `The database '${shown}' cannot be opened: ${messageOf(cause)}. Write a file as file:instance/app.db, and a server as libsql://host. If the URL is in DATABASE_URL, look there.`,
      { cause },
    );
  }
}

/** The path of a file's URL, decoded as libSQL does. */
function pathOf(url: string): string {
  const path = url.replace(/^file:(?:\/\/(?:localhost(?=\/))?)?/i, "").replace(/[?#].*$/, "");
  return decodeURIComponent(path);
}

/** Tells whether a client is one of libSQL. */
export function isLibsqlClient(client: unknown): client is LibsqlClient {
  return typeof client === "object" && client !== null && "executeMultiple" in client && "protocol" in client && "transaction" in client;
}

/** A client between drizzle and a transaction: it refuses statements after the end, and runs savepoints one after another. */
class GuardedTransaction implements LibsqlTransaction {
  readonly #plain: LibsqlTransaction;
  readonly #scope: Scope;
  readonly #isRecorded: boolean;

  constructor(plain: LibsqlTransaction, scope: Scope, isRecorded: boolean) {
    this.#plain = plain;
    this.#scope = scope;
    this.#isRecorded = isRecorded;
  }

  get closed(): boolean {
    return this.#plain.closed;
  }

  async execute(statement: unknown, values?: unknown): Promise<unknown> {
    refuseNul(statement, values);
    return this.#run(() => measureQuery(this.#isRecorded, statement, values, () => this.#plain.execute(statement, values)));
  }

  batch(statements: unknown): Promise<unknown> {
    return this.#run(() => this.#plain.batch(statements));
  }

  executeMultiple(sql: string): Promise<void> {
    return this.#run(() => this.#plain.executeMultiple(sql));
  }

  commit(): Promise<void> {
    return this.#plain.commit();
  }

  async rollback(): Promise<void> {
    this.#scope.state = "rolled back";
    await this.#plain.rollback();
  }

  close(): void {
    this.#plain.close();
  }

  async #run<Result>(send: () => Promise<Result>): Promise<Result> {
    const scope = this.#scope.innermost;
    scope.check("A statement");
    return scope.hold(this.#sendInTurn(scope, send));
  }

  async #sendInTurn<Result>(scope: Scope, send: () => Promise<Result>): Promise<Result> {
    if (!scope.turns.isFree) {
      await scope.turns.wait();
      scope.check("A statement");
    }
    return send();
  }
}

/** Transactions on libSQL. */
export class LibsqlEngine implements Engine {
  readonly kind = "libsql";
  readonly #session: object;
  readonly #queued: QueuedClient;
  readonly #isRecorded: boolean;

  /**
   * @param session drizzle's session.
   * @param client The client.
   */
  constructor(session: object, client: LibsqlClient) {
    this.#session = session;
    this.#queued = queueWriters(client);
    this.#isRecorded = takeOverRecording(session);
    if (this.#isRecorded) {
      const { execute } = client;
      client.execute = (statement, values) =>
        measureQuery(true, statement, values, () =>
          Reflect.apply(execute, client, values === undefined ? [statement] : [statement, values]),
        );
    }
  }

  begin(scope: Scope, run: (handle: object) => Promise<unknown>): Promise<unknown> {
    const { client, plain, writers } = this.#queued;
    const work = async (): Promise<unknown> => {
      const opened = await retryBusy(client, () => plain.transaction("write"));
      const guard = new GuardedTransaction(opened, scope, this.#isRecorded);
      const session = cloneSession(this.#session, { transaction: async () => guard });
      return session.transaction((handle) => run(handle));
    };
    return client.protocol === "file" ? writers.run(scope, () => runInScope(scope, work)) : runInScope(scope, work);
  }

  verify(): void {
    // A transaction of SQLite continues after a failed statement.
  }

  async check(): Promise<void> {
    // Unlike SELECT 1, it reads the file.
    await this.#queued.client.execute("SELECT count(*) FROM sqlite_schema");
  }

  async close(): Promise<void> {
    this.#queued.client.close();
  }

  async lock<Result>(run: () => Promise<Result>): Promise<Result> {
    const file = await this.#findFile();
    if (file === "") {
      return run();
    }
    // The lock is one of SQLite on a file of its own: it ends with its process, however that ends.
    const name = join(dirname(file), `.${basename(file)}.migrating.db`);
    const lock = openLock(name);
    try {
      const held = await this.#take(lock, name);
      try {
        return await run();
      } finally {
        await held.rollback();
      }
    } finally {
      lock.close();
    }
  }

  async execute(handle: object, statement: object): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return toRows(await callDrizzle(handle, "all", statement));
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#queued.client.execute(sql)).rows;
  }

  async listColumns(): Promise<readonly StoredColumn[]> {
    return toColumns(
      await this.query(
        `SELECT 'main' AS "schema", m.name AS "table", c.name AS "column", 1 AS visible FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c WHERE m.type IN ('table', 'view')`,
      ),
    );
  }

  async describe(): Promise<{ name: string; isLocal: boolean }> {
    const isLocal = this.#queued.client.protocol === "file";
    return { name: isLocal ? basename(await this.#findFile()) || ":memory:" : "the database of DATABASE_URL", isLocal };
  }

  async clear(): Promise<void> {
    // A virtual table, such as one of FTS5, goes with the tables that it is made of, and those cannot go alone.
    const rows = await this.query(
      "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'libsql\\_%' ESCAPE '\\' ORDER BY type = 'table', sql NOT LIKE 'CREATE VIRTUAL%'",
    );
    await this.#queued.client.migrate(
      rows.map(({ name, type }) => `DROP ${String(type).toUpperCase()} IF EXISTS "${String(name).replaceAll('"', '""')}"`),
    );
  }

  async #take(lock: import("@libsql/client").Client, name: string): Promise<{ rollback(): Promise<void> }> {
    const end = Date.now() + 60_000;
    for (;;) {
      try {
        return await lock.transaction("write");
      } catch (error) {
        if (!isBusy(error)) {
          throw refuseLock(error, name);
        }
        if (Date.now() > end) {
          throw new DatabaseError("Another process has been migrating the database for a minute. Wait until it is done, or end it.", {
            cause: error,
          });
        }
        await lock.reconnect();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #findFile(): Promise<string> {
    if (this.#queued.client.protocol !== "file") {
      return "";
    }
    const rows = await this.query("SELECT file FROM pragma_database_list WHERE name = 'main'");
    return String(rows[0]?.file ?? "");
  }
}

function openLock(name: string): import("@libsql/client").Client {
  try {
    return loadLibsql().createClient({ url: `file:${name}`, timeout: busyTimeout });
  } catch (error) {
    throw refuseLock(error, name);
  }
}

function refuseLock(cause: unknown, name: string): DatabaseError {
  return new DatabaseError(
    `The file '${name}', which keeps other processes from migrating, cannot be written: ${messageOf(cause)}. Its folder must be writable.`,
    { cause },
  );
}
