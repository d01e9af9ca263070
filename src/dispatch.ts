import type { Application } from "./application";
import { RequestContext } from "./context";
import { respondWithException } from "./error-pages";
import { ReturnValueError } from "./errors";
import { checkCsrf, isSafeMethod } from "./forms/csrf";
import { tooLarge } from "./http/body";
import {
  BadRequest,
  HTTPException,
  InternalServerError,
  MethodNotAllowed,
  NotFound,
  ResponseException,
  URITooLong,
} from "./http/exceptions";
import { FlagonRequest } from "./http/request";
import type { RequestSource } from "./http/request-source";
import { FlagonResponse } from "./http/response";
import type { AnyErrorHandler, Scope } from "./registry";
import { toResponse } from "./response-value";
import { signals } from "./signals";

/** A value, or the promise of one: what is synchronous stays so. */
export type MaybePromise<Value> = Value | Promise<Value>;

const maxTargetLength = 8 * 1024;
/** The host that was last seen to be well-formed: an app has few, and asks about them with each request. */
let wellFormedHost = "";
const hostPattern = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/** Creates the context of a request. The first one ends the app's set-up. */
export function createContext(app: Application, source: RequestSource): RequestContext {
  if (!app.registry.isClosed) {
    app.registry.close();
  }
  return new RequestContext(app, new FlagonRequest(source, app.limits));
}

/**
 * Handles a request, from its first hook to the saved session.
 *
 * The way: routing; the session, if it is not lazy; the check against cross-site requests; URL value preprocessors;
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
        (settled) => finish(context, settled, context.status),
        (error: unknown) => handleError(context, error),
      )
    : finish(context, value, context.status);
}

/**
 * Ends a request, when its body is sent or its client gone: runs the teardown hooks and removes temporary files.
 *
 * Each hook runs, also when another throws; what they throw is logged.
 */
export async function tearDown(context: RequestContext): Promise<void> {
  for (const hook of context.hooks.teardownRequest) {
    try {
      await hook(context.failure);
    } catch (error) {
      context.app.logger.error({ err: error }, "A teardown hook failed.");
    }
  }
  try {
    await context.request.close();
  } catch (error) {
    context.app.logger.error({ err: error }, "A temporary file could not be removed.");
  }
}

/** Tells whether ending a request takes any work. */
export function needsTearDown(context: RequestContext): boolean {
  return context.hooks.teardownRequest.length > 0 || context.request.needsClose;
}

/** Tells whether a value is a promise, also one of another library. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** An answer that routing found, or what it failed with. */
export type RoutingAnswer = HTTPException | FlagonResponse | undefined;

function open(context: RequestContext): unknown {
  const answer = findRoute(context);
  return context.app.sessionInterface.isLazy ? guard(context, answer) : context.openSession().then(() => guard(context, answer));
}

/** Finds the route; errors are kept, to be thrown after the before hooks, which may answer instead. */
export function findRoute(context: RequestContext): RoutingAnswer {
  const { app, request } = context;
  const problem = checkHead(request);
  if (problem !== undefined) {
    return problem;
  }
  let path: string;
  try {
    path = request.path;
  } catch (error) {
    return error instanceof HTTPException ? error : new BadRequest(undefined, { cause: error });
  }
  const match = app.registry.routes.match(request.method, path);
  context.match = match;
  switch (match.kind) {
    case "redirect":
      return redirectTo(match.path, request.queryString);
    case "missing":
      return match.allowed.length === 0 ? new NotFound() : new MethodNotAllowed(match.allowed);
    default: {
      const { endpoint, maxContentLength } = match.route;
      context.endpoint = endpoint;
      context.hooks = endpoint.scope.all;
      request.endpoint = endpoint.name;
      request.blueprint = endpoint.scope.name === "" ? null : endpoint.scope.name;
      request.viewArgs = match.args;
      if (maxContentLength !== undefined) {
        request.limits.body = maxContentLength;
        request.limits.multipart = maxContentLength;
      }
      return match.kind === "options" ? new FlagonResponse(null, 200, { allow: match.allowed.join(", ") }) : undefined;
    }
  }
}

