import { validateSync } from "../base/schema";
import { textConverters } from "../base/text-values";
import { UploadedFile } from "../http/request/upload";
import { createNode, formatName, listItems, type NameNode } from "./field-names";
import { readDefinition, readInner, readInners, readShape, unwrap, type ZodSchema } from "./zod";

/**
 * Converts what browsers send to what a schema expects, and strings only where the schema asks for something else.
 *
 * - number, bigint, date, enum, literal: the empty string is absent; text that does not convert stays text, for the
 *   schema to refuse.
 * - boolean: absent is `false`; `on`, `true`, `1` and `yes` are `true`.
 * - string: the empty string is absent if the schema is optional, nullable or has a default.
 * - array, set: all values that are not blank; absent is empty.
 * - file: an upload without a name and without content is absent.
 */

/** The fields that turn out to be empty while values are converted. */
export interface EmptyFields {
  /** The names of required fields that were left empty. */
  readonly missing: Set<string>;
  /** The names of required texts that hold only blanks. */
  readonly blank: Set<string>;
  /** Whether the values come from a query, in which absent is absent: it has no unchecked boxes. */
  readonly isQuery: boolean;
}

/** Creates an empty record of empty fields. */
export function createEmptyFields(isQuery = false): EmptyFields {
  return { missing: new Set(), blank: new Set(), isQuery };
}

type Path = readonly PropertyKey[];

/**
 * Converts what was sent to what a schema expects.
 *
 * @param schema The schema.
 * @param node What was sent.
 * @param path The keys that lead to the value, with which the names of fields begin.
 * @param empty Collects the fields that turn out to be empty.
 * @returns The value for the schema to check.
 */
export function convert(schema: ZodSchema, node: NameNode, path: Path, empty: EmptyFields): unknown {
  const { core, isOptional, isNullable } = unwrap(schema);
  const mayLack = isOptional || isNullable;
  const value = empty.isQuery && mayLack && isEmptyOrBlank(node) ? undefined : convertCore(core, node, path, empty, mayLack);
  if (value !== undefined) {
    return value;
  }
  if (isNullable && !isOptional) {
    return null;
  }
  if (!isOptional) {
    empty.missing.add(formatName(path));
  }
  return undefined;
}

function convertCore(schema: ZodSchema, node: NameNode, path: Path, empty: EmptyFields, mayLack: boolean): unknown {
  const first = node.values[0];
  const text = typeof first === "string" ? first : undefined;
  switch (schema._zod.def.type) {
    case "string":
    case "template_literal":
      if (text?.trim() === "" && !mayLack) {
        empty[text === "" ? "missing" : "blank"].add(formatName(path));
      }
      return text === "" && mayLack ? undefined : text;
    case "number":
      return convertText(text, textConverters.float);
    case "bigint":
      return convertText(text, toBigInt);
    case "date":
      return convertText(text, toDate);
    case "boolean":
      return toBoolean(text);
    case "enum":
      return convertText(text, (trimmed) => toChoice(trimmed, listEnum(schema)));
    case "literal": {
      const values = listValues(readDefinition(schema, "values"));
      return values.some((value) => typeof value === "boolean")
        ? toBoolean(text)
        : convertText(text, (trimmed) => toChoice(trimmed, values));
    }
    case "file":
      return first instanceof UploadedFile && (first.filename !== "" || first.size > 0) ? first : undefined;
    case "array":
      return convertItems(readInner(schema, "element"), node, path, empty);
    case "set":
      return new Set(convertItems(readInner(schema, "valueType"), node, path, empty));
    case "tuple":
      return readInners(schema, "items").map((item, index) => convert(item, itemNode(node, index), [...path, index], empty));
    case "object":
      return mayLack && isEmpty(node) ? undefined : convertObject(readShape(schema), node, path, empty);
    case "record":
      return convertRecord(schema, node, path, empty);
    case "union":
      return convertUnion(schema, node, path, empty);
    default:
      return first;
  }
}

function convertObject(shape: ReadonlyMap<string, ZodSchema>, node: NameNode, path: Path, empty: EmptyFields): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [key, schema] of shape) {
    const converted = convert(schema, node.children.get(key) ?? createNode(), [...path, key], empty);
    if (converted !== undefined) {
      value[key] = converted;
    }
  }
  return value;
}

