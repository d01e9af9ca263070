import type { IncomingMessage } from "node:http";
import { parseLength } from "../../http/content-length";

/**
 * Returns the headers of a message, names and values in turn, as the parser read them.
 *
 * Adapters, such as those of AWS Lambda, make a message that no parser has read: it has `headers` alone.
 */
export function listRawHeaders(message: IncomingMessage): readonly string[] {
  const { rawHeaders } = message;
  if (rawHeaders.length > 0) {
    return rawHeaders;
  }
  return Object.entries(message.headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : values === undefined ? [] : [values]).flatMap((value) => [name, String(value)]),
  );
}

/**
 * Finds a header in the list that Node's parser made, without an object of all headers.
 *
 * Values of one name are joined, also where one alone is allowed: two hosts are then no valid host.
 *
 * @param rawHeaders Names and values in turn.
 * @param name The name in lower case.
 */
export function findHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = rawHeaders[index] ?? "";
    if (key.length === name.length && (key === name || equalsInLowerCase(key, name))) {
      const value = rawHeaders[index + 1] ?? "";
      found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
    }
  }
  return found;
}

const singles: readonly string[] = ["host", "content-type", "authorization"];

/** Finds a header that came more than once though it may come only once. */
export function findRepeated(rawHeaders: readonly string[]): string | undefined {
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = rawHeaders[index] ?? "";
    for (let place = 0; place < singles.length; place++) {
      const name = singles[place] ?? "";
      if (key.length === name.length && (key === name || equalsInLowerCase(key, name))) {
        if ((seen & (1 << place)) !== 0) {
          return name;
        }
        seen |= 1 << place;
      }
    }
  }
  return undefined;
}

/** Compares the name of a header to a name in lower case of the same length. */
function equalsInLowerCase(key: string, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const [unit, wanted] = [key.charCodeAt(index), name.charCodeAt(index)];
    if (unit !== wanted && (unit < 0x41 || unit > 0x5a || unit + 0x20 !== wanted)) {
      return false;
    }
  }
  return true;
}

/** Returns the length of a body in bytes, as the head states it; infinite if the body ends by itself. */
export function announcedLength(rawHeaders: readonly string[]): number {
  return findHeader(rawHeaders, "transfer-encoding") === undefined
    ? (parseLength(findHeader(rawHeaders, "content-length")) ?? 0)
    : Number.POSITIVE_INFINITY;
}
