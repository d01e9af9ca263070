import type { HTTPException } from "../http/exceptions/http-exception";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";

/** Runs before the view. A value that it returns, other than `undefined`, is the answer. */
export type BeforeRequestHook = (request: FlagonRequest) => unknown;
/** Runs with the response; may change it, or return another. */
export type AfterRequestHook = (
  response: FlagonResponse,
  request: FlagonRequest,
) => FlagonResponse | undefined | Promise<FlagonResponse | undefined> | void | Promise<void>;
/** Runs when the request is over, with the error that nothing handled, if there was one. */
export type TeardownHook = (error: unknown) => unknown;
/** Answers for an error. */
export type ErrorHandler<Failure = never> = (error: Failure, request: FlagonRequest) => unknown;
/** Gives values to every template. */
export type ContextProcessor = () => Readonly<Record<string, unknown>>;
/** Gets the values of the rule's variables before any other hook, and may change them. */
export type UrlValuePreprocessor = (endpoint: string | null, values: Record<string, unknown>) => void;
/** Gets the values from which a URL is built, and may add to them. */
export type UrlDefaults = (endpoint: string, values: Record<string, unknown>) => void;
/** A function that templates call by its name. */
export type TemplateFunction = (...values: never[]) => unknown;
/** Wraps a view: `next` calls it. */
export type ViewWrapper = (next: (values?: Record<string, unknown>) => unknown, values: Record<string, unknown>) => unknown;

/** Options of a view decorator. They tell an OpenAPI document about the views that it decorates. */
export interface ViewDecoratorOptions {
  /** Whether visitors must be logged in: the document then states the security of the operation and its 401. Default: `false`. */
  readonly requiresLogin?: boolean;
  /** The responses of the decorator itself: descriptions by status, such as `{ 403: "Only for editors." }`. Default: none. */
  readonly responses?: Readonly<Record<number, string>>;
}

/** An error class whose instances a handler takes. */
export type ErrorClass<Failure = unknown> = abstract new (...values: never[]) => Failure;

/** The error that a handler of a status or of an error class gets. */
export type HandledError<Of> = Of extends number ? HTTPException : Of extends { readonly prototype: infer Failure } ? Failure : never;
