import { AsyncLocalStorage } from "node:async_hooks";
import { addDetachedState } from "../base/detached";
import { DatabaseError } from "../base/errors";
import { findAppContext } from "../dispatch/context";

/** The state of a transaction. It is ending from its last function before the commit on. */
type State = "open" | "ending" | "committed" | "rolled back";

/** A queue: callers go through one after another, in the order of their arrival. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Whether the queue is empty: no caller runs or waits. */
  get isFree(): boolean {
    return this.#count === 0;
  }

  /** Resolves when all earlier callers are done. */
  async wait(): Promise<void> {
    await this.#last;
  }

  /** Runs a function once all earlier callers are done. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#count++;
    const done = this.#last.then(work).finally(() => {
      this.#count--;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** A transaction of a database, or a savepoint inside of one. */
export class Scope {
  /** The outermost scope of the same transaction. */
  readonly root: Scope;
  /** The functions that wait for the commit. */
  readonly afterCommit: (() => unknown)[] = [];
  /** The functions that run just before the commit of the outermost scope. */
  readonly beforeCommit: { readonly run: () => unknown; readonly order: string }[] = [];
  /** Lets the savepoints inside of this scope come one after another. */
  readonly turns: Turns = new Turns();
  /** The error of the first statement that failed, on a database that then refuses all others. */
  firstError: unknown;
  /** The drizzle object for statements inside the transaction. */
  handle: object | undefined;
  state: State = "open";
  readonly #unfinished = new Set<Promise<unknown>>();

  /**
   * @param owner The database.
   * @param parent The scope around it.
   * @param outer The scope of another database around it.
   * @param isTest Whether it is the transaction of a test, which is never committed.
   */
  constructor(
    readonly owner: object,
    readonly parent: Scope | undefined,
    readonly outer: Scope | undefined,
    readonly isTest: boolean = false,
  ) {
    this.root = parent?.root ?? this;
  }

  /** Whether it counts as the outermost one: no transaction is around it, except that of a test. */
  get isOutermost(): boolean {
    return this.parent === undefined || this.parent.isTest;
  }

  /** The scope of the same transaction that the running code is in. */
  get innermost(): Scope {
    const found = findScope(this.owner);
    return found?.root === this.root ? found : this;
  }

  /** Lets the end of this scope wait for work, also if the code inside does not. Returns a promise for that code. */
  hold<Result>(work: Promise<Result>): Promise<Result> {
    this.#unfinished.add(work);
    return work.finally(() => this.#unfinished.delete(work));
  }

  /** Waits until all work is done that has begun inside: statements, savepoints, and what `hold()` got. */
  async finish(): Promise<void> {
    while (this.#unfinished.size > 0 || !this.turns.isFree) {
      await this.turns.wait();
      await Promise.allSettled(this.#unfinished);
    }
  }

  /** Runs the functions that wait for the moment before the commit, in the order of their texts. One of them can add others. */
  async runBeforeCommit(): Promise<void> {
    while (this.beforeCommit.length > 0) {
      const functions = this.beforeCommit.splice(0);
      for (const { run } of functions.sort((left, right) => (left.order < right.order ? -1 : Number(left.order > right.order)))) {
        await run();
      }
      await this.finish();
    }
    this.state = "ending";
  }

  /**
   * Refuses statements after the end.
   *
   * @param what The statement, as the start of a sentence.
   * @param isLastCall Whether it is refused from the last function before the commit on. Default: only the outermost scope does so.
   * @throws {DatabaseError} If this scope, or one around it, has ended.
   */
  check(what: string, isLastCall = false): void {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const { state } = scope;
      // A savepoint is released by a statement.
      if (state !== "open" && (state !== "ending" || isLastCall || scope.parent === undefined)) {
        throw new DatabaseError(
          `${what} came after its transaction ${state === "ending" ? "had begun to commit" : `was ${state}`}. Await everything inside of atomic: a branch of Promise.all() continues when another one fails, and use Promise.allSettled() or afterCommit() for work that may outlive it.`,
        );
      }
    }
  }
}

/** Holds the scope through awaits. */
const scopes = new AsyncLocalStorage<Scope | undefined>();

addDetachedState((run) => scopes.exit(run));

/** Finds the scope of a database that the running code is in. */
export function findScope(owner: object): Scope | undefined {
  let scope = scopes.getStore();
  while (scope !== undefined && scope.owner !== owner) {
    scope = scope.outer;
  }
  return scope;
}

/**
 * Runs work as a part of the current transaction of a database, which does not commit before it is done. Without one, it just runs.
 *
 * @param what The work, as the start of a sentence.
 * @throws {DatabaseError} If the transaction has ended.
 */
export async function takePart<Result>(owner: object, what: string, work: () => Promise<Result>): Promise<Result> {
  const scope = findScope(owner);
  scope?.check(what, true);
  return scope === undefined ? work() : scope.hold(work());
}

/** Returns the innermost scope that the running code is in, of any database. */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

/** Runs a function inside of a scope. */
export function runInScope<Result>(scope: Scope, run: () => Result): Result {
  return scopes.run(scope, run);
}

/** Runs a function outside of every scope. */
export function runOutside<Result>(run: () => Result): Result {
  return scopes.exit(run);
}

/** Warns in debug mode of a query that runs outside of the transaction of its code: it does not see the changes of that transaction. */
export function warnBeside(): void {
  const app = scopes.getStore()?.state === "open" ? findAppContext()?.app : undefined;
  if (app?.config.debug === true) {
    app.logger.warn(
      "A query was run outside of the transaction that its code is in, and does not see its changes. Build and prepare queries inside of atomic, with 'database.current'.",
    );
  }
}
