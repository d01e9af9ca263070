import { FlagonError } from "./errors";

/** The paths of all copies of the package in this process, in the order in which they were loaded. */
const paths = findPaths();

/** The place of this copy; a bundle that is an ES module knows none. */
paths.push(typeof __dirname === "string" ? __dirname.replace(/[\\/](?:dist|src)[\\/](?:base|parts)$/, "") : "a bundle");

/** A mark on instances, by which other copies of the package recognize them. */
export type Brand = "response" | "exception" | "blueprint";

/**
 * Marks the instances of a class for other copies of the package.
 *
 * @param prototype The prototype of the class.
 */
export function brand(prototype: object, name: Brand): void {
  Object.defineProperty(prototype, toSymbol(name), { value: true });
}

/**
 * Refuses an instance that another copy of the package has made: classes of two copies do not know each other.
 *
 * @param value A value that is no instance of this copy's class.
 * @throws {FlagonError} If it is one of another copy's class. The message names the paths of the copies.
 */
export function refuseOtherCopy(value: unknown, name: Brand): void {
  if (typeof value === "object" && value !== null && toSymbol(name) in value) {
    throw new FlagonError(`This ${name} comes from another copy of the package. ${describeCopies()}`);
  }
}

/** A text that says that there are several copies of the package, and their paths; the empty string for one. */
export function describeCopies(): string {
  if (paths.length < 2) {
    return "";
  }
  const [first = "", second = ""] = [paths[0], paths.find((path) => path !== paths[0])];
  return second === ""
    ? `Two copies of flagon are loaded, both from ${first}: something has cleared the cache of modules. Load the package once.`
    : `Two copies of flagon are loaded: ${first} and ${second}. Install the package once, so that the app and all that it uses share it: npm ls flagon shows the copies.`;
}

function findPaths(): string[] {
  const key = Symbol.for("flagon.copies");
  const known: unknown = Reflect.get(globalThis, key);
  if (isPaths(known)) {
    return known;
  }
  const created: string[] = [];
  Object.defineProperty(globalThis, key, { value: created });
  return created;
}

function isPaths(value: unknown): value is string[] {
  return Array.isArray(value);
}

function toSymbol(name: Brand): symbol {
  return Symbol.for(`flagon.${name}`);
}
