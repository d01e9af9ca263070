import { textConverters } from "../base/text-values";
import type { FormValue } from "../http/request/form-values";
import type { UploadedFile } from "../http/request/upload";
import type { Conversion, Path } from "./conversion";
import { emptyNode, formatName, isBlank, type NameNode, withoutChildren } from "./field-names";
import { isChosenByAbsence, listChoosers, listRecordKeys, readMembers, statesRest } from "./members";
import { noteNul } from "./nul";
import { unwrap } from "./unwrap";
import { readDefinition, readInner, readInners, readShape, type ZodSchema } from "./zod";

/** Converts the values of a part. */
type Convert = (schema: ZodSchema, node: NameNode, path: Path) => unknown;

/**
 * Converts the fields of an object, a record, an intersection, or a union with a discriminator.
 *
 * @param schema The schema, without its wrappings.
 * @param node The sent values.
 * @param path The keys that lead to the value.
 * @param conversion Collects the wrong fields.
 * @param convert Converts a part.
 */
export function convertMembers(schema: ZodSchema, node: NameNode, path: Path, conversion: Conversion, convert: Convert): unknown {
  switch (schema._zod.def.type) {
    case "object":
      return convertObject(schema, node, path, conversion, convert);
    case "record":
      return convertRecord(schema, node, path, conversion, convert);
    case "intersection": {
      const sides = ["left", "right"].map((side) => readInner(schema, side));
      const [left, right] = sides.map((side) => side && convert(side, node, path));
      const [first, second] = sides.map((side) => side && readMembers(side)?.fields);
      return merge(left, right, (key) => (first?.has(key) === second?.has(key) ? undefined : first?.has(key) === true ? "left" : "right"));
    }
    default:
      return convertOption(schema, node, path, conversion, convert);
  }
}

/** Converts the fields of the shape. Other fields are kept if the schema has a rule for them. */
function convertObject(schema: ZodSchema, node: NameNode, path: Path, conversion: Conversion, convert: Convert): Record<string, unknown> {
  const shape = readShape(schema);
  const value: Record<string, unknown> = {};
  for (const [key, part] of shape) {
    const converted = convert(part, node.children.get(key) ?? emptyNode, [...path, key]);
    // Zod asks for the key of a schema that takes `undefined`, such as z.unknown(), unless it is optional.
    if (converted !== undefined || Reflect.get(part._zod, "optin") !== "optional") {
      value[key] = converted;
    }
  }
  const catchall = readInner(schema, "catchall");
  if (catchall !== undefined) {
    for (const [key, child] of node.children) {
      if (!shape.has(key)) {
        const isOpen = openKinds.has(unwrap(catchall).core._zod.def.type);
        const converted = isOpen ? toPlain(child) : convert(catchall, child, [...path, key]);
        if (converted !== undefined || !(isOpen || isOptionalValue(catchall))) {
          value[key] = converted;
          noteNul(isOpen ? [key, converted] : key, [...path, key], conversion);
        }
      }
    }
  }
  return value;
}

/** The kinds of schemas that take values as they are. */
export const openKinds: ReadonlySet<string> = new Set(["unknown", "any", "never"]);

/**
 * Returns sent values as they are: one value, a list of several or of a name with `[]`, the items of names with indices
 * from 0 on, or an object of longer names. Empty file inputs do not count.
 */
export function toPlain(node: NameNode): FormValue | readonly unknown[] | Record<string, unknown> | undefined {
  const { values, children } = node;
  if (children.size > 0) {
    return node.isIndexed && values.length === 0
      ? node.items.map(toPlain)
      : Object.fromEntries([...children].map(([key, child]) => [key, toPlain(child)]));
  }
  const kept = values.filter((value) => typeof value === "string" || toUpload(value) !== undefined);
  return kept.length > 1 || node.isListed ? kept : kept[0];
}

/** Returns an upload; `undefined` for that of an empty file input. */
export function toUpload(upload: UploadedFile): UploadedFile | undefined {
  return upload.filename !== "" || upload.size > 0 ? upload : undefined;
}

