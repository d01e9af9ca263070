import { type Schema, type SchemaIssue, validate } from "../schema";
import { decodeText, limitBytes, parseJson, readBytes, tooLarge } from "./body";
import { parseCookies } from "./cookies";
import { BadRequest, ContentTooLarge, UnprocessableContent, UnsupportedMediaType } from "./exceptions";
import { FormValues } from "./form-values";
import { type FormLimits, type MultipartForm, parseMultipart } from "./multipart";
import { Accepts } from "./negotiation";
import { RequestHeaders } from "./request-headers";
import type { RequestSource } from "./request-source";
import type { UploadedFile } from "./upload";

/** The limits on what a request may send. */
export interface RequestLimits extends FormLimits {
  /** The largest body, in bytes. */
  body: number;
  /** The largest multipart body, in bytes. */
  multipart: number;
  /** How deep JSON may nest. */
  jsonDepth: number;
}

/** How a body is parsed. */
export interface ParseOptions<Output> {
  /** The schema that checks and types the value. */
  schema: Schema<Output>;
}

/** The credentials of an `Authorization` header. */
export interface Authorization {
  /** The scheme in lower case, such as `"basic"` or `"bearer"`. */
  type: string;
  /** The user name of Basic credentials. */
  username?: string;
  /** The password of Basic credentials. */
  password?: string;
  /** What follows the scheme, of any but Basic credentials. */
  token?: string;
}

/** One request. Nothing of it is parsed before it is read; what was parsed is kept. */
export class FlagonRequest {
  /** The method, in upper case. */
  readonly method: string;
  /** The endpoint that the router found, or `null` when none matches. */
  endpoint: string | null = null;
  /** The name of the endpoint's blueprint, dotted when nested, or `null`. */
  blueprint: string | null = null;
  /** The values of the rule's variables, by name. */
  viewArgs: Readonly<Record<string, unknown>> = {};
  readonly #defaults: Readonly<RequestLimits>;
  #limits: RequestLimits | undefined;
  readonly #source: RequestSource;
  readonly #queryStart: number;
  #path: string | undefined;
  #query: URLSearchParams | undefined;
  #headers: RequestHeaders | undefined;
  #cookies: Readonly<Record<string, string | undefined>> | undefined;
  #accepts: Accepts | undefined;
  #bytes: Promise<Uint8Array> | undefined;
  #form: Promise<FormValues> | undefined;
  #multipart: MultipartForm | undefined;
  #streamed = false;

  /**
   * @param source What the server knows.
   * @param limits What requests may send; shared by all, and copied before it is changed.
   */
  constructor(source: RequestSource, limits: Readonly<RequestLimits>) {
    this.#source = source;
    this.method = source.method;
    this.#defaults = limits;
    this.#queryStart = source.target.indexOf("?");
  }

  /** The limits of this request; a hook may change them before the body is read. */
  get limits(): RequestLimits {
    this.#limits ??= { ...this.#defaults };
    return this.#limits;
  }

  /** The target exactly as it came. */
  get target(): string {
    return this.#source.target;
  }

  /**
   * The path, decoded: what the router matched.
   *
   * @throws {BadRequest} If it is not well-formed; the request has then been answered before any view.
   */
  get path(): string {
    this.#path ??= decodePath(this.#queryStart < 0 ? this.target : this.target.slice(0, this.#queryStart));
    return this.#path;
  }

  /** The path and the query as they came. */
  get fullPath(): string {
    return this.target;
  }

  /** The query without its `?`, as it came. */
  get queryString(): string {
    return this.#queryStart < 0 ? "" : this.target.slice(this.#queryStart + 1);
  }

