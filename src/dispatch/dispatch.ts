import { isPromise, type MaybePromise } from "../base/maybe-promise";
import { signals } from "../base/signals";
import { FlagonRequest } from "../http/request/request";
import { guardRequest } from "../http/request/request-guard";
import type { RequestSource } from "../http/request/request-source";
import type { FlagonResponse } from "../http/response/response";
import type { Application } from "../setup/application";
import { handleError, toAnswer } from "./after-view";
import { callView, checkCsrf, openSession, preprocessUrlValues, runBeforeHooks, runSteps, type Step } from "./before-view";
import { checkHead } from "./check-head";
import { RequestContext } from "./context";
import { findRoute, overrideMethod } from "./find-route";
import { redirectToHttps } from "./https-only";

/** Creates the context of a request. The first one ends the app's set-up. */
export function createContext(app: Application, source: RequestSource): RequestContext {
  if (!app.registry.isClosed) {
    app.registry.close();
  }
  const request = new FlagonRequest(source, app.requestSettings);
  return new RequestContext(app, app.requestSettings.isWatched ? guardRequest(request) : request);
}

/** The life of a request up to its answer, in this order. The first step that returns a value answers. */
const steps: readonly Step[] = [
  checkHead,
  redirectToHttps,
  overrideMethod,
  openSession,
  findRoute,
  checkCsrf,
  preprocessUrlValues,
  runBeforeHooks,
  callView,
];

/**
 * Handles a request: runs the steps above, then the after hooks, then saves the session.
 *
 * An error goes to its handler. The handler's response is finished like any other: headers, after hooks, session. Only
 * promises are awaited.
 */
export function dispatch(context: RequestContext): MaybePromise<FlagonResponse> {
  publishStarted(context);
  let value: unknown;
  try {
    value = runSteps(context, steps);
  } catch (error) {
    return handleError(context, error);
  }
  return isPromise(value)
    ? value.then(
        (settled) => toAnswer(context, settled),
        (error: unknown) => handleError(context, error),
      )
    : toAnswer(context, value);
}

/**
 * Runs the hooks that come before the view, as a request does.
 *
 * @returns The answer of one of them, or `undefined`.
 */
export function preprocessRequest(context: RequestContext): unknown {
  return runSteps(context, [preprocessUrlValues, runBeforeHooks]);
}

function publishStarted({ app, request }: RequestContext): void {
  if (signals.requestStarted.hasSubscribers) {
    signals.requestStarted.publish({ app, request });
  }
}