function convertRecord(schema: ZodSchema, node: NameNode, path: Path, conversion: Conversion, convert: Convert): Record<string, unknown> {
  const valueType = readInner(schema, "valueType");
  const isWhole = !isPartialRecord(schema);
  const stated = isWhole ? listRecordKeys(schema) : [];
  const keys = new Set([...stated, ...node.children.keys()]);
  const value: Record<string, unknown> = {};
  for (const key of keys) {
    const child = node.children.get(key) ?? emptyNode;
    if (isWhole || !isBlank(child)) {
      const converted = valueType === undefined ? child.values[0] : convert(valueType, child, [...path, key]);
      if (converted !== undefined || !isOptionalValue(valueType)) {
        value[key] = converted;
        noteNul(key, [...path, key], conversion);
      }
    }
  }
  return value;
}

function isOptionalValue(valueType: ZodSchema | undefined): boolean {
  return valueType !== undefined && unwrap(valueType).isOptional;
}

/** Tells whether a schema is `z.partialRecord()`, of which any key may be left out. */
export function isPartialRecord(schema: ZodSchema): boolean {
  return readDefinition(schema, "partial") === true;
}

/** Converts the fields of the option that the discriminator names. An absent checkbox names `false`. */
function convertOption(schema: ZodSchema, node: NameNode, path: Path, conversion: Conversion, convert: Convert): unknown {
  const discriminator = String(readDefinition(schema, "discriminator"));
  const sent = node.children.get(discriminator)?.values[0];
  const text = typeof sent === "string" ? sent.trim() : "";
  const boolean = text === "" ? (conversion.source === "query" ? undefined : false) : textConverters.boolean(text);
  const isNamed = (value: unknown): boolean => (typeof value === "boolean" ? value === boolean : text !== "" && String(value) === text);
  const options = readInners(schema, "options");
  const option =
    options.find((candidate) => listChoosers(candidate, discriminator).some(isNamed)) ??
    (text === "" ? options.find((candidate) => isChosenByAbsence(candidate, discriminator)) : undefined);
  if (option !== undefined) {
    const value = convert(option, leaveOthersOut(schema, option, node), path);
    const chosen = listChoosers(option, discriminator).find(isNamed);
    // A union inside that finds none of its options still has the value of this discriminator.
    return isPlain(value) && value[discriminator] === undefined && chosen !== undefined ? { ...value, [discriminator]: chosen } : value;
  }
  if (text === "") {
    conversion.addMissing(formatName([...path, discriminator]));
  }
  return { [discriminator]: text === "" ? undefined : sent };
}

/**
 * Leaves the fields of the other options of a union out. A form shows and sends them all, so a strict option must not refuse them, and a
 * loose one must not take empty ones.
 */
export function leaveOthersOut(union: ZodSchema, option: ZodSchema, node: NameNode): NameNode {
  if (!statesRest(option) || node.children.size === 0) {
    return node;
  }
  const all = readMembers(union)?.fields;
  const own = readMembers(option)?.fields;
  const isChosen =
    readDefinition(union, "discriminator") !== undefined && readInner(unwrap(option).core, "catchall")?._zod.def.type === "never";
  return withoutChildren(node, (key, child) => all?.has(key) === true && own?.has(key) === false && (isChosen || isBlank(child)));
}

/** Merges the values of both sides of an intersection. A field that one side states is that side's: the other took it as it was. */
function merge(left: unknown, right: unknown, findOwner: (key: string) => "left" | "right" | undefined): unknown {
  if (!isPlain(left) || !isPlain(right)) {
    return left ?? right;
  }
  const merged: Record<string, unknown> = { ...right, ...left };
  for (const [key, value] of Object.entries(right)) {
    if (key in left && findOwner(key) !== "left") {
      merged[key] = findOwner(key) === "right" ? value : merge(left[key], value, () => undefined);
    }
  }
  return merged;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
