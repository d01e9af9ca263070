import { ReturnValueError } from "../base/errors";
import { isPromise, type MaybePromise } from "../base/maybe-promise";
import { signals } from "../base/signals";
import type { Config } from "../config/config";
import { warnOfSize } from "../http/cookies";
import { InternalServerError } from "../http/exceptions/by-status";
import { HTTPException, ResponseException } from "../http/exceptions/http-exception";
import { Miss } from "../http/exceptions/miss";
import { tooLarge } from "../http/request/read-body";
import { FlagonRequest } from "../http/request/request";
import type { RequestSource } from "../http/request/request-source";
import { FlagonResponse } from "../http/response/response";
import { addDefaults, peekHeader } from "../http/response/response-headers";
import { toResponse } from "../http/response/response-value";
import { CsrfTokenError, checkCsrf, isSafeMethod } from "../sessions/csrf";
import type { Application } from "../setup/application";
import type { AnyErrorHandler } from "../setup/registry";
import { RequestContext } from "./context";
import { mayDebug, renderDebugPage } from "./debug-page";
import { findErrorHandler, hasErrorHandlers } from "./error-handlers";
import { respondWithError } from "./error-pages";
import { checkHead, findRoute, overrideMethod, type RoutingAnswer } from "./find-route";

/** Creates the context of a request. The first one ends the app's set-up. */
export function createContext(app: Application, source: RequestSource): RequestContext {
  if (!app.registry.isClosed) {
    app.registry.close();
  }
  return new RequestContext(app, new FlagonRequest(source, app.requestSettings));
}

/**
 * Handles a request, from its first hook to the saved session.
 *
 * The way: the session, if it is not lazy; routing; the check against cross-site requests; URL value preprocessors;
 * before hooks; the view, or the error that routing found; after hooks; the session saved. An error anywhere goes to
 * its handler, whose answer takes the same way out. Nothing is awaited that is not a promise.
 */
export function dispatch(context: RequestContext): MaybePromise<FlagonResponse> {
  if (signals.requestStarted.hasSubscribers) {
    signals.requestStarted.publish({ app: context.app, request: context.request });
  }
  let value: unknown;
  try {
    value = open(context);
  } catch (error) {
    return handleError(context, error);
  }
  return isPromise(value)
    ? value.then(
        (settled) => answer(context, settled),
        (error: unknown) => handleError(context, error),
      )
    : answer(context, value);
}

/** Answers with what a view, a hook or routing gave; an error that is returned is as one that is thrown. */
function answer(context: RequestContext, value: unknown): MaybePromise<FlagonResponse> {
  if (value instanceof Miss) {
    return answerMiss(context, value);
  }
  return value instanceof HTTPException ? handleError(context, value) : finish(context, value, context.status);
}

/** Answers where no route leads: by the handlers of errors, if there are any. */
function answerMiss(context: RequestContext, miss: Miss): MaybePromise<FlagonResponse> {
  if (hasErrorHandlers(context) || context.app.config.trapHttpExceptions) {
    return handleError(context, miss.exception);
  }
  context.errors++;
  return finish(context, respondWithError(miss, context.request), miss.status);
}

/**
 * Runs the hooks that come before the view, as a request does.
 *
 * @returns What one of them answered, or `undefined`.
 */
export function preprocessRequest(context: RequestContext): unknown {
  return preprocess(context, hooksOnly);
}

/** What comes after the hooks: the view, the answer that routing found, or nothing. */
type Next = RoutingAnswer | typeof hooksOnly;
const hooksOnly: unique symbol = Symbol("hooks only");

function open(context: RequestContext): unknown {
  checkHead(context);
  const overriding = overrideMethod(context);
  return overriding === undefined ? enter(context) : overriding.then(() => enter(context));
}

function enter(context: RequestContext): unknown {
  return context.app.sessionInterface.isLazy
    ? guard(context, findRoute(context))
    : context.openSession().then(() => guard(context, findRoute(context)));
}

function guard(context: RequestContext, answer: RoutingAnswer): unknown {
  const { app, request, endpoint } = context;
  if (!isSafeMethod(request.method) && endpoint !== undefined && app.config.csrf && !endpoint.isCsrfExempt) {
    const check = checkCsrf(request, () => context.session, app.config);
    context.isCsrfChecked = true;
    if (check !== undefined) {
      return check.then(
        () => preprocess(context, answer),
        (error: unknown) => showFormAgain(context, error),
      );
    }
  }
  return preprocess(context, answer);
}

