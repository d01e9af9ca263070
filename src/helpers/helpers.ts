import { resolve } from "node:path";
import { BuildError } from "../base/errors";
import { defaultJson, type JsonProvider } from "../base/json";
import { didYouMean } from "../base/suggestion";
import { buildUrl, type UrlOptions, type UrlValue } from "../dispatch/build-url";
import { type AppContext, findAppContext, getAppContext, getRequestContext, RequestContext } from "../dispatch/context";
import { createException } from "../http/exceptions/by-status";
import { ResponseException } from "../http/exceptions/http-exception";
import {
  createContentResponse,
  createDirectoryResponse,
  createFileResponse,
  type FileContent,
  type SendFileOptions,
} from "../http/files/send-file";
import { FlagonResponse } from "../http/response/response";
import type { HeadersLike } from "../http/response/response-headers";
import { toJsonResponse, toResponse } from "../http/response/response-value";
import type { Application } from "../setup/application";
import type { AfterRequestHook } from "../setup/hooks";

/** The names of a controller's methods. */
export type MethodName<Controller> = {
  [Name in keyof Controller & string]: Controller[Name] extends (...values: never[]) => unknown ? Name : never;
}[keyof Controller & string];

/** The values from which the URL of a method is built: those it takes, and any others for the query. */
export type MethodValues<Method> = Method extends (values: infer Values, ...rest: never[]) => unknown
  ? unknown extends Values
    ? Readonly<Record<string, UrlValue>>
    : Omit<Values, "json" | "query"> & Readonly<Record<string, UrlValue>>
  : never;

/** The rest of the arguments of {@link urlFor}; values may be left out where none is needed. */
export type UrlArguments<Values> =
  Record<never, never> extends Values ? [values?: Values, options?: UrlOptions] : [values: Values, options?: UrlOptions];

/**
 * Builds the URL of an endpoint, by its name or by the controller's method.
 *
 * @param target The endpoint, such as `"blog.show"`, one of the current blueprint, such as `".show"`, or a controller.
 * @param rest The method, if the target is a controller; the rule's values, of which what is left over becomes the
 * query; and options.
 * @throws {BuildError} If there is no such endpoint, or values are missing or not convertible.
 *
 * @example
 * ```ts
 * urlFor(Blog, "show", { id: 3 }); // "/posts/3"
 * ```
 */
export function urlFor<Controller extends object, const Name extends MethodName<Controller>>(
  target: abstract new (...values: never[]) => Controller,
  method: Name,
  ...rest: UrlArguments<MethodValues<Controller[Name]>>
): string;
export function urlFor(target: string, values?: Readonly<Record<string, UrlValue>>, options?: UrlOptions): string;
export function urlFor(
  target: string | (abstract new (...values: never[]) => object),
  ...rest: readonly (string | Readonly<Record<string, unknown>> | UrlOptions | undefined)[]
): string {
  const current = getAppContext("urlFor");
  const { app } = current;
  const context = current instanceof RequestContext ? current : undefined;
  if (typeof target === "string") {
    const [values, options] = rest;
    return buildUrl(app, context, target, toObject(values), toObject(options));
  }
  const [method, values, options] = rest;
  return buildUrl(app, context, findEndpointOf(current, target, String(method)), toObject(values), toObject(options));
}

const none: Readonly<Record<string, unknown>> = Object.freeze({});

function toObject(value: string | Readonly<Record<string, unknown>> | UrlOptions | undefined): Readonly<Record<string, unknown>> {
  return typeof value === "object" ? { ...value } : none;
}

function findEndpointOf({ app }: AppContext, controller: abstract new (...values: never[]) => object, method: string): string {
  const methods = app.registry.findMethods(controller);
  const endpoint = methods?.get(method);
  if (endpoint === undefined) {
    throw new BuildError(
      methods === undefined
        ? `Could not build a URL for '${controller.name}.${method}': the controller is not registered on the app '${app.name}'.`
        : `Could not build a URL for '${controller.name}.${method}': that method has no route.${didYouMean(method, methods.keys())}`,
      `${controller.name}.${method}`,
    );
  }
  return endpoint;
}

/**
 * Ends the request with an error, or with a response as it is.
 *
 * @param answer The status, such as 404, or a response, which no error handler sees.
 * @param description What the client is told, as plain text.
 */
export function abort(answer: number | FlagonResponse, description?: string): never {
  throw answer instanceof FlagonResponse ? new ResponseException(answer) : createException(answer, description);
}

/**
 * Makes a response of anything that a view may return, to set its status, headers or cookies.
 *
 * @param body What a view may return; nothing gives an empty response.
 * @param status The status. Default: 200, or the one of the response that is given.
 * @param headers Headers, which replace those of the same name.
 */
export function makeResponse(body: unknown = "", status?: number, headers?: HeadersLike): FlagonResponse {
  const response = toResponse(body, status ?? 200, "makeResponse()", findJson());
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
 * @param value What `JSON.stringify` takes.
 * @param status The status. Default: 200.
 */
export function json(value: unknown, status = 200): FlagonResponse {
  return toJsonResponse(value, status, "json()", findJson());
}

function findJson(): JsonProvider {
  return findAppContext()?.app.json ?? defaultJson;
}

/** Runs a function with this request's response alone, before the after hooks; it may change the response or return another. */
export function afterThisRequest(hook: AfterRequestHook): void {
  const context = getRequestContext("afterThisRequest");
  context.afterThisRequest ??= [];
  context.afterThisRequest.push(hook);
}

/**
 * Responds with a file: with its type, entity tag and modification time, and to conditional and range requests.
 *
 * @param file The file, relative to the app's root; never build its path from what a client sent, {@link sendFromDirectory}
 * is for that. Or the content itself: bytes, or a stream of them, whose type `mimeType` or `downloadName` tells.
 * @param options How it is sent.
 * @throws {NotFound} If there is no such file.
 */
export function sendFile(file: string | FileContent, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFile");
  const all = { ...defaultsOf(app), ...options };
  return typeof file === "string" ? createFileResponse(request, resolve(app.root, file), all) : createContentResponse(request, file, all);
}

/**
 * Responds with a file of a directory, by a name that a client may have sent.
 *
 * @param directory The directory, relative to the app's root.
 * @param name The name below it.
 * @param options How it is sent.
 * @throws {NotFound} If there is no such file, or the name leads out of the directory.
 */
export function sendFromDirectory(directory: string, name: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFromDirectory");
  return createDirectoryResponse(request, resolve(app.root, directory), name, { ...defaultsOf(app), ...options });
}

function defaultsOf({ config }: Application): SendFileOptions {
  return { maxAge: config.sendFileMaxAge, useXSendfile: config.useXSendfile };
}
