import { FlagonError } from "../base/errors";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import { defaultJson, type JsonProvider } from "../base/json";
import { describeGiven } from "../base/unknown-options";
import { findAppContext, getRequestContext } from "../dispatch/context";
import { type AbortOptions, createException } from "../http/exceptions/by-status";
import { ResponseException } from "../http/exceptions/http-exception";
import { FlagonResponse } from "../http/response/response";
import type { HeadersLike } from "../http/response/response-headers";
import { toJsonResponse, toResponse } from "../http/response/response-value";
import { checkData, checkInnerData } from "../http/response/returned-data";
import { isBodiless } from "../http/status";
import type { AfterRequestHook } from "../setup/hooks";

/**
 * Ends the request with an error, or with a response that is sent unchanged.
 *
 * @param answer The status, such as 404, or a response, which no error handler sees.
 * @param description The text for the client.
 * @param options Headers of an error, the challenges of a 401 as `wwwAuthenticate`, and `retryAfter`.
 * @throws {RangeError} If HTTP defines no error with this status.
 *
 * @example
 * ```ts
 * const post = (await db.query.posts.findFirst()) ?? abort(404, "There is no such post.");
 * ```
 */
export function abort(answer: number | FlagonResponse, description?: string, options?: AbortOptions): never {
  refusePromise(answer, "status of abort()");
  refusePromise(description, "description of abort()");
  if (options !== undefined) {
    refusePromises(options, "options of abort()");
  }
  throw answer instanceof FlagonResponse ? new ResponseException(answer) : createException(answer, description, options);
}

/**
 * Makes a response of anything that a view may return, to set its status, headers or cookies.
 *
 * @param body Any value that a view may return, or `null` with a status without a body, such as 204. Default: an empty text.
 * @param status The status. Default: 200, or the one of the response that is given.
 * @param headers Headers, which replace those of the same name.
 *
 * @example
 * ```ts
 * return makeResponse({ id: 3 }, 201, { location: "/posts/3" });
 * return makeResponse("Hello", 200, { "content-type": "text/plain; charset=utf-8" });
 * return makeResponse("", 204);
 * ```
 */
export function makeResponse(body: unknown = "", status?: number, headers?: HeadersLike): FlagonResponse {
  checkInDebugMode(body, "makeResponse()");
  const isEmpty = body === null && status !== undefined && isBodiless(status);
  const response = isEmpty ? new FlagonResponse(null, status) : toResponse(body, status ?? 200, "makeResponse()", findJson());
  if (status !== undefined) {
    response.status = status;
  }
  if (headers !== undefined) {
    response.headers.update(headers);
  }
  return response;
}

/**
 * Responds with JSON.
 *
 * @param value Any value that JSON can hold.
 * @param status The status. Default: 200.
 * @throws {ReturnValueError} If JSON cannot hold the value, or would write `{}` for a `Map`, a promise or another object without properties.
 *
 * @example
 * ```ts
 * return json({ error: "There are no seats left." }, 409);
 * ```
 */
export function json(value: unknown, status = 200): FlagonResponse {
  checkInDebugMode(value, "json()");
  if (typeof value === "object" && value !== null) {
    checkData(value, "json()");
  }
  return toJsonResponse(value, status, "json()", findJson());
}

function checkInDebugMode(value: unknown, label: string): void {
  const context = findAppContext();
  if (context?.app.config.debug === true) {
    checkInnerData(value, label, context.app.json);
  }
}

function findJson(): JsonProvider {
  return findAppContext()?.app.json ?? defaultJson;
}

/**
 * Runs a function with this request's response alone, before the after hooks; it may change the response or return another.
 *
 * @param hook A function that gets the response, and may return another one.
 * @throws {FlagonError} If `hook` is no function.
 */
export function afterThisRequest(hook: AfterRequestHook): void {
  const context = getRequestContext("afterThisRequest");
  refusePromise(hook, "function of afterThisRequest()");
  if (typeof hook !== "function") {
    throw new FlagonError(`afterThisRequest() needs a function of the response, but got ${describeGiven(hook)}.`);
  }
  context.afterThisRequest ??= [];
  context.afterThisRequest.push(hook);
}
