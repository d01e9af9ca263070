import { brand } from "../../base/copies";
import { SetupError } from "../../base/errors";
import { findSlip } from "../../base/suggestion";
import { formatHttpDate } from "../http-date";
import type { FlagonResponse } from "../response/response";
import { reasonOf } from "../status";

/** Options of an {@link HTTPException} besides its description. */
export interface HTTPExceptionOptions extends ErrorOptions {
  /** Headers for the response. */
  headers?: Readonly<Record<string, string>>;
}

const optionNames: readonly string[] = ["headers", "cause", "retryAfter", "wwwAuthenticate"];

/** Refuses a misspelt option. A subclass of the app can pass on further options, which it reads itself. */
function refuseSlips(options: HTTPExceptionOptions, name: string): void {
  for (const option in options) {
    const meant = option === "headers" || option === "cause" ? undefined : findSlip(option, optionNames);
    if (meant !== undefined) {
      throw new SetupError(`There is no option '${option}' of new ${name}(). Did you mean '${meant}'?`);
    }
  }
}

/**
 * An answer to the client, thrown: the request ends with its status and description.
 *
 * There is a class for each status; throw one, or call `abort(404)`. An error handler for the status, for the class
 * or for one that it extends may answer instead.
 */
export class HTTPException extends Error {
  /** The status of a class; subclasses of your own set it. */
  static readonly status: number = 500;
  /** The description for the client, if none is given. */
  static readonly description: string = "";

  /** The status code of the answer. */
  readonly status: number;
  /** The reason phrase of the status, such as `"Not Found"`. */
  readonly title: string;
  /** The description for the client, as plain text. */
  readonly description: string;
  /** Headers for the response. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param description The message for the client, as plain text. A fixed sentence for each status by default.
   * @param options Headers, and the error that caused this one.
   */
  constructor(description?: string, options: HTTPExceptionOptions = {}) {
    super(description ?? new.target.description, options.cause === undefined ? undefined : { cause: options.cause });
    refuseSlips(options, new.target.name);
    this.name = new.target.name;
    this.status = new.target.status;
    this.title = reasonOf(this.status);
    this.description = description ?? new.target.description;
    this.headers = options.headers ?? {};
  }
}

/** A response, thrown. It is the answer, unchanged: no error handler sees it. */
export class ResponseException extends HTTPException {
  /** @param response The answer. */
  constructor(readonly response: FlagonResponse) {
    super("A response was thrown.");
  }
}

/** Creates an exception without a stack: it comes from no line of the app, and the stack is nine tenths of its cost. */
export function withoutStack<Exception>(create: () => Exception): Exception {
  const { stackTraceLimit } = Error;
  // Under `--frozen-intrinsics` the limit cannot change: the exception then has a stack.
  if (!Reflect.set(Error, "stackTraceLimit", 0)) {
    return create();
  }
  try {
    return create();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Formats the `Retry-After` header of an answer: seconds, or a date. */
export function formatRetryAfter(retryAfter: number | Date | undefined): Readonly<Record<string, string>> {
  if (retryAfter === undefined) {
    return {};
  }
  return { "retry-after": typeof retryAfter === "number" ? String(Math.max(0, Math.ceil(retryAfter))) : formatHttpDate(retryAfter) };
}

brand(HTTPException.prototype, "exception");
