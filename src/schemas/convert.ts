import { textConverters } from "../base/text-values";
import { UploadedFile } from "../http/request/upload";
import { findTypedMost, listTextFormats, readLeast } from "./checks";
import { formatChoice, readChoices } from "./choices";
import { parseControlDate } from "./control-dates";
import { Conversion, type Path } from "./conversion";
import { convertMembers, openKinds, toPlain, toUpload } from "./convert-members";
import { accepts, convertUnion, countIssues, groups, lists } from "./convert-union";
import { emptyNode, formatName, isBlank, type NameNode, nodeOf } from "./field-names";
import { findByKeys } from "./field-patterns";
import { noteNul } from "./nul";
import { completeTime, toBigInt, toNumber } from "./text-conversions";
import { findRefused } from "./text-formats";
import { type Unwrapped, unwrap } from "./unwrap";
import { listValues, listWords, readDefinition, readInner, readInners, remember, type ZodSchema } from "./zod";

/**
 * Converts sent text to the values that a schema expects. Text changes only where the schema asks for another type.
 *
 * - number, bigint, date, enum, literal: the empty text is absent. Text that does not convert stays text: the schema
 *   refuses it.
 * - boolean: absent is `false` for a checkbox; `on`, `true`, `1` and `yes` are `true`.
 * - string: the empty text is absent if the schema is optional, nullable or has a default.
 * - array, set: all values that are not blank; absent is empty.
 * - file: an upload without a name and without content is absent.
 */

/**
 * Converts the values of a field to the value that its schema checks.
 *
 * @param schema The schema.
 * @param node The sent values.
 * @param path The keys that lead to the value.
 * @param conversion Collects the wrong fields.
 */
export function convert(schema: ZodSchema, node: NameNode, path: Path, conversion: Conversion): unknown {
  const kind = unwrap(schema);
  const isAbsent = conversion.source !== "form" && (kind.isOptional || kind.isNullable) && !kind.acceptsEmpty && isAbsentFromQuery(node);
  const value = isAbsent ? undefined : (findWhole(schema, kind, node) ?? fitList(schema, kind, convertCore(kind, node, path, conversion)));
  checkChoices(schema, node, value, path, conversion);
  if (typeof value === "string" || openKinds.has(kind.core._zod.def.type)) {
    noteNul(value, path, conversion);
  }
  if (value !== undefined) {
    return value;
  }
  if (kind.isNullable && !kind.isOptional) {
    return null;
  }
  if (!kind.isOptional) {
    conversion.addMissing(formatName(path));
  }
  return undefined;
}

/** Tells whether a query lacks a field, or sends the empty text, as the choice "any" of a select does. */
function isAbsentFromQuery(node: NameNode): boolean {
  return node.children.size === 0 && node.values.every((value) => value === "");
}

/** Returns the one text of a list if a function of `z.preprocess()` makes the list of it, as of `a,b`. */
function findWhole(schema: ZodSchema, kind: Unwrapped, node: NameNode): string | undefined {
  const [text, ...others] = node.values;
  const isWhole = typeof text === "string" && text !== "" && others.length === 0 && !node.isListed && node.children.size === 0;
  return isWhole && kind.isPreprocessed && lists.has(kind.core._zod.def.type) && accepts(schema, text) ? text : undefined;
}

/**
 * Returns the value that a function of `z.preprocess()` makes a list or a set of: the list, the set, or its only item. Such a function
 * can be written for any of them, such as `(value) => new Set(Array.isArray(value) ? value : [value])`.
 */
function fitList(schema: ZodSchema, { core, isPreprocessed }: Unwrapped, value: unknown): unknown {
  if (!isPreprocessed || countIssues(schema, value) === 0) {
    return value;
  }
  const items: readonly unknown[] | undefined = value instanceof Set ? [...value] : Array.isArray(value) ? value : undefined;
  if (items === undefined || !(core._zod.def.type === "set" || core._zod.def.type === "array")) {
    return value;
  }
  const others = [...(value instanceof Set ? [items] : []), ...(items.length === 1 ? items : [])];
  return others.reduce((best, other) => (countIssues(schema, other) < countIssues(schema, best) ? other : best), value);
}

/** The kinds of schemas that take one value. */
const scalars: ReadonlySet<string> = new Set(["string", "template_literal", "number", "bigint", "date", "boolean", "enum", "literal"]);

