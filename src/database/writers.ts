import { setTimeout as wait } from "node:timers/promises";
import { DatabaseError } from "../base/errors";
import { findOfError } from "./engine";
import { currentScope, type Scope, warnBeside } from "./scope";

/** The part of a client of libSQL that is needed here. */
export interface LibsqlClient {
  readonly protocol: string;
  execute(statement: unknown, values?: unknown): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  batch(statements: unknown, mode?: unknown): Promise<unknown>;
  migrate(statements: unknown): Promise<unknown>;
  executeMultiple(sql: string): Promise<void>;
  transaction(mode?: unknown): Promise<LibsqlTransaction>;
  reconnect(): void | Promise<void>;
  close(): void;
}

/** A transaction of libSQL. */
export interface LibsqlTransaction {
  readonly closed: boolean;
  execute(statement: unknown, values?: unknown): Promise<unknown>;
  batch(statements: unknown): Promise<unknown>;
  executeMultiple(sql: string): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): void;
}

/** The longest that a writer waits for its turn, and for another process, in milliseconds. */
const longestWait = 5000;
/** The longest pause between two tries, in milliseconds. */
const longestPause = 50;
/** Statements that only read. One that begins with WITH may do either. */
const reading = /^\s*(?:select|values|explain|pragma\s+\w+\s*;?\s*$|with\b(?![\s\S]*\b(?:insert|update|delete|replace)\b))/i;

/** A caller that waits for the writer's turn. */
interface Waiter {
  enter(): void;
}

/**
 * The one writer at a time that a database of SQLite has in this process.
 *
 * SQLite answers a second writer with BUSY at once, or blocks the whole process while it waits. Here writers wait in a queue.
 */
class Writers {
  readonly #waiting: Waiter[] = [];
  #isTaken = false;
  #holder: Scope | undefined;

  /**
   * Runs a function in its turn.
   *
   * @param scope The transaction that has the turn, if it is one.
   * @throws {DatabaseError} If the turn does not come in time, or would wait for the very transaction that asks.
   */
  async run<Result>(scope: Scope | undefined, work: () => Promise<Result>): Promise<Result> {
    await this.#enter();
    this.#holder = scope;
    try {
      return await work();
    } finally {
      this.#holder = undefined;
      this.#leave();
    }
  }

  /** Tells whether the running code is inside of the transaction that has the turn. */
  get isOwn(): boolean {
    for (let scope = currentScope(); scope !== undefined; scope = scope.outer) {
      if (this.#holder !== undefined && scope.root === this.#holder && scope.root.state === "open") {
        return true;
      }
    }
    return false;
  }

  async #enter(): Promise<void> {
    if (this.isOwn) {
      throw new DatabaseError(
        "A statement beside the transaction would wait for that transaction, which waits for it. Inside of atomic use 'database.current', and build and prepare queries inside as well.",
      );
    }
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(
          new DatabaseError(
            `A writer waited ${longestWait / 1000} s for its turn in the queue of writers: SQLite has one at a time, and a transaction holds it. Keep transactions short, without mails and requests inside, or use Postgres.`,
          ),
        );
      }, longestWait);
      const waiter: Waiter = {
        enter() {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiting.push(waiter);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#isTaken = false;
    } else {
      next.enter();
    }
  }
}

/** A client whose writers wait for their turn, with its methods as they were. */
export interface QueuedClient {
  readonly client: LibsqlClient;
  readonly writers: Writers;
  readonly plain: Pick<LibsqlClient, "execute" | "transaction">;
}

/** The clients with a queue: several `Database` objects of one client share its queue. */
const known = new WeakMap<LibsqlClient, QueuedClient>();

/**
 * Makes the writers of a client on a file wait for their turn. A second call changes nothing. A client of a server
 * stays as it is: the server has its own queue.
 */
