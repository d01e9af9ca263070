import { Markup } from "../base/html";

/**
 * JSON with the types that Flask's sessions keep: an object with one key that begins with a space is a value of that type.
 *
 * Tuples, bytes, dates, UUIDs and safe HTML survive a round trip; anything else is JSON as it is.
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

/** Text that JSON holds as it is. */
const plain = /^[ !#-[\]-~]*$/;
const beyondAscii = /[\x7f-\uffff]/g;
const tags = new Set([" di", " t", " b", " m", " u", " d"]);

/**
 * Serializes a value: keys in the order of their code points, no spaces, only ASCII, as Flask does.
 *
 * @throws {TypeError} If JSON cannot hold the value.
 */
export function formatTagged(value: unknown): string {
  return write(value) ?? "null";
}

/**
 * Serializes a collection of values as {@link formatTagged} does an object.
 *
 * @throws {TypeError} If JSON cannot hold one of them.
 */
export function formatTaggedMembers(members: ReadonlyMap<string, unknown>): string {
  return writeMembers([...members.keys()], (key) => members.get(key));
}

/**
 * Parses what {@link formatTagged} or Flask wrote.
 *
 * @throws {SyntaxError} If it is not JSON.
 */
export function parseTagged(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // An object of a type of its own has one key, which begins with a space.
  return text.includes('{" ') ? untag(value) : value;
}

/** Writes a value as JSON; what is undefined is not written. */
function write(value: unknown): string | undefined {
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
      return value === null ? "null" : writeObject(value);
    default:
      throw new TypeError(`a ${typeof value} is nothing that JSON can hold`);
  }
}

function quote(text: string): string {
  return plain.test(text)
    ? `"${text}"`
    : JSON.stringify(text).replace(beyondAscii, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function writeObject(value: object): string | undefined {
  if (Array.isArray(value)) {
    return value instanceof Tuple ? `{" t":${writeList(value)}}` : writeList(value);
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
    return `{" d":"${value.toUTCString()}"}`;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    return typeof plain === "object" && plain !== null ? writeOwn(plain) : write(plain);
  }
  return writeOwn(value);
}

function writeList(values: readonly unknown[]): string {
  let text = "[";
  for (let index = 0; index < values.length; index++) {
    text += `${index === 0 ? "" : ","}${write(values[index]) ?? "null"}`;
  }
  return `${text}]`;
}

function writeOwn(value: object): string {
  return writeMembers(Object.keys(value), (key) => Reflect.get(value, key));
}

function writeMembers(keys: string[], read: (key: string) => unknown): string {
  const [only = ""] = keys;
  if (keys.length === 1 && tags.has(only)) {
    return `{" di":{"${only}__":${write(read(only)) ?? "null"}}}`;
  }
  let text = "";
  for (const key of isSorted(keys) ? keys : keys.sort(compareCodePoints)) {
    const member = write(read(key));
    if (member !== undefined) {
      text += `${text === "" ? "" : ","}${quote(key)}:${member}`;
    }
  }
  return `{${text}}`;
}

/** What was read from JSON in this order is in it still, but for what was added. */
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
  // What was just parsed is nobody else's: only what holds something of a type of its own is replaced.
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

/** Compares text as Python does: by code points, where JavaScript's own order goes by UTF-16 units, and surrogates come before the last of others. */
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
