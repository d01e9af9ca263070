import { Readable } from "node:stream";
import { refuseOtherCopy } from "../../base/copies";
import { ReturnValueError } from "../../base/errors";
import { refusePromise } from "../../base/forgotten-await";
import { Markup } from "../../base/html";
import type { JsonProvider } from "../../base/json";
import { isConnectionHeader } from "../connection-headers";
import { FlagonResponse, type ResponseBody } from "./response";
import { addTrusted } from "./response-headers";
import { checkData, watchPromises } from "./returned-data";
import { isWebResponse } from "./web-response";

/**
 * Converts the return value of a view to a response.
 *
 * @param value The return value.
 * @param status The status of a value that states none.
 * @param label The view, as the subject of the error.
 * @param json Serializes objects.
 * @throws {ReturnValueError} If the value cannot become a response.
 */
export function toResponse(value: unknown, status: number, label: string, json: JsonProvider): FlagonResponse {
  if (typeof value === "string") {
    return new FlagonResponse(value, status);
  }
  if (typeof value !== "object" || value === null) {
    throw new ReturnValueError(
      `${label} did not return a valid response: it returned ${value === null || value === undefined ? value : `a ${typeof value}`}. ${findCure(value)}`,
    );
  }
  if (value instanceof FlagonResponse) {
    return value;
  }
  if (isPlain(value)) {
    return toJsonResponse(value, status, label, json);
  }
  refuseOtherCopy(value, "response");
  if (Markup.is(value)) {
    return new FlagonResponse(value.html, status);
  }
  if (isWebResponse(value)) {
    return fromWebResponse(value, label);
  }
  const body = findBody(value);
  if (body !== undefined) {
    claimIterator(value, label);
    return new FlagonResponse(body.open(), status, { "content-type": body.type });
  }
  checkData(value, label);
  return toJsonResponse(value, status, label, json);
}

/** Finds the cure for a value that no view can return. */
function findCure(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return 'Did you forget a return statement? An arrow function with braces needs one, too. For an empty response return makeResponse("", 204).';
    case "function":
      return "Call the function, and return its result.";
    case "object":
      return "Return text, an object, a response, or json(value). If there is nothing to show, answer 404: return value ?? abort(404).";
    default:
      return `Return text, an object, a response, or json(value). As text it is String(value).`;
  }
}

/** Tells whether a value is HTML: text, `Markup`, or a stream without a type. A response is not, even if its body is HTML. */
export function isPage(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value === "string";
  }
  if (value instanceof FlagonResponse || isPlain(value)) {
    return false;
  }
  return Markup.is(value) || (!isWebResponse(value) && findBody(value)?.type.startsWith("text/html") === true);
}

/** Tells whether a value is plain data; asked first, since the web's classes are only loaded when they are named. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype && !(Symbol.asyncIterator in value || Symbol.iterator in value)) || prototype === Array.prototype;
}

/**
 * Converts a value to a JSON response.
 *
 * @throws {ReturnValueError} If JSON cannot hold it.
 */
