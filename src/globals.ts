import { Flagon } from "./app";
import { contexts, findAppContext, findRequestContext, type Globals, getAppContext, getRequestContext } from "./context";
import { ContextError } from "./errors";
import type { FlagonRequest } from "./http/request";
import type { Session } from "./sessions";

/** The current request. Outside a request its use is an error that says what to do. */
export const request: FlagonRequest = createProxy(() => getRequestContext("request").request);

/** The current visitor's session. */
export const session: Session = createProxy(() => getRequestContext("session").session);

/** A place for what hooks and views of one request share; it starts empty. */
export const g: Globals & Record<string, unknown> = createProxy(() => getAppContext("g").g, false);

/** The current app. */
export const currentApp: Flagon = createProxy(() => {
  const { app } = getAppContext("currentApp");
  if (app instanceof Flagon) {
    return app;
  }
  throw new ContextError("The current app comes from another copy of the package 'flagon'. Install it once.");
});

/** Tells whether a request is active, so that `request` and `session` can be used. */
export function hasRequestContext(): boolean {
  return findRequestContext() !== undefined;
}

/** Tells whether an app is active, with or without a request, so that `currentApp` and `g` can be used. */
export function hasAppContext(): boolean {
  return findAppContext() !== undefined;
}

/**
 * Makes a function run with the current request's context, whoever calls it and whenever.
 *
 * Timers, promises and streams keep the context by themselves; this is for callbacks that others keep. What the
 * function changes in the session after the response is not saved.
 *
 * @param run The function.
 */
export function copyCurrentRequestContext<Values extends readonly unknown[], Result>(
  run: (...values: Values) => Result,
): (...values: Values) => Result {
  const context = getRequestContext("copyCurrentRequestContext");
  return (...values) => contexts.run(context, () => run(...values));
}

/** Creates an object that always means the current one: whatever is done to it is done to what `find` returns. */
function createProxy<Target extends object>(find: () => Target, bindsMethods = true): Target {
  const target: Target = Object.create(null);
  return new Proxy(target, {
    get(_, key) {
      const current = find();
      const value: unknown = Reflect.get(current, key, current);
      return bindsMethods && typeof value === "function" ? value.bind(current) : value;
    },
    set: (_, key, value) => {
      const current = find();
      return Reflect.set(current, key, value, current);
    },
    has: (_, key) => Reflect.has(find(), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(find(), key),
    ownKeys: () => Reflect.ownKeys(find()),
    getPrototypeOf: () => Reflect.getPrototypeOf(find()),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(find(), key);
      // The proxy's own target has no such property, so that only a configurable one may be reported.
      return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
    },
  });
}
