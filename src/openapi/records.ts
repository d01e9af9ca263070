import { validateSync } from "../base/schema";
import { listValues, readDefinition, readInner, type ZodSchema } from "../schemas/zod";
import type { Direction } from "./direction";
import { describeText, listTextSteps } from "./texts";

/** Removes the required keys of a record that may be absent: the value is optional, or the schema has one for it, by `catch()`. */
export function correctRecord(schema: ZodSchema, described: RecordSchema, io: Direction): void {
  if (readDefinition(schema, "mode") === "loose") {
    correctLooseRecord(schema, described);
  }
  if (io === "output" && readInner(schema, "keyType")?._zod.def.type === "pipe") {
    // The keys are written as text, whatever a function makes of them.
    Reflect.deleteProperty(described, "propertyNames");
  }
  if (!Array.isArray(described.required)) {
    return;
  }
  const value = readInner(schema, "valueType");
  const refused = io === "input" ? listRefusedKeys(schema) : value && Reflect.get(value._zod, "optout") === "optional" ? [] : undefined;
  if (refused !== undefined) {
    Object.assign(described, { required: described.required.filter((name) => refused.includes(name)) });
  }
}

interface RecordSchema {
  propertyNames?: unknown;
  additionalProperties?: unknown;
  patternProperties?: object;
  required?: unknown;
}

/** Describes a record that checks the values of some keys and takes those of all others. Keys that no pattern names are left out. */
function correctLooseRecord(schema: ZodSchema, described: RecordSchema): void {
  const key = readInner(schema, "keyType");
  const values = Object.values(described.patternProperties ?? {});
  const value: unknown = values[0] ?? described.additionalProperties;
  for (const name of ["propertyNames", "additionalProperties", "patternProperties"] as const) {
    Reflect.deleteProperty(described, name);
  }
  const names = key === undefined ? [] : listValues(key).filter((name) => typeof name === "string" || typeof name === "number");
  if (names.length > 0) {
    Object.assign(described, { properties: Object.fromEntries(names.map((name) => [name, value])) });
    return;
  }
  const checks = key?._zod.def.type === "string" ? listTextSteps(key) : undefined;
  const [pattern, ...others] = checks?.length === 1 ? [Reflect.get(describeText(checks, {}, "input"), "pattern")] : [];
  if (typeof pattern === "string" && others.length === 0) {
    Object.assign(described, { patternProperties: { [pattern]: value } });
  }
}

/** Lists the keys whose absence a record refuses; `undefined` if its schema has asynchronous parts, or fails. */
function listRefusedKeys(record: ZodSchema): readonly unknown[] | undefined {
  try {
    const result = validateSync(record, {});
    return "issues" in result ? result.issues.map(({ path }) => String(path[0])) : [];
  } catch {
    return undefined;
  }
}
