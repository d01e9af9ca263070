import { refuseOtherCopy } from "../base/copies";
import { ReturnValueError } from "../base/errors";
import { toLoggedPath } from "../base/logged-path";
import { isPromise, type MaybePromise } from "../base/maybe-promise";
import { signals } from "../base/signals";
import type { Config } from "../config/config";
import { warnOfSize } from "../http/cookies";
import { InternalServerError } from "../http/exceptions/by-status";
import { HTTPException, ResponseException } from "../http/exceptions/http-exception";
import { applyNonce } from "../http/response/default-headers";
import { FlagonResponse } from "../http/response/response";
import { addDefaults, peekHeader, type ResponseHeaders } from "../http/response/response-headers";
import { isPage, toResponse } from "../http/response/response-value";
import { checkInnerData } from "../http/response/returned-data";
import { isBodiless } from "../http/status";
import { labelOf, type RequestContext } from "./context";
import { describeInText, mayDebug, renderDebugPage } from "./debug-page";
import { replacesPage } from "./error-format";
import { type FoundHandler, findErrorHandler } from "./error-handlers";
import { type DebugInformation, respondWithError } from "./error-pages";
import { explainError } from "./explain-error";
import { primeBody, silenceErrors } from "./first-piece";
import { logError, toReadable } from "./readable-error";
import { warnOfTuple } from "./returned-tuple";

/** The most times that the after hooks run for one request: for its response, and for the error page in place of it. */
const maxAfterRuns = 2;

/** Makes the response of the value that a view, a hook or routing gave. An error that is returned counts as thrown. */
export function toAnswer(context: RequestContext, value: unknown): MaybePromise<FlagonResponse> {
  return value instanceof HTTPException ? handleError(context, value) : finish(context, value, context.status);
}

/** Makes the response of a value, runs the after hooks, and saves the session. */
function finish(context: RequestContext, value: unknown, status: number): MaybePromise<FlagonResponse> {
  try {
    if (context.app.config.debug) {
      warnOfTuple(context, value);
      checkInnerData(value, labelOf(context), context.app.json);
    }
    context.response = toOwnResponse(context, value, status);
    if (context.response.isStreamed) {
      silenceErrors(context.response.body);
    }
  } catch (error) {
    return failAnswer(context, error);
  }
  let finished: MaybePromise<FlagonResponse>;
  try {
    context.app.defaultHeaders.apply(context.response);
    finished = runAfterHooks(context, context.response);
  } catch (error) {
    return failAfter(context, error);
  }
  return isPromise(finished)
    ? finished.then(
        (response) => beginBody(context, response),
        (error: unknown) => failAfter(context, error),
      )
    : beginBody(context, finished);
}

/**
 * Makes the response of a value, for this request alone.
 *
 * @throws {ReturnValueError} If the value is a response that was returned for another request: it may have the cookies
 * of that request.
 */
function toOwnResponse(context: RequestContext, value: unknown, status: number): FlagonResponse {
  const response = toResponse(value, status, labelOf(context), context.app.json);
  response.owner ??= context;
  if (response.owner !== context) {
    throw new ReturnValueError(
      `${labelOf(context)} returned a response that was sent for another request, with its cookies and headers. Make a response for each request: keep the text or the data, and call makeResponse() in the function.`,
    );
  }
  return response;
}

/** Waits for the first piece of a stream: as long as nothing is sent, its failure is an error of the view. */
function beginBody(context: RequestContext, response: FlagonResponse, goOn = saveSession): MaybePromise<FlagonResponse> {
  if (!response.isStreamed) {
    return goOn(context, response);
  }
  let begun: Promise<void> | undefined;
  try {
    begun = primeBody(context, response);
  } catch (error) {
    return failBody(context, response, error);
  }
  return begun === undefined
    ? goOn(context, response)
    : begun.then(
        () => goOn(context, response),
        (error: unknown) => failBody(context, response, error),
      );
}

function failBody(context: RequestContext, response: FlagonResponse, error: unknown): MaybePromise<FlagonResponse> {
  context.abandon(response);
  context.response = undefined;
  return failAnswer(context, error);
}

function saveSession(context: RequestContext, response: FlagonResponse): MaybePromise<FlagonResponse> {
  let saved: MaybePromise<void>;
  try {
    saved = writeSession(context, response);
  } catch (error) {
    return failAfter(context, error, true);
  }
  return isPromise(saved)
    ? saved.then(
        () => completeResponse(context, response),
        (error: unknown) => failAfter(context, error, true),
      )
    : completeResponse(context, response);
}

