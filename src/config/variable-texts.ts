import { type Schema, type SchemaResult, validateSync } from "../base/schema";
import { readList } from "./environment";
import { readBoolean } from "./setting-check";

/** The text of a variable, and the value that it was read as. */
export interface VariableText {
  readonly text: string;
  readonly value: unknown;
}

/**
 * Checks values by a schema. Where it refuses the value of a variable, other readings of its text are tried: the text itself, a boolean, and
 * a list.
 *
 * @param schema The schema.
 * @param values The values by their keys. They are changed.
 * @param texts The texts of variables by their keys.
 * @returns The result of the schema.
 */
export function validateVariables<Output>(
  schema: Schema<Output>,
  values: Record<string, unknown>,
  texts: ReadonlyMap<string, VariableText>,
): SchemaResult<Output> {
  let result = validateSync(schema, values);
  for (const key of "issues" in result ? new Set(result.issues.map(({ path }) => String(path[0]))) : []) {
    const variable = texts.get(key);
    if (variable === undefined || variable.value !== values[key]) {
      continue;
    }
    for (const reading of [variable.text, readBoolean(variable.text), readList(variable.text)]) {
      if (reading === undefined) {
        continue;
      }
      const other = validateSync(schema, { ...values, [key]: reading });
      if (!("issues" in other) || other.issues.every(({ path }) => String(path[0]) !== key)) {
        values[key] = reading;
        result = other;
        break;
      }
    }
  }
  return result;
}
