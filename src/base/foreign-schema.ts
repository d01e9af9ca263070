import { FlagonError } from "./errors";

/** The interface of Standard Schema (https://standardschema.dev). */
interface StandardSchema {
  readonly "~standard": { validate(value: unknown): unknown };
}

/** Tells whether a value follows Standard Schema: zod from 3.24 on, valibot and arktype do. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || !("~standard" in value)) {
    return false;
  }
  const standard: unknown = value["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard && typeof standard.validate === "function";
}

/**
 * Refuses a value that is no schema.
 *
 * @param value The value.
 * @param place The place of the schema, at the beginning of a sentence, such as `"The schema of request.json()"`.
 * @throws {FlagonError} If the value does not follow Standard Schema. The message says what the value is, and the cure.
 */
export function checkSchema(value: unknown, place: string): void {
  if (!isSchema(value)) {
    throw new FlagonError(
      `${place} is ${describeForeign(value)}. Give it a schema of zod 4, or of a library that follows Standard Schema.`,
    );
  }
}

/** Names a value that is no schema of zod 4, such as `"a schema of zod 3"`, `"a schema of valibot"` or `"a string"`. */
export function describeForeign(value: unknown): string {
  if (isSchema(value)) {
    const vendor: unknown = Reflect.get(value["~standard"], "vendor");
    return `a schema of ${vendor === "zod" ? "zod 3" : String(vendor ?? "another library")}`;
  }
  if (typeof value !== "object" || value === null) {
    return value === null || value === undefined ? String(value) : `a ${typeof value}`;
  }
  // Schemas of zod 3 keep their definition in `_def`.
  return "_def" in value && "safeParse" in value
    ? "a schema of zod 3, which needs zod 4 (npm install zod@4)"
    : Array.isArray(value)
      ? "a list"
      : "an object that is no schema";
}
