import { defaultJson } from "../../base/json";
import { BadRequest, ContentTooLarge } from "../exceptions/client-errors";
import { describeJsonError } from "./json-error";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads a body whole, or refuses it at the first byte over the limit. */
export async function readBytes(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) {
      throw tooLarge(limit);
    }
    chunks.push(chunk);
  }
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
}

/** Gives a body piece by piece, and refuses it at the first byte over the limit. */
export async function* limitBytes(body: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) {
      throw tooLarge(limit);
    }
    yield chunk;
  }
}

/** The answer to a body over the limit. */
export function tooLarge(limit: number): ContentTooLarge {
  return new ContentTooLarge(`The body of the request is larger than ${limit} bytes, the limit of this address.`);
}

/**
 * Decodes UTF-8 without replacing malformed bytes.
 *
 * @throws {BadRequest} If the bytes are not UTF-8.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new BadRequest("The body of the request is not valid UTF-8.", { cause });
  }
}

const suspicious = /"__proto__"|"constructor"|\\u00/;

/**
 * Parses a JSON body.
 *
 * @param parse The parser. Default: `JSON.parse`.
 * @throws {BadRequest} If it is malformed, nests deeper than `maxDepth`, or has a key that would reach a prototype.
 */
export function parseJson(text: string, maxDepth: number, parse: (text: string) => unknown = JSON.parse): unknown {
  const isDeep = nestsDeeper(text, maxDepth);
  if (isDeep && (parse === JSON.parse || parse === defaultJson.parse) && findDepth(text, maxDepth) > maxDepth) {
    // Deeply nested brackets slow a parser down.
    throw tooDeep(maxDepth);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const place = describeJsonError(text);
    throw new BadRequest(`The body of the request is not valid JSON.${place === undefined ? "" : ` ${place}`}`, { cause });
  }
  if (isDeep || suspicious.test(text)) {
    checkJson(value, maxDepth);
  }
  return value;
}

/** Tells whether text could nest deeper than a limit, without building anything: it has that many opening brackets. */
function nestsDeeper(text: string, maxDepth: number): boolean {
  if (text.length <= maxDepth) {
    return false;
  }
  let opened = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x7b || character === 0x5b) {
      opened++;
      if (opened > maxDepth) {
        return true;
      }
    }
  }
  return false;
}

/** Returns the nesting of JSON, up to the first level over a limit. */
function findDepth(text: string, maxDepth: number): number {
  let [depth, deepest] = [0, 0];
  for (let index = 0; index < text.length && deepest <= maxDepth; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x22) {
      index = findEndOfString(text, index);
    } else if (character === 0x7b || character === 0x5b) {
      depth++;
      deepest = Math.max(deepest, depth);
    } else if (character === 0x7d || character === 0x5d) {
      depth--;
    }
  }
  return deepest;
}

/** Finds the quote that ends a string; the end of the text if there is none. */
function findEndOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x22) {
      return index;
    }
    if (character === 0x5c) {
      index++;
    }
  }
  return text.length;
}

function tooDeep(maxDepth: number): BadRequest {
  return new BadRequest(`The JSON of the request nests deeper than ${maxDepth} levels.`);
}

function checkJson(root: unknown, maxDepth: number): void {
  const pending: [unknown, number][] = [[root, 1]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, depth] = next;
    if (typeof value !== "object" || value === null) {
      continue;
    }
    if (depth > maxDepth) {
      throw tooDeep(maxDepth);
    }
    if (Object.hasOwn(value, "__proto__") || reachesPrototype(value)) {
      throw new BadRequest("The JSON of the request has a key that is not taken: '__proto__' or 'constructor.prototype'.");
    }
    for (const inner of Object.values(value)) {
      pending.push([inner, depth + 1]);
    }
  }
}

function reachesPrototype(value: object): boolean {
  if (!Object.hasOwn(value, "constructor")) {
    return false;
  }
  const inner: unknown = Reflect.get(value, "constructor");
  return typeof inner === "object" && inner !== null && Object.hasOwn(inner, "prototype");
}
