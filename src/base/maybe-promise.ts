/** A value, or the promise of one: synchronous code stays synchronous. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Tells whether a value is a promise, also one of another library. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise || (typeof value === "object" && value !== null && "then" in value && typeof value.then === "function");
}

/** Calls a function with a value: at once, or when its promise has resolved. Creates no promise for a plain value. */
export function andThen<Value, Result>(value: MaybePromise<Value>, next: (value: Value) => MaybePromise<Result>): MaybePromise<Result> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Collects values: at once, or when their promises have resolved. */
export function allOf<Value>(values: readonly MaybePromise<Value>[]): MaybePromise<readonly Value[]> {
  const present: Value[] = [];
  for (const value of values) {
    if (isPromise(value)) {
      return Promise.all(values);
    }
    present.push(value);
  }
  return present;
}

/**
 * Keeps the rejection of a promise that is refused, so that nobody awaits it, from ending the process.
 *
 * Other objects with `then`, such as the queries of a database, stay untouched: calling it would run the query.
 */
export function ignoreRejection(promise: PromiseLike<unknown>): void {
  if (promise instanceof Promise) {
    Promise.prototype.then.call(promise, undefined, () => undefined);
  }
}