function writeSession(context: RequestContext, response: FlagonResponse): MaybePromise<void> {
  const { app, usedSession: session, request } = context;
  if (session === undefined) {
    return undefined;
  }
  response.vary("cookie");
  if (context.isSessionSaved) {
    // A session that could not be saved is not tried again for the error page.
    return undefined;
  }
  context.isSessionSaved = true;
  return app.sessionInterface.save(session, request, response, app.config);
}

/**
 * Answers for an error of an after hook, or of saving the session.
 *
 * An error page replaces a page. An error page itself is sent unchanged. So is the answer to a request that was refused
 * before its before hooks: after hooks expect the work of before hooks.
 */
function failAfter(context: RequestContext, error: unknown, isBegun = false): MaybePromise<FlagonResponse> {
  const { failure, afterRuns, request, response, refusedBy } = context;
  if (response !== undefined && (failure !== undefined || refusedBy !== undefined || afterRuns >= maxAfterRuns)) {
    logError(request.log, toReadable(error), "An after-request hook, or saving the session, failed. The response is sent nevertheless.");
    return isBegun ? completeResponse(context, response) : beginBody(context, response, completeResponse);
  }
  if (response !== undefined) {
    context.abandon(response);
    context.response = undefined;
  }
  return handleError(context, error);
}

function runAfterHooks(context: RequestContext, response: FlagonResponse): MaybePromise<FlagonResponse> {
  const { hooks, afterThisRequest } = context;
  if (hooks.afterRequest.length === 0 && afterThisRequest === undefined) {
    return response;
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
    return latest;
  };
  context.afterRuns++;
  return context.afterRuns > maxAfterRuns ? response : run(response, 0);
}

/** Returns the response that an after hook has returned, or the response as it was. */
function replace(context: RequestContext, response: FlagonResponse, value: unknown): FlagonResponse {
  if (value === undefined || value === response) {
    return response;
  }
  if (value instanceof FlagonResponse) {
    context.abandon(response);
    context.response = value;
    return value;
  }
  throw new ReturnValueError("An after-request hook returned something else than a response. Return the response, or nothing to keep it.");
}

function completeResponse(context: RequestContext, response: FlagonResponse): FlagonResponse {
  context.response = response;
  context.completeHeaders();
  setCacheControl(context, response);
  setSecurity(context, response);
  publishFinished(context, response);
  return response;
}

const noStore = ["cache-control", "no-store"];
const privateOnly = ["cache-control", "private"];
/** The headers that describe a body, which a 204 and a 304 do not have (RFC 9110, sections 15.3.5 and 15.4.5). */
const contentHeaders = ["content-type", "content-encoding", "content-language", "content-range"];

/**
 * Forbids caching: shared caches for responses that used the session, all caches for errors and `Set-Cookie`. A 401 gets the
 * challenges of the app.
 */
function setCacheControl({ app, usedCspNonce, usedSession }: RequestContext, { headers, status }: FlagonResponse): void {
  const setsCookie = peekHeader(headers, "set-cookie") !== undefined;
  if (setsCookie) {
    warnOfCookies(headers, app.config);
  }
  if (status >= 400 || setsCookie) {
    addDefaults(headers, noStore);
    if (status === 401 && app.registry.challenges.length > 0) {
      addDefaults(headers, ["www-authenticate", app.registry.challenges.join(", ")]);
    }
  } else if (usedSession !== undefined || usedCspNonce !== undefined) {
    addDefaults(headers, privateOnly);
  }
  if (isBodiless(status)) {
    for (const name of contentHeaders) {
      headers.delete(name);
    }
  }
}

/** Adds the page's nonce to its policy, and `Strict-Transport-Security` over HTTPS. */
function setSecurity({ app, request, usedCspNonce }: RequestContext, response: FlagonResponse): void {
  if (usedCspNonce !== undefined) {
    applyNonce(response, usedCspNonce);
  }
  if (app.defaultHeaders.concernsHttps && request.isSecure) {
    app.defaultHeaders.applyHttps(response);
  }
}

/** Warns of large cookies. That of the session has a warning of its own, which names the largest value. */
function warnOfCookies(headers: ResponseHeaders, { maxCookieSize, sessionCookieName }: Config): void {
  for (const cookie of headers.getSetCookie()) {
    if (cookie.length > maxCookieSize && !cookie.startsWith(`${sessionCookieName}=`)) {
      warnOfSize(`The cookie '${cookie.slice(0, cookie.indexOf("="))}'`, cookie, maxCookieSize, "Keep less in it.");
    }
  }
}