/**
 * Tells whether longer names were sent in place of one value, as `a[b]=1`, or names without an index in place of a list. Values beside
 * longer names, as in `a=1&a[b]=2`, have two shapes, of which one would be lost.
 */
function hasOtherShape({ core }: Unwrapped, node: NameNode): boolean {
  const { type } = core._zod.def;
  if (isMixed(node)) {
    return scalars.has(type) || lists.has(type) || groups.has(type);
  }
  const isOther = scalars.has(type) || (lists.has(type) && [...node.children.keys()].some((key) => !/^\d+$/.test(key)));
  return isOther && node.values.length === 0 && node.children.size > 0;
}

function isMixed(node: NameNode): boolean {
  const { children, values } = node;
  return (
    values.length > 0 && children.size > 0 && !values.every((value) => isBlank(nodeOf(value))) && ![...children.values()].every(isBlank)
  );
}

/** Returns a value that a schema of another shape refuses, also one that coerces. */
function toRefused({ core }: Unwrapped, node: NameNode, path: Path, conversion: Conversion): unknown {
  if (core._zod.def.type === "boolean") {
    conversion.addRefused(formatName(path), "boolean");
  }
  if (groups.has(core._zod.def.type)) {
    return node.values[0];
  }
  return Object.assign(Object.create(null), toPlain(node));
}

function convertCore(kind: Unwrapped, node: NameNode, path: Path, conversion: Conversion): unknown {
  const { core, isOptional, isNullable, acceptsEmpty } = kind;
  const mayLack = isOptional || isNullable;
  const first = node.values[0];
  const text = typeof first === "string" ? first : undefined;
  if (conversion.source === "query" && hasOtherShape(kind, node)) {
    return toRefused(kind, node, path, conversion);
  }
  const { type } = core._zod.def;
  if (first instanceof UploadedFile && (mayLack || type === "boolean") && scalars.has(type)) {
    // A file in place of a text is refused, and not lost.
    return toUpload(first);
  }
  switch (type) {
    case "string":
    case "template_literal":
      return convertString(kind, text, path, conversion);
    case "number":
      return acceptsEmpty && text === "" ? text : convertText(core, text, toNumber);
    case "bigint":
      return acceptsEmpty && text === "" ? text : convertText(core, text, toBigInt);
    case "date":
      return acceptsEmpty && text === "" ? text : convertText(core, text, (trimmed) => parseControlDate(kind.meta.type, trimmed));
    case "boolean":
      return convertBoolean(kind, text, path, conversion);
    case "enum":
    case "literal":
      return convertChoice(kind, text);
    case "null":
      return (text ?? "") === "" ? null : first;
    case "undefined":
    case "void":
      return text === "" ? undefined : first;
    case "file":
      // A required file that came as text is missing; an optional one must not be lost silently.
      return first instanceof UploadedFile ? toUpload(first) : mayLack && text !== "" ? text : undefined;
    case "array":
      return convertList(kind, readInner(core, "element"), node, path, conversion);
    case "set": {
      const items = convertList(kind, readInner(core, "valueType"), node, path, conversion);
      return items && new Set(items);
    }
    case "tuple":
    case "object":
    case "record":
    case "union":
    case "intersection":
      return convertParts(kind, mayLack, node, path, conversion);
    case "unknown":
    case "any":
      return toPlain(node);
    case "never":
      return text === "" ? undefined : first;
    default:
      return first instanceof UploadedFile ? toUpload(first) : first;
  }
}

function convertParts(kind: Unwrapped, mayLack: boolean, node: NameNode, path: Path, conversion: Conversion): unknown {
  const { core } = kind;
  if (mayLack && isBlank(node)) {
    return kind.acceptsEmpty && node.values[0] === "" ? "" : undefined;
  }
  if (groups.has(core._zod.def.type) && node.children.size === 0 && !isBlank(node)) {
    // A plain value in place of an object is refused, and not lost. A file would count as an object.
    const [value] = node.values;
    return value instanceof UploadedFile ? value.filename : value;
  }
  if (core._zod.def.type === "tuple") {
    return convertTuple(core, node, path, conversion);
  }
  if (core._zod.def.type === "union" && readDefinition(core, "discriminator") === undefined) {
    return convertUnion(kind, node, path, conversion, convert);
  }
  return convertMembers(core, node, path, conversion, (part, partNode, partPath) => convert(part, partNode, partPath, conversion));
}

