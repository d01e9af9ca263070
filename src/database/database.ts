import { resolve } from "node:path";
import type { Extension, Flagon } from "../app";
import { DatabaseError, SetupError } from "../base/errors";
import { findAppContext } from "../dispatch/context";
import { createContextProxy } from "../dispatch/context-proxy";
import type { Finding } from "../setup/registry";
import { runAfterCommit } from "./after-commit";
import { addDatabaseCommands } from "./commands";
import { createEngine } from "./create-engine";
import { beginNested, type DrizzleDatabase, type Engine } from "./engine";
import { QueryGuard } from "./guard-queries";
import { type MigrationReport, Migrations } from "./migrations";
import { adviseMissing } from "./missing-hint";
import { checkDatabaseOptions, type DatabaseOptions } from "./options";
import { currentScope, findScope, runInScope, Scope } from "./scope";
import { findCasing, listAppTables } from "./tables";

/** The transaction of a test. */
interface TestTransaction {
  readonly scope: Scope;
  readonly roll: (error: unknown) => void;
  readonly done: Promise<unknown>;
}

/**
 * A database of views, jobs and commands: transactions without a parameter, migrations, tests that roll back.
 *
 * @example
 * ```ts
 * export const database = new Database(drizzle(openLibsql("file:instance/app.db"), { schema, logger: recordQueries() }));
 * export const db = database.current;
 * app.use(database);
 * ```
 */
export class Database<Drizzle extends DrizzleDatabase = DrizzleDatabase> implements Extension {
  /** The name under which `app.extensions` keeps it. */
  readonly name = "database";
  /** The current transaction, or the database outside of one. It is always the same object. */
  readonly current: Drizzle;
  /** The drizzle object outside of every transaction. */
  readonly drizzle: Drizzle;
  readonly #options: DatabaseOptions<Drizzle>;
  readonly #engine: Engine;
  readonly #guard = new QueryGuard((reason) => adviseMissing(reason, this.#migrations.folder));
  #migrations: Migrations;
  #test: TestTransaction | undefined;
  #isTestBeginning = false;
  #closing: Promise<void> | undefined;
  readonly #testListeners: (() => void)[] = [];

  /**
   * @param drizzle The database that `drizzle()` returns: libSQL, Postgres by `pg`, or another one.
   * @param options The migrations, the first rows, and the function that closes the connections.
   */
  constructor(drizzle: Drizzle, options: DatabaseOptions<Drizzle> = {}) {
    checkDatabaseOptions(options);
    this.drizzle = drizzle;
    this.#options = options;
    this.#engine = createEngine(drizzle, options.close);
    this.#guard.guard(drizzle);
    this.#migrations = this.#createMigrations(process.cwd());
    const base = this.#withAtomic(drizzle);
    this.current = createContextProxy(() => this.#find(base));
    latest = new WeakRef<Database>(this);
  }

  /** The kind of database: `"libsql"`, `"postgres"` or `"other"`. */
  get kind(): "libsql" | "postgres" | "other" {
    return this.#engine.kind;
  }

  /** Whether the running code is inside of a transaction of this database. */
  get isAtomic(): boolean {
    return findScope(this) !== undefined;
  }

  /** Whether statements of `current` go into a transaction. The transaction of a test counts too. */
  get isInTransaction(): boolean {
    return this.isAtomic || this.#test !== undefined;
  }

  /** Runs a statement of drizzle's `sql` in the current transaction, and returns its rows, as the database names their columns. */
  async execute(statement: object): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#engine.execute(this.current, statement);
  }

  /** Adds `flagon db …`, the health check, and the function that closes the connections. Called by `app.use()`. */
  install(app: Flagon): this {
    this.#migrations = this.#createMigrations(app.root);
    app.lifeCycle.add({ stop: () => this.close(), isLast: true });
    app.healthCheck("database", () => this.#engine.check());
    const check = async (): Promise<readonly Finding[]> => {
      const { pending, problem } = await this.#migrations.inspect();
      return problem === null ? [] : [{ problem, cure: `Run: npx flagon db ${pending.length > 0 ? "migrate" : "check"}` }];
    };
    app.registry.deploymentChecks.push(check);
    app.registry.developmentChecks.push(check);
    const { schemaFile, seed } = this.#options;
    addDatabaseCommands(app, this.#engine, this.#migrations, {
      casing: findCasing(this.drizzle),
      schemaFile,
      seed: seed === undefined ? undefined : () => this.atomic((db) => seed(db)),
    });
    return this;
  }

