import { Markup } from "../base/html";

/**
 * JSON with the types that Flask's sessions keep: an object with one key that begins with a space is a value of that type.
 *
 * Tuples, bytes, dates, UUIDs and safe HTML survive a round trip. Other values are plain JSON.
 */

/** A list that Python reads as a tuple. */
export class Tuple<Item = unknown> extends Array<Item> {}

/** Makes a tuple of a list; `Tuple.from()` takes four times as long. */
export function toTuple<Item>(items: readonly Item[]): Tuple<Item> {
  const tuple = new Tuple<Item>();
  for (const item of items) {
    tuple.push(item);
  }
  return tuple;
}

/** A UUID that Python reads as one. */
export class Uuid {
  /** @param text The UUID in its canonical form. */
  constructor(readonly text: string) {}

  /** Returns the canonical form. */
  toString(): string {
    return this.text;
  }

  /** Returns the canonical form. */
  toJSON(): string {
    return this.text;
  }
}

/** The most levels of a value. Deeper ones are refused when written and read, so that no recursion overflows the stack. */
const maxDepth = 100;
/** Text that JSON holds as it is. */
const plain = /^[ !#-[\]-~]*$/;
const beyondAscii = /[\x7f-\uffff]/g;
const tags = new Set([" di", " t", " b", " m", " u", " d"]);

/**
 * Serializes a value: keys in the order of their code points, no spaces, only ASCII, as Flask does.
 *
 * @throws {TypeError} If JSON cannot hold the value, or it has more than 100 levels.
 */
export function formatTagged(value: unknown): string {
  return write(value, maxDepth) ?? "null";
}

/**
 * Serializes a collection of values as {@link formatTagged} does an object.
 *
 * @throws {TypeError} If JSON cannot hold one of them, or one has more than 100 levels.
 */
export function formatTaggedMembers(members: ReadonlyMap<string, unknown>): string {
  return writeMembers([...members.keys()], (key) => members.get(key), maxDepth + 1);
}

/**
 * Parses text of {@link formatTagged} or of Flask.
 *
 * @throws {SyntaxError} If it is not JSON.
 * @throws {TypeError} If it has more than 100 levels, and the one around them.
 */
export function parseTagged(text: string): unknown {
  if (text.length > 2 * maxDepth && isTooDeep(text)) {
    throw new TypeError(`the value has more than ${maxDepth} levels`);
  }
  const value: unknown = JSON.parse(text);
  // An object of a type of its own has one key, which begins with a space.
  return text.includes('{" ') ? untag(value) : value;
}

/** Tells whether JSON text nests objects and lists deeper than {@link formatTagged} does. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') {
      isInString = !isInString;
    } else if (isInString) {
      index += character === "\\" ? 1 : 0;
    } else if (character === "{" || character === "[") {
      depth++;
      // A type of its own is an object around its value: two levels of JSON for one of the value.
      if (depth > 2 * maxDepth + 1) {
        return true;
      }
    } else if (character === "}" || character === "]") {
      depth--;
    }
  }
  return false;
}

/** Writes a value as JSON, or returns `undefined` for `undefined`. */
function write(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isFinite(value)) {
        throw new TypeError(`${value} is not a number that JSON can hold`);
      }
      return String(value);
    case "undefined":
      return undefined;
    case "object":
      return value === null ? "null" : writeObject(value, depth);
    default:
      throw new TypeError(`a ${typeof value} cannot be stored as JSON`);
  }
}

