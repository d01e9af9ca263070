import { ConfigError, DatabaseError } from "../base/errors";
import { lazily } from "../base/lazily";
import { hideValues } from "../base/query-errors";
import { callDrizzle, cloneSession, type Engine, findOfError, toColumns, toRows } from "./engine";
import { measureQuery, takeOverRecording } from "./query-recorder";
import { runInScope, type Scope, warnBeside } from "./scope";
import type { StoredColumn } from "./tables";

/** The part of a client of `pg` that is needed here. */
interface PostgresClient {
  query(...values: readonly unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  getTransactionStatus?(): string | null;
  on(event: "error", listener: (error: Error) => void): unknown;
  release?(error?: Error | boolean): void;
  connect?(): Promise<unknown>;
  end?(): Promise<void>;
}

/** The part of a pool of `pg` that is needed here. */
export interface PostgresPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { max?: number; connectionTimeoutMillis?: number; database?: string; host?: string; connectionString?: string };
  readonly Client?: new (options: object) => PostgresClient;
  connect(...values: readonly unknown[]): Promise<PostgresClient>;
  query(...values: readonly unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  on(event: "error" | "acquire" | "connect", listener: (value: Error & PostgresClient) => void): unknown;
  end(): Promise<void>;
}

const loadPg = lazily(() => require("pg") as typeof import("pg"));

/** The time that a request waits for a connection if the pool says none, in milliseconds. */
const connectionTimeout = 5000;
/** The number of the advisory lock of migrations: "flagon" as digits of a telephone. */
const migrationLock = 352466;

/**
 * Opens a pool of connections to Postgres for `drizzle()`.
 *
 * A query waits 5 seconds at most for a connection. A lost connection fails its query, and the next one gets another.
 *
 * @param url Such as `"postgres://user:password@host:5432/name"`. Default: `DATABASE_URL` of the environment.
 * @param options Those of `pg`'s `Pool`, such as `max`. Default: 10 connections.
 * @throws {ConfigError} If there is no URL, or it is one of another database.
 *
 * @example
 * ```ts
 * const pool = openPostgres("postgres://shop:secret@127.0.0.1/shop", { max: 20 });
 * const database = new Database(drizzlePostgres(pool, { schema }));
 * ```
 */
export function openPostgres(url: string | undefined = process.env.DATABASE_URL, options: object = {}): import("pg").Pool {
  if (url === undefined || !/^postgres(ql)?:/i.test(url)) {
    throw new ConfigError(
      url === undefined
        ? "There is no URL of a Postgres database. Set DATABASE_URL, such as postgres://user:password@127.0.0.1/app."
        : "The URL of the database is not one of Postgres. Open a file or a server of libSQL by openLibsql(url).",
    );
  }
  const { Pool } = loadPg();
  const pool = new Pool({ connectionString: url, ...options });
  if (isPostgresPool(pool)) {
    prepare(pool);
  }
  return pool;
}

/** Tells whether a client is a pool of `pg`. */
export function isPostgresPool(client: unknown): client is PostgresPool {
  return typeof client === "object" && client !== null && "totalCount" in client && "connect" in client && "end" in client;
}

/** Pools and connections that are prepared already: they are objects of `pg`, and two databases can share them. */
const prepared = new WeakSet<PostgresPool>();
const heard = new WeakSet<object>();

/** Bounds a pool's wait for a connection, and makes a lost connection an error of its query alone. */
function prepare(pool: PostgresPool): void {
  if (prepared.has(pool)) {
    return;
  }
  prepared.add(pool);
  pool.options.connectionTimeoutMillis ||= connectionTimeout;
  const { connect, query } = pool;
  pool.connect = (...values) => {
    const [callback] = values;
    if (typeof callback !== "function") {
      return Reflect.apply(connect, pool, []).catch((error: unknown) => {
        throw explain(error, pool);
      });
    }
    const explained = (error: unknown, ...rest: readonly unknown[]): unknown => callback(error && explain(error, pool), ...rest);
    return Reflect.apply(connect, pool, [explained]);
  };
  pool.query = (...values) => {
    warnBeside();
    const result = Reflect.apply(query, pool, values);
    return result instanceof Promise ? result.catch((error: unknown) => refuse(error, values)) : result;
  };
  // Without a listener, the loss of an idle connection, or of one in a transaction, would end the process.
  pool.on("error", () => undefined);
  pool.on("acquire", (client) => {
    if (!heard.has(client)) {
      heard.add(client);
      client.on("error", () => undefined);
    }
  });
}

/** A client between drizzle and the connection of a transaction. */
class GuardedConnection {
  readonly #plain: PostgresClient;
  readonly #scope: Scope;
  readonly #isRecorded: boolean;