function convertRecord(schema: ZodSchema, node: NameNode, path: Path, empty: EmptyFields): Record<string, unknown> {
  const valueType = readInner(schema, "valueType");
  const entries = [...node.children].map(([key, child]) => [
    key,
    valueType === undefined ? child.values[0] : convert(valueType, child, [...path, key], empty),
  ]);
  return Object.fromEntries(entries);
}

/** Leaves out items that convert to nothing, such as a file that nobody chose. */
function convertItems(element: ZodSchema | undefined, node: NameNode, path: Path, empty: EmptyFields): unknown[] {
  if (element === undefined) {
    return node.values;
  }
  const items = listItems(node).filter(
    (item) => item.children.size > 0 || convert(element, item, [], createEmptyFields(empty.isQuery)) !== undefined,
  );
  return items.map((item, index) => convert(element, item, [...path, index], empty));
}

function convertUnion(schema: ZodSchema, node: NameNode, path: Path, empty: EmptyFields): unknown {
  const options = readInners(schema, "options");
  const discriminator = readDefinition(schema, "discriminator");
  if (typeof discriminator === "string") {
    const sent = node.children.get(discriminator)?.values[0];
    const option = options.find((candidate) => {
      const literal = readShape(unwrap(candidate).core).get(discriminator);
      return literal !== undefined && listValues(readDefinition(unwrap(literal).core, "values")).some((value) => String(value) === sent);
    });
    return option === undefined ? { [discriminator]: sent } : convert(option, node, path, empty);
  }
  if (isEmpty(node) || node.values[0] === "") {
    return undefined;
  }
  // The first option that accepts the converted value wins. An option with asynchronous parts cannot be tried.
  for (const option of options) {
    const value = convert(option, node, path, createEmptyFields(empty.isQuery));
    if (accepts(option, value)) {
      return value;
    }
  }
  return node.values[0];
}

function accepts(schema: ZodSchema, value: unknown): boolean {
  try {
    return !("issues" in validateSync(schema, value));
  } catch {
    return false;
  }
}

function itemNode(node: NameNode, index: number): NameNode {
  const value = node.values[index];
  return value === undefined ? (node.children.get(String(index)) ?? createNode()) : { ...createNode(), values: [value] };
}

/** Tells whether nothing was sent but empty text, as the choice "any" of a select sends it. */
function isEmptyOrBlank(node: NameNode): boolean {
  return node.children.size === 0 && node.values.every((value) => value === "");
}

function isEmpty(node: NameNode): boolean {
  return node.values.length === 0 && node.children.size === 0;
}

function convertText(text: string | undefined, parse: (trimmed: string) => unknown): unknown {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === "" ? undefined : (parse(trimmed) ?? text);
}

function toBigInt(text: string): bigint | undefined {
  return /^-?\d{1,1000}$/.test(text) ? BigInt(text) : undefined;
}

function toDate(text: string): Date | undefined {
  // A time without a zone is in UTC, wherever the server is.
  const zoned = /[T ][\d:.]+$/.test(text) ? `${text}Z` : text;
  const date = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)/.test(text) ? new Date(zoned) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function toBoolean(text: string | undefined): unknown {
  // An absent checkbox and an empty choice are false. Other text stays, for the schema to refuse.
  return text === undefined || text.trim() === "" ? false : (textConverters.boolean(text) ?? text);
}

function toChoice(text: string, choices: readonly unknown[]): unknown {
  return choices.find((choice) => String(choice) === text);
}

/** Lists the values of an enum; TypeScript's numeric enums also have their names as values, which do not count. */
export function listEnum(schema: ZodSchema): readonly unknown[] {
  const entries = readDefinition(schema, "entries");
  if (typeof entries !== "object" || entries === null) {
    return [];
  }
  const values: unknown[] = Object.values(entries);
  const numbers = new Set(values.filter((value) => typeof value === "number"));
  return Object.entries(entries)
    .filter(([key]) => !numbers.has(Number(key)))
    .map(([, value]: [string, unknown]) => value);
}

function listValues(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : [];
}
