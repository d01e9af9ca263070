import { mayAwait } from "../base/may-await";
import { type Schema, validate, validateSync } from "../base/schema";
import { parseIsoDate } from "./iso-date";
import { isZodSchema, listValues, readDefinition, readInner, readInners, readLazy, readShape, remember, type ZodSchema } from "./zod";

/**
 * Converts values that JSON has no type for: dates as ISO 8601 text, bigints as integers or text of digits, sets as
 * lists, and maps as lists of pairs.
 */

const carriedKinds: ReadonlySet<string> = new Set(["date", "bigint", "set", "map"]);
/** The kinds of schemas whose output can be any value, also a set. */
const openKinds: ReadonlySet<string> = new Set(["any", "unknown", "custom", "transform"]);

/**
 * Returns a schema that takes values of JSON: it converts text, numbers and lists wherever the schema asks for dates,
 * bigints, sets and maps. A schema without any of them is returned as it is.
 */
export function acceptJson<Output>(schema: Schema<Output>): Schema<Output> {
  return isZodSchema(schema) && asksForCarried(schema)
    ? { "~standard": { validate: (value) => validate(schema, fromJson(schema, value)) } }
    : schema;
}

/** Returns a function that writes the output of a schema as values of JSON, or `undefined` if the output is JSON as it is. */
export function createJsonWriter(schema: Schema): ((value: unknown) => unknown) | undefined {
  return isZodSchema(schema) && (asksForCarried(schema) || isOpen(schema)) ? writeJson : undefined;
}

/** Tells whether a schema asks anywhere for a value that JSON has no type for. */
const asksForCarried: (schema: ZodSchema) => boolean = remember((schema) => mentions(schema, isCarried, new Set()));

/** Tells whether any part of a schema's output may be anything. */
const isOpen: (schema: ZodSchema) => boolean = remember((schema) =>
  mentions(schema, (kind) => openKinds.has(kind._zod.def.type), new Set()),
);

/** Tells whether JSON has no type for the values of a schema. */
export function isCarried(schema: ZodSchema): boolean {
  const { type } = schema._zod.def;
  return carriedKinds.has(type) || (type === "literal" && listValues(schema).some((value) => typeof value === "bigint"));
}

/** Tells whether a schema, or any schema inside it, is meant. Wrappings such as `optional` are passed over. */
export function mentions(schema: ZodSchema, isMeant: (schema: ZodSchema) => boolean, seen: Set<ZodSchema>): boolean {
  const core = peel(schema);
  if (isMeant(core)) {
    return true;
  }
  if (seen.has(core)) {
    return false;
  }
  seen.add(core);
  return listInner(core).some(([, inner]) => mentions(inner, isMeant, seen));
}

/** Removes the wrappings of a schema, such as `optional`. A `z.preprocess()` stays: its function gets the value as it was sent. */
export function peel(schema: ZodSchema): ZodSchema {
  const inner = schema._zod.def.type === "lazy" ? readLazy(schema) : readInner(schema, "innerType");
  return inner === undefined ? schema : peel(inner);
}

const innerKeys = ["element", "valueType", "keyType", "rest", "catchall", "left", "right", "in", "out"];

/** Lists the schemas inside a schema, with the names of an object's fields. */
export function listInner(schema: ZodSchema, keys: readonly string[] = innerKeys): readonly (readonly [string, ZodSchema])[] {
  const several = [...readInners(schema, "items"), ...readInners(schema, "options")];
  const single = keys.map((key) => readInner(schema, key)).filter((inner) => inner !== undefined);
  return [...readShape(schema), ...[...several, ...single].map((inner) => ["", inner] as const)];
}

