import { refusePromise } from "../../base/forgotten-await";
import { describeGiven } from "../../base/unknown-options";
import { isWatching } from "../../base/watching";

/** Every character that a value cannot have, such as a line break. */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/;
/** Gives Flagon itself the entries of a response's headers. The class sets it, so that apps cannot skip its checks. */
let entriesOf: (headers: ResponseHeaders) => string[];

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * The headers of a response: names without regard to case, several values for one name, in the order they were set.
 *
 * Read and changed like the Fetch standard's `Headers`. Names are sent in lower case.
 */
export class ResponseHeaders {
  /** Names and values in turn, as `node:http` takes them. */
  readonly #entries: string[] = [];

  static {
    entriesOf = (headers) => headers.#entries;
  }

  /** @param init The first headers. */
  constructor(init?: HeadersLike) {
    if (init !== undefined) {
      this.update(init);
    }
  }

  /** Returns the value of a header, several joined by `", "`, or `null` without one. */
  get(name: string): string | null {
    const key = name.toLowerCase();
    const entries = this.#entries;
    let found: string | null = null;
    for (let index = 0; index < entries.length; index += 2) {
      if (entries[index] === key) {
        found = found === null ? (entries[index + 1] ?? "") : `${found}, ${entries[index + 1]}`;
      }
    }
    return found;
  }

  /** Returns every value of a header, as cookies need it. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.#entries.filter((_, index) => index % 2 === 1 && this.#entries[index - 1] === key);
  }

  /** Returns the values of `Set-Cookie`. */
  getSetCookie(): string[] {
    return this.getAll("set-cookie");
  }

  /** Tells whether a header is set. */
  has(name: string): boolean {
    return peekHeader(this, name.toLowerCase()) !== undefined;
  }

  /**
   * Sets a header, in place of its former values.
   *
   * @throws {TypeError} If the name or the value has a character that a header cannot have, such as a line break.
   */
  set(name: string, value: string): void {
    const key = checkName(name);
    const text = checkValue(key, value);
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index += 2) {
      if (entries[index] === key) {
        entries[index + 1] = text;
        this.#remove(key, index + 2);
        return;
      }
    }
    entries.push(key, text);
  }

  /**
   * Adds a value to a header. Its other values stay.
   *
   * @throws {TypeError} If the name or the value has a character that a header cannot have, such as a line break.
   */
  append(name: string, value: string): void {
    const key = checkName(name);
    this.#entries.push(key, checkValue(key, value));
  }

  /** Removes a header. */
  delete(name: string): void {
    this.#remove(name.toLowerCase(), 0);
  }

  /** Sets every header of another collection. */
  update(headers: HeadersLike): void {
    const replaced = new Set<string>();
    for (const [name, value] of listPairs(headers)) {
      const key = name.toLowerCase();
      if (replaced.has(key)) {
        this.append(key, value);
      } else {
        this.set(key, value);
        replaced.add(key);
      }
    }
  }

  /** Iterates over names and values. */
  *entries(): Generator<[string, string]> {
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index += 2) {
      yield [entries[index] ?? "", entries[index + 1] ?? ""];
    }
  }

  /** Iterates over names and values. */
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }

  #remove(key: string, from: number): void {
    const entries = this.#entries;
    for (let index = entries.length - 2; index >= from; index -= 2) {
      if (entries[index] === key) {
        entries.splice(index, 2);
      }
    }
  }
}

/**
 * Returns the first value of a header, or `undefined` without one.
 *
 * @param headers The headers.
 * @param key The name in lower case.
 */
export function peekHeader(headers: ResponseHeaders, key: string): string | undefined {
  const entries = entriesOf(headers);
  for (let index = 0; index < entries.length; index += 2) {
    if (entries[index] === key) {
      return entries[index + 1];
    }
  }
  return undefined;
}

/**
 * Adds a header without a check. Others of its name stay.
 *
 * @param headers The headers.
 * @param name The name in lower case.
 * @param value A value that is known to be well-formed.
 */
export function addTrusted(headers: ResponseHeaders, name: string, value: string): void {
  entriesOf(headers).push(name, value);
}

/**
 * Sets headers without a check, each unless it is set already.
 *
 * @param headers The headers.
 * @param defaults Names in lower case and values in turn. Both are known to be well-formed.
 */