function publishFinished({ app, request }: RequestContext, response: FlagonResponse): void {
  if (signals.requestFinished.hasSubscribers) {
    signals.requestFinished.publish({ app, request, response });
  }
}

/**
 * Answers for an error of the app, or of the middleware in front of it: by its handler, as an HTTP error by itself, or
 * with 500.
 */
export function handleError(context: RequestContext, thrown: unknown): MaybePromise<FlagonResponse> {
  const { app } = context;
  const error = toOwn(toReadable(thrown));
  context.errors++;
  if (error instanceof ResponseException) {
    return finish(context, error.response, 200);
  }
  if (error instanceof HTTPException && (!context.isBegun || error === context.refusal)) {
    context.refusedBy ??= error;
  }
  // A second error comes from a handler or an after hook. Handlers of its own kind do not get it.
  const handler = context.errors === 1 ? findErrorHandler(context, error) : undefined;
  if (handler !== undefined) {
    return callHandler(context, handler, error, error instanceof HTTPException ? error.status : 500);
  }
  return error instanceof HTTPException && context.errors === 1 && !app.config.trapHttpExceptions
    ? finish(context, respondWithError(error, context), error.status)
    : handleUnhandled(context, error);
}

function handleUnhandled(context: RequestContext, thrown: unknown): MaybePromise<FlagonResponse> {
  const { app, request } = context;
  const error = app.requestSettings.isWatched ? explainError(context, thrown) : thrown;
  const isFirst = context.failure === undefined;
  context.failure = error;
  if (signals.exception.hasSubscribers) {
    signals.exception.publish({ app, request, exception: error });
  }
  if (propagatesErrors(context)) {
    throw error;
  }
  logError(request.log, error, `Exception on ${toLoggedPath(request.target, request.viewArgs)} [${request.method}]`);
  const exception = new InternalServerError(undefined, { cause: error });
  // In debug mode the page for developers is there for this error, as in Flask. A handler of the error's own class comes before.
  const isForDeveloper = mayDebug(context) && app.config.propagateExceptions !== false;
  const handler = isFirst && !isForDeveloper ? findErrorHandler(context, exception) : undefined;
  return handler === undefined
    ? finish(context, respondWithError(exception, context, explainToDeveloper(context, error)), 500)
    : callHandler(context, handler, exception, 500);
}

function callHandler(context: RequestContext, found: FoundHandler, error: unknown, status: number): MaybePromise<FlagonResponse> {
  const finishWith = (value: unknown): MaybePromise<FlagonResponse> => {
    if (value instanceof HTTPException) {
      return finish(context, respondWithError(value, context), value.status);
    }
    if (isPage(value) && replacesPage(context, found.scope)) {
      context.abandon(toResponse(value, status, labelOf(context), context.app.json));
      const exception = error instanceof HTTPException ? error : new InternalServerError(undefined, { cause: error });
      return finish(context, respondWithError(exception, context), exception.status);
    }
    return finish(context, value, status);
  };
  let value: unknown;
  try {
    value = found.handle(error, context.request);
  } catch (failure) {
    return failHandler(context, failure);
  }
  return isPromise(value) ? value.then(finishWith, (failure: unknown) => failHandler(context, failure)) : finishWith(value);
}

/** Answers for an error of an error handler. A refused request keeps its status. */
function failHandler(context: RequestContext, failure: unknown): MaybePromise<FlagonResponse> {
  const { refusedBy, request } = context;
  if (refusedBy === undefined || propagatesErrors(context)) {
    return handleError(context, failure);
  }
  logError(request.log, toReadable(failure), "The error handler of a refused request failed.");
  return finish(context, respondWithError(refusedBy, context), refusedBy.status);
}

/** Answers for a value that cannot be sent. If it comes from the error handler of a refused request, the refusal stands. */
function failAnswer(context: RequestContext, error: unknown): MaybePromise<FlagonResponse> {
  return context.refusedBy === undefined ? handleError(context, error) : failHandler(context, error);
}

function propagatesErrors({ app: { config } }: RequestContext): boolean {
  return config.propagateExceptions ?? config.testing;
}

function explainToDeveloper(context: RequestContext, error: unknown): DebugInformation | undefined {
  return error instanceof Error && mayDebug(context) ? { text: describeInText(error), page: renderDebugPage(context, error) } : undefined;
}

/** Returns the error. An error of another copy of the package is replaced by one that explains the copies. */
function toOwn(thrown: unknown): unknown {
  if (!(thrown instanceof HTTPException)) {
    try {
      refuseOtherCopy(thrown, "exception");
    } catch (error) {
      return error;
    }
  }
  return thrown;
}