/**
 * Asks the page of a form for it again, as if by `GET`: so the form shows why it is not taken, keeps what was typed, and
 * has a fresh token. Nothing that only a `POST` does is done; a page without a form gets the error.
 */
async function showFormAgain(context: RequestContext, error: unknown): Promise<unknown> {
  const { app, endpoint, request } = context;
  const match = app.registry.routes.match("GET", request.path, request);
  if (!(error instanceof CsrfTokenError) || match.kind !== "found" || match.route.endpoint !== endpoint) {
    throw error;
  }
  context.match = match;
  context.refusal = error;
  request.method = "GET";
  request.viewArgs = match.args;
  const value = await preprocess(context, undefined);
  if (!context.isRefusalShown) {
    throw error;
  }
  return value;
}

function preprocess(context: RequestContext, next: Next): unknown {
  const { hooks, match, request } = context;
  if (hooks.urlValuePreprocessor.length > 0) {
    const values = match !== undefined && "args" in match ? match.args : {};
    for (const hook of hooks.urlValuePreprocessor) {
      hook(request.endpoint, values);
    }
  }
  return runBeforeHooks(context, next, 0);
}

function runBeforeHooks(context: RequestContext, next: Next, first: number): unknown {
  const { hooks, request } = context;
  for (let index = first; index < hooks.beforeRequest.length; index++) {
    const value = hooks.beforeRequest[index]?.(request);
    if (isPromise(value)) {
      return value.then((settled) => (settled === undefined ? runBeforeHooks(context, next, index + 1) : settled));
    }
    if (value !== undefined) {
      return value;
    }
  }
  return callView(context, next);
}

function callView({ match, endpoint, request }: RequestContext, next: Next): unknown {
  if (next !== undefined) {
    return next === hooksOnly ? undefined : next;
  }
  if (!isSafeMethod(request.method) && request.isTooLong) {
    throw tooLarge(request.maxContentLength);
  }
  return match?.kind === "found" && endpoint !== undefined ? endpoint.view(match.args, request) : undefined;
}

/** Makes the response and sends it through the after hooks. */
function finish(context: RequestContext, value: unknown, status: number): MaybePromise<FlagonResponse> {
  let response: FlagonResponse;
  try {
    response = toResponse(value, status, labelOf(context), context.app.json);
  } catch (error) {
    return handleError(context, error);
  }
  try {
    context.app.defaultHeaders.apply(response);
    const finished = runAfterHooks(context, response);
    return isPromise(finished) ? finished.catch((error: unknown) => failAfter(context, response, error)) : finished;
  } catch (error) {
    return failAfter(context, response, error);
  }
}

/** Answers for an error of an after hook, or of saving the session, in place of the response that was on its way. */
function failAfter(context: RequestContext, response: FlagonResponse, error: unknown): MaybePromise<FlagonResponse> {
  context.abandon(response);
  return handleError(context, error);
}

function runAfterHooks(context: RequestContext, response: FlagonResponse): MaybePromise<FlagonResponse> {
  const { hooks, afterThisRequest } = context;
  if (hooks.afterRequest.length === 0 && afterThisRequest === undefined) {
    return saveSession(context, response);
  }
  const all = afterThisRequest === undefined ? hooks.afterRequest : [...afterThisRequest, ...hooks.afterRequest];
  const run = (current: FlagonResponse, first: number): MaybePromise<FlagonResponse> => {
    let latest = current;
    for (let index = first; index < all.length; index++) {
      const value = all[index]?.(latest, context.request);
      if (isPromise(value)) {
        return value.then((settled) => run(replace(context, latest, settled), index + 1));
      }
      latest = replace(context, latest, value);
    }
    return saveSession(context, latest);
  };
  return run(response, 0);
}

/** Returns what an after hook has returned, or the response as it was. */
function replace(context: RequestContext, response: FlagonResponse, value: unknown): FlagonResponse {
  if (value === undefined || value === response) {
    return response;
  }
  if (value instanceof FlagonResponse) {
    context.abandon(response);
    return value;
  }
  throw new ReturnValueError("An after-request hook returned something else than a response. Return the response, or nothing to keep it.");
}

function saveSession(context: RequestContext, response: FlagonResponse): MaybePromise<FlagonResponse> {
  const { app, usedSession: session, request } = context;
  if (session === undefined) {
    return conclude(context, response);
  }
  response.vary("cookie");
  if (context.isSessionSaved) {
    // What could not be saved once is not tried again for the answer to that.
    return conclude(context, response);
  }
  context.isSessionSaved = true;
  const saved = app.sessionInterface.save(session, request, response, app.config);
  return isPromise(saved) ? saved.then(() => conclude(context, response)) : conclude(context, response);
}