function quote(text: string): string {
  return plain.test(text)
    ? `"${text}"`
    : JSON.stringify(text).replace(beyondAscii, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function writeObject(value: object, depth: number): string | undefined {
  if (depth === 0) {
    throw new TypeError(`it has more than ${maxDepth} levels, or contains itself`);
  }
  if (Array.isArray(value)) {
    return value instanceof Tuple ? `{" t":${writeList(value, depth)}}` : writeList(value, depth);
  }
  if (value instanceof Uint8Array) {
    return `{" b":"${Buffer.from(value).toString("base64")}"}`;
  }
  if (Markup.is(value)) {
    return `{" m":${quote(value.html)}}`;
  }
  if (value instanceof Uuid) {
    return `{" u":${quote(value.text.replaceAll("-", "").toLowerCase())}}`;
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) {
      throw new TypeError("an invalid date cannot be stored as JSON");
    }
    return `{" d":"${value.toUTCString()}"}`;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    return plain === value ? writeOwn(value, depth) : write(plain, depth - 1);
  }
  return writeOwn(value, depth);
}

function writeList(values: readonly unknown[], depth: number): string {
  let text = "[";
  for (let index = 0; index < values.length; index++) {
    text += `${index === 0 ? "" : ","}${write(values[index], depth - 1) ?? "null"}`;
  }
  return `${text}]`;
}

function writeOwn(value: object, depth: number): string {
  const keys = Object.keys(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  // A Map, a promise or a class with private fields would be an empty object in the next request.
  if (prototype !== Object.prototype && prototype !== null && (keys.length === 0 || tagOf(value) !== "Object")) {
    throw new TypeError(`a value of the class ${nameOf(value)} cannot be stored as JSON`);
  }
  return writeMembers(keys, (key) => Reflect.get(value, key), depth);
}

/** The name of a built-in class, such as `"Map"`; `"Object"` for plain objects and most classes. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function nameOf(value: object): string {
  const { constructor } = value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : tagOf(value);
}

function writeMembers(keys: string[], read: (key: string) => unknown, depth: number): string {
  const [only = ""] = keys;
  if (keys.length === 1 && tags.has(only)) {
    return `{" di":{"${only}__":${write(read(only), depth - 1) ?? "null"}}}`;
  }
  let text = "";
  for (const key of isSorted(keys) ? keys : keys.sort(compareCodePoints)) {
    const member = write(read(key), depth - 1);
    if (member !== undefined) {
      text += `${text === "" ? "" : ","}${quote(key)}:${member}`;
    }
  }
  return `{${text}}`;
}

/** Tells whether keys are in order: those of a session that was read are, apart from added ones. */
function isSorted(keys: readonly string[]): boolean {
  for (let index = 1; index < keys.length; index++) {
    if (compareCodePoints(keys[index - 1] ?? "", keys[index] ?? "") > 0) {
      return false;
    }
  }
  return true;
}

function untag(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      value[index] = untag(value[index]);
    }
    return value;
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  // The parsed object belongs to nobody else, so members are replaced in place.
  const keys = Object.keys(value);
  for (const key of keys) {
    const inner: unknown = Reflect.get(value, key);
    const meant = typeof inner === "object" && inner !== null ? untag(inner) : inner;
    if (meant !== inner) {
      Object.defineProperty(value, key, { value: meant, writable: true, enumerable: true, configurable: true });
    }
  }
  const [only = ""] = keys;
  return keys.length === 1 && tags.has(only) ? revive(only, Reflect.get(value, only)) : value;
}

function revive(key: string, value: unknown): unknown {
  if (key === " t" && Array.isArray(value)) {
    return toTuple(value);
  }
  if (key === " di" && typeof value === "object" && value !== null) {
    const [escaped = ""] = Object.keys(value);
    return { [escaped.slice(0, -2)]: Reflect.get(value, escaped) };
  }
  if (typeof value !== "string") {
    return { [key]: value };
  }
  switch (key) {
    case " b":
      return new Uint8Array(Buffer.from(value, "base64"));
    case " m":
      return new Markup(value);
    case " u":
      return new Uuid(value.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
    case " d":
      return new Date(value);
    default:
      return { [key]: value };
  }
}

/** Compares text by code points, as Python does. JavaScript compares UTF-16 units, where surrogates come before U+E000 to U+FFFF. */
function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [one, other] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (one !== other) {
      return isSurrogate(one) === isSurrogate(other) ? one - other : isSurrogate(one) ? 1 : -1;
    }
  }
  return left.length - right.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
