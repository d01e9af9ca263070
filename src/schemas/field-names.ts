import { BadRequest } from "../http/exceptions/client-errors";
import type { FormValue } from "../http/request/form-values";

/** The most levels of a name. */
export const maxDepth = 8;
const maxIndex = 1000;
const nested = /[.[]/;
const digits = /^\d+$/;
const index = /^(?:0|[1-9]\d*)$/;
const noNames: ReadonlySet<string> = new Set();
const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);
/** One key of a name: `["key"]`, `[key]`, or text up to the next dot or bracket. */
const keyPattern = /\[("(?:[^"\\]|\\.)*")\]|\[([^\]]*)\]?|\.?([^.[]*)/y;

/** The values sent under one name, and those under longer names. */
export class NameNode {
  /** The values sent under exactly this name, or under it with `[]`. */
  readonly values: FormValue[] = [];
  /** Whether a value was sent under the name with `[]`. */
  isListed = false;
  #children: Map<string, NameNode> | undefined;
  #items: readonly NameNode[] | undefined;

  /** The names one level deeper, in the order in which they came. */
  get children(): ReadonlyMap<string, NameNode> {
    return this.#children ?? noChildren;
  }

  /**
   * The items of a list: several values of the name, or of names with an index.
   *
   * Indices may have gaps. Blank items do not count: they are empty rows.
   *
   * @throws {BadRequest} If an index is over 1,000.
   */
  get items(): readonly NameNode[] {
    this.#items ??= this.#listItems().filter((item) => !isUntouched(item));
    return this.#items;
  }

  /** Whether the longer names are indices from 0 on, as those of rows: names by other numbers can be ids. */
  get isIndexed(): boolean {
    return this.children.has("0") && [...this.children.keys()].every((key) => index.test(key) && Number(key) <= maxIndex);
  }

  /** Returns the node of a key, and creates it if there is none. Only for a tree that still grows. */
  grow(key: string): NameNode {
    this.#children ??= new Map();
    const known = this.#children.get(key);
    if (known !== undefined) {
      return known;
    }
    const child = new NameNode();
    this.#children.set(key, child);
    return child;
  }

  /** Takes a node over as the one of a key. Only for a tree that still grows. */
  adopt(key: string, child: NameNode): void {
    this.#children ??= new Map();
    this.#children.set(key, child);
  }

  #listItems(): readonly NameNode[] {
    if (this.values.length > 0) {
      return this.values.map(nodeOf);
    }
    const indexed = [...this.children].filter(([key]) => digits.test(key)).sort(([left], [right]) => Number(left) - Number(right));
    if (Number(indexed.at(-1)?.[0]) > maxIndex) {
      throw new BadRequest(`A list in the request has an index over ${maxIndex}.`);
    }
    return indexed.map(([, child]) => child);
  }
}

/** Returns a node without the children that are left out. */
export function withoutChildren(node: NameNode, isLeftOut: (key: string, child: NameNode) => boolean): NameNode {
  if (![...node.children].some(([key, child]) => isLeftOut(key, child))) {
    return node;
  }
  const rest = new NameNode();
  rest.values.push(...node.values);
  for (const [key, child] of node.children) {
    if (!isLeftOut(key, child)) {
      rest.adopt(key, child);
    }
  }
  return rest;
}

const noChildren: ReadonlyMap<string, NameNode> = new Map();
/** The node of a name under which nothing was sent. */
export const emptyNode: NameNode = new NameNode();

/** Creates the node of one value. */
export function nodeOf(value: FormValue): NameNode {
  const node = new NameNode();
  node.values.push(value);
  return node;
}

/**
 * Sorts values into a tree by their names: `a.b`, `a[0].c` and `a[]`. Line breaks of texts become `\n`: browsers send
 * `\r\n`, but count one character.
 *
 * @param entries Names and values.
 * @param except The names that are left out.
 * @throws {BadRequest} If a name has more than 8 levels, or would reach a prototype.
 */