const noStore = ["cache-control", "no-store"];
const privateOnly = ["cache-control", "private"];
/** What describes a body that a 304 does not have (RFC 9110, section 15.4.5). */
const ofContent = ["content-type", "content-encoding", "content-language", "content-range"];

/** What depends on a visitor is never kept by a shared cache, and what sets a cookie or is an error by none. */
function conclude(context: RequestContext, response: FlagonResponse): FlagonResponse {
  const { app, usedSession, request } = context;
  const { headers } = response;
  context.response = response;
  const setsCookie = peekHeader(headers, "set-cookie") !== undefined;
  if (setsCookie) {
    warnOfCookies(response, app.config);
  }
  if (response.status >= 400 || setsCookie) {
    addDefaults(headers, noStore);
  } else if (usedSession !== undefined) {
    addDefaults(headers, privateOnly);
  }
  if (response.status === 304) {
    for (const name of ofContent) {
      headers.delete(name);
    }
  }
  if (signals.requestFinished.hasSubscribers) {
    signals.requestFinished.publish({ app, request, response });
  }
  return response;
}

/** Warns of large cookies. That of the session has a warning of its own, which names the largest value. */
function warnOfCookies({ headers }: FlagonResponse, { maxCookieSize, sessionCookieName }: Config): void {
  for (const cookie of headers.getSetCookie()) {
    if (cookie.length > maxCookieSize && !cookie.startsWith(`${sessionCookieName}=`)) {
      warnOfSize(`The cookie '${cookie.slice(0, cookie.indexOf("="))}'`, cookie, maxCookieSize, "Keep less in it.");
    }
  }
}

/** Answers for an error, be it of the app or of what stands in front of it: by its handler, as an HTTP error by itself, or with 500. */
export function handleError(context: RequestContext, error: unknown): MaybePromise<FlagonResponse> {
  context.errors++;
  if (error instanceof ResponseException) {
    return finish(context, error.response, 200);
  }
  // A second error comes from a handler or an after hook; it is not handed to handlers by its own kind.
  const handler = context.errors === 1 ? findErrorHandler(context, error) : undefined;
  if (handler !== undefined) {
    return callHandler(context, handler, error, error instanceof HTTPException ? error.status : 500);
  }
  return error instanceof HTTPException && context.errors === 1 && !context.app.config.trapHttpExceptions
    ? finish(context, respondWithError(error, context.request), error.status)
    : handleUnhandled(context, error);
}

function handleUnhandled(context: RequestContext, error: unknown): MaybePromise<FlagonResponse> {
  const { app, request } = context;
  const isFirst = context.failure === undefined;
  context.failure = error;
  if (signals.exception.hasSubscribers) {
    signals.exception.publish({ app, request, exception: error });
  }
  if (app.config.propagateExceptions ?? app.config.testing) {
    throw error;
  }
  request.log.error({ err: error }, `Exception on ${request.target.split("?", 1)[0]} [${request.method}]`);
  const exception = new InternalServerError(undefined, { cause: error });
  if (context.errors > 2) {
    // Also the answer to the error failed on its way out, so the plainest one goes out as it is.
    const response = respondWithError(exception, request);
    app.defaultHeaders.apply(response);
    return response;
  }
  const handler = isFirst ? findErrorHandler(context, exception) : undefined;
  if (handler !== undefined) {
    return callHandler(context, handler, exception, 500);
  }
  const debug =
    error instanceof Error && mayDebug(context) ? { stack: error.stack ?? "", page: renderDebugPage(context, error) } : undefined;
  return finish(context, respondWithError(exception, request, debug), 500);
}

function callHandler(context: RequestContext, handler: AnyErrorHandler, error: unknown, status: number): MaybePromise<FlagonResponse> {
  const finishWith = (value: unknown): MaybePromise<FlagonResponse> =>
    value instanceof HTTPException
      ? finish(context, respondWithError(value, context.request), value.status)
      : finish(context, value, status);
  let value: unknown;
  try {
    value = handler(error, context.request);
  } catch (failure) {
    return handleError(context, failure);
  }
  return isPromise(value) ? value.then(finishWith, (failure: unknown) => handleError(context, failure)) : finishWith(value);
}

function labelOf({ endpoint }: RequestContext): string {
  return endpoint === undefined ? "An error handler or hook" : `The view '${endpoint.label}'`;
}
