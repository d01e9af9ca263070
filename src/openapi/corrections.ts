import { validateSync } from "../base/schema";
import { takesAbsence } from "../schemas/absence";
import { type Bound, listCounts, readBound, readLeast } from "../schemas/checks";
import { isForeign } from "../schemas/foreign-fields";
import type { FieldsSource } from "../schemas/form-schema";
import { isCarried, peel, toJson } from "../schemas/json-values";
import { unwrap } from "../schemas/unwrap";
import { listChecks, listValues, readDefinition, readInner, readInners, readShape, type ZodSchema } from "../schemas/zod";

/** The direction of a value: the input and the output of a schema can differ. */
export type Direction = "input" | "output";

/** The part of a request or a response that holds a value: JSON has no files, and fields are sent as text. */
export type Place = "json" | FieldsSource;

/**
 * Corrects the description that zod gives to a schema: it has the form that JSON gives to values for which it has no type,
 * and nothing that JSON cannot carry.
 *
 * @param schema The schema.
 * @param described Its description, which is changed.
 * @param describe Describes a schema inside the schema.
 */
export function correct(schema: ZodSchema, described: object, io: Direction, place: Place, describe: (key: string) => object): void {
  switch (schema._zod.def.type) {
    case "date":
      Object.assign(described, { type: "string", format: "date-time" });
      break;
    case "bigint":
      Object.assign(described, { anyOf: describeBigint(schema, io) });
      break;
    case "string":
      if (uselessFormats.has(Reflect.get(described, "format"))) {
        Reflect.deleteProperty(described, "format");
      }
      break;
    case "record":
      correctRecord(schema, described, io);
      break;
    case "set":
      Object.assign(described, { type: "array", uniqueItems: true, items: describe("valueType"), ...describeSize(schema) });
      break;
    case "map":
      Object.assign(described, {
        type: "array",
        items: { type: "array", prefixItems: [describe("keyType"), describe("valueType")], items: {}, minItems: 2, maxItems: 2 },
        ...describeSize(schema),
      });
      break;
    case "tuple":
      correctTuple(schema, described);
      break;
    case "literal":
      correctLiteral(schema, described, io);
      break;
    case "lazy":
    case "union":
      correctUnion(schema, described, io, place);
      break;
    case "intersection":
      if (place !== "json" && !("additionalProperties" in described) && isLoose(schema)) {
        Object.assign(described, { additionalProperties: {} });
      }
      break;
    case "object":
      correctObject(schema, described, io, place);
      break;
    case "default":
    case "prefault":
    case "catch":
      correctDefault(schema, described, io);
      break;
    case "readonly":
      // In OpenAPI a field that is read-only is never sent by clients. Here it cannot be changed by code.
      if (unwrap(schema).meta.readOnly !== true) {
        Reflect.deleteProperty(described, "readOnly");
      }
      break;
  }
  for (const key of ["default", "examples", "example"]) {
    if (key in described) {
      Reflect.set(described, key, toJson(Reflect.get(described, key)));
    }
  }
}

/** The names of checks that zod states as formats. The pattern says the same in words of the standard. */
const uselessFormats: ReadonlySet<unknown> = new Set(["regex", "starts_with", "ends_with", "includes", "lowercase", "uppercase"]);

/** Describes a bigint as an integer that a number of JSON holds exactly, and as digits. */
function describeBigint(schema: ZodSchema, io: Direction): readonly object[] {
  const least = readBound(schema, "greater_than");
  const most = readBound(schema, "less_than");
  const isUnsigned = readDefinition(schema, "format") === "uint64" || (typeof least?.value === "bigint" && least.value >= 0n);
  const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
  const read = (bound: Bound | undefined, inclusive: string, exclusive: string, fallback: number): object =>
    typeof bound?.value === "bigint" && Number.isSafeInteger(Number(bound.value))
      ? { [bound.isInclusive ? inclusive : exclusive]: Number(bound.value) }
      : { [inclusive]: fallback };
  const bounds = {
    ...read(least, "minimum", "exclusiveMinimum", isUnsigned ? 0 : MIN_SAFE_INTEGER),
    ...read(most, "maximum", "exclusiveMaximum", MAX_SAFE_INTEGER),
  };
  const steps = listChecks(schema).flatMap(({ check, value }) =>
    check === "multiple_of" && typeof value === "bigint" ? [Number(value)] : [],
  );
  const [step] = steps.filter((value) => Number.isSafeInteger(value) && value > 0);
  return [
    { type: "integer", format: "int64", ...(io === "input" ? bounds : {}), ...(step === undefined ? {} : { multipleOf: step }) },
    { type: "string", pattern: isUnsigned ? "^\\d+$" : "^-?\\d+$" },
  ];
}

/** Removes the required keys of a record that may be absent: the value is optional, or the schema has one for it, by `catch()`. */
function correctRecord(schema: ZodSchema, described: { required?: unknown }, io: Direction): void {
  if (!Array.isArray(described.required)) {
    return;
  }
  const value = readInner(schema, "valueType");
  const refused = io === "input" ? listRefusedKeys(schema) : value && Reflect.get(value._zod, "optout") === "optional" ? [] : undefined;
  if (refused !== undefined) {
    Object.assign(described, { required: described.required.filter((name) => refused.includes(name)) });
  }
}

/** Lists the keys whose absence a record refuses; `undefined` if its schema has asynchronous parts, or fails. */
function listRefusedKeys(record: ZodSchema): readonly unknown[] | undefined {
  try {
    const result = validateSync(record, {});
    return "issues" in result ? result.issues.map(({ path }) => path[0]) : [];
  } catch {
    return undefined;
  }
}