  /**
   * Runs a function in a transaction, which is committed when its promise resolves and rolled back when it rejects.
   *
   * Inside of another transaction it is a savepoint. The savepoints of one transaction run one after another.
   *
   * @param run Gets the transaction, which is also `current` inside.
   * @param config drizzle's own, such as `{ isolationLevel: "serializable" }`; for the outermost transaction alone.
   * @returns The result of the function.
   * @throws {DatabaseError} If the transaction around it has ended, or has failed although its error was caught.
   */
  atomic<Result>(run: (db: Drizzle) => Result | Promise<Result>, config?: object): Promise<Result> {
    const parent = findScope(this) ?? this.#test?.scope;
    if (parent === undefined) {
      return this.#begin(run, config);
    }
    try {
      parent.check("An atomic()", true);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#nest(parent, run);
  }

  /**
   * Runs a function after the commit of the current transaction; at once if there is none.
   *
   * It runs outside of the transaction, and not after a rollback of it or of the savepoint around the call. An error is
   * logged, and the response stays.
   */
  async afterCommit(run: () => unknown): Promise<void> {
    const scope = findScope(this);
    if (scope === undefined) {
      await runAfterCommit([run]);
    } else {
      scope.check("An afterCommit()");
      scope.afterCommit.push(run);
    }
  }

  /**
   * Runs a function inside of the current transaction just before its commit; at once if there is none. An error rolls all back.
   *
   * @param run The function.
   * @param order The functions of a transaction run in the order of this text. Default: empty.
   */
  async beforeCommit(run: () => unknown, order = ""): Promise<void> {
    const scope = findScope(this);
    if (scope === undefined) {
      await run();
    } else {
      scope.check("A beforeCommit()", true);
      scope.beforeCommit.push({ run, order });
    }
  }

  /** @internal Finds the function that the current transaction runs before its commit under an order, unless a rollback has removed it. */
  findBeforeCommit(order: string): (() => unknown) | undefined {
    for (let scope = findScope(this); scope !== undefined; scope = scope.parent) {
      const found = scope.beforeCommit.find((one) => one.order === order);
      if (found !== undefined) {
        return found.run;
      }
    }
    return undefined;
  }

  /**
   * Applies the migrations that are pending, while no other process does.
   *
   * @returns The names of those that it has applied.
   * @throws {DatabaseError} If one fails, was changed after it had been applied, or would be skipped.
   */
  migrate(): Promise<readonly string[]> {
    return this.#migrations.migrate();
  }

  /** Compares the folder of migrations with the database. */
  inspectMigrations(): Promise<MigrationReport> {
    return this.#migrations.inspect();
  }

  /**
   * Begins the transaction of a test: all that the test does, also by requests, is rolled back by `endTest()`.
   *
   * @throws {DatabaseError} If another test is in its transaction.
   */
  async beginTest(): Promise<void> {
    if (this.#test !== undefined || this.#isTestBeginning) {
      throw new DatabaseError(
        "beginTest() was called twice without endTest(). Tests of one file share the transaction, so that they cannot run at once: no test.concurrent.",
      );
    }
    const scope = new Scope(this, undefined, undefined, true);
    this.#isTestBeginning = true;
    try {
      await new Promise<void>((resolve, reject) => {
        const done = this.#engine.begin(scope, (handle) => {
          this.#guard.guard(handle);
          scope.handle = this.#withAtomic(handle, scope);
          return new Promise((_, roll) => {
            this.#test = { scope, roll, done: done.catch(() => undefined) };
            resolve();
          });
        });
        done.catch(reject);
      });
    } finally {
      this.#isTestBeginning = false;
    }
  }

  /** Rolls back all that has happened since `beginTest()`. Does nothing without it. */
  async endTest(): Promise<void> {
    const test = this.#test;
    if (test !== undefined) {
      for (const listener of this.#testListeners) {
        listener();
      }
      // A turn of its own: statements that run come to their end, and later ones are refused.
      await test.scope.turns.run(async () => {
        test.scope.state = "rolled back";
      });
      test.roll(new DatabaseError("The test has ended."));
      await test.done;
      // Until here late statements of the test are refused. They would otherwise stay in the database.
      this.#test = this.#test === test ? undefined : this.#test;
    }
  }

  /** Calls a function at the end of each test, for state outside of the database. */
  onTestEnd(listener: () => void): void {
    this.#testListeners.push(listener);
  }

  /** Closes all connections. */
  close(): Promise<void> {
    this.#closing ??= this.endTest().then(() => this.#engine.close());
    return this.#closing;
  }

  async #begin<Result>(run: (db: Drizzle) => Result | Promise<Result>, config?: object): Promise<Result> {
    const scope = new Scope(this, undefined, currentScope());
    let result: { readonly value: Result } | undefined;
    try {
      await this.#engine.begin(
        scope,
        async (handle) => {
          const value = await run(this.#enter(scope, handle));
          await this.#end(scope);
          result = { value };
        },
        config,
      );
    } catch (error) {
      scope.state = "rolled back";
      throw error;
    }
    scope.state = "committed";
    await runAfterCommit(scope.afterCommit);
    return valueOf(result);
  }

  async #nest<Result>(parent: Scope, run: (db: Drizzle) => Result | Promise<Result>): Promise<Result> {
    const scope = new Scope(this, parent, parent.isTest ? currentScope() : parent.outer);
    const value = await parent.turns.run(() => this.#runNested(scope, parent, run));
    if (parent.isTest) {
      // The savepoint's turn is over, so that they can use the database.
      await runAfterCommit(scope.afterCommit);
    } else {
      parent.afterCommit.push(...scope.afterCommit);
      parent.beforeCommit.push(...scope.beforeCommit);
    }
    return value;
  }

  async #runNested<Result>(scope: Scope, parent: Scope, run: (db: Drizzle) => Result | Promise<Result>): Promise<Result> {
    let result: { readonly value: Result } | undefined;
    const before = parent.root.firstError;
    try {
      parent.check("An atomic()");
      await runInScope(scope, () =>
        beginNested(Object(parent.handle), async (handle) => {
          const value = await run(this.#enter(scope, handle));
          await this.#end(scope);
          result = { value };
        }),
      );
    } catch (error) {
      scope.state = "rolled back";
      // The savepoint undoes its own failed statement, and none before it.
      parent.root.firstError = before;
      throw error;
    }
    scope.state = "committed";
    return valueOf(result);
  }

  #enter(scope: Scope, handle: object): Drizzle {
    this.#guard.guard(handle);
    const entered = this.#withAtomic(handle, scope);
    scope.handle = entered;
    return this.#asDrizzle(entered);
  }

  /** Ends a scope from inside: waits for all that the code does not await, and runs the functions before the commit. */
  async #end(scope: Scope): Promise<void> {
    await scope.finish();
    if (scope.isOutermost) {
      await scope.runBeforeCommit();
    }
    this.#engine.verify(scope);
  }

  #find(base: Drizzle): Drizzle {
    const scope = findScope(this) ?? this.#test?.scope;
    if (scope?.handle === undefined) {
      return base;
    }
    return this.#asDrizzle(scope.handle);
  }

  /** Makes drizzle's own `transaction()` the same as `atomic()`, so that `current` is right inside of it. */
  #withAtomic<Handle extends object>(handle: Handle, scope?: Scope): Handle {
    const transaction = (run: (db: Drizzle) => unknown, config?: object): Promise<unknown> =>
      scope === undefined || findScope(this)?.root === scope.root
        ? this.atomic(run, config)
        : runInScope(scope, () => this.atomic(run, config));
    if (scope !== undefined) {
      Object.defineProperty(handle, "transaction", { value: transaction, configurable: true });
      return handle;
    }
    return new Proxy(handle, {
      get: (target, key) => {
        if (key === "transaction") {
          return transaction;
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #asDrizzle(handle: object): Drizzle {
    if (this.#isDrizzle(handle)) {
      return handle;
    }
    throw new DatabaseError("The transaction is not one of this database.");
  }

  /** A transaction of drizzle has all of a database but its client. */
  #isDrizzle(handle: object): handle is Drizzle {
    return "_" in handle;
  }

  #createMigrations(root: string): Migrations {
    const { migrate, migrations = "migrations", schemaFile } = this.#options;
    return new Migrations(this.#engine, this.drizzle, {
      folder: resolve(root, migrations),
      apply: migrate === undefined ? undefined : () => migrate(this.drizzle),
      listTables: () => listAppTables(this.drizzle, root, schemaFile),
    });
  }
}

/** The database that `atomic()` and `afterCommit()` mean: the one that the running app uses. */
export function findDatabase(caller: string): Database {
  const found = findAppContext()?.app.extensions.database ?? latest?.deref();
  if (found instanceof Database) {
    return found;
  }
  throw new SetupError(
    `${caller} found no database. Give the app one, app.use(new Database(…)), or call it on the database: database.${caller}.`,
  );
}

let latest: WeakRef<Database> | undefined; // For scripts without a context.

function valueOf<Result>(result: { readonly value: Result } | undefined): Result {
  if (result === undefined) {
    throw new DatabaseError("The transaction ended without a result.");
  }
  return result.value;
}
