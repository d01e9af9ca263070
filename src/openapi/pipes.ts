import { mentions, peel } from "../schemas/json-values";
import { unwrap } from "../schemas/unwrap";
import { listChecks, listValues, readDefinition, readInner, readInners, type ZodSchema } from "../schemas/zod";
import type { Describe } from "./direction";
import { escapePattern, toPattern } from "./patterns";
import { describeText, isCodec, listTextSteps } from "./texts";

/**
 * Describes the values that a pipe takes, if that is more than its first part says: the words of `z.stringbool()`, the checks of both
 * parts of `a.pipe(b)`. What comes after a function cannot be described.
 *
 * @returns The description; `undefined` to leave that of the first part.
 */
export function describePipe(pipe: ZodSchema, known: object, describe: Describe): object | undefined {
  const words = describeWords(pipe);
  if (words !== undefined) {
    return words;
  }
  const steps = listTextSteps(pipe);
  if (steps !== undefined) {
    return { type: "string", ...describeText(steps, readFormat(pipe, known, describe), "input") };
  }
  const [first, second] = [readInner(pipe, "in"), readInner(pipe, "out")];
  if (isCodec(pipe) || first === undefined || second === undefined || !keepsValue(first, new Set())) {
    return undefined;
  }
  if (isOpen(first)) {
    return describe(second);
  }
  return unwrap(second).isCaught || mentions(second, convertsValue, new Set()) ? undefined : { allOf: [describe(first), describe(second)] };
}

/** Describes the words that `z.stringbool()` takes. */
function describeWords(codec: ZodSchema): object | undefined {
  const bag: unknown = Reflect.get(codec._zod, "bag");
  const [truthy, falsy, letterCase] = ["truthy", "falsy", "case"].map((key): unknown =>
    typeof bag === "object" && bag !== null ? Reflect.get(bag, key) : undefined,
  );
  if (!Array.isArray(truthy) || !Array.isArray(falsy)) {
    return undefined;
  }
  const words = [...new Set([...truthy, ...falsy].map(String))];
  if (letterCase === "sensitive" || words.length === 0) {
    return words.length === 0 ? { not: {} } : { type: "string", enum: words };
  }
  const pattern = toPattern(new RegExp(`^(?:${words.map(escapePattern).join("|")})$`, "i"));
  return { type: "string", ...(pattern === undefined ? {} : { pattern }) };
}

/** Reads the format of a chain of texts: that of the last one that has any. */
function readFormat(schema: ZodSchema, known: object, describe: Describe): { readonly format?: unknown } {
  const second = readInner(schema, "out");
  const described = second === undefined ? {} : describe(second);
  return "format" in described ? described : known;
}

/** Tells whether a schema gives each value as it was sent. */
function keepsValue(schema: ZodSchema, seen: Set<ZodSchema>): boolean {
  if (seen.has(schema)) {
    return true;
  }
  seen.add(schema);
  const { type } = schema._zod.def;
  const inner = (schemas: readonly (ZodSchema | undefined)[]): boolean =>
    schemas.every((one) => one !== undefined && keepsValue(one, seen));
  if (
    listChecks(schema).some(({ check, format }) => check === "overwrite" || format === "url") ||
    readDefinition(schema, "coerce") === true
  ) {
    return false;
  }
  switch (type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
    case "enum":
    case "template_literal":
    case "any":
    case "unknown":
      return true;
    case "literal":
      return listValues(schema).every((value) => typeof value !== "bigint" && value !== undefined);
    case "nullable":
    case "readonly":
      return inner([readInner(schema, "innerType")]);
    case "array":
      return inner([readInner(schema, "element")]);
    case "union":
      return inner(readInners(schema, "options"));
    default:
      return false;
  }
}

function isOpen(schema: ZodSchema): boolean {
  return ["any", "unknown"].includes(peel(schema)._zod.def.type);
}

/** Tells whether a schema takes values that its description does not have. */
function convertsValue(schema: ZodSchema): boolean {
  return readDefinition(schema, "coerce") === true || schema._zod.def.type === "transform";
}