/** Converts a value of JSON to the types that a schema asks for. A value of another shape stays as it is, for the schema to refuse. */
function fromJson(schema: ZodSchema, value: unknown): unknown {
  if (value === null || value === undefined || !asksForCarried(schema)) {
    return value;
  }
  const core = peel(schema);
  switch (core._zod.def.type) {
    case "date":
      return typeof value === "string" ? (parseIsoDate(value) ?? refuseRounding(core, value, /^\d{4}-\d\d-\d\d/.test(value))) : value;
    case "bigint":
      return toBigInt(value) ?? refuseRounding(core, value, typeof value === "number");
    case "literal":
      return convertLiteral(core, value);
    case "array":
      return Array.isArray(value) ? convertItems(readInner(core, "element"), value) : value;
    case "set":
      return Array.isArray(value) ? new Set(convertItems(readInner(core, "valueType"), value)) : value;
    case "map":
      return isListOfPairs(value)
        ? new Map(
            value.map(([key, item]) => [convertWith(readInner(core, "keyType"), key), convertWith(readInner(core, "valueType"), item)]),
          )
        : value;
    case "tuple":
      return Array.isArray(value) ? convertTuple(core, value) : value;
    case "object":
      return isObject(value) ? convertObject(core, value) : value;
    case "record":
      return isObject(value) ? mapValues(value, (_, item) => convertWith(readInner(core, "valueType"), item)) : value;
    case "intersection":
      return convertWith(readInner(core, "right"), convertWith(readInner(core, "left"), value));
    case "union":
      return convertUnion(core, value);
    case "pipe":
      return convertPipe(core, value);
    default:
      return value;
  }
}

function convertWith(schema: ZodSchema | undefined, value: unknown): unknown {
  return schema === undefined ? value : fromJson(schema, value);
}

function convertItems(element: ZodSchema | undefined, items: readonly unknown[]): unknown[] {
  return items.map((item) => convertWith(element, item));
}

function convertTuple(schema: ZodSchema, items: readonly unknown[]): unknown[] {
  const parts = readInners(schema, "items");
  const rest = readInner(schema, "rest");
  return items.map((item, index) => convertWith(parts[index] ?? rest, item));
}

function convertObject(schema: ZodSchema, value: object): unknown {
  const shape = readShape(schema);
  const catchall = readInner(schema, "catchall");
  return mapValues(value, (key, item) => convertWith(shape.get(key) ?? catchall, item));
}

/** Converts to the bigint that a literal states, from its number or its digits without further zeros. Any other value that it states stays. */
function convertLiteral(schema: ZodSchema, value: unknown): unknown {
  const values = listValues(schema);
  const bigint = values.includes(value) ? undefined : toBigInt(value);
  return bigint !== undefined && values.includes(bigint) && String(bigint) === String(value) ? bigint : value;
}

/** Converts to what the first part of a pipe asks for, or to what the second part does if the first one takes anything. */
function convertPipe(schema: ZodSchema, value: unknown): unknown {
  const input = readInner(schema, "in");
  const kind = input?._zod.def.type;
  if (kind === "transform") {
    return convertPreprocessed(schema, value);
  }
  return convertWith(kind === "unknown" || kind === "any" ? readInner(schema, "out") : input, value);
}

/**
 * Converts what a function of `z.preprocess()` gets: the value as it was sent if that is taken, then the converted value,
 * then the converted result of the function.
 */
function convertPreprocessed(schema: ZodSchema, value: unknown): unknown {
  const output = readInner(schema, "out");
  const converted = convertWith(output, value);
  if (output !== undefined && mayAwait(output)) {
    return mayTake(output, changeBy(readInner(schema, "in"), value)) ? value : converted;
  }
  if (takes(schema, value) === true) {
    return value;
  }
  const answer = takes(schema, converted);
  if (answer === true) {
    return converted;
  }
  const changed = convertWith(output, changeBy(readInner(schema, "in"), value));
  return takes(schema, changed) === true ? changed : answer === undefined ? value : converted;
}

/** Returns the result of a function of `z.preprocess()`; the value itself if the function fails. */
function changeBy(transform: ZodSchema | undefined, value: unknown): unknown {
  try {
    const result = transform && validateSync(transform, value);
    return result !== undefined && "value" in result ? result.value : value;
  } catch {
    return value;
  }
}