export function toJsonResponse(value: unknown, status: number, label: string, json: JsonProvider): FlagonResponse {
  let text: string | undefined;
  try {
    text = json.stringify(value);
  } catch (cause) {
    throw new ReturnValueError(
      `${label} returned a value that JSON cannot hold: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        cause,
      },
    );
  }
  refusePromise(text, "result of 'stringify' of app.json");
  if (text === undefined) {
    throw new ReturnValueError(
      value === undefined
        ? `${label} returned undefined, which JSON cannot hold. Return null, or take status 204 for no body.`
        : `${label} returned a ${typeof value}, which JSON cannot hold.`,
    );
  }
  if (text.includes("{}")) {
    watchPromises(value, label);
  }
  const response = new FlagonResponse(null, status);
  response.body = text;
  addTrusted(response.headers, "content-type", "application/json");
  return response;
}

/** A value that is sent as bytes or as a stream. */
interface FoundBody {
  /** The media type of the response, unless it states another. */
  readonly type: string;
  /** Makes the body. Some streams are read from then on, so it is called once. */
  readonly open: () => ResponseBody;
}

/** Finds the body of bytes and streams. Other values, such as lists and maps, are not sent as they are. */
function findBody(value: object): FoundBody | undefined {
  const bytes = toBytes(value);
  if (bytes !== undefined) {
    return { type: "application/octet-stream", open: () => bytes };
  }
  if (value instanceof Blob) {
    return { type: value.type === "" ? "application/octet-stream" : value.type, open: () => value.stream() };
  }
  const open = findStream(value);
  return open && { type: "text/html; charset=utf-8", open };
}

function findStream(value: object): (() => ResponseBody) | undefined {
  if (value instanceof ReadableStream || value instanceof Readable || isAsyncIterable(value)) {
    return () => value;
  }
  if (isOldStream(value)) {
    return () => new Readable().wrap(value);
  }
  return isStreamable(value) ? () => toAsync(value) : undefined;
}

function toBytes(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (value instanceof DataView) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer) {
    return new Uint8Array(value);
  }
  return typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer ? new Uint8Array(value) : undefined;
}

/** The iterators that responses were made of. Each gives its items once. */
const claimed = new WeakSet<object>();

/**
 * Notes that an iterator, such as a generator, belongs to a response.
 *
 * @throws {ReturnValueError} If it belongs to another one, whose client gets its items.
 */
export function claimIterator(value: object, label: string): void {
  if (!("next" in value)) {
    return;
  }
  if (claimed.has(value)) {
    throw new ReturnValueError(
      `${label} returned an iterator that was returned before: its items are sent once. Call the generator for each request.`,
    );
  }
  claimed.add(value);
}

/** Headers that describe the bytes as they came over the network: `fetch()` has decoded them. */
const transferHeaders = new Set(["content-encoding", "content-length"]);

function fromWebResponse(source: Response, label: string): FlagonResponse {
  if (source.bodyUsed || source.body?.locked === true) {
    throw new ReturnValueError(
      `${label} returned a Response whose body was read, or was sent before. Read a copy, response.clone(), and return a new Response, or a clone, for each request.`,
    );
  }
  // The body of a package's own class is an iterable of bytes, and no stream of the runtime.
  const body = source.body === null || source.body === undefined ? null : findBody(source.body)?.open();
  if (body === undefined) {
    throw new ReturnValueError(`${label} returned a Response of a package, whose body cannot be read. Return a Response of the runtime.`);
  }
  const response = new FlagonResponse(body, source.status);
  const isFetched = source.url !== "";
  for (const [name, value] of source.headers) {
    const known = name.toLowerCase();
    if (!isFetched || !(transferHeaders.has(known) || isConnectionHeader(known))) {
      response.headers.append(name, value);
    }
  }
  return response;
}

function isAsyncIterable(value: object): value is AsyncIterable<string | Uint8Array> {
  return Symbol.asyncIterator in value;
}

/** A stream of a package that has its own copy of Node's first streams. */
function isOldStream(value: object): value is NodeJS.ReadableStream {
  return "pipe" in value && typeof value.pipe === "function" && "readable" in value && value.readable === true;
}

/** The objects with an iterator that are data or text, by their tags. */
const iterableData = /^\[object (?:Map|Set|FormData|URLSearchParams|Headers|String|Arguments)\]$/;

/** Tells whether a value is streamed: a generator, or another object that gives pieces. Lists and objects with `toJSON()` are data. */
function isStreamable(value: object): value is Iterable<string | Uint8Array> {
  return (
    Symbol.iterator in value &&
    !(Array.isArray(value) || ArrayBuffer.isView(value) || "toJSON" in value) &&
    !iterableData.test(Object.prototype.toString.call(value))
  );
}

/** Asks for a piece only when the client takes it. */
async function* toAsync(pieces: Iterable<string | Uint8Array>): AsyncGenerator<string | Uint8Array> {
  yield* pieces;
}
