import { ReturnValueError } from "../base/errors";
import { andThen, type MaybePromise } from "../base/maybe-promise";
import { type Schema, validate } from "../base/schema";
import type { FlagonRequest } from "../http/request/request";
import { type RequestIssue, ValidationFailed } from "../http/request/request-body";
import { FlagonResponse } from "../http/response/response";
import { toJsonResponse } from "../http/response/response-value";
import type { RouteSchemas } from "../routing/route-options";
import { readFormSchema } from "../schemas/form-schema";
import { parseFields } from "../schemas/parse-fields";
import { isZodSchema } from "../schemas/zod";
import type { Application } from "./application";
import type { View } from "./registry";

/**
 * Puts the checks of a route's schemas around its view: of the query and the body before, of the result after.
 *
 * @param view The view.
 * @param schemas The schemas; without any the view stays as it is.
 * @param label What the view is in the app's code.
 * @param app Writes the JSON.
 * @throws {FormError} If the query's schema is not one of an object.
 */
export function checkView(view: View, { json, query, returns, status = 200 }: RouteSchemas, label: string, app: Application): View {
  if (isZodSchema(query)) {
    readFormSchema(query);
  }
  const checked = returns === undefined ? view : checkReturned(view, returns, status, label, app);
  if (query === undefined) {
    return json === undefined
      ? checked
      : (values, request) => request.json({ schema: json }).then((body) => checked({ ...values, json: body }, request));
  }
  return (values, request) => parseInput(request, json, query).then((input) => checked({ ...values, ...input }, request));
}

/** Puts the check of what a view returns around it, unless that is a response already. */
function checkReturned(view: View, schema: Schema, status: number, label: string, app: Application): View {
  const finish = (result: unknown): unknown =>
    result instanceof FlagonResponse || result instanceof Response
      ? result
      : andThen(checkResult(schema, result, label), (checked) => toJsonResponse(checked, status, `The view '${label}'`, app.json));
  return (values, request) => andThen(view(values, request), finish);
}

/** Parses query and body, and tells all that is wrong with both at once. */
async function parseInput(request: FlagonRequest, json: Schema | undefined, query: Schema | undefined): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  const issues: RequestIssue[] = [];
  const keep = async (key: string, parse: () => Promise<unknown>): Promise<void> => {
    try {
      input[key] = await parse();
    } catch (error) {
      if (!(error instanceof ValidationFailed)) {
        throw error;
      }
      issues.push(...error.issues);
    }
  };
  if (query !== undefined) {
    await keep("query", () => parseFields(query, request.query, "query"));
  }
  if (json !== undefined) {
    await keep("json", () => request.json({ schema: json }));
  }
  if (issues.length > 0) {
    throw new ValidationFailed(issues);
  }
  return input;
}

function checkResult(schema: Schema, result: unknown, label: string): MaybePromise<unknown> {
  return andThen(validate(schema, result), (checked) => {
    if ("issues" in checked) {
      const lines = checked.issues.map(({ path, message }) => `  ${path.length === 0 ? "" : `${path.map(String).join(".")}: `}${message}`);
      throw new ReturnValueError(`The view '${label}' returned what its schema 'returns' refuses:\n${lines.join("\n")}`);
    }
    return checked.value;
  });
}
