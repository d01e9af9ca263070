import { ReturnValueError } from "../../base/errors";
import { reasonOf } from "../status";

/**
 * Refuses a list of a body, a status and perhaps headers, as views return them in Flask: as data it would be sent as JSON, with the
 * status 200. For debug mode and tests.
 *
 * @throws {ReturnValueError} If the value is one.
 */
export function refuseTuple(value: unknown, label: string): void {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) {
    return;
  }
  const [body, status, headers]: readonly unknown[] = value;
  const isBody = typeof body === "string" || (typeof body === "object" && body !== null);
  const isStatus =
    typeof status === "number" && Number.isInteger(status) && status >= 200 && status < 600 && reasonOf(status) !== "Unknown";
  const isHeaders = value.length === 2 || (typeof headers === "object" && headers !== null && !Array.isArray(headers));
  if (isBody && isStatus && isHeaders) {
    throw new ReturnValueError(
      `${label} returned a list of a body and the status ${status}, which JSON sends as data, with the status 200. Return makeResponse(body, ${status}${
        value.length === 3 ? ", headers" : ""
      }). If the list is the data, return json(list).`,
    );
  }
}