export function addDefaults(headers: ResponseHeaders, defaults: readonly string[]): void {
  const entries = entriesOf(headers);
  const { length } = entries;
  for (let index = 0; index < defaults.length; index += 2) {
    const name = defaults[index];
    let other = 0;
    while (other < length && entries[other] !== name) {
      other += 2;
    }
    if (other >= length) {
      entries.push(name ?? "", defaults[index + 1] ?? "");
    }
  }
}

/**
 * Returns names and values in turn, for a server to send.
 *
 * The server alone decides the framing and the connection: the measured length replaces a stated one, and
 * `Transfer-Encoding` is left out. `Trailer` is left out too: responses have no trailers, and Node refuses the header
 * without a chunked body. A response may close its connection. It cannot keep it open.
 *
 * @param headers The headers.
 * @param length The length of the body in bytes, or `null` when there is no body or its length is not known.
 */
export function toWire(headers: ResponseHeaders, length: number | null): string[] {
  const wire: string[] = [];
  const entries = entriesOf(headers);
  for (let index = 0; index < entries.length; index += 2) {
    const name = entries[index] ?? "";
    if (name === "connection") {
      addConnection(wire, entries[index + 1] ?? "");
    } else if (!ownNames.has(name)) {
      wire.push(name, entries[index + 1] ?? "");
    }
  }
  if (length !== null) {
    wire.push("content-length", String(length));
  }
  return wire;
}

/** The headers of a response that the server decides on. */
const ownNames = new Set(["content-length", "transfer-encoding", "trailer", "keep-alive", "proxy-connection"]);

/** Tells whether a response closes its connection. */
export function closesConnection(headers: ResponseHeaders): boolean {
  return /\b(?:close|upgrade)\b/i.test(headers.get("connection") ?? "");
}

/**
 * Adds the header `Connection` as a response may state it. A response that asks for another protocol, such as a 426,
 * also closes the connection.
 */
function addConnection(wire: string[], value: string): void {
  if (/\bupgrade\b/i.test(value)) {
    wire.push("connection", "close, upgrade");
  } else if (/\bclose\b/i.test(value)) {
    wire.push("connection", "close");
  }
}

/** Headers as an object, as pairs, or as `Headers`. */
export type HeadersLike = Iterable<readonly [string, string]> | Readonly<Record<string, string | readonly string[]>>;

function* listPairs(headers: HeadersLike): Generator<readonly [string, string]> {
  refusePromise(headers, "collection of headers", TypeError);
  if (typeof headers !== "object" || headers === null) {
    throw new TypeError(`Headers must be an object, such as { "x-total": "3" }, but got ${describeGiven(headers)}.`);
  }
  if (isIterable(headers)) {
    yield* headers;
    return;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") {
      yield [name, value];
    } else {
      refusePromise(value, `header '${name}'`, TypeError);
      for (const item of Array.isArray(value) ? value : [value]) {
        yield [name, item];
      }
    }
  }
}

function isIterable(headers: HeadersLike): headers is Iterable<readonly [string, string]> {
  return Symbol.iterator in headers;
}

function checkName(name: string): string {
  if (!token.test(name)) {
    refusePromise(name, "name of a header", TypeError);
    const given: unknown = name;
    throw new TypeError(
      typeof given === "object" || given === undefined
        ? `The name of a header must be a text, but got ${describeGiven(given)}. Several headers at once are set by headers.update({ … }).`
        : `'${name}' cannot be the name of a header.`,
    );
  }
  return name.toLowerCase();
}

function checkValue(name: string, value: string): string {
  refusePromise(value, `header '${name}'`, TypeError);
  const text = String(value);
  // Numbers and URLs have a text. These have none.
  if ((value === undefined || value === null || text === "[object Object]") && isWatching()) {
    const cure = text === "[object Object]" ? " Write its JSON, or one of its members." : " Remove a header by headers.delete().";
    throw new TypeError(`The header '${name}' must be a text, but got ${describeGiven(value)}.${cure}`);
  }
  if (forbidden.test(text)) {
    throw new TypeError(
      `The header '${name}' cannot have the value ${JSON.stringify(text)}: it holds a line break or another character that headers do not carry.`,
    );
  }
  return text;
}
