import { FlagonError } from "./errors";
import { ignoreRejection } from "./maybe-promise";

/** A promise under watch. */
interface Watched {
  /** The call that made it, such as "request.json()". */
  readonly call: string;
  /** Whether the promise must be awaited even if it does not fail. */
  readonly isAnswer: boolean;
  /** Whether its value is all that the call is for. */
  readonly isGuarded: boolean;
  /** Whether anybody waits for it: by `await`, `then()`, `Promise.all()` or a `return` of it. */
  isHeard: boolean;
  isSettled: boolean;
  failure: { readonly error: unknown } | undefined;
}

/** Options of {@link PromiseWatch.add}. */
export interface WatchOptions {
  /** Refuses a use of the promise as its value, which would be `undefined`, and reports it once it is there and nobody awaits it. Default: `false`. */
  readonly isGuarded?: boolean;
  /** Reports a promise that nobody awaits also if it does not fail: a promise itself counts as true. Default: `false`. */
  readonly isAnswer?: boolean;
}

/** The names that innocent code reads of any object: `JSON.stringify()` and libraries that compare or print. */
const innocent: ReadonlySet<string | symbol> = new Set(["toJSON", "asymmetricMatch", "$$typeof", "nodeType", "inspect"]);
/** The symbols by which a value is used: as a list, or as text. */
const uses: ReadonlySet<symbol> = new Set([Symbol.iterator, Symbol.toPrimitive]);

/**
 * Watches the promises that the code of one request got of Flagon. A failure that nobody awaits is reported at the end of the request,
 * and does not end the process: a client can cause it.
 */
export class PromiseWatch {
  readonly #report: (call: string, message: string, error?: unknown) => void;
  readonly #watched: Watched[] = [];
  #isOver = false;

  /** @param report Logs a promise that nobody awaited: the call that made it, what happened, and the error. */
  constructor(report: (call: string, message: string, error?: unknown) => void) {
    this.#report = report;
  }

  /**
   * Watches a promise.
   *
   * @param promise The promise.
   * @param call The call that made it, such as "request.json()".
   * @returns A promise of the same value, to give to the app in its place.
   */
  add<Value>(promise: Promise<Value>, call: string, { isAnswer = false, isGuarded = false }: WatchOptions = {}): Promise<Value> {
    const watched = promise.then((value) => value);
    const one: Watched = { call, isAnswer, isGuarded, isHeard: false, isSettled: false, failure: undefined };
    this.#watched.push(one);
    const settle = (failure?: { readonly error: unknown }): void => {
      one.isSettled = true;
      one.failure = failure;
      if (this.#isOver && !(isAnswer && failure === undefined)) {
        this.#check(one);
      }
    };
    watched.then(
      () => settle(),
      (error: unknown) => settle({ error }),
    );
    return Object.setPrototypeOf(watched, createPrototype(one, isGuarded));
  }

  /** Reports the promises of the request that nobody has awaited. Those that are not settled yet are reported then. */
  end(): void {
    this.#isOver = true;
    for (const one of this.#watched) {
      this.#check(one);
    }
  }

  #check({ call, failure, isAnswer, isGuarded, isHeard, isSettled }: Watched): void {
    if (isHeard) {
      return;
    }
    if (failure !== undefined) {
      const { error } = failure;
      const reason = error instanceof Error ? error.message : String(error);
      this.#report(call, `failed, and nobody awaited it: ${reason} Write 'await' before the call.`, error);
    } else if (isAnswer || (isGuarded && isSettled)) {
      this.#report(call, "was not awaited, so that its answer was not used: a promise counts as true. Write 'await' before the call.");
    }
  }
}

/** Creates the prototype of a promise: it notes that somebody waits, and refuses a use of the promise as its value if it is guarded. */
function createPrototype(one: Watched, isGuarded: boolean): object {
  return new Proxy(Object.create(Promise.prototype), {
    get(target, key, receiver) {
      // `await` reads the constructor of a promise, and nothing else.
      if (key === "then" || key === "constructor") {
        one.isHeard = true;
      } else if (isGuarded && (typeof key === "symbol" ? uses.has(key) : !(key in target || innocent.has(key)))) {
        one.isHeard = true;
        const use =
          typeof key === "string" ? `'${key}' was read of the promise of ${one.call}` : `The promise of ${one.call} was used as its value`;
        throw new FlagonError(`${use}, before the value was there. Await it: const value = await ${one.call};`);
      }
      return Reflect.get(target, key, receiver);
    },
  });
}

/** Finds the watch of the current request. */
let findWatch: () => PromiseWatch | undefined = () => undefined;

/** Sets the function that finds the watch of the current request. The module that knows the request does so. */
export function setWatchFinder(find: () => PromiseWatch | undefined): void {
  findWatch = find;
}

/**
 * Watches a promise on behalf of the current request, if there is one. Without a request, it stays as it is.
 *
 * @param promise The promise.
 * @param call The call that made it, such as "mail.send()".
 */
export function watchPromise<Value>(promise: Promise<Value>, call: string, options?: WatchOptions): Promise<Value> {
  return findWatch()?.add(promise, call, options) ?? promise;
}

/** Ignores the rejection of a promise, and returns the promise: a client can cause its failure, which must not end the process. */
export function hear<Value>(promise: Promise<Value>): Promise<Value> {
  ignoreRejection(promise);
  return promise;
}