  /** The parsed query. */
  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.queryString);
    return this.#query;
  }

  /** The headers. */
  get headers(): RequestHeaders {
    this.#headers ??= new RequestHeaders(this.#source);
    return this.#headers;
  }

  /** The cookies by name; the first of several with one name. */
  get cookies(): Readonly<Record<string, string | undefined>> {
    this.#cookies ??= parseCookies(this.#source.header("cookie") ?? "");
    return this.#cookies;
  }

  /** The whole URL: scheme, host, path and query. */
  get url(): string {
    return `${this.origin}${this.target}`;
  }

  /** The scheme and the host, such as `"https://example.com"`. */
  get origin(): string {
    return `${this.scheme}://${this.host}`;
  }

  /** The host, with the port unless it is the scheme's usual one. */
  get host(): string {
    const host = this.#source.header("host") ?? "";
    const usual = this.isSecure ? ":443" : ":80";
    return host.endsWith(usual) ? host.slice(0, -usual.length) : host;
  }

  /** `"http"` or `"https"`. */
  get scheme(): "http" | "https" {
    return this.#source.scheme;
  }

  /** Whether the request came over HTTPS. */
  get isSecure(): boolean {
    return this.scheme === "https";
  }

  /** The address of the client. */
  get remoteAddress(): string {
    return this.#source.remoteAddress;
  }

  /** What the client accepts. */
  get accepts(): Accepts {
    this.#accepts ??= new Accepts((name) => this.#source.header(name));
    return this.#accepts;
  }

  /** The media type of the body without parameters, in lower case, or the empty string. */
  get mimeType(): string {
    return (this.#source.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  }

  /** Whether the body says that it is JSON: `application/json`, or a type that ends in `+json`. */
  get isJson(): boolean {
    return /^application\/(?:[\w.+-]+\+)?json$/.test(this.mimeType);
  }

  /** The stated length of the body in bytes, or `null`. */
  get contentLength(): number | null {
    const length = this.#source.header("content-length");
    return length === undefined || !/^\d+$/.test(length) ? null : Number(length);
  }

  /** The credentials of the `Authorization` header, or `null` if there are none or they are malformed. */
  get authorization(): Authorization | null {
    return parseAuthorization(this.#source.header("authorization") ?? "");
  }

  /** Is aborted when the client leaves before the response is complete. */
  get signal(): AbortSignal {
    return this.#source.signal();
  }

  /** What the server itself gave: an `IncomingMessage` on Node, a web `Request` in `app.fetch`, `null` in tests. */
  get raw(): unknown {
    return this.#source.raw;
  }

  /** The largest body that this request may have, in bytes. */
  get maxContentLength(): number {
    return this.mimeType === "multipart/form-data" ? this.limits.multipart : this.limits.body;
  }

  /** The body piece by piece, up to the limit. It can be read once, instead of the other readers. */
  get stream(): AsyncIterable<Uint8Array> {
    if (this.#streamed || this.#bytes !== undefined) {
      throw new TypeError("The body of the request has been read already. Read it either by 'stream' or by the other readers.");
    }
    this.#streamed = true;
    return limitBytes(this.#body(), this.maxContentLength);
  }

  /**
   * Reads the body whole.
   *
   * @throws {ContentTooLarge} If it is over the limit.
   */
  bytes(): Promise<Uint8Array> {
    if (this.#streamed) {
      return Promise.reject(new TypeError("The body of the request has been read already, by 'stream' or as a multipart form."));
    }
    this.#bytes ??= readBytes(this.#body(), this.maxContentLength);
    return this.#bytes;
  }

  /**
   * Reads the body as UTF-8.
   *
   * @throws {BadRequest} If it is not UTF-8.
   * @throws {ContentTooLarge} If it is over the limit.
   */
  async text(): Promise<string> {
    return decodeText(await this.bytes());
  }

  /**
   * Reads the body as JSON.
   *
   * @throws {UnsupportedMediaType} If the body does not say that it is JSON.
   * @throws {BadRequest} If it is malformed.
   * @throws {ContentTooLarge} If it is over the limit.
   * @throws {UnprocessableContent} If the schema refuses it.
   */
  json(): Promise<unknown>;
  json<Output>(options: ParseOptions<Output>): Promise<Output>;
  async json<Output>(options?: ParseOptions<Output>): Promise<unknown> {
    if (!this.isJson) {
      throw new UnsupportedMediaType("The body of the request is not JSON, or its Content-Type does not say so.");
    }
    const value = parseJson(await this.text(), this.limits.jsonDepth);
    return options === undefined ? value : parse(options.schema, value);
  }

  /**
   * Reads the body as a form: `application/x-www-form-urlencoded` or `multipart/form-data`.
   *
   * A body of another type gives an empty form, as in Flask.
   *
   * @throws {BadRequest} If it is malformed.
   * @throws {ContentTooLarge} If it is over a limit.
   */
  form(): Promise<FormValues> {
    this.#form ??= this.#parseForm();
    return this.#form;
  }

  /** Reads the body as a form and returns its uploads by name; a field that was left empty is not among them. */
  async files(): Promise<Map<string, UploadedFile[]>> {
    const files = new Map<string, UploadedFile[]>();
    for (const [name, value] of await this.form()) {
      if (typeof value !== "string" && (value.filename !== "" || value.size > 0)) {
        files.set(name, [...(files.get(name) ?? []), value]);
      }
    }
    return files;
  }

  /** Removes temporary files. Called when the request ends. */
  async close(): Promise<void> {
    await this.#multipart?.cleanUp();
  }

  /** Whether {@link FlagonRequest.close} has anything to do. */
  get needsClose(): boolean {
    return this.#multipart !== undefined;
  }

  #body(): AsyncIterable<Uint8Array> {
    const encoding = this.#source.header("content-encoding");
    if (encoding !== undefined && encoding !== "identity") {
      throw new UnsupportedMediaType("The body of the request is compressed, which is not taken here.");
    }
    if ((this.contentLength ?? 0) > this.maxContentLength) {
      throw tooLarge(this.maxContentLength);
    }
    return this.#source.body() ?? emptyBody();
  }

  async #parseForm(): Promise<FormValues> {
    if (this.mimeType === "application/x-www-form-urlencoded") {
      return parseUrlencoded(await this.text(), this.limits);
    }
    if (this.mimeType === "multipart/form-data") {
      const multipart = await parseMultipart(this.#source.header("content-type") ?? "", this.stream, this.limits);
      this.#multipart = multipart;
      return new FormValues(multipart.entries);
    }
    return new FormValues();
  }
}

/**
 * Decodes a path once, wholly: this is the only place that does.
 *
 * @throws {BadRequest} If the path does not begin with a slash, is not UTF-8, or holds a null character.
 */
function decodePath(path: string): string {
  if (path.charCodeAt(0) !== 0x2f) {
    throw new BadRequest("The target of the request is not a path.");
  }
  if (!path.includes("%")) {
    return path;
  }
  try {
    const decoded = decodeURIComponent(path);
    if (!decoded.includes("\0")) {
      return decoded;
    }
  } catch {
    // Answered below.
  }
  throw new BadRequest("The path of the request is not well-formed.");
}

function parseUrlencoded(text: string, limits: RequestLimits): FormValues {
  if (Buffer.byteLength(text) > limits.fieldsSize) {
    throw new ContentTooLarge(`The fields of the form hold more than ${limits.fieldsSize} bytes (the setting maxFormMemorySize).`);
  }
  let parameters = 1;
  for (let index = text.indexOf("&"); index >= 0; index = text.indexOf("&", index + 1)) {
    parameters++;
  }
  if (parameters > limits.parts) {
    throw new ContentTooLarge(`The form has more than ${limits.parts} fields (the setting maxFormParts).`);
  }
  const values = new FormValues(new URLSearchParams(text));
  for (const value of values.values()) {
    if (typeof value === "string" && value.length > limits.fieldSize) {
      throw new ContentTooLarge(`A field of the form is larger than ${limits.fieldSize} bytes (the setting maxFieldSize).`);
    }
  }
  return values;
}

function parseAuthorization(header: string): Authorization | null {
  const match = /^([A-Za-z][\w-]*) +(\S.*)$/.exec(header);
  const [, scheme = "", rest = ""] = match ?? [];
  if (match === null) {
    return null;
  }
  const type = scheme.toLowerCase();
  if (type !== "basic") {
    return { type, token: rest.trim() };
  }
  const decoded = Buffer.from(rest, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return colon < 0 ? null : { type, username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** The answer 422 with every issue that a schema found. */
export class ValidationFailed extends UnprocessableContent {
  /** @param issues What is wrong, and where. */
  constructor(readonly issues: readonly SchemaIssue[]) {
    super("The request is well-formed, but some of its values are not valid.");
  }
}

async function parse<Output>(schema: Schema<Output>, value: unknown): Promise<Output> {
  const result = await validate(schema, value);
  if ("issues" in result) {
    throw new ValidationFailed(result.issues);
  }
  return result.value;
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
