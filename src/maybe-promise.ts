/** A value, or the promise of one: what is synchronous stays so. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Tells whether a value is a promise, also one of another library. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