  constructor(plain: PostgresClient, scope: Scope, isRecorded: boolean) {
    this.#plain = plain;
    this.#scope = scope;
    this.#isRecorded = isRecorded;
  }

  async query(...values: readonly unknown[]): Promise<unknown> {
    const text = textOf(values[0]);
    if (/^(?:commit|rollback)$/i.test(text)) {
      this.#scope.state = /^c/i.test(text) ? this.#scope.state : "rolled back";
      return this.#plain.query(...values);
    }
    const scope = this.#scope.innermost;
    scope.check("A statement");
    if (scope.isTest && this.#scope.handle !== undefined) {
      return scope.turns.run(() => {
        scope.check("A statement");
        return this.#runByItself(values);
      });
    }
    return scope.hold(this.#runInTurn(scope, values));
  }

  async #runInTurn(scope: Scope, values: readonly unknown[]): Promise<unknown> {
    if (!scope.turns.isFree) {
      await scope.turns.wait();
      scope.check("A statement");
    }
    return this.#run(values);
  }

  /** In the transaction of a test, a failed statement rolls nothing else back, as outside of a test. */
  async #runByItself(values: readonly unknown[]): Promise<unknown> {
    await this.#plain.query("savepoint flagon_statement");
    try {
      const result = await measureQuery(this.#isRecorded, values[0], values[1], () => this.#plain.query(...values));
      await this.#plain.query("release savepoint flagon_statement");
      return result;
    } catch (error) {
      await this.#plain.query("rollback to savepoint flagon_statement");
      throw error;
    }
  }

  async #run(values: readonly unknown[]): Promise<unknown> {
    try {
      return await measureQuery(this.#isRecorded, values[0], values[1], () => this.#plain.query(...values));
    } catch (error) {
      this.#scope.firstError ??= error;
      throw error;
    }
  }
}

/** Transactions on Postgres by `pg`. */
export class PostgresEngine implements Engine {
  readonly kind = "postgres";
  readonly #session: object;
  readonly #pool: PostgresPool;
  readonly #isRecorded: boolean;
  readonly #clients = new WeakMap<Scope, PostgresClient>();

  /**
   * @param session drizzle's session.
   * @param pool The pool.
   */
  constructor(session: object, pool: PostgresPool) {
    this.#session = session;
    this.#pool = pool;
    this.#isRecorded = takeOverRecording(session);
    prepare(pool);
    if (this.#isRecorded) {
      Reflect.set(
        session,
        "client",
        new Proxy(pool, {
          get: (target, key) =>
            key === "query"
              ? (...values: readonly unknown[]) => measureQuery(true, values[0], values[1], () => target.query(...values))
              : Reflect.get(target, key, target),
        }),
      );
    }
  }

