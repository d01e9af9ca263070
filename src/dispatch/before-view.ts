import { ReturnValueError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { isPromise } from "../base/maybe-promise";
import { HTTPException } from "../http/exceptions/http-exception";
import { tooLarge } from "../http/request/read-body";
import { type FlagonRequest, finishBody, hasOpenBody } from "../http/request/request";
import { FlagonResponse } from "../http/response/response";
import { toResponse } from "../http/response/response-value";
import { isWebResponse } from "../http/response/web-response";
import { CsrfTokenError, checkCsrf as checkRequest, isSafeMethod } from "../sessions/csrf";
import { labelOf, type RequestContext } from "./context";
import { guardArguments } from "./guarded-arguments";

/** One step of a request. After `undefined` the next step runs. Any other value is the answer. */
export type Step = (context: RequestContext) => unknown;

/**
 * Runs steps one after another, until one of them answers. A step that returns no promise makes none.
 *
 * @param context The request.
 * @param steps The steps.
 * @param first The position of the first step to run. Default: 0.
 * @returns The answer, or `undefined` if no step gave one.
 */
export function runSteps(context: RequestContext, steps: readonly Step[], first = 0): unknown {
  for (let index = first; index < steps.length; index++) {
    const value = steps[index]?.(context);
    if (isPromise(value)) {
      const isLast = index === steps.length - 1;
      return isLast ? value : value.then((settled) => (settled === undefined ? runSteps(context, steps, index + 1) : settled));
    }
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}

/** Opens a session whose interface awaits. A lazy session is opened when it is first used. */
export function openSession(context: RequestContext): Promise<void> | undefined {
  return context.app.sessionInterface.isLazy ? undefined : context.openSession();
}

/**
 * Checks a request of an unsafe method for cross-site forgery.
 *
 * @throws {Forbidden} If it comes from another site.
 */
export function checkCsrf(context: RequestContext): unknown {
  const { app, request, endpoint } = context;
  if (isSafeMethod(request.method) || endpoint === undefined || !app.config.csrf || endpoint.isCsrfExempt) {
    return undefined;
  }
  const check = checkRequest(request, () => context.session, app.config);
  context.isCsrfChecked = true;
  return check?.catch((error: unknown) => showFormAgain(context, error));
}

/**
 * Renders the page of a form again, as if by `GET`, after its token was refused: the page says why, keeps the input, and
 * has a fresh token. Code for `POST` does not run. A page without a form gets the error.
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
  const value = await runSteps(context, [preprocessUrlValues, runBeforeHooks, callView]);
  if (!context.isRefusalShown) {
    throw error;
  }
  return value instanceof HTTPException ? value : toResponse(value, context.status, labelOf(context), app.json);
}

/** Shows the values of the rule's variables to the URL value preprocessors, which may change them. */
export function preprocessUrlValues(context: RequestContext): undefined {
  const { hooks, match, request } = context;
  if (hooks.urlValuePreprocessor.length > 0) {
    const values = match !== undefined && "args" in match ? match.args : {};
    for (const hook of hooks.urlValuePreprocessor) {
      refusePromise(hook(request.endpoint, values), "result of a urlValuePreprocessor");
    }
  }
}

/** Runs the before hooks, from the outermost scope to the innermost. A value that one of them returns is the answer. */
export function runBeforeHooks(context: RequestContext): unknown {
  const { hooks, request } = context;
  const { beforeRequest } = hooks;
  context.isBegun = true;
  const run = (first: number): unknown => {
    for (let index = first; index < beforeRequest.length; index++) {
      const value = beforeRequest[index]?.(request);
      if (isPromise(value)) {
        return value.then((settled) => (settled === undefined ? run(index + 1) : toHookAnswer(settled)));
      }
      if (value !== undefined) {
        return toHookAnswer(value);
      }
    }
    return undefined;
  };
  return beforeRequest.length === 0 ? undefined : run(0);
}

/** Refuses the value of a before hook that is no answer: the error would name the view, which did not run. */
function toHookAnswer(value: unknown): unknown {
  if (value === null || ["boolean", "number", "bigint", "symbol", "function"].includes(typeof value)) {
    throw new ReturnValueError(
      `A before-request hook did not return a valid response: it returned ${value === null ? value : `a ${typeof value}`}. To go on to the view return undefined, or nothing. To answer in its place return text, an object or a response, or call abort().`,
    );
  }
  return value;
}

/**
 * Calls the view, unless routing has answered.
 *
 * @throws {ContentTooLarge} If the body is over the limit, by its stated length or by its bytes, whether or not the view reads it.
 */
export function callView(context: RequestContext): unknown {
  const { app, match, endpoint, request, routingAnswer } = context;
  if (routingAnswer !== undefined) {
    return routingAnswer;
  }
  if (!isSafeMethod(request.method) && request.isTooLong) {
    throw tooLarge(request.maxContentLength);
  }
  if (match?.kind !== "found" || endpoint === undefined) {
    return undefined;
  }
  const value = endpoint.view(app.requestSettings.isWatched ? guardArguments(context, match.args) : match.args, request);
  return !isSafeMethod(request.method) && hasOpenBody(request) ? finishBodyAfter(value, request) : value;
}

/** Reads the rest of a body without a stated length, unless the answer is a stream, which may read the body itself. */
async function finishBodyAfter(value: unknown, request: FlagonRequest): Promise<unknown> {
  const settled = await value;
  if (!(settled instanceof HTTPException) && !isStream(settled)) {
    await finishBody(request);
  }
  return settled;
}

function isStream(value: unknown): boolean {
  if (value instanceof FlagonResponse) {
    return value.isStreamed;
  }
  return (
    typeof value === "object" &&
    value !== null &&
    (Symbol.asyncIterator in value || "next" in value || "getReader" in value || isWebResponse(value))
  );
}
