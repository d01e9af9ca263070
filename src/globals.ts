import { Flagon } from "./app";
import { type Globals, getAppContext, getRequestContext } from "./context";
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
