import { validateSync } from "../base/schema";
import { takesAbsence } from "../schemas/absence";
import { listCounts, readLeast } from "../schemas/checks";
import { isForeign } from "../schemas/foreign-fields";
import { isCarried, peel, toJson } from "../schemas/json-values";
import { unwrap } from "../schemas/unwrap";
import {
  isZodSchema,
  listChecks,
  listValues,
  readDefinition,
  readInner,
  readInners,
  readMeta,
  readShape,
  type ZodSchema,
} from "../schemas/zod";
import { describeBigint } from "./digits";
import type { Describe, Direction, Place } from "./direction";
import { toPattern } from "./patterns";
import { describePipe } from "./pipes";
import { correctRecord } from "./records";
import { describeText, listTextSteps, textKeywords } from "./texts";

/**
 * Corrects the description that zod gives to a schema: it has the form that JSON gives to values for which it has no type,
 * and nothing that JSON cannot carry.
 *
 * @param schema The schema.
 * @param described Its description, which is changed.
 */
export function correct(schema: ZodSchema, described: object, io: Direction, place: Place, describe: Describe): void {
  const settled = settle(schema, io);
  if (settled !== undefined) {
    replace(schema, described, describe(settled), Object.keys(described));
    return;
  }
  switch (schema._zod.def.type) {
    case "date":
      Object.assign(described, { type: "string", format: "date-time" });
      break;
    case "bigint":
      Object.assign(described, { anyOf: describeBigint(schema, io) });
      break;
    case "string":
      replace(schema, described, describeText(listTextSteps(schema) ?? [], described, io), textKeywords);
      break;
    case "template_literal":
      correctPattern(schema, described);
      break;
    case "pipe":
      correctPipe(schema, described, io, describe);
      break;
    case "record":
      correctRecord(schema, described, io);
      break;
    case "set": {
      const [items] = describeParts(schema, ["valueType"], describe);
      Object.assign(described, { type: "array", uniqueItems: true, items, ...describeSize(schema) });
      break;
    }
    case "map": {
      const prefixItems = describeParts(schema, ["keyType", "valueType"], describe);
      const items = { type: "array", prefixItems, items: {}, minItems: 2, maxItems: 2 };
      Object.assign(described, { type: "array", items, ...describeSize(schema) });
      break;
    }
    case "array":
      if (io === "output" && isLeftOut(readInner(schema, "element")) && "items" in described) {
        described.items = { anyOf: [described.items, { type: "null" }] };
      }
      break;
    case "tuple":
      correctTuple(schema, described, io, place);
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
    const value: unknown = Reflect.get(described, key);
    if (value === undefined) {
      Reflect.deleteProperty(described, key);
    } else {
      Reflect.set(described, key, toJson(value));
    }
  }
}

/** Replaces keywords of a description. Those that the app states by `.meta()` stay. */
function replace(schema: ZodSchema, described: object, fields: object, keys: readonly string[]): void {
  const meta = readMeta(schema);
  for (const key of keys.filter((name) => !(name in meta || annotations.has(name)))) {
    Reflect.deleteProperty(described, key);
  }
  Object.assign(described, Object.fromEntries(Object.entries(fields).filter(([name]) => !(name in meta))));
}

/** The keywords that say nothing of the values that are taken. */
const annotations: ReadonlySet<string> = new Set(["default", "examples", "example", "title", "description", "deprecated", "id"]);

/**
 * Returns a schema with the checks that a value meets as it is sent: those before any change of it, as by `overwrite()`, or those after
 * all changes. Texts have words of their own for that. Returns `undefined` if nothing changes the value.
 */
function settle(schema: ZodSchema, io: Direction): ZodSchema | undefined {
  const checks = readDefinition(schema, "checks");
  const constructor: unknown = Reflect.get(schema._zod, "constr");
  if (schema._zod.def.type === "string" || !Array.isArray(checks) || typeof constructor !== "function") {
    return undefined;
  }
  const isChange = (check: unknown): boolean => isZodCheck(check) && check._zod.def.check === "overwrite";
  const [first, last] = [checks.findIndex(isChange), checks.findLastIndex(isChange)];
  const kept = io === "input" ? checks.slice(0, first) : checks.slice(last + 1);
  const settled: unknown = first < 0 ? undefined : Reflect.construct(constructor, [{ ...schema._zod.def, checks: kept }]);
  return isZodSchema(settled) ? settled : undefined;
}

function isZodCheck(check: unknown): check is { readonly _zod: { readonly def: { readonly check?: unknown } } } {
  return typeof check === "object" && check !== null && "_zod" in check;
}

function describeParts(schema: ZodSchema, keys: readonly string[], describe: Describe): readonly object[] {
  return keys.map((key) => {
    const part = readInner(schema, key);
    return part === undefined ? {} : describe(part);
  });
}

/** Writes the pattern of a template of literals for the flag `u`. */
function correctPattern(schema: ZodSchema, described: object): void {
  const regex: unknown = Reflect.get(schema._zod, "pattern");
  const pattern = regex instanceof RegExp ? toPattern(regex) : undefined;
  replace(schema, described, pattern === undefined ? {} : { pattern }, ["pattern"]);
}

/** Describes the values that a pipe takes: those that pass its second part too, if the first part passes them on as they are. */
function correctPipe(schema: ZodSchema, described: object, io: Direction, describe: Describe): void {
  const fields = io === "input" ? describePipe(schema, described, describe) : undefined;
  if (fields !== undefined) {
    replace(schema, described, fields, Object.keys(described));
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

function correctTuple(schema: ZodSchema, described: { readonly prefixItems?: unknown }, io: Direction, place: Place): void {
  if (io === "input" && place === "json") {
    const items = readInners(schema, "items");
    const least = items.findLastIndex((item) => !mayLack(item)) + 1;
    replace(schema, described, least === 0 ? {} : { minItems: least }, ["minItems"]);
  }
  if (io === "output" && Array.isArray(described.prefixItems)) {
    const items = readInners(schema, "items");
    const prefixItems = described.prefixItems.map((item: unknown, index) =>
      isLeftOut(items[index]) ? { anyOf: [item, { type: "null" }] } : item,
    );
    Object.assign(described, { prefixItems });
  }
  if (readInner(schema, "rest") === undefined) {
    // Some tools want a schema of further items also where `maxItems` allows none.
    Object.assign(described, { items: {} });
  }
  if (Array.isArray(described.prefixItems) && described.prefixItems.length === 0) {
    Reflect.deleteProperty(described, "prefixItems");
  }
}

/** Tells whether a value of a result may be undefined, which JSON writes as null in a list. */
function isLeftOut(item: ZodSchema | undefined): boolean {
  return item !== undefined && Reflect.get(item._zod, "optout") === "optional";
}

/** Tells whether the last item of a tuple may be absent: zod permits it, and the schema takes it. */
function mayLack(item: ZodSchema): boolean {
  try {
    return Reflect.get(item._zod, "optin") !== undefined && !("issues" in validateSync(item, undefined));
  } catch {
    return Reflect.get(item._zod, "optin") === "optional";
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
    } else if (givesAnything(field)) {
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

/** Tells whether a schema, or an option of it, gives any value: it takes them all, or ends with a function. */
function givesAnything(schema: ZodSchema): boolean {
  return listOptions(schema, new Set()).some((option) => {
    const { type } = option._zod.def;
    const end = type === "pipe" ? readInner(option, "out") : undefined;
    return end === undefined ? ["unknown", "any", "transform"].includes(type) : givesAnything(end);
  });
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
