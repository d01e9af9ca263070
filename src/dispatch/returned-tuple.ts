import { reasonOf } from "../http/status";
import { labelOf, type RequestContext } from "./context";

/** The views of each app of which the log has spoken. Each call of a view would repeat it. */
const warned = new WeakMap<object, Set<string>>();

/**
 * Warns the developer of a list of a body, a status and perhaps headers, as views return them in Flask: here it is data, sent as JSON
 * with the status 200. For debug mode.
 */
export function warnOfTuple(context: RequestContext, value: unknown): void {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) {
    return;
  }
  const [body, status, headers]: readonly unknown[] = value;
  const isBody = typeof body === "string" || (typeof body === "object" && body !== null);
  const isStatus =
    typeof status === "number" && Number.isInteger(status) && status >= 200 && status < 600 && reasonOf(status) !== "Unknown";
  const isHeaders = value.length === 2 || (typeof headers === "object" && headers !== null && !Array.isArray(headers));
  const { app } = context;
  const known = warned.get(app) ?? new Set();
  const label = labelOf(context);
  if (isBody && isStatus && isHeaders && !known.has(label)) {
    warned.set(app, known.add(label));
    app.logger.warn(
      `${label} returned a list of a body and the status ${status}, which is sent as JSON, with the status 200. For a status return makeResponse(body, ${status}${
        value.length === 3 ? ", headers" : ""
      }). If the list is the data, return json(list).`,
    );
  }
}
