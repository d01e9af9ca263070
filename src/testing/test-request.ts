import { FlagonError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import type { JsonProvider } from "../base/json";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import type { RequestSource } from "../http/request/request-source";
import { encodeMultipart } from "./multipart-body";

/** One value of a form or a query, or several. `null` and `undefined` are left out. */
type FieldValue = SingleValue | readonly SingleValue[];
type SingleValue = string | number | boolean | null | undefined;
/** Values by their names. */
type Fields = Readonly<Record<string, FieldValue>>;

/**
 * Credentials of a test request: name and password for `Basic` (RFC 7617), as a pair or by name, or a token for `Bearer`
 * (RFC 6750).
 */
export type TestCredentials =
  | readonly [username: string, password: string]
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string };

/** The options of a request of the test client. */
export interface TestRequestOptions {
  /** Headers. `null` removes a header that the client sends by default. */
  headers?: Readonly<Record<string, string | null>> | Headers;
  /** Values for the query, added to the target's own. */
  query?: Fields | URLSearchParams | string;
  /** The credentials of `Authorization`: a name with its password, or a bearer token. A header `Authorization` replaces them. */
  auth?: TestCredentials;
  /** A value to send as JSON. */
  json?: unknown;
  /** Fields to send as a form. `FormData` is sent as multipart. */
  form?: Fields | URLSearchParams | FormData;
  /** Files to send with the form, which is then multipart. */
  files?: Readonly<Record<string, File | readonly File[]>>;
  /** A body to send as it is. */
  body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Whether redirects are followed. Default: `false`. */
  followRedirects?: boolean;
  /** The address of the client. Default: `"127.0.0.1"`. */
  remoteAddress?: string;
}

const requestOptions = Object.keys({
  headers: true,
  query: true,
  auth: true,
  json: true,
  form: true,
  files: true,
  body: true,
  followRedirects: true,
  remoteAddress: true,
} satisfies Record<keyof TestRequestOptions, true>);

/** A request of the test client, put together. */
export interface TestMessage {
  readonly method: string;
  readonly target: string;
  readonly url: URL;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly remoteAddress: string;
}

/** The source of a request that no server received. */
export class TestSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly rootPath = "";
  readonly isUnmeasured = true;
  readonly scheme: "http" | "https";
  readonly remoteAddress: string;
  readonly raw = null;
  readonly #message: TestMessage;
  readonly #controller = new AbortController();
  #isBodyBegun = false;

  constructor(message: TestMessage) {
    this.#message = message;
    this.method = message.method;
    this.target = message.target;
    this.scheme = message.url.protocol === "https:" ? "https" : "http";
    this.remoteAddress = message.remoteAddress;
  }

  header(name: string): string | undefined {
    return this.#message.headers.get(name);
  }

  headers(): Iterable<readonly [string, string]> {
    return this.#message.headers;
  }

  hasOpenBody(): boolean {
    const { body } = this.#message;
    return body !== null && !(body instanceof Uint8Array) && !this.#isBodyBegun;
  }

  body(): AsyncIterable<Uint8Array> | null {
    const { body } = this.#message;
    this.#isBodyBegun = true;
    return body instanceof Uint8Array ? once(body) : body;
  }

  signal(): AbortSignal {
    return this.#controller.signal;
  }
}

/**
 * Composes a request: its body, and the headers that a browser would send for it.
 *
 * @param more The names of further options.
 * @throws {FlagonError} If the target is no text, an option is unknown, or a body or a field cannot be sent.
 */
export async function compose(
  base: URL,
  method: string,
  target: string,
  options: TestRequestOptions,
  json: JsonProvider,
  ...more: readonly string[]
): Promise<TestMessage> {
  checkTarget(target);
  refuseUnknown(options, [...requestOptions, ...more], "a test request");
  const isWhole = /^https?:\/\//i.test(target);
  const url = isWhole ? new URL(target) : base;
  const path = addQuery(isWhole ? target.replace(/^https?:\/\/[^/?#]*/i, "") || "/" : target, options.query);
  checkBody(options);
  const { body, type } = await composeBody(options, json);
  const headers = new Map<string, string>([
    ["host", url.host],
    ["user-agent", "flagon-test-client"],
    ["accept", "*/*"],
  ]);
  const given = listHeaders(options.headers);
  if (!given.some(([name]) => name === "origin")) {
    // As browsers send it for forms of the same site. Without it, each form of a test would need a token. A header
    // `Origin` of the test replaces it.
    headers.set("sec-fetch-site", "same-origin");
  }
  if (type !== undefined) {
    headers.set("content-type", type);
  }
  if (options.auth !== undefined) {
    headers.set("authorization", formatCredentials(options.auth));
  }
  if (body instanceof Uint8Array) {
    headers.set("content-length", String(body.byteLength));
  }
  for (const [name, value] of given) {
    if (value === null) {
      headers.delete(name);
    } else {
      headers.set(name, value);
    }
  }
  return {
    method: method.toUpperCase(),
    target: path,
    url: new URL(path.startsWith("/") ? url.origin + path : url.origin),
    headers,
    body,
    remoteAddress: options.remoteAddress ?? "127.0.0.1",
  };
}

function checkTarget(target: unknown): void {
  refusePromise(target, "target of a test request");
  if (typeof target !== "string") {
    const cure = target instanceof URL ? " Give its text: String(url)." : "";
    throw new FlagonError(`A test request needs a target, a path such as "/posts", but got ${describeGiven(target)}.${cure}`);
  }
}

/** Refuses fields, files and bodies that no request can carry. They would be sent as other text, or not at all. */
function checkBody({ body, files, form }: TestRequestOptions): void {
  if (form !== undefined && !(form instanceof FormData)) {
    checkFields(form, "form");
  }
  for (const [name, file] of Object.entries(files ?? {})) {
    for (const one of Array.isArray(file) ? file : [file]) {
      if (!(one instanceof Blob)) {
        throw new FlagonError(
          `The file '${name}' of a test request is ${describeGiven(one)}. Give a File: new File(["text"], "a.txt", { type: "text/plain" }).`,
        );
      }
    }
  }
  const given: unknown = body;
  if (typeof given === "object" && given !== null && !(given instanceof Uint8Array) && !(Symbol.asyncIterator in given)) {
    throw new FlagonError("The 'body' of a test request is an object. Give text or bytes; or 'json' for JSON, 'form' for a form.");
  }
}

/** Refuses values of a form or a query that have no text of their own. */
function checkFields(fields: unknown, option: "form" | "query"): void {
  if (fields instanceof URLSearchParams) {
    return;
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields) || fields instanceof Map) {
    throw new FlagonError(`'${option}' of a test request must be an object of names and values, but got ${describeGiven(fields)}.`);
  }
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === "object" && one !== null && String(one).startsWith("[object ")) {
        const cure = one instanceof Blob ? "Send a file by 'files'." : "Write the name of each value, such as 'user.name', or send 'json'.";
        throw new FlagonError(`The value '${name}' in '${option}' of a test request is an object, which has no text. ${cure}`);
      }
    }
  }
}

