import { Readable } from "node:stream";
import { refuseOtherCopy } from "../../base/copies";
import { ReturnValueError } from "../../base/errors";
import { Markup } from "../../base/html";
import { defaultJson, type JsonProvider } from "../../base/json";
import { isPromise } from "../../base/maybe-promise";
import { isConnectionHeader } from "../connection-headers";
import { FlagonResponse, type ResponseBody } from "./response";
import { addTrusted } from "./response-headers";

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
      `${label} did not return a valid response: it returned ${value === null ? "null" : typeof value === "undefined" ? "undefined" : `a ${typeof value}`}.${value === undefined ? " Did you forget a return statement?" : " Return text, an object, a response, or json(value)."}`,
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
  if (value instanceof Response) {
    return fromWebResponse(value, label);
  }
  const body = toBody(value);
  if (body !== undefined) {
    return new FlagonResponse(body, status, { "content-type": findType(value) });
  }
  checkData(value, label);
  return toJsonResponse(value, status, label, json);
}

/** Tells whether a value is HTML: text, `Markup`, or a stream without a type. A response is none, whatever it holds. */
export function isPage(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value === "string";
  }
  if (value instanceof FlagonResponse || isPlain(value)) {
    return false;
  }
  return Markup.is(value) || (!(value instanceof Response) && toBody(value) !== undefined && findType(value).startsWith("text/html"));
}

/** Objects that JSON writes as `{}`, by their tags, and the cure. */
const emptyInJson = new Map([
  ["Error", "Throw it, or return the text of its message."],
  ["Map", "Return Object.fromEntries(map)."],
  ["Set", "Return a list: [...set]."],
  ["WeakMap", "Return an object or a list."],
  ["WeakSet", "Return an object or a list."],
  ["FormData", "Return Object.fromEntries(form)."],
  ["URLSearchParams", "Return Object.fromEntries(query), or its text."],
  ["Headers", "Return Object.fromEntries(headers)."],
  ["Request", "Return the response of fetch(request)."],
  ["RegExp", "Return its source."],
  ["Promise", "Await it."],
]);

/** Refuses objects that JSON writes as `{}`, unless they write themselves by `toJSON()`. */
function checkData(value: object, label: string, path = ""): void {
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return;
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const cure = emptyInJson.get(tag);
  if (cure !== undefined) {
    const place = path === "" ? "a value" : `data whose '${path}' is a value`;
    throw new ReturnValueError(`${label} returned ${place} of the class ${tag}, which JSON writes as {}. ${cure}`);
  }
}

/**
 * Refuses data that holds a promise, or another object that JSON writes as `{}`. For the debug mode, since it looks at
 * all values. The app's own `app.json` may write such objects, so that only promises are refused then.
 *
 * @throws {ReturnValueError} If there is one.
 */
export function checkInnerData(value: unknown, label: string, json: JsonProvider): void {
  const visited = new Set<unknown>();
  const visit = (item: unknown, path: string): void => {
    if (typeof item !== "object" || item === null || visited.has(item) || "toJSON" in item) {
      return;
    }
    visited.add(item);
    if (path !== "" && isPromise(item)) {
      throw new ReturnValueError(`${label} returned data whose '${path}' is a promise. Did you forget to await it?`);
    }
    if (json === defaultJson) {
      checkData(item, label, path);
    }
    if (Array.isArray(item) || Object.getPrototypeOf(item) === Object.prototype) {
      for (const [key, inner] of Object.entries(item)) {
        visit(inner, path === "" ? key : `${path}.${key}`);
      }
    }
  };
  visit(value, "");
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
  if (text === undefined) {
    throw new ReturnValueError(`${label} returned a ${typeof value}, which JSON cannot hold.`);
  }
  const response = new FlagonResponse(null, status);
  response.body = text;
  addTrusted(response.headers, "content-type", "application/json");
  return response;
}

/** Returns the body for bytes and streams; other values are not sent as they are. */
function toBody(value: object): ResponseBody | undefined {
  if (value instanceof Uint8Array || value instanceof ReadableStream || value instanceof Readable) {
    return value;
  }
  if (value instanceof ArrayBuffer) {
    return new Uint8Array(value);
  }
  if (value instanceof Blob) {
    return value.stream();
  }
  if (isAsyncIterable(value)) {
    return value;
  }
  // Lists, maps and sets are data. A bare iterator, such as a generator, is a stream.
  return isIterator(value) ? toAsync(value) : undefined;
}

function findType(value: object): string {
  if (value instanceof Blob && value.type !== "") {
    return value.type;
  }
  return value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof Blob
    ? "application/octet-stream"
    : "text/html; charset=utf-8";
}

/** Headers that describe the bytes as they came over the network: `fetch()` has decoded them. */
const transferHeaders = new Set(["content-encoding", "content-length"]);

function fromWebResponse(source: Response, label: string): FlagonResponse {
  if (source.bodyUsed || source.body?.locked === true) {
    throw new ReturnValueError(
      `${label} returned a Response whose body was read, or was sent before. Read a copy, response.clone(), and return a new Response, or a clone, for each request.`,
    );
  }
  const response = new FlagonResponse(source.body, source.status);
  const isFetched = source.url !== "";
  for (const [name, value] of source.headers) {
    if (!isFetched || !(transferHeaders.has(name) || isConnectionHeader(name))) {
      response.headers.append(name, value);
    }
  }
  return response;
}

function isAsyncIterable(value: object): value is AsyncIterable<string | Uint8Array> {
  return Symbol.asyncIterator in value;
}

function isIterator(value: object): value is Iterable<string | Uint8Array> {
  return Symbol.iterator in value && "next" in value && typeof value.next === "function";
}

/** Asks for a piece only when the client takes it. */
async function* toAsync(pieces: Iterable<string | Uint8Array>): AsyncGenerator<string | Uint8Array> {
  yield* pieces;
}