/** Describes the number of items of a set or a map. */
function describeSize(schema: ZodSchema): object {
  const least = readLeast(schema);
  const most = Math.min(...listCounts(listChecks(schema), "maximum"));
  return { ...(least === undefined ? {} : { minItems: least }), ...(Number.isFinite(most) ? { maxItems: most } : {}) };
}

/** Describes the bigints of a literal as integers, and as digits. */
function correctLiteral(schema: ZodSchema, described: object, io: Direction): void {
  if (isCarried(schema)) {
    const values = listValues(schema).flatMap((value) => {
      const written = toJson(value);
      return typeof value === "bigint" && typeof written === "number" && io === "input" ? [written, String(value)] : [written];
    });
    Reflect.deleteProperty(described, "type");
    Reflect.deleteProperty(described, "const");
    Object.assign(described, { enum: values });
  }
}

function correctTuple(schema: ZodSchema, described: { readonly prefixItems?: unknown }): void {
  if (readInner(schema, "rest") === undefined) {
    // Some tools want a schema of further items also where `maxItems` allows none.
    Object.assign(described, { items: {} });
  }
  if (Array.isArray(described.prefixItems) && described.prefixItems.length === 0) {
    Reflect.deleteProperty(described, "prefixItems");
  }
}

/** Removes the options that say that a value may be absent, and those that JSON cannot carry. A union of all of JSON has no options. */
function correctUnion(schema: ZodSchema, described: object, io: Direction, place: Place): void {
  if (isAnyJson(schema)) {
    for (const key of ["anyOf", "type", "$ref"]) {
      Reflect.deleteProperty(described, key);
    }
    return;
  }
  const key = "oneOf" in described ? "oneOf" : "anyOf";
  const known: unknown = Reflect.get(described, key);
  const options = readInners(schema, "options");
  if (!Array.isArray(known) || known.length !== options.length) {
    return;
  }
  const kept = known.filter((_, index) => {
    const option = options[index];
    return option === undefined || !(isAbsence(option) || (place === "json" && isForeign(option, io)));
  });
  if (kept.length === 1) {
    Reflect.deleteProperty(described, key);
    Object.assign(described, kept[0]);
  } else if (kept.length > 0) {
    Reflect.set(described, key, kept);
  }
}

/** Removes the fields that are only there if they are absent, and states the fields without which a request is refused. */
function correctObject(schema: ZodSchema, described: { properties?: object; required?: unknown }, io: Direction, place: Place): void {
  const { properties = {}, required } = described;
  const stated = new Set(Array.isArray(required) ? required.map(String) : []);
  for (const [name, field] of readShape(schema)) {
    if (isAbsence(peel(field))) {
      Reflect.deleteProperty(properties, name);
      stated.delete(name);
    } else if (io === "input") {
      const mayLack = takesAbsence(schema, name, place) ?? !stated.has(name);
      stated[mayLack ? "delete" : "add"](name);
    } else if (takesAnything(field)) {
      // The value may be undefined, which JSON leaves out.
      stated.delete(name);
    }
  }
  const needed = [...readShape(schema).keys()].filter((name) => stated.has(name));
  if (needed.length > 0) {
    Object.assign(described, { required: needed });
  } else {
    Reflect.deleteProperty(described, "required");
  }
}

/** Tells whether an object, or a part of an intersection, takes any value under any name. zod leaves that out of intersections. */
function isLoose(schema: ZodSchema): boolean {
  const core = peel(schema);
  const catchall = readInner(core, "catchall");
  const sides = ["left", "right"].map((side) => readInner(core, side)).filter((side) => side !== undefined);
  return (catchall !== undefined && ["unknown", "any"].includes(catchall._zod.def.type)) || sides.some(isLoose);
}

/** States the default value in the form of JSON, which zod does not know for sets, maps and bigints. */
function correctDefault(schema: ZodSchema, described: object, io: Direction): void {
  const { type } = schema._zod.def;
  const isStated = type === "default" || (type === "prefault" && io === "input");
  if (isStated && ("default" in described || isCarried(peel(schema)))) {
    Object.assign(described, { default: readDefinition(schema, "defaultValue") });
  }
}

/** Tells whether a schema, or an option of it, takes any value. */
function takesAnything(schema: ZodSchema): boolean {
  return listOptions(schema, new Set()).some((option) => ["unknown", "any"].includes(option._zod.def.type));
}

/** Tells whether the only value of a schema is `undefined`. */
function isAbsence(schema: ZodSchema): boolean {
  const { type } = schema._zod.def;
  return type === "undefined" || type === "void" || (type === "literal" && listValues(schema).every((value) => value === undefined));
}

/** Tells whether a schema takes all of JSON, as `z.json()` does. Types that compilers understand cannot be written for its recursive union. */
function isAnyJson(schema: ZodSchema): boolean {
  const union = peel(schema);
  const options = listOptions(union, new Set());
  const isPlain = (type: string): boolean => options.some((option) => option._zod.def.type === type && listChecks(option).length === 0);
  const holdsItself = (type: string, key: string): boolean =>
    options.some((option) => {
      const inner = option._zod.def.type === type ? readInner(option, key) : undefined;
      return inner !== undefined && peel(inner) === union;
    });
  return ["string", "number", "boolean", "null"].every(isPlain) && holdsItself("array", "element") && holdsItself("record", "valueType");
}

/** Lists the options of a union, also those of the unions among them. */
function listOptions(schema: ZodSchema, seen: Set<ZodSchema>): readonly ZodSchema[] {
  const core = peel(schema);
  if (core._zod.def.type !== "union" || seen.has(core)) {
    return [core];
  }
  seen.add(core);
  return readInners(core, "options").flatMap((option) => listOptions(option, seen));
}
