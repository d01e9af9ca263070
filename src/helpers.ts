import { isAbsolute, resolve } from "node:path";
import { type AppContext, findRequestContext, getAppContext, getRequestContext } from "./context";
import type { AfterRequestHook } from "./decorators";
import { BuildError } from "./errors";
import type { Markup } from "./html";
import { createException, ResponseException } from "./http/exceptions";
import type { HeadersLike } from "./http/headers";
import { FlagonResponse } from "./http/response";
import { createDirectoryResponse, createFileResponse, type SendFileOptions } from "./http/send-file";
import { toJsonResponse, toResponse } from "./response-value";
import { signals } from "./signals";
import { didYouMean } from "./suggestion";
import { createScope } from "./template-scope";
import { buildUrl, type UrlOptions, type UrlValue } from "./url-building";

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
  const { app } = getAppContext("urlFor");
  const context = findRequestContext();
  if (typeof target === "string") {
    const [values, options] = rest;
    return buildUrl(app, context, target, toObject(values), toObject(options));
  }
  const [method, values, options] = rest;
  return buildUrl(app, context, findEndpointOf(getAppContext("urlFor"), target, String(method)), toObject(values), toObject(options));
}

function toObject(value: string | Readonly<Record<string, unknown>> | UrlOptions | undefined): Readonly<Record<string, unknown>> {
  return typeof value === "object" ? { ...value } : {};
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
 * Renders a template.
 *
 * @param name Its name in the template folders, without `.eta`; of a list, the first that exists.
 * @param data What the template sees as `it`.
 * @throws {TemplateNotFound} If no folder has it.
 * @throws {TemplateError} If it is malformed or fails.
 */
export function renderTemplate(name: string, data: object = {}): Markup {
  const context = getAppContext("renderTemplate");
  const markup = context.app.templates.render(name, data, createScope(context));
  if (signals.templateRendered.hasSubscribers) {
    signals.templateRendered.publish({ app: context.app, template: name, data });
  }
  return markup;
}

/** Renders a template given as text. */
export function renderTemplateString(source: string, data: object = {}): Markup {
  const context = getAppContext("renderTemplateString");
  return context.app.templates.renderString(source, data, createScope(context));
}

/** Renders a template that awaits. */
export async function renderTemplateAsync(name: string, data: object = {}): Promise<Markup> {
  const context = getAppContext("renderTemplateAsync");
  return context.app.templates.renderAsync(name, data, createScope(context));
}

/**
 * Names a template and the type of its data, so that the compiler checks what it gets.
 *
 * @example
 * ```ts
 * const showPage = template<{ post: Post }>("show");
 * return showPage({ post });
 * ```
 */
export function template<Data extends object>(name: string): (data: Data) => Markup {
  return (data) => renderTemplate(name, data);
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
  const response = toResponse(body, status ?? 200, "makeResponse()");
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
  return toJsonResponse(value, status, "json()");
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
 * @param path The file, relative to the app's root. Never build it from what a client sent; {@link sendFromDirectory} is for that.
 * @param options How it is sent.
 * @throws {NotFound} If there is no such file.
 */
export function sendFile(path: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFile");
  return createFileResponse(request, isAbsolute(path) ? path : resolve(app.root, path), { maxAge: app.config.sendFileMaxAge, ...options });
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
  return createDirectoryResponse(request, resolve(app.root, directory), name, { maxAge: app.config.sendFileMaxAge, ...options });
}
