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
import type { HTTPException } from "./http-exception";
import {
  BadGateway,
  GatewayTimeout,
  HTTPVersionNotSupported,
  InternalServerError,
  NotImplemented,
  ServiceUnavailable,
} from "./server-errors";

/** The class for each status that has one. */
const classes: ReadonlyMap<number, new (description?: string) => HTTPException> = new Map<
  number,
  new (
    description?: string,
  ) => HTTPException
>(
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
 */
export function createException(status: number, description?: string): HTTPException {
  if (status === MethodNotAllowed.status) {
    return new MethodNotAllowed([], description);
  }
  if (status === RangeNotSatisfiable.status) {
    return new RangeNotSatisfiable(undefined, description);
  }
  const constructor = classes.get(status);
  if (constructor === undefined) {
    throw new RangeError(`There is no error with the status ${status}. Use one from 400 to 505 that HTTP defines, such as 404.`);
  }
  return new constructor(description);
}
