import type { Schema } from "../base/schema";
import type { FormValue } from "../http/request/form-values";
import { parseValue, type RequestIssue, ValidationFailed } from "../http/request/request-body";
import { checkForm } from "./check-form";
import { Conversion } from "./conversion";
import { parseName, toTree } from "./field-names";
import { readFormSchema } from "./form-schema";
import { isZodSchema } from "./zod";

/**
 * Converts and checks fields by a schema. A schema that is not zod's gets the first value of each field.
 *
 * @param schema The schema of an object.
 * @param entries The names and values.
 * @param place The part of the request that holds them, for the error.
 * @throws {ValidationFailed} If the schema refuses them.
 */
export async function parseFields(
  schema: Schema,
  entries: Iterable<readonly [string, FormValue]>,
  place: RequestIssue["in"],
): Promise<unknown> {
  if (!isZodSchema(schema)) {
    return parseValue(schema, Object.fromEntries([...entries].reverse()), place);
  }
  const isForm = place === "body";
  const form = readFormSchema(schema, isForm ? "form" : "query");
  const tree = isForm ? toTree(entries, form.reserved) : toTree(entries);
  const result = await checkForm(form, tree, new Conversion(isForm ? "form" : "query"));
  if ("data" in result) {
    return result.data;
  }
  throw new ValidationFailed(
    result.issues.map(({ name, message, details }) => ({ path: name === "" ? [] : parseName(name), message, issue: details, in: place })),
  );
}
