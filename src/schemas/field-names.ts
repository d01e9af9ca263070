import { BadRequest } from "../http/exceptions/client-errors";
import type { FormValue } from "../http/request/form-values";

const maxDepth = 8;
const maxIndex = 1000;
const nested = /[.[]|^\d+$/;
const none: ReadonlySet<string> = new Set();
const forbidden = new Set(["__proto__", "prototype", "constructor"]);

/** The values sent under one name, and those under longer names. */
export interface NameNode {
  /** The values sent under exactly this name, or under it with `[]`. */
  readonly values: FormValue[];
  /** The names one level deeper, in the order in which they came. */
  readonly children: ReadonlyMap<string, NameNode>;
}

/** A node of a tree that still grows. */
interface GrowingNode extends NameNode {
  children: Map<string, GrowingNode>;
}

/** Creates the node of a name under which nothing was sent. */
export function createNode(): NameNode {
  return createGrowing();
}

function createGrowing(): GrowingNode {
  return { values: [], children: noChildren };
}

/** Most names have none below them. */
const noChildren: Map<string, GrowingNode> = new Map();

/**
 * Arranges values by their names: `a.b`, `a[0].c` and `a[]`.
 *
 * @param entries Names and values.
 * @param except The names that are left out.
 * @throws {BadRequest} If a name is nested deeper than 8 levels, has an index over 1,000, or would reach a prototype.
 */
export function toTree(entries: Iterable<readonly [string, FormValue]>, except: ReadonlySet<string> = none): NameNode {
  const root = createGrowing();
  for (const [name, value] of entries) {
    if (except.has(name)) {
      continue;
    }
    let node = root;
    for (const key of parseName(name)) {
      const child = node.children.get(key) ?? createGrowing();
      if (node.children === noChildren) {
        node.children = new Map();
      }
      node.children.set(key, child);
      node = child;
    }
    node.values.push(value);
  }
  return root;
}

/** Tells whether nothing was sent under a name or below it but empty texts. */
function isBlankNode(node: NameNode): boolean {
  return node.values.every((value) => value === "") && [...node.children.values()].every(isBlankNode);
}

/**
 * Lists the items that were sent under a name: several values of the name, or of names with an index.
 *
 * Indices without a gap are not asked for, and items that are blank are not there: a row that nobody filled in.
 */
export function listItems(node: NameNode): readonly NameNode[] {
  const indexed = [...node.children].filter(([key]) => /^\d+$/.test(key)).sort(([left], [right]) => Number(left) - Number(right));
  const items =
    node.values.length > 0 ? node.values.map((value) => ({ ...createNode(), values: [value] })) : indexed.map(([, child]) => child);
  return items.filter((item) => !isBlankNode(item));
}

/** Finds what was sent under a name, whose indices count the items that are not blank. */
export function findNode(root: NameNode, name: string): NameNode | undefined {
  return parseName(name).reduce<NameNode | undefined>(
    (node, key) => (node === undefined ? undefined : /^\d+$/.test(key) ? listItems(node)[Number(key)] : node.children.get(key)),
    root,
  );
}

/** Takes a name apart: `a[0].c` is `["a", "0", "c"]`; brackets with nothing in them add values to the name before. */
export function parseName(name: string): string[] {
  if (!nested.test(name)) {
    return forbidden.has(name) ? refuse() : [name];
  }
  const keys = name.split(/[.[]/, maxDepth + 2).map((key) => (key.endsWith("]") ? key.slice(0, -1) : key));
  const path = keys.filter((key, index) => index === 0 || key !== "");
  if (path.length > maxDepth) {
    throw new BadRequest("A field of the form has a name that is nested too deep.");
  }
  return path.some((key) => forbidden.has(key) || (/^\d+$/.test(key) && Number(key) > maxIndex)) ? refuse() : path;
}

function refuse(): never {
  throw new BadRequest("A field of the form has a name that is not taken.");
}

/** Formats a path as a name: `["a", 0, "c"]` is `a[0].c`. */
export function formatName(path: readonly PropertyKey[]): string {
  return path.map((key, index) => (typeof key === "number" ? `[${key}]` : `${index === 0 ? "" : "."}${String(key)}`)).join("");
}