  async begin(scope: Scope, run: (handle: object) => Promise<unknown>, config?: object): Promise<unknown> {
    const client = await this.#pool.connect();
    let lost: Error | undefined;
    const guard = new GuardedConnection(client, scope, this.#isRecorded);
    this.#clients.set(scope, client);
    let own: { readonly error: unknown } | undefined;
    const work = async (handle: object): Promise<unknown> => {
      try {
        return await run(handle);
      } catch (error) {
        own = { error };
        throw error;
      }
    };
    try {
      return await runInScope(scope, () => cloneSession(this.#session, guard).transaction(work, config));
    } catch (error) {
      if (own !== undefined && own.error !== error) {
        // The rollback failed as well: the connection is lost, and the first error says why.
        lost = error instanceof Error ? error : new Error(String(error));
        throw own.error;
      }
      lost = client.getTransactionStatus?.() === "I" ? undefined : new Error("The transaction did not end.");
      throw error;
    } finally {
      client.release?.(lost);
    }
  }

  verify(scope: Scope): void {
    const cause = scope.root.firstError;
    // The client may hear of an error before it hears that the transaction has failed.
    if (isServerError(cause) || this.#clients.get(scope.root)?.getTransactionStatus?.() === "E") {
      throw new DatabaseError(
        "A statement of this transaction failed, and its error was caught. Postgres refuses all further statements of such a transaction, so it is rolled back. Put the statement that may fail into an atomic() of its own, and catch the error around that.",
        { cause },
      );
    }
  }

  async check(): Promise<void> {
    const { idleCount, options, totalCount } = this.#pool;
    // A pool with all its connections in use is healthy: a restart would not help.
    if (idleCount > 0 || totalCount < (options.max ?? 10)) {
      await this.#pool.query("SELECT 1");
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async lock<Result>(run: () => Promise<Result>): Promise<Result> {
    const { Client } = this.#pool;
    if (Client === undefined) {
      return run();
    }
    // A connection outside of the pool: in a pool of one, the lock would hold the connection that the migration needs.
    const client = new Client(this.#pool.options);
    client.on("error", () => undefined);
    await client.connect?.();
    try {
      await client.query(`SELECT pg_advisory_lock(${migrationLock})`);
      return await run();
    } finally {
      // The lock ends with its connection.
      await client.end?.();
    }
  }

  async execute(handle: object, statement: object): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return toRows(Reflect.get(Object(await callDrizzle(handle, "execute", statement)), "rows"));
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#pool.query(sql)).rows;
  }

  async listColumns(): Promise<readonly StoredColumn[]> {
    return toColumns(
      await this.query(
        `SELECT n.nspname AS "schema", c.relname AS "table", a.attname AS "column", pg_table_is_visible(c.oid) AS visible FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`,
      ),
    );
  }

  async describe(): Promise<{ name: string; isLocal: boolean }> {
    const [row] = await this.query("SELECT current_database() AS name, coalesce(host(inet_server_addr()), '') AS address");
    return { name: String(row?.name), isLocal: /^(?:|127\..*|::1)$/.test(String(row?.address)) };
  }

  async clear(schemas: readonly string[]): Promise<void> {
    const drops = ["public", "drizzle", ...schemas].map((name) => `DROP SCHEMA IF EXISTS "${name.replaceAll('"', '""')}" CASCADE;`);
    await this.#pool.query(`${drops.join(" ")} CREATE SCHEMA public;`);
  }
}

/** Throws the error of a statement without the values of its parameters. */
function refuse(error: unknown, [statement, values]: readonly unknown[]): never {
  const given: unknown = values ?? Object(statement).values;
  hideValues(error, Array.isArray(given) ? given : []);
  throw error;
}

/** Names the pool in the error of a connection that did not become free. */
function explain(error: unknown, { options, totalCount }: PostgresPool): unknown {
  return error instanceof Error && /timeout exceeded when trying to connect/.test(String(findOfError(error, "message")))
    ? new DatabaseError(
        `No connection of the pool became free in ${(options.connectionTimeoutMillis ?? 0) / 1000} s: ${totalCount} of ${options.max ?? 10} are in use. Inside of atomic, use 'database.current' alone, so that it takes no second connection; or raise the pool's 'max'.`,
        { cause: error },
      )
    : error;
}

function textOf(statement: unknown): string {
  return typeof statement === "string" ? statement : String(Object(statement).text ?? "");
}

/** Tells whether an error came from the server, with a code of SQLSTATE. */
function isServerError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^[\dA-Z]{5}$/.test(error.code);
}