function convertString(kind: Unwrapped, text: string | undefined, path: Path, conversion: Conversion): string | undefined {
  const { core, isOptional, isNullable, acceptsEmpty, isPreprocessed } = kind;
  const mayLack = isOptional || isNullable;
  const [, no] = listWords(core);
  if (no !== undefined && kind.meta.type === "checkbox" && (text ?? "") === "") {
    return no;
  }
  if (text === undefined) {
    // A function given to z.preprocess() may rely on a text.
    return isPreprocessed && !mayLack ? markEmpty("", path, conversion) : undefined;
  }
  if (text === "" && (acceptsEmpty || mayLack)) {
    return acceptsEmpty ? "" : undefined;
  }
  if (text.trim() === "" && !mayLack) {
    return markEmpty(text, path, conversion);
  }
  const completed = listPrecisions(core).reduce(completeTime, text);
  const refused = isPreprocessed ? undefined : findRefused(core, text);
  if (refused !== undefined && !(refused === "email" && kind.isCaught)) {
    conversion.addRefused(formatName(path), refused);
  }
  if (conversion.countsUnits && !isPreprocessed && !kind.isCaught) {
    checkUnits(kind, text, path, conversion);
  }
  return completed;
}

/** The types of controls whose `maxlength` browsers check. */
const typedTypes: ReadonlySet<unknown> = new Set([undefined, "text", "textarea", "search", "tel", "url", "email", "password"]);

/** Notes a text with more UTF-16 code units than `maxlength` allows: zod counts an emoji as one, and browsers as two. */
function checkUnits({ core, meta }: Unwrapped, text: string, path: Path, conversion: Conversion): void {
  const limit = findTypedMost(core);
  if (limit === undefined || text.length <= limit.most || !typedTypes.has(meta.type)) {
    return;
  }
  if (meta.choices === undefined && findAllowed(path, conversion) === undefined) {
    conversion.addLong(formatName(path), { ...limit, text });
  }
}

/** Lists the precisions of the times that a text must be. */
const listPrecisions: (schema: ZodSchema) => readonly number[] = remember((schema) =>
  listTextFormats(schema).flatMap(({ format, local, precision }) =>
    typeof precision === "number" && (format === "time" || (format === "datetime" && local === true)) ? [precision] : [],
  ),
);

function markEmpty(text: string, path: Path, conversion: Conversion): string {
  const name = formatName(path);
  if (text === "") {
    conversion.addEmptyText(name);
  } else {
    conversion.addBlank(name);
  }
  return text;
}

function convertText(schema: ZodSchema, text: string | undefined, parse: (trimmed: string) => unknown): unknown {
  const trimmed = text?.trim();
  if (trimmed === undefined || trimmed === "") {
    return undefined;
  }
  const value = parse(trimmed);
  if (value === undefined) {
    // A schema that coerces would read the text by the looser rules of JavaScript.
    return readDefinition(schema, "coerce") === true ? Number.NaN : text;
  }
  // The first part of a pipe takes the text.
  return readDefinition(schema, "isCoercedText") === true ? (value instanceof Date ? value.toISOString() : String(value)) : value;
}

function convertBoolean(kind: Unwrapped, text: string | undefined, path: Path, conversion: Conversion): unknown {
  const mayLack = kind.isOptional || kind.isNullable;
  if (text === undefined) {
    return mayLack && !isCheckbox(kind) ? undefined : false;
  }
  if (text.trim() === "") {
    return mayLack ? undefined : false;
  }
  const value = textConverters.boolean(text);
  if (value === undefined && readDefinition(kind.core, "coerce") === true) {
    // A schema that coerces would read any word as yes.
    conversion.addRefused(formatName(path), "boolean");
  }
  return value ?? text;
}

/** Tells whether a boolean is a checkbox, which sends nothing when it is not ticked. A select has a third value. */
export function isCheckbox({ meta, isNullable }: Unwrapped): boolean {
  return typeof meta.type === "string" ? meta.type === "checkbox" : !isNullable;
}