export function queueWriters(client: LibsqlClient): QueuedClient {
  const found = known.get(client);
  if (found !== undefined) {
    return found;
  }
  const { batch, execute, executeMultiple, migrate, transaction } = client;
  const writers = new Writers();
  const plain = { execute: execute.bind(client), transaction: transaction.bind(client) };
  const queued: QueuedClient = { client, writers, plain };
  known.set(client, queued);
  if (client.protocol !== "file") {
    return queued;
  }
  const write = <Result>(run: () => Promise<Result>): Promise<Result> => writers.run(undefined, () => retryBusy(client, run));
  client.execute = async (statement, values) => {
    refuseNul(statement, values);
    const run = () => Reflect.apply(execute, client, values === undefined ? [statement] : [statement, values]);
    if (!reading.test(textOf(statement))) {
      return write(run);
    }
    warnBeside();
    try {
      return await run();
    } catch (error) {
      // A database in memory has one connection, which a transaction may hold.
      if (findOfError(error, "code") === "TRANSACTION_ACTIVE") {
        return writers.run(undefined, run);
      }
      throw error;
    }
  };
  client.transaction = (mode) => {
    const open = (): Promise<LibsqlTransaction> => Reflect.apply(transaction, client, [mode]);
    return mode === "read" ? open() : openInTurn(writers, () => retryBusy(client, open));
  };
  client.batch = (statements, mode) => write(() => Reflect.apply(batch, client, [statements, mode]));
  client.migrate = (statements) => write(() => Reflect.apply(migrate, client, [statements]));
  client.executeMultiple = (sql) => write(() => Reflect.apply(executeMultiple, client, [sql]));
  return queued;
}

/** Opens a transaction of the client's own, which keeps the turn until its end. */
function openInTurn(writers: Writers, open: () => Promise<LibsqlTransaction>): Promise<LibsqlTransaction> {
  return new Promise((resolve, reject) => {
    const work = async (): Promise<void> => {
      const opened = await open();
      await new Promise<void>((leave) => {
        const leaveIfClosed = (): void => {
          if (opened.closed) {
            leave();
          }
        };
        const { close, commit, rollback } = opened;
        opened.close = () => {
          Reflect.apply(close, opened, []);
          leaveIfClosed();
        };
        // A commit that a constraint refuses leaves the transaction open.
        opened.commit = () => Promise.resolve(Reflect.apply(commit, opened, [])).finally(leaveIfClosed);
        opened.rollback = () => Promise.resolve(Reflect.apply(rollback, opened, [])).finally(leaveIfClosed);
        resolve(opened);
      });
    };
    writers.run(undefined, work).catch(reject);
  });
}

/** Tells whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_BUSY|^SQLITE_LOCKED/.test(String(findOfError(error, "code")));
}

/**
 * Tries again while another process holds the lock, without blocking this one.
 *
 * libSQL leaves the refused statement open on its connection, so that each try begins with new connections.
 */
export async function retryBusy<Result>(client: LibsqlClient, run: () => Promise<Result>): Promise<Result> {
  const end = performance.now() + longestWait;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isBusy(error)) {
        throw error;
      }
      await client.reconnect();
      if (performance.now() > end) {
        throw new DatabaseError(
          `Another process has held the lock of the database for ${longestWait / 1000} s. Keep its transactions short, or use Postgres for several processes.`,
          { cause: error },
        );
      }
      await wait(5 + Math.random() * longestPause);
    }
  }
}

/**
 * Refuses texts with a NUL character as the values of a statement that writes: libSQL stores such a text up to that character, without
 * an error. A statement that reads finds nothing by such a text, or the text before the character.
 *
 * @param statement The statement, which may hold its values as `args`.
 * @param values The values, if they stand apart.
 * @throws {DatabaseError} If there is one.
 */
export function refuseNul(statement: unknown, values?: unknown): void {
  const given: unknown =
    values ?? (typeof statement === "object" && statement !== null && "args" in statement ? statement.args : undefined);
  if (typeof given !== "object" || given === null) {
    return;
  }
  for (const value of Array.isArray(given) ? given : Object.values(given)) {
    if (typeof value === "string" && value.includes("\0") && !reading.test(textOf(statement))) {
      throw new DatabaseError(
        "A text with a NUL character cannot be stored: libSQL would cut it off there. Forms refuse such a text; check that of JSON and of other sources before.",
      );
    }
  }
}

function textOf(statement: unknown): string {
  return typeof statement === "string" ? statement : String(Object(statement).sql ?? "");
}
