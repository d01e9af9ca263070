import { ReturnValueError } from "../base/errors";
import { andThen, type MaybePromise } from "../base/maybe-promise";
import { type Schema, type SchemaResult, validate } from "../base/schema";
import { HTTPException } from "../http/exceptions/http-exception";
import { FlagonResponse } from "../http/response/response";
import { toJsonResponse } from "../http/response/response-value";
import { checkInnerData, checkPromises } from "../http/response/returned-data";
import { isWebResponse } from "../http/response/web-response";
import { createJsonWriter } from "../schemas/json-values";
import type { Application } from "./application";
import type { View } from "./registry";

/**
 * Wraps a view in the check of its result. A response passes unchecked.
 *
 * An object that writes itself by `toJSON()` is checked as it is. If the schema refuses it, the value that it writes is checked.
 *
 * @param view The view.
 * @param schema The schema of the result.
 * @param status The status of the answer.
 * @param label The view's name in the app's code.
 * @param app Writes the JSON.
 */
export function checkReturned(view: View, schema: Schema, status: number, label: string, app: Application): View {
  const write = createJsonWriter(schema);
  const respond = (checked: unknown): FlagonResponse => {
    const value = write === undefined ? checked : writeValue(checked, write, label);
    if (app.config.debug) {
      checkInnerData(value, `The view '${label}'`, app.json);
    }
    return toJsonResponse(value, status, `The view '${label}'`, app.json);
  };
  const finish = (result: unknown): unknown => (isResponse(result) ? result : andThen(checkResult(schema, result, label), respond));
  return (values, request) => andThen(view(values, request), finish);
}

/** Tells whether a view's result is a response, or an error that becomes one. */
export function isResponse(result: unknown): boolean {
  return (
    result instanceof FlagonResponse ||
    result instanceof HTTPException ||
    (typeof result === "object" && result !== null && isWebResponse(result))
  );
}

function writeValue(value: unknown, write: (value: unknown) => unknown, label: string): unknown {
  try {
    return write(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReturnValueError(`The view '${label}' returned a value that JSON cannot hold: ${reason}.`, { cause });
  }
}

function checkResult(schema: Schema, result: unknown, label: string): MaybePromise<unknown> {
  return andThen(validate(schema, result), (checked) => {
    if (!("issues" in checked)) {
      return checked.value;
    }
    checkPromises(result, `The view '${label}'`);
    const written = writeItself(result);
    return written === result
      ? refuse(checked, label)
      : andThen(validate(schema, written), (again) => ("issues" in again ? refuse(checked, label) : again.value));
  });
}

function refuse(result: SchemaResult<unknown>, label: string): never {
  const issues = "issues" in result ? result.issues : [];
  const lines = issues.map(({ path, message }) => `  ${path.length === 0 ? "" : `${path.map(String).join(".")}: `}${message}`);
  throw new ReturnValueError(`The view '${label}' returned what its schema 'returns' refuses:\n${lines.join("\n")}`);
}

/** Replaces the objects that write themselves by `toJSON()` with the values that they write. Dates stay. Data without any is returned as it is. */
function writeItself(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) {
    return value;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return value.toJSON();
  }
  const isList = Array.isArray(value);
  if (!isList && Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [key, item, writeItself(item)] as const);
  if (entries.every(([, item, written]) => item === written)) {
    return value;
  }
  return isList ? entries.map(([, , written]) => written) : Object.fromEntries(entries.map(([key, , written]) => [key, written]));
}
