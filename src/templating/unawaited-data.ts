import { types } from "node:util";
import { FlagonError } from "../base/errors";
import { ignoreRejection, isPromise } from "../base/maybe-promise";
import { findLists, resolve, type TemplateText } from "./misspelt-members";

/** The cure, for values of the view. */
const inView = "Await it before the template renders, or await it in the template: renderTemplateAsync() renders one that awaits.";

/**
 * Returns the data for a template that cannot await: a member that is a promise throws once the template reads it. Nothing would be
 * printed for the members of a promise, and a promise counts as true.
 *
 * Data without promises is returned as it is. Its getters are not asked.
 *
 * @param data The data.
 */
export function guardData(data: object): object {
  return hasPromise(data) ? refuseReading(data, (key) => `'it.${key}' is a promise. ${inView}`) : data;
}

/**
 * Returns the scope for a template that cannot await, as {@link guardData} does for the data: the values of context processors and
 * globals, and those of `g`.
 *
 * @param scope The values in scope by bare name.
 */
export function guardScope(scope: object): object {
  const g: unknown = Reflect.get(scope, "g");
  const guarded =
    typeof g === "object" && g !== null && hasPromise(g) ? refuseReading(g, (key) => `'g.${key}' is a promise. ${inView}`) : undefined;
  if (guarded === undefined && !hasPromise(scope)) {
    return scope;
  }
  return refuseReading(
    scope,
    (key) => `'${key}', a value of a context processor or a global of templates, is a promise. ${inView}`,
    guarded && { g: guarded },
  );
}

/**
 * Tells whether a value is a promise. A proxy, such as `currentUser` or `session`, is not asked: its answer needs a request. A promise
 * under watch, such as that of a form, has better words for its members.
 */
function isUnawaited(value: unknown): value is Promise<unknown> {
  return (
    typeof value === "object" && value !== null && !types.isProxy(value) && !types.isProxy(Object.getPrototypeOf(value)) && isPromise(value)
  );
}

function hasPromise(owner: object): boolean {
  for (const key of Object.keys(owner)) {
    const value: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
    if (isUnawaited(value)) {
      return true;
    }
  }
  return false;
}

/** Wraps an object, so that reading a promise of it throws. */
function refuseReading(owner: object, explain: (key: string) => string, instead: Readonly<Record<string, object>> = {}): object {
  return new Proxy(owner, {
    get(target, key) {
      const value: unknown = typeof key === "string" && Object.hasOwn(instead, key) ? instead[key] : Reflect.get(target, key);
      if (isUnawaited(value)) {
        ignoreRejection(value);
        throw new FlagonError(explain(String(key)));
      }
      return value;
    },
  });
}

/** The paths of a template whose members are read or asked about, such as `it.post.author`. */
interface ReadPaths {
  readonly paths: readonly { readonly path: string; readonly line: number }[];
  readonly lists: ReadonlyMap<string, string>;
}

/** A promise that a template reads as its value. */
interface ReadPromise {
  readonly line: number;
  readonly error: FlagonError;
}

const dottedPath = /(?<![\w$.])(if\s*\(\s*!*\s*)?([A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+)/g;
const ownMembers: ReadonlySet<string> = new Set(["then", "catch", "finally", "constructor"]);
const parsed = new WeakMap<TemplateText, ReadPaths>();

/**
 * Finds a promise deeper in the data, or in the first item of a list, of which a template that cannot await reads a member, or which is
 * its condition. For debug mode and tests.
 *
 * @param template The template. Its text is read once.
 * @param data The data.
 */
export function findReadPromise(template: TemplateText, data: object): ReadPromise | undefined {
  const { lists, paths } = parse(template);
  for (const { line, path } of paths) {
    const value = resolve(path, data, lists);
    if (isUnawaited(value)) {
      ignoreRejection(value);
      return { line, error: new FlagonError(`'${path}' is a promise. ${inView}`) };
    }
  }
  return undefined;
}

function parse(template: TemplateText): ReadPaths {
  const known = parsed.get(template);
  if (known !== undefined) {
    return known;
  }
  const { source } = template;
  const paths = [...source.matchAll(/<%[\s\S]*?%>/g)].flatMap((tag) =>
    [...tag[0].matchAll(dottedPath)].flatMap(({ 1: condition, 2: text = "", index }) => {
      const names = text.split(/\??\./);
      const line = source.slice(0, tag.index + index).split("\n").length;
      const owners = names.slice(1).flatMap((name, at) => (ownMembers.has(name) ? [] : [names.slice(0, at + 1).join(".")]));
      return [...owners, ...(condition === undefined ? [] : [names.join(".")])].map((path) => ({ path, line }));
    }),
  );
  const found = { paths, lists: findLists(source) };
  parsed.set(template, found);
  return found;
}
