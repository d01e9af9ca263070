import { validateSync } from "../base/schema";
import type { Conversion, Path } from "./conversion";
import { leaveOthersOut } from "./convert-members";
import { isBlank, type NameNode } from "./field-names";
import { findMember } from "./members";
import { type Unwrapped, unwrap } from "./unwrap";
import { readDefinition, readInner, readInners, type ZodSchema } from "./zod";

/** Converts a value by one schema. */
type Convert = (schema: ZodSchema, node: NameNode, path: Path, conversion: Conversion) => unknown;

/** The kinds that take several values. */
export const lists: ReadonlySet<string> = new Set(["array", "set", "tuple"]);
/** The kinds that take fields. */
export const groups: ReadonlySet<string> = new Set(["object", "record", "intersection"]);
/** The kinds that take one value as well as fields. */
const open: ReadonlySet<string> = new Set(["union", "unknown", "any"]);
const index = /^\d+$/;

/**
 * Converts a value by the options of a union without a discriminator. The first option that accepts the sent value wins,
 * with its choices and without an empty text. An option with asynchronous parts cannot be tried.
 *
 * @param kind The union.
 * @param node The sent values.
 * @param path The keys that lead to the value.
 * @param conversion Collects the wrong fields.
 * @param convert Converts by one option.
 */
export function convertUnion(kind: Unwrapped, node: NameNode, path: Path, conversion: Conversion, convert: Convert): unknown {
  if (kind.acceptsEmpty && node.values[0] === "") {
    return "";
  }
  if (isBlank(node) && node.children.size === 0) {
    return undefined;
  }
  const options = listOptions(kind.core, node, path);
  const isExclusive = readDefinition(kind.core, "inclusive") === false;
  const accepted: object[] = [];
  let other: unknown;
  let doubtful: { readonly trial: Conversion; readonly value: unknown } | undefined;
  for (const option of options) {
    const trial = conversion.fork();
    const value = convert(option, leaveOthersOut(kind.core, option, node), path, trial);
    if (accepts(option, value)) {
      if (!trial.isDoubtful && isExclusive && isPlain(value)) {
        accepted.push(value);
        continue;
      }
      if (!trial.isDoubtful) {
        return value;
      }
      doubtful ??= { trial, value };
    } else if (typeof value !== "string") {
      other ??= value;
    }
  }
  if (accepted.length > 0) {
    // z.xor() takes the fields of one option. With those of several it refuses the value, as it must see all of them.
    return Object.assign({}, ...accepted.reverse());
  }
  if (doubtful !== undefined) {
    conversion.absorb(doubtful.trial);
    return doubtful.value;
  }
  // Text that no option accepts is that of a text, or the value of the first option that can read it. Fields go to the option that has most of them, whose errors are shown.
  const [value] = node.values;
  const closest = value === undefined ? options[0] : undefined;
  if (closest !== undefined) {
    return convert(closest, leaveOthersOut(kind.core, closest, node), path, conversion);
  }
  return options.some((option) => unwrap(option).core._zod.def.type === "string") ? value : (other ?? value);
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Lists the options that can take the sent value, in the order in which they are tried. */
function listOptions(union: ZodSchema, node: NameNode, path: Path): readonly ZodSchema[] {
  // One value of a list is no list again, or a union that holds lists of itself would never end.
  const isItem = typeof path.at(-1) === "number" && node.children.size === 0;
  const all = readInners(union, "options").filter((option) => !(isItem && isList(option)));
  const fitting = all.filter((option) => fits(unwrap(option).core._zod.def.type, node));
  const options = fitting.length === 0 ? all : fitting;
  if (node.values.length === 0 && node.children.size > 0) {
    // An option that needs none of its fields would drop those of another one.
    const counts = countFields(options, node);
    const isSent = [...counts.values()].some((count) => count > 0);
    const sent = options.filter((option) => !isSent || counts.get(option) !== 0 || takesOthers(option));
    return sent.sort((left, right) => (counts.get(right) ?? 0) - (counts.get(left) ?? 0));
  }
  // Several values are a list: an option of one value would drop the others.
  return node.values.length > 1 ? [...options.filter(isList), ...options.filter((option) => !isList(option))] : options;
}

/** Tells whether a kind of schema takes values of a name, or of longer names: an option of the other kind would drop them. */
function fits(type: string, { values, children }: NameNode): boolean {
  if (open.has(type) || (values.length > 0 && children.size > 0)) {
    return true;
  }
  if (values.length > 0) {
    return !groups.has(type);
  }
  return groups.has(type) || (lists.has(type) && [...children.keys()].every((key) => index.test(key)));
}

function isList(schema: ZodSchema): boolean {
  return lists.has(unwrap(schema).core._zod.def.type);
}

/** Tells whether an option can take fields that it does not state. */
function takesOthers(option: ZodSchema): boolean {
  const { core } = unwrap(option);
  const catchall = readInner(core, "catchall");
  return core._zod.def.type !== "object" || (catchall !== undefined && catchall._zod.def.type !== "never");
}

/** Counts the filled fields that each option has. */
function countFields(options: readonly ZodSchema[], { children }: NameNode): ReadonlyMap<ZodSchema, number> {
  const filled = [...children].filter(([, child]) => !isBlank(child)).map(([key]) => key);
  return new Map(options.map((option) => [option, filled.filter((key) => findMember(option, key) !== undefined).length]));
}

/** Tells whether a schema accepts a value, as far as that can be told at once. */
export function accepts(schema: ZodSchema, value: unknown): boolean {
  return countIssues(schema, value) === 0;
}

/** Counts the issues that a schema finds in a value; infinitely many if that cannot be told at once. */
export function countIssues(schema: ZodSchema, value: unknown): number {
  try {
    const result = validateSync(schema, value);
    return "issues" in result && result.issues !== undefined ? result.issues.length : 0;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
