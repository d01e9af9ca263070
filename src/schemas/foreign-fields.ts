import type { Schema } from "../base/schema";
import { isFileSchema } from "./file-schemas";
import { listInner, peel } from "./json-values";
import { isZodSchema, listValues, readInner, readInners, type ZodSchema } from "./zod";

/** The kinds of values that JSON cannot carry. */
const foreignKinds: ReadonlySet<string> = new Set(["file", "symbol", "function", "promise", "nan"]);
/** The wrappings whose field may be left out. */
const optionalKinds: ReadonlySet<string> = new Set(["optional", "default", "prefault", "catch"]);
/** The keys that lead to schemas of the sent value, and to those of the written one. */
const innerKeys = {
  input: ["element", "valueType", "keyType", "rest", "catchall", "left", "right", "in"],
  output: ["element", "valueType", "keyType", "rest", "catchall", "left", "right", "out"],
} as const;

/** The direction of a body: `input` is read from JSON, `output` is written. */
export type JsonDirection = keyof typeof innerKeys;

/** A field that JSON cannot carry. */
export interface ForeignField {
  /** The names that lead to the field, such as `author.photo`; empty for the schema itself. */
  readonly path: string;
  /** The kind of its schema, such as `file`. */
  readonly kind: string;
}

/** Finds the first field of a schema that JSON cannot carry. An option of a union counts if JSON can carry no other one. */
export function findForeignField(schema: Schema, direction: JsonDirection): ForeignField | undefined {
  return isZodSchema(schema) ? search(schema, [], direction, new Set()) : undefined;
}

/** Tells whether JSON cannot carry the values of a schema. */
export function isForeign(schema: ZodSchema, direction: JsonDirection): boolean {
  return findKind(schema, direction) !== undefined;
}

function search(schema: ZodSchema, path: readonly string[], direction: JsonDirection, seen: Set<ZodSchema>): ForeignField | undefined {
  const kind = findKind(schema, direction) ?? findNothing(schema, path, direction);
  if (kind !== undefined) {
    return { path: path.join("."), kind };
  }
  const core = peel(schema);
  if (seen.has(core) || core._zod.def.type === "union") {
    return undefined;
  }
  seen.add(core);
  for (const [name, inner] of listInner(core, innerKeys[direction])) {
    const found = search(inner, name === "" ? path : [...path, name], direction, seen);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

/** Returns the kind of a schema whose values JSON cannot carry. */
function findKind(schema: ZodSchema, direction: JsonDirection): string | undefined {
  const { type } = schema._zod.def;
  if (type === "promise") {
    return type;
  }
  const core = peel(schema);
  const kind = core._zod.def.type;
  if (kind === "union") {
    const kinds = readInners(core, "options")
      .filter((option) => !isNothing(option))
      .map((option) => findKind(option, direction));
    return kinds.every((found) => found !== undefined) ? kinds[0] : undefined;
  }
  if (isFileSchema(core)) {
    return kind === "custom" ? "instanceof" : kind;
  }
  return foreignKinds.has(kind) || (direction === "input" && isClassInstance(core)) ? (kind === "custom" ? "instanceof" : kind) : undefined;
}

/** Returns the kind of a value that is only there if it is absent: a field that is read from JSON, or a whole result. */
function findNothing(schema: ZodSchema, path: readonly string[], direction: JsonDirection): string | undefined {
  if (direction === "output" && path.length > 0) {
    return undefined;
  }
  const { type } = schema._zod.def;
  const inner = optionalKinds.has(type) ? undefined : readInner(schema, "innerType");
  if (inner !== undefined) {
    return findNothing(inner, path, direction);
  }
  const isUndefined = type === "literal" && listValues(schema).every((value) => value === undefined);
  return type === "undefined" || type === "void" || isUndefined ? (type === "literal" ? "undefined" : type) : undefined;
}

/** Tells whether a schema takes `null` or nothing alone. */
function isNothing({ _zod }: ZodSchema): boolean {
  return ["null", "undefined", "void"].includes(_zod.def.type);
}

/** Tells whether a schema is `z.instanceof()` of a class whose instances JSON does not have. */
function isClassInstance(schema: ZodSchema): boolean {
  const bag: unknown = Reflect.get(schema._zod, "bag");
  const found: unknown = typeof bag === "object" && bag !== null ? Reflect.get(bag, "Class") : undefined;
  return typeof found === "function" && found !== Object && found !== Array;
}
