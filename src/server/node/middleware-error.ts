import { createException, isErrorStatus } from "../../http/exceptions/by-status";

/**
 * Turns an error of Connect middleware into an HTTP error, if it has the members of the package `http-errors`: a status
 * from 400 to 499, and `expose: true`. Clients see the message of such an error. Any other error is returned as it is.
 */
export function toHttpError(error: unknown): unknown {
  if (!(error instanceof Error) || !("expose" in error) || error.expose !== true) {
    return error;
  }
  const status = "status" in error ? error.status : "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status < 500 && isErrorStatus(status) ? createException(status, error.message) : error;
}