/**
 * Converts by the first option that then takes the value. An option with asynchronous parts cannot be tried: it comes
 * after the others if its synchronous parts take the value.
 */
function convertUnion(schema: ZodSchema, value: unknown): unknown {
  const possible: unknown[] = [];
  for (const option of readInners(schema, "options")) {
    const converted = fromJson(option, value);
    const answer = takes(option, converted);
    if (answer === true) {
      return converted;
    }
    if (answer === undefined && mayTake(option, converted)) {
      possible.push(converted);
    }
  }
  if (possible.length > 0) {
    return possible[0];
  }
  const discriminator = readDefinition(schema, "discriminator");
  const option = typeof discriminator === "string" ? findOption(schema, discriminator, value) : undefined;
  return convertWith(option, value);
}

/** Tells whether a value has the kind that a schema asks for; of an object, whether all fields that can be tried take it. */
function mayTake(schema: ZodSchema, value: unknown): boolean {
  const core = peel(schema);
  switch (core._zod.def.type) {
    case "date":
      return value instanceof Date;
    case "set":
      return value instanceof Set;
    case "map":
      return value instanceof Map;
    case "array":
    case "tuple":
      return Array.isArray(value);
    case "object":
      return isObject(value) && [...readShape(core)].every(([key, field]) => takes(field, Reflect.get(value, key)) !== false);
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return typeof value === core._zod.def.type;
    default:
      return true;
  }
}

/** Finds the option that a discriminator names, so that the errors are those of its fields. */
function findOption(schema: ZodSchema, discriminator: string, value: unknown): ZodSchema | undefined {
  const sent: unknown = isObject(value) ? Reflect.get(value, discriminator) : undefined;
  return readInners(schema, "options").find((option) => {
    const literal = readShape(peel(option)).get(discriminator);
    return literal !== undefined && takes(literal, convertWith(literal, sent)) === true;
  });
}

/** Tells whether a schema takes a value; `undefined` if it has asynchronous parts, or fails. */
function takes(schema: ZodSchema, value: unknown): boolean | undefined {
  try {
    return !("issues" in validateSync(schema, value));
  } catch {
    return undefined;
  }
}

/** Converts integers that JavaScript holds exactly, and digits. A larger number was rounded when it was parsed, so it is refused. */
function toBigInt(value: unknown): bigint | undefined {
  const isExact = Number.isSafeInteger(value) || (typeof value === "string" && /^-?\d{1,1000}$/.test(value));
  return isExact ? BigInt(String(value)) : undefined;
}

/** Prevents a schema that coerces from changing a value that does not convert, such as 31 February to 3 March. */
function refuseRounding(schema: ZodSchema, value: unknown, isRounded: boolean): unknown {
  return isRounded && readDefinition(schema, "coerce") === true ? Number.NaN : value;
}

/**
 * Writes a value as one of JSON.
 *
 * @throws {TypeError} If the value holds itself, or nests too deep.
 */
function writeJson(value: unknown): unknown {
  try {
    return toJson(value);
  } catch (cause) {
    throw cause instanceof RangeError ? new TypeError("it holds itself, or nests too deep", { cause }) : cause;
  }
}

/** Returns a value with dates, bigints, sets and maps in the form that JSON gives to them. */
export function toJson(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Array.isArray(value)) {
    return value.map(toJson);
  }
  if (value instanceof Set) {
    return [...value].map(toJson);
  }
  if (value instanceof Map) {
    return [...value].map(([key, item]) => [toJson(key), toJson(item)]);
  }
  return isObject(value) ? mapValues(value, (_, item) => toJson(item)) : value;
}

/** Tells whether a value is an object of the kind that JSON writes by its properties. */
function isObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("toJSON" in value);
}

function mapValues(value: object, convert: (key: string, item: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, convert(key, item)]));
}

function isListOfPairs(value: unknown): value is [unknown, unknown][] {
  return Array.isArray(value) && value.every((item) => Array.isArray(item) && item.length === 2);
}
