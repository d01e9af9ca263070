import { types } from "node:util";
import { findSlip } from "../base/suggestion";

/** A template, as far as its text is read. */
export interface TemplateText {
  readonly name: string;
  readonly source: string;
}

/** The paths that a template prints, such as `it.post.title`, with the lists whose items its loops name. */
interface PrintedPaths {
  readonly paths: readonly { readonly path: string; readonly line: number }[];
  readonly lists: ReadonlyMap<string, string>;
  /** The warnings that were given. */
  readonly warned: Set<string>;
}

const printedPath = /<%[-_]?[=~]\s*([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)\s*[-_]?%>/g;
const loop =
  /\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s+of\s+([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)\s*\)|([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)\.(?:forEach|map)\(\s*\(?\s*([A-Za-z_$][\w$]*)/g;

const parsed = new WeakMap<TemplateText, PrintedPaths>();

/**
 * Warns of members that a template prints and its data does not have, if the data has one that is spelt alike: nothing is printed for
 * them. For debug mode and tests.
 *
 * A member that the code of the template asks about, as in `<% if (it.user) { %>`, or that has a default, is optional. Each one is
 * said once.
 *
 * @param template The template. Its text is read once.
 * @param data The data.
 * @param warn Gets the warning.
 */
export function warnOfMisspelt(template: TemplateText, data: object, warn: (message: string) => void): void {
  const { lists, paths, warned } = parse(template);
  for (const { line, path } of paths) {
    if (warned.has(path)) {
      continue;
    }
    const at = path.lastIndexOf(".");
    const owner = resolve(path.slice(0, at), data, lists);
    const name = path.slice(at + 1);
    if (typeof owner !== "object" || owner === null || Array.isArray(owner) || name in owner) {
      continue;
    }
    const meant = findSlip(
      name,
      Object.keys(owner).filter((key) => key !== `${name}s` && `${key}s` !== name),
    );
    if (meant !== undefined) {
      warned.add(path);
      warn(
        `The template '${template.name}', line ${line}, prints '${path}', which is undefined, so nothing is shown. Did you mean '${path.slice(0, at)}.${meant}'? For a member that may be missing write <%= ${path} ?? "" %>.`,
      );
    }
  }
}

function parse(template: TemplateText): PrintedPaths {
  const known = parsed.get(template);
  if (known !== undefined) {
    return known;
  }
  const { source } = template;
  const rest = source.replace(printedPath, "");
  const paths = [...source.matchAll(printedPath)]
    .map((match) => ({ path: match[1] ?? "", line: source.slice(0, match.index).split("\n").length }))
    .filter(({ path }) => !new RegExp(`(?<![\\w$.])${path.replace(/[.$]/g, "\\$&")}(?![\\w$])`).test(rest));
  const found = { paths, lists: findLists(rest), warned: new Set<string>() };
  parsed.set(template, found);
  return found;
}

/** Finds the lists of a template's loops, by the names of their items. */
export function findLists(source: string): ReadonlyMap<string, string> {
  return new Map([...source.matchAll(loop)].map(([, first, of, list, second]) => [first ?? second ?? "", of ?? list ?? ""]));
}

/** Returns the value of a path, or the first item of the list that a loop names by it. Getters and proxies are not asked. */
export function resolve(path: string, data: object, lists: ReadonlyMap<string, string>, depth = 0): unknown {
  const [first = "", ...names] = path.split(".");
  const list = lists.get(first);
  let value: unknown;
  if (first === "it") {
    value = data;
  } else if (list !== undefined && depth < 5) {
    const items = resolve(list, data, lists, depth + 1);
    value = Array.isArray(items) ? items[0] : undefined;
  }
  for (const name of names) {
    value =
      typeof value === "object" && value !== null && !types.isProxy(value)
        ? Object.getOwnPropertyDescriptor(value, name)?.value
        : undefined;
  }
  return value;
}