/** Converts the text of an enum or of a literal: the value whose text it is. Literals that are booleans take all words for them. */
function convertChoice(kind: Unwrapped, text: string | undefined): unknown {
  const values = listValues(kind.core);
  const mayLack = kind.isOptional || kind.isNullable;
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") {
    if (text !== undefined && kind.acceptsEmpty) {
      return "";
    }
    const isBox = values.every((value) => typeof value === "boolean");
    const isUnchecked = isBox && (values.includes(false) || !mayLack);
    return isUnchecked && !(mayLack && text === "") ? false : undefined;
  }
  const found = values.find((value) => String(value) === trimmed);
  if (found !== undefined) {
    return found;
  }
  const boolean = values.some((value) => typeof value === "boolean") ? textConverters.boolean(trimmed) : undefined;
  return boolean ?? text;
}

/**
 * Converts the items of a list. Items that convert to nothing do not count. An empty list is absent if the schema may
 * lack it and refuses it empty.
 */
function convertList(
  kind: Unwrapped,
  element: ZodSchema | undefined,
  node: NameNode,
  path: Path,
  conversion: Conversion,
): unknown[] | undefined {
  const items =
    element === undefined
      ? node.items
      : node.items.filter(
          (item) => item.children.size > 0 || hasUpload(item) || isTextForFile(element, item) || isThere(element, item, conversion),
        );
  if (items.length === 0 && (kind.isOptional || kind.isNullable) && !kind.hasDefault && (readLeast(kind.core) ?? 0) > 0) {
    return undefined;
  }
  return items.map((item, index) => (element === undefined ? item.values[0] : convert(element, item, [...path, index], conversion)));
}

function hasUpload({ values: [value] }: NameNode): boolean {
  return value instanceof UploadedFile && toUpload(value) !== undefined;
}

/** Tells whether a text was sent in place of a file: it is refused, and not lost. */
function isTextForFile(element: ZodSchema, { values: [value] }: NameNode): boolean {
  return typeof value === "string" && value.trim() !== "" && unwrap(element).core._zod.def.type === "file";
}

function isThere(element: ZodSchema, item: NameNode, { source }: Conversion): boolean {
  return convert(element, item, [0], new Conversion(source)) !== undefined;
}

function convertTuple(core: ZodSchema, node: NameNode, path: Path, conversion: Conversion): unknown[] {
  const items = readInners(core, "items");
  const rest = readInner(core, "rest");
  const sent = Math.max(node.values.length, ...[...node.children.keys()].map((key) => Number(key) + 1).filter(Number.isSafeInteger), 0);
  // A query with too many values is refused. A form ignores them.
  const isOpen = rest !== undefined || conversion.source === "query";
  let count = isOpen ? Math.max(items.length, Math.min(sent, 1001)) : items.length;
  while (count > items.length && isBlank(partOf(node, count - 1))) {
    count--;
  }
  const values = Array.from({ length: count }, (_, index) => {
    const item = items[index] ?? rest;
    const part = partOf(node, index);
    return item === undefined ? part.values[0] : convert(item, part, [...path, index], conversion);
  });
  // A form has a control for each part, so that each part has its place. A query leaves optional parts out.
  while (conversion.source === "query" && values.length > 0 && values.at(-1) === undefined && mayLackItem(items[values.length - 1])) {
    values.pop();
  }
  return values;
}

function mayLackItem(item: ZodSchema | undefined): boolean {
  return item !== undefined && unwrap(item).isOptional;
}

function partOf(node: NameNode, index: number): NameNode {
  const value = node.values[index];
  return value === undefined ? (node.children.get(String(index)) ?? emptyNode) : nodeOf(value);
}

/** Notes a value that is not among the choices of its field: those of `.meta({ choices })`, or those of this request. */
function checkChoices(schema: ZodSchema, node: NameNode, value: unknown, path: Path, conversion: Conversion): void {
  const allowed = findAllowed(path, conversion) ?? readChoices(schema)?.allowed;
  if (allowed === undefined || value === undefined || value === null) {
    return;
  }
  const isList = value instanceof Set || Array.isArray(value);
  const chosen = isList ? node.items.map((item) => item.values[0]) : node.values.slice(0, 1);
  const isAllowed = (text: unknown): boolean =>
    typeof text !== "string" ||
    text.trim() === "" ||
    allowed.has(text) ||
    (!isList && typeof value !== "string" && allowed.has(formatChoice(value)));
  if (!chosen.every(isAllowed)) {
    conversion.addUnchosen(formatName(path));
  }
}

function findAllowed(path: Path, { choices }: Conversion): ReadonlySet<string> | undefined {
  return findByKeys(choices, path);
}
