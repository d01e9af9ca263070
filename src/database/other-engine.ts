import { DatabaseError } from "../base/errors";
import type { DrizzleSession, Engine } from "./engine";
import { runInScope, type Scope } from "./scope";

/** Transactions on any other database, by drizzle alone. */
export class OtherEngine implements Engine {
  readonly kind = "other";
  readonly #database: DrizzleSession;
  readonly #close: (() => unknown) | undefined;

  /**
   * @param database The database of drizzle.
   * @param close Closes it.
   */
  constructor(database: DrizzleSession, close: (() => unknown) | undefined) {
    this.#database = database;
    this.#close = close;
  }

  begin(scope: Scope, run: (handle: object) => Promise<unknown>, config?: object): Promise<unknown> {
    return runInScope(scope, () => this.#database.transaction(run, config));
  }

  verify(): void {
    // The database itself refuses to commit.
  }

  async check(): Promise<void> {
    // No statement works on every database.
  }

  async close(): Promise<void> {
    await this.#close?.();
  }

  lock<Result>(run: () => Promise<Result>): Promise<Result> {
    return run();
  }

  execute(): Promise<never> {
    return this.#refuse();
  }

  query(): Promise<never> {
    return this.#refuse();
  }

  listColumns(): Promise<never> {
    return this.#refuse();
  }

  describe(): Promise<never> {
    return this.#refuse();
  }

  clear(): Promise<never> {
    return this.#refuse();
  }

  async #refuse(): Promise<never> {
    throw new DatabaseError("This command knows databases of libSQL and of Postgres by 'pg'. For others, use drizzle-kit.");
  }
}