function checkHead(request: FlagonRequest): HTTPException | undefined {
  if (request.target.length > maxTargetLength) {
    return new URITooLong();
  }
  const { host } = request;
  if (host === wellFormedHost || host === "" || hostPattern.test(host)) {
    wellFormedHost = host;
    return undefined;
  }
  return new BadRequest("The Host header of the request is not well-formed.");
}

/** The path comes from the app's own rules and begins with one slash, so that it never names another host. */
function redirectTo(path: string, query: string): FlagonResponse {
  const response = new FlagonResponse(null, 308);
  response.headers.set("location", query === "" ? path : `${path}?${query}`);
  return response;
}

function guard(context: RequestContext, answer: RoutingAnswer): unknown {
  const { app, request, endpoint } = context;
  if (!isSafeMethod(request.method) && endpoint !== undefined && app.config.csrf && !endpoint.isCsrfExempt) {
    const check = checkCsrf(request, () => context.session, app.config);
    context.isCsrfChecked = true;
    if (check !== undefined) {
      return check.then(() => preprocess(context, answer));
    }
  }
  return preprocess(context, answer);
}

function preprocess(context: RequestContext, answer: RoutingAnswer): unknown {
  const { hooks, match, request } = context;
  if (hooks.urlValuePreprocessor.length > 0) {
    const values = match !== undefined && "args" in match ? match.args : {};
    for (const hook of hooks.urlValuePreprocessor) {
      hook(request.endpoint, values);
    }
  }
  return runBeforeHooks(context, answer, 0);
}

function runBeforeHooks(context: RequestContext, answer: RoutingAnswer, first: number): unknown {
  const { hooks, request } = context;
  for (let index = first; index < hooks.beforeRequest.length; index++) {
    const value = hooks.beforeRequest[index]?.(request);
    if (isPromise(value)) {
      return value.then((settled) => (settled === undefined ? runBeforeHooks(context, answer, index + 1) : settled));
    }
    if (value !== undefined) {
      return value;
    }
  }
  return callView(context, answer);
}

function callView({ match, endpoint, request }: RequestContext, answer: RoutingAnswer): unknown {
  if (answer !== undefined) {
    if (answer instanceof HTTPException) {
      throw answer;
    }
    return answer;
  }
  if (!isSafeMethod(request.method) && (request.contentLength ?? 0) > request.maxContentLength) {
    throw tooLarge(request.maxContentLength);
  }
  return match?.kind === "found" && endpoint !== undefined ? endpoint.view(match.args, request) : undefined;
}

/** Makes the response and sends it through the after hooks. */
function finish(context: RequestContext, value: unknown, status: number): MaybePromise<FlagonResponse> {
  try {
    const response = toResponse(value, status, labelOf(context));
    context.app.defaultHeaders.apply(response);
    const finished = runAfterHooks(context, response);
    return isPromise(finished) ? finished.catch((error: unknown) => handleError(context, error)) : finished;
  } catch (error) {
    return handleError(context, error);
  }
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
        return value.then((settled) => run(checkHookResult(settled, latest), index + 1));
      }
      latest = checkHookResult(value, latest);
    }
    return saveSession(context, latest);
  };
  return run(response, 0);
}

function checkHookResult(value: unknown, response: FlagonResponse): FlagonResponse {
  if (value === undefined) {
    return response;
  }
  if (value instanceof FlagonResponse) {
    return value;
  }
  throw new ReturnValueError("An after-request hook returned something else than a response. Return the response, or nothing to keep it.");
}

function saveSession(context: RequestContext, response: FlagonResponse): MaybePromise<FlagonResponse> {
  const { app, openedSession: session, request } = context;
  if (session === undefined) {
    return conclude(context, response);
  }
  response.vary("cookie");
  const saved = app.sessionInterface.save(session, request, response, app.config);
  return isPromise(saved) ? saved.then(() => conclude(context, response)) : conclude(context, response);
}

const noStore = ["cache-control", "no-store"];
const privateOnly = ["cache-control", "private"];