async function composeBody(
  { body, form, files, json }: TestRequestOptions,
  provider: JsonProvider,
): Promise<{ body: TestMessage["body"]; type: string | undefined }> {
  if ([body, json, form ?? files].filter((part) => part !== undefined).length > 1) {
    throw new FlagonError("A test request has one body: give either 'body', or 'json', or 'form' and 'files'.");
  }
  if (json !== undefined) {
    return { body: Buffer.from(provider.stringify(json) ?? "null", "utf8"), type: "application/json" };
  }
  if (files !== undefined || form instanceof FormData) {
    const data = new FormData();
    for (const [name, value] of form instanceof FormData ? form : listFields(form)) {
      if (typeof value === "string") {
        data.append(name, value);
      } else {
        data.append(name, value, value.name);
      }
    }
    for (const [name, file] of Object.entries(files ?? {})) {
      for (const one of Array.isArray(file) ? file : [file]) {
        data.append(name, one);
      }
    }
    return encodeMultipart(data);
  }
  if (form !== undefined) {
    return { body: Buffer.from(new URLSearchParams(listFields(form)).toString(), "utf8"), type: "application/x-www-form-urlencoded" };
  }
  return { body: typeof body === "string" ? Buffer.from(body, "utf8") : (body ?? null), type: undefined };
}

/**
 * Formats the header `Authorization`.
 *
 * @throws {FlagonError} If the header cannot hold the credentials.
 */
function formatCredentials(auth: TestCredentials): string {
  if (typeof auth === "object" && "bearer" in auth) {
    if (!/^[\x21-\x7e]+$/.test(auth.bearer)) {
      throw new FlagonError("The bearer token in 'auth' must be visible ASCII characters without blanks.");
    }
    return `Bearer ${auth.bearer}`;
  }
  const isPair = Array.isArray(auth);
  const username: unknown = isPair ? auth[0] : Reflect.get(Object(auth), "username");
  const password: unknown = isPair ? auth[1] : Reflect.get(Object(auth), "password");
  if (typeof username !== "string" || typeof password !== "string" || username.includes(":")) {
    throw new FlagonError(
      "'auth' takes [name, password], { username, password } or { bearer: token }. A name has no colon, which separates it from the password.",
    );
  }
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function listHeaders(headers: TestRequestOptions["headers"] = {}): readonly (readonly [string, string | null])[] {
  return headers instanceof Headers ? [...headers] : Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
}

function listFields(fields: Fields | URLSearchParams = {}): [string, string][] {
  if (fields instanceof URLSearchParams) {
    return [...fields];
  }
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one): [string, string][] => ((one ?? null) === null ? [] : [[name, String(one)]])),
  );
}

function addQuery(path: string, query: TestRequestOptions["query"]): string {
  if (query !== undefined && typeof query !== "string") {
    checkFields(query, "query");
  }
  const text = typeof query === "string" ? query.replace(/^\?/, "") : new URLSearchParams(listFields(query)).toString();
  return text === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${text}`;
}

/** Composes the request that a browser makes to follow a redirect (Fetch standard, HTTP-redirect fetch). */
export function followRedirect(message: TestMessage, status: number, url: URL): TestMessage {
  if (url.host !== message.url.host) {
    throw new FlagonError(`The redirect to '${url.href}' leads to another host, which is not part of the app.`);
  }
  const keeps =
    status === 307 ||
    status === 308 ||
    message.method === "HEAD" ||
    message.method === "GET" ||
    ((status === 301 || status === 302) && message.method !== "POST");
  const headers = new Map(message.headers);
  if (!keeps) {
    headers.delete("content-type");
    headers.delete("content-length");
  }
  return { ...message, url, target: url.pathname + url.search, headers, ...(keeps ? {} : { method: "GET", body: null }) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