export function toTree(entries: Iterable<readonly [string, FormValue]>, except: ReadonlySet<string> = noNames): NameNode {
  const root = new NameNode();
  for (const [name, value] of entries) {
    if (except.has(name)) {
      continue;
    }
    const isNested = nested.test(name);
    const node = isNested || forbiddenKeys.has(name) ? growPath(root, parseName(name)) : root.grow(name);
    node.isListed ||= isNested && name.endsWith("[]");
    node.values.push(typeof value === "string" && value.includes("\r") ? value.replace(/\r\n?/g, "\n") : value);
  }
  return root;
}

function growPath(root: NameNode, keys: readonly string[]): NameNode {
  return keys.reduce((node, key) => node.grow(key), root);
}

/** Tells whether a node holds only blank texts and empty file inputs. */
export function isBlank(node: NameNode): boolean {
  return everyValue(node, (text) => text.trim() === "");
}

/** Tells whether the fields of a node are untouched: a row with a space in it counts as filled in. */
function isUntouched(node: NameNode): boolean {
  return everyValue(node, (text) => text === "");
}

function everyValue(node: NameNode, isNothing: (text: string) => boolean): boolean {
  const hasNothing = (value: FormValue): boolean =>
    typeof value === "string" ? isNothing(value) : value.filename === "" && value.size === 0;
  return node.values.every(hasNothing) && [...node.children.values()].every((child) => everyValue(child, isNothing));
}

/**
 * Splits the name of a sent field into its keys: `a[0].c` is `["a", "0", "c"]`. Empty brackets add nothing. A key in
 * brackets may hold dots and pairs of brackets, and one in quotes and brackets any character: `a["b]"]`.
 *
 * @throws {BadRequest} If the name has more than 8 levels, or would reach a prototype.
 */
export function parseName(name: string): string[] {
  const keys = nested.test(name) ? splitName(name) : [name];
  if (keys.length > maxDepth) {
    throw new BadRequest(`The request has a field whose name is nested too deep: more than ${maxDepth} levels.`);
  }
  if (keys.some((key) => forbiddenKeys.has(key))) {
    throw new BadRequest("The request has a field whose name is not taken: __proto__, constructor or prototype.");
  }
  return keys;
}

/** Splits a name into its keys, without a limit. */
export function splitName(name: string): string[] {
  const keys: string[] = [];
  keyPattern.lastIndex = 0;
  while (keyPattern.lastIndex < name.length) {
    const start = keyPattern.lastIndex;
    const [whole = "", quoted, bracketed, plain = ""] = keyPattern.exec(name) ?? [];
    const unquoted = quoted === undefined ? undefined : unquote(quoted);
    const end = unquoted === undefined && bracketed?.includes("[") === true ? findEnd(name, start) : undefined;
    const key = unquoted ?? (end === undefined ? (bracketed ?? quoted ?? plain) : name.slice(start + 1, end));
    if (key !== "" || start === 0 || unquoted === "") {
      keys.push(key);
    }
    keyPattern.lastIndex = end === undefined ? start + Math.max(whole.length, 1) : end + 1;
    if (keys.length > maxDepth + 1) {
      break;
    }
  }
  return keys;
}

function unquote(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Finds the bracket that closes the one at the start. */
function findEnd(name: string, start: number): number | undefined {
  let depth = 0;
  for (let position = start; position < name.length; position++) {
    depth += name[position] === "[" ? 1 : name[position] === "]" ? -1 : 0;
    if (depth === 0) {
      return position;
    }
  }
  return undefined;
}

/** Tells whether a key can be a field's name by itself. */
export function isPlainKey(key: string): boolean {
  return key !== "" && !/[.[\]]/.test(key) && !forbiddenKeys.has(key);
}

/**
 * Formats a path as a name: `["a", 0, "c"]` is `a[0].c`. A key that holds dots or brackets stands in brackets, in quotes
 * if it could not be read again otherwise.
 */
export function formatName(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => {
      const text = String(key);
      if (typeof key === "number" || index === 0) {
        return index === 0 ? text : `[${text}]`;
      }
      return text === "" || nested.test(text) ? formatKey(text) : `.${text}`;
    })
    .join("");
}

function formatKey(key: string): string {
  const [, read, ...rest] = splitName(`k[${key}]`);
  return read === key && rest.length === 0 ? `[${key}]` : `[${JSON.stringify(key)}]`;
}
