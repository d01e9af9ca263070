import { SetupError } from "../base/errors";
import { checkSchema } from "../base/foreign-schema";
import { andThen } from "../base/maybe-promise";
import type { Schema } from "../base/schema";
import { refuseType } from "../http/request/body-type";
import type { FlagonRequest } from "../http/request/request";
import { formTypes, type RequestIssue, ValidationFailed } from "../http/request/request-body";
import { FlagonResponse } from "../http/response/response";
import { toResponse } from "../http/response/response-value";
import { isBodiless } from "../http/status";
import type { RouteSchemas } from "../routing/route-options";
import { findForeignField } from "../schemas/foreign-fields";
import { readFormSchema } from "../schemas/form-schema";
import { acceptJson } from "../schemas/json-values";
import { parseFields } from "../schemas/parse-fields";
import { isZodSchema } from "../schemas/zod";
import type { Application } from "./application";
import { checkReturned, isResponse } from "./check-returned";
import type { View } from "./registry";
import { checkDescription } from "./route-description";

/**
 * Puts the checks of a route's schemas around its view: of the query and the body before, of the result after.
 *
 * @param view The view.
 * @param schemas The schemas; without any the view stays as it is.
 * @param label The view's name in the app's code.
 * @param app Writes the JSON.
 * @throws {FormError} If the schema of the query or the form is not one of an object.
 * @throws {SetupError} If JSON cannot carry a field of `json` or `returns`, if a route takes both `json` and `form`, or if `status`
 *   is no status of a response.
 */
export function checkView(view: View, schemas: RouteSchemas, label: string, app: Application): View {
  checkSchemas(schemas, label);
  const { form, query, returns, status } = schemas;
  const json = schemas.json && acceptJson(schemas.json);
  const checked =
    returns !== undefined
      ? checkReturned(view, returns, status ?? 200, label, app)
      : status === undefined
        ? view
        : setStatus(view, status, label, app);
  if (query === undefined && form === undefined) {
    return json === undefined
      ? checked
      : (values, request) => request.json({ schema: json }).then((body) => checked({ ...values, json: body }, request));
  }
  const accepted = json === undefined ? schemas : { ...schemas, json };
  return (values, request) => parseInput(request, accepted).then((input) => checked({ ...values, ...input }, request));
}

function checkSchemas({ form, json, openapi, query, returns, status }: RouteSchemas, label: string): void {
  for (const [name, schema] of Object.entries({ form, json, query, returns })) {
    if (schema !== undefined) {
      checkSchema(schema, `The schema '${name}' of the route of ${label}`);
    }
  }
  for (const [source, schema] of [["query", query] as const, ["form", form] as const]) {
    if (isZodSchema(schema)) {
      readFormSchema(schema, source);
    }
  }
  if (form !== undefined && json !== undefined) {
    throw new SetupError(
      `The route of ${label} takes both 'json' and 'form', but a body is one of them. Remove one, or add a second route.`,
    );
  }
  checkCarried("json", json, label);
  checkCarried("returns", returns, label);
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new SetupError(`The 'status' of the route of ${label} must be a whole number from 200 to 599, but is ${status}.`);
  }
  if (status !== undefined && returns !== undefined && isBodiless(status)) {
    throw new SetupError(
      `The route of ${label} has the status ${status}, which never has a body, and the schema 'returns' of a body. Remove one of them.`,
    );
  }
  checkDescription(openapi, label);
}

/** Refuses a schema with a field that JSON cannot carry. */
function checkCarried(name: "json" | "returns", schema: Schema | undefined, label: string): void {
  const field = schema && findForeignField(schema, name === "json" ? "input" : "output");
  if (field === undefined) {
    return;
  }
  const which = field.path === "" ? `The schema '${name}'` : `The field '${field.path}' of the schema '${name}'`;
  throw new SetupError(`${which} of ${label} is of the kind '${field.kind}', which JSON cannot carry. ${findCure(field.kind, name)}`);
}

function findCure(kind: string, name: "json" | "returns"): string {
  if (name === "json") {
    switch (kind) {
      case "file":
        return "Take files as a form: { form: z.object(…) }.";
      case "instanceof":
        return "Take what JSON can hold, and make the object of it by .transform().";
      case "undefined":
      case "void":
        return "Leave the field out, or make it optional.";
    }
  } else if (kind === "undefined" || kind === "void") {
    return "Leave 'returns' out: with { status: 204 } the view returns nothing.";
  }
  return "Use a schema of what JSON can hold.";
}

/** Sets the status of a plain value of a view. With a status that has no body, such as 204, the view may return nothing. */
function setStatus(view: View, status: number, label: string, app: Application): View {
  const isEmpty = isBodiless(status);
  const finish = (result: unknown): unknown => {
    if (isEmpty && (result === undefined || result === null)) {
      return new FlagonResponse(null, status);
    }
    return result === undefined || isResponse(result) ? result : toResponse(result, status, `The view '${label}'`, app.json);
  };
  return (values, request) => andThen(view(values, request), finish);
}

/**
 * Parses query and body. One error lists the problems of both.
 *
 * @throws {ValidationFailed} If the schemas refuse them.
 * @throws {UnsupportedMediaType} If the route takes a form, and the body has another type.
 */
async function parseInput(request: FlagonRequest, { form, json, query }: RouteSchemas): Promise<Record<string, unknown>> {
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
  if (form !== undefined) {
    if (!formTypes.has(request.mimeType)) {
      throw refuseType(
        "a form",
        request.mimeType,
        [...formTypes].filter((type) => type !== ""),
      );
    }
    await keep("form", () => request.form({ schema: form }));
  }
  if (issues.length > 0) {
    throw new ValidationFailed(issues);
  }
  return input;
}
