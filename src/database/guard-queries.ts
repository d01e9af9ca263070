import { isPromise } from "../base/maybe-promise";
import { addHint, findReason, hideValues } from "../base/query-errors";

type Callable = (...values: unknown[]) => unknown;

/** The methods of a prepared query that run it. */
const running = ["execute", "run", "all", "get", "values"];

/** Keeps the values of parameters, which drizzle writes into its messages, out of the errors of a database. */
export class QueryGuard {
  readonly #advise: (reason: string) => string | undefined;
  /** The guarded methods of prepared queries, by their class. */
  readonly #methods = new WeakMap<object, Readonly<Record<string, Callable>>>();
  readonly #prepareQuery: Callable;

  /**
   * @param advise Gives the advice for an error by its reason, such as that of a missing table.
   */
  constructor(advise: (reason: string) => string | undefined) {
    this.#advise = advise;
    const findMethods = (prepared: object): object => this.#findMethods(Object.getPrototypeOf(prepared));
    this.#prepareQuery = function prepareQuery(this: unknown, ...values: unknown[]): unknown {
      const prepared = callInherited(this, "prepareQuery", values);
      return typeof prepared === "object" && prepared !== null ? Object.assign(prepared, findMethods(prepared)) : prepared;
    };
  }

  /**
   * Guards the queries of a database, or of a transaction.
   *
   * @param handle The database or the transaction of drizzle.
   */
  guard(handle: object): void {
    const session: unknown = Reflect.get(handle, "session") ?? Reflect.get(Object(Reflect.get(handle, "_")), "session");
    if (typeof session === "object" && session !== null && "prepareQuery" in session && session.prepareQuery !== this.#prepareQuery) {
      session.prepareQuery = this.#prepareQuery;
    }
  }

  #findMethods(type: object): Readonly<Record<string, Callable>> {
    let methods = this.#methods.get(type);
    if (methods === undefined) {
      methods = Object.fromEntries(running.filter((name) => name in type).map((name) => [name, this.#guardMethod(name)]));
      this.#methods.set(type, methods);
    }
    return methods;
  }

  #guardMethod(name: string): Callable {
    const fail = (error: unknown): never => this.#fail(error);
    return function guarded(this: unknown, ...values: unknown[]): unknown {
      try {
        const result = callInherited(this, name, values);
        return isPromise(result) ? result.then(undefined, fail) : result;
      } catch (error) {
        return fail(error);
      }
    };
  }

  #fail(error: unknown): never {
    hideValues(error);
    if (error instanceof Error) {
      addHint(error, () => this.#advise(findReason(error).message));
    }
    throw error;
  }
}

/** Calls a method as the class of an object has it. */
function callInherited(target: unknown, name: string, values: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(Object.getPrototypeOf(target), name);
  return typeof method === "function" ? Reflect.apply(method, target, values) : undefined;
}