/** What depends on a visitor is never kept by a shared cache, and what sets a cookie or is an error by none. */
function conclude({ app, openedSession, request }: RequestContext, response: FlagonResponse): FlagonResponse {
  const { headers } = response;
  if (response.status >= 400 || headers.has("set-cookie")) {
    headers.addDefaults(noStore);
  } else if (openedSession !== undefined) {
    headers.addDefaults(privateOnly);
  }
  if (signals.requestFinished.hasSubscribers) {
    signals.requestFinished.publish({ app, request, response });
  }
  return response;
}

/** Answers for an error: by its handler, as an HTTP error by itself, or with 500. */
function handleError(context: RequestContext, error: unknown): MaybePromise<FlagonResponse> {
  context.errors++;
  if (error instanceof ResponseException) {
    return finish(context, error.response, 200);
  }
  // A second error comes from a handler or an after hook; it is not handed to handlers by its own kind.
  const handler = context.errors === 1 ? findHandler(context, error) : undefined;
  if (handler !== undefined) {
    return callHandler(context, handler, error, error instanceof HTTPException ? error.status : 500);
  }
  return error instanceof HTTPException && context.errors === 1
    ? finish(context, respondWithException(error, context.request), error.status)
    : handleUnhandled(context, error);
}

function handleUnhandled(context: RequestContext, error: unknown): MaybePromise<FlagonResponse> {
  const { app, request } = context;
  const isFirst = context.failure === undefined;
  context.failure = error;
  if (signals.exception.hasSubscribers) {
    signals.exception.publish({ app, request, exception: error });
  }
  if (app.config.testing) {
    throw error;
  }
  app.logger.error({ err: error }, `Exception on ${request.target.split("?", 1)[0]} [${request.method}]`);
  const exception = new InternalServerError(undefined, { cause: error });
  if (context.errors > 2) {
    // Also the answer to the error failed on its way out, so the plainest one goes out as it is.
    const response = respondWithException(exception, request);
    app.defaultHeaders.apply(response);
    return response;
  }
  const handler = isFirst ? findHandler(context, exception) : undefined;
  if (handler !== undefined) {
    return callHandler(context, handler, exception, 500);
  }
  const details = app.config.debug && error instanceof Error ? error.stack : undefined;
  return finish(context, respondWithException(exception, request, details), 500);
}

function callHandler(context: RequestContext, handler: AnyErrorHandler, error: unknown, status: number): MaybePromise<FlagonResponse> {
  const answer = (value: unknown): MaybePromise<FlagonResponse> =>
    value instanceof HTTPException
      ? finish(context, respondWithException(value, context.request), value.status)
      : finish(context, value, status);
  let value: unknown;
  try {
    value = handler(error, context.request);
  } catch (failure) {
    return handleError(context, failure);
  }
  return isPromise(value) ? value.then(answer, (failure: unknown) => handleError(context, failure)) : answer(value);
}

/** Finds the handler of an error: by status before by class, the blueprint's before the app's, the most specific class first. */
function findHandler(context: RequestContext, error: unknown): AnyErrorHandler | undefined {
  const scopes: readonly Scope[] = [...(context.endpoint?.scope ?? context.app.registry.scope).chain].reverse();
  const classes = listClasses(error);
  if (error instanceof HTTPException) {
    const ofStatus = classes.slice(0, Math.max(0, classes.indexOf(HTTPException)));
    for (const scope of scopes) {
      const handler = findByClass(scope, ofStatus) ?? scope.byStatus.get(error.status);
      if (handler !== undefined) {
        return handler;
      }
    }
  }
  for (const scope of scopes) {
    const handler = findByClass(scope, classes);
    if (handler !== undefined) {
      return handler;
    }
  }
  return undefined;
}

function findByClass(scope: Scope, classes: readonly unknown[]): AnyErrorHandler | undefined {
  return classes.map((constructor) => scope.byClass.get(constructor)).find((handler) => handler !== undefined);
}

function listClasses(error: unknown): unknown[] {
  const classes: unknown[] = [];
  for (let prototype: unknown = error; typeof prototype === "object" && prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (Object.hasOwn(prototype, "constructor")) {
      classes.push(prototype.constructor);
    }
  }
  return classes;
}

function labelOf({ endpoint }: RequestContext): string {
  return endpoint === undefined ? "An error handler or hook" : `The view '${endpoint.label}'`;
}
