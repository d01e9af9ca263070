import { createException, isErrorStatus } from "../../http/exceptions/by-status";

/**
 * Turns an error of Connect middleware into an HTTP error, if it is one in the manner of the package `http-errors`: a status
 * from 400 to 499, and `expose: true`, which allows its message to be shown. Any other error is returned as it is.
 */
export function toHttpError(error: unknown): unknown {
  if (!(error instanceof Error) || !("expose" in error) || error.expose !== true) {
    return error;
  }
  const status = "status" in error ? error.status : "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status < 500 && isErrorStatus(status) ? createException(status, error.message) : error;
}
