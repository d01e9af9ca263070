import { Flagon } from "./app";
import { ContextError } from "./base/errors";
import { contexts, findAppContext, findRequestContext, type Globals, getAppContext, getRequestContext } from "./dispatch/context";
import { createContextProxy } from "./dispatch/context-proxy";
import type { FlagonRequest } from "./http/request/request";
import type { Session } from "./sessions/session";

/** The current request. Outside a request, each use of it throws an error that names the cure. */
export const request: FlagonRequest = createContextProxy(() => getRequestContext("request").request);

/** The current visitor's session. */
export const session: Session = createContextProxy(() => getRequestContext("session").session);

/** Values that hooks and views of one request share. It starts empty. */
export const g: Globals & Record<string, unknown> = createContextProxy(() => getAppContext("g").g, false);

/** The current app. */
export const currentApp: Flagon = createContextProxy(() => {
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
 * Returns a function that runs with the current request's context, from any caller and at any time.
 *
 * Timers, promises and streams keep the context by themselves; this is for callbacks that other code keeps. What the
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
