import { FlagonError } from "../../base/errors";
import { describeGiven, refuseUnknown } from "../../base/unknown-options";
import { type Challenges, formatChallenges } from "../www-authenticate";
import {
  BadRequest,
  Conflict,
  ContentTooLarge,
  ExpectationFailed,
  FailedDependency,
  Forbidden,
  Gone,
  ImATeapot,
  LengthRequired,
  Locked,
  MethodNotAllowed,
  MisdirectedRequest,
  NotAcceptable,
  NotFound,
  PreconditionFailed,
  PreconditionRequired,
  RangeNotSatisfiable,
  RequestHeaderFieldsTooLarge,
  RequestTimeout,
  TooManyRequests,
  Unauthorized,
  UnavailableForLegalReasons,
  UnprocessableContent,
  UnsupportedMediaType,
  URITooLong,
} from "./client-errors";
import { formatRetryAfter, HTTPException, type HTTPExceptionOptions } from "./http-exception";

/** The answer 500: "Something went wrong on the server. It has been noted; try again later." */
export class InternalServerError extends HTTPException {
  /** Always 500. */
  static override readonly status: number = 500;
  /** The default description for the client. */
  static override readonly description: string = "Something went wrong on the server. It has been noted; try again later.";

  /** The error that had no handler of its own. Handlers of 500 read it. It is `undefined` after `abort(500)`. */
  get original(): unknown {
    return this.cause;
  }
}

/** The answer 501: "The server cannot do that." */
export class NotImplemented extends HTTPException {
  /** Always 501. */
  static override readonly status: number = 501;
  /** The default description for the client. */
  static override readonly description: string = "The server cannot do that.";
}

/** The answer 502: "Another server, on which this one relies, gave no valid answer." */
export class BadGateway extends HTTPException {
  /** Always 502. */
  static override readonly status: number = 502;
  /** The default description for the client. */
  static override readonly description: string = "Another server, on which this one relies, gave no valid answer.";
}

/** The answer 503: "The server cannot answer just now. Try again later." */
export class ServiceUnavailable extends HTTPException {
  /** Always 503. */
  static override readonly status: number = 503;
  /** The default description for the client. */
  static override readonly description: string = "The server cannot answer just now. Try again later.";

  /**
   * @param description The message for the client, as plain text.
   * @param options Headers, and `retryAfter`: the seconds until the client may try again, or the time.
   */
  constructor(description?: string, { retryAfter, ...options }: HTTPExceptionOptions & { retryAfter?: number | Date } = {}) {
    super(description, { ...options, headers: { ...formatRetryAfter(retryAfter), ...options.headers } });
  }
}

/** The answer 504: "Another server, on which this one relies, did not answer in time." */
export class GatewayTimeout extends HTTPException {
  /** Always 504. */
  static override readonly status: number = 504;
  /** The default description for the client. */
  static override readonly description: string = "Another server, on which this one relies, did not answer in time.";
}

/** The answer 505: "The server does not speak that version of HTTP." */
export class HTTPVersionNotSupported extends HTTPException {
  /** Always 505. */
  static override readonly status: number = 505;
  /** The default description for the client. */
  static override readonly description: string = "The server does not speak that version of HTTP.";
}

type ExceptionClass = new (description?: string, options?: HTTPExceptionOptions) => HTTPException;

/** Options of `abort()`. */
export interface AbortOptions extends HTTPExceptionOptions {
  /** The challenges of a 401, such as `Basic realm="Admin"`. Default: those of the login manager. */
  readonly wwwAuthenticate?: Challenges;
  /** The seconds until the client may try again, or the time. For 429 and 503. Default: none. */
  readonly retryAfter?: number | Date;
}

const abortOptions = Object.keys({ headers: true, cause: true, wwwAuthenticate: true, retryAfter: true } satisfies Record<
  keyof AbortOptions,
  true
>);

/** The exception class of each status. */
const classes: ReadonlyMap<number, ExceptionClass> = new Map<number, ExceptionClass>(
  [
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    NotAcceptable,
    RequestTimeout,
    Conflict,
    Gone,
    LengthRequired,
    PreconditionFailed,
    ContentTooLarge,
    URITooLong,
    UnsupportedMediaType,
    ExpectationFailed,
    ImATeapot,
    MisdirectedRequest,
    UnprocessableContent,
    Locked,
    FailedDependency,
    PreconditionRequired,
    TooManyRequests,
    RequestHeaderFieldsTooLarge,
    UnavailableForLegalReasons,
    InternalServerError,
    NotImplemented,
    BadGateway,
    ServiceUnavailable,
    GatewayTimeout,
    HTTPVersionNotSupported,
  ].map((constructor) => [constructor.status, constructor]),
);

/** Tells whether there is an exception for a status. */
export function isErrorStatus(status: number): boolean {
  return status === MethodNotAllowed.status || status === RangeNotSatisfiable.status || classes.has(status);
}

/**
 * Creates the exception for a status.
 *
 * @throws {RangeError} If the status is not one of an error.
 * @throws {FlagonError} If the description is no text, or there is another option.
 */
export function createException(status: number, description?: string, given?: AbortOptions): HTTPException {
  checkAbort(description, given);
  const options = given === undefined ? undefined : toExceptionOptions(given);
  if (status === MethodNotAllowed.status) {
    return new MethodNotAllowed([], description, options);
  }
  if (status === RangeNotSatisfiable.status) {
    return new RangeNotSatisfiable(undefined, description, options);
  }
  const constructor = classes.get(status);
  if (constructor === undefined) {
    throw new RangeError(explainStatus(status));
  }
  return new constructor(description, options);
}

/** A caller in JavaScript can pass any value. */
function checkAbort(description: unknown, options: AbortOptions | undefined): void {
  if (typeof description === "object" && description !== null) {
    throw new FlagonError(
      `The description of abort() must be a text, but got ${describeGiven(description)}. Options are the third argument: abort(404, undefined, { headers }).`,
    );
  }
  refuseUnknown(options, abortOptions, "abort()");
}

function explainStatus(status: unknown): string {
  if (typeof status !== "number") {
    return `The status of abort() must be a number, such as 404, but got ${describeGiven(status)}.`;
  }
  const cure = status >= 300 && status < 400 ? " To redirect, return redirect(location)." : "";
  return `There is no error with the status ${status}. Use one from 400 to 505 that HTTP defines, such as 404.${cure}`;
}

function toExceptionOptions({ wwwAuthenticate, retryAfter, headers, ...options }: AbortOptions): HTTPExceptionOptions {
  return { ...options, headers: { ...formatChallenges(wwwAuthenticate), ...formatRetryAfter(retryAfter), ...headers } };
}
