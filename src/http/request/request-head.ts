import { randomUUID } from "node:crypto";
import type { Logger } from "../../base/logging";
import type { Schema } from "../../base/schema";
import { parseDirectives } from "../cache-control";
import { EntityTags, parseIfRange, parseRange, type RangeCondition, type RequestedRange } from "../conditional-headers";
import { parseLength } from "../content-length";
import { parseCookies } from "../cookies";
import { BadRequest } from "../exceptions/client-errors";
import { parseParameters } from "../header-parameters";
import { parseHttpDate } from "../http-date";
import { normalizeAddress } from "../network-address";
import { Accepts } from "./accepts";
import { type Authorization, parseAuthorization } from "./authorization";
import type { FormValue } from "./form-values";
import type { Connection, ProxyTrust } from "./proxy";
import { Query } from "./query";
import { parseMimeType, type RequestIssue, type RequestLimits } from "./request-body";
import { guardValues } from "./request-guard";
import { RequestHeaders } from "./request-headers";
import type { RequestSource } from "./request-source";

/** The settings that all requests of an app share. */
export interface RequestSettings {
  /** The limits of requests. A request copies them before it changes them. */
  readonly limits: Readonly<RequestLimits>;
  /** The trusted proxies, or `null` for none. */
  readonly proxy: ProxyTrust | null;
  /** The path under which a proxy shows the app, without a slash at the end; the empty string for none. */
  readonly applicationRoot: string;
  /** Makes the logger of a request. */
  readonly createLog: (requestId: string) => Logger;
  /** Whether forgotten awaits are looked for: in debug mode and in tests. */
  readonly isWatched: boolean;
  /** Whether errors that no response carries go to the console: in tests, whose log is silent. */
  readonly tellsTests: boolean;
  /** Parses JSON. */
  readonly parseJson: (text: string) => unknown;
  /** Returns a schema that takes values of JSON where another asks for dates, bigints, sets and maps. */
  readonly acceptJson: <Output>(schema: Schema<Output>) => Schema<Output>;
  /** Converts and checks fields by a schema. */
  readonly parseFields: (schema: Schema, entries: Iterable<readonly [string, FormValue]>, place: RequestIssue["in"]) => Promise<unknown>;
}

/** The members of a head that only Flagon itself reads. */
interface InspectedHead {
  readonly source: RequestSource;
  readonly limits: Readonly<RequestLimits>;
  /** The host with its port, as the client or a trusted proxy states it; the empty string without one. */
  readonly statedHost: string;
}

/** Reads the members of a head that are no part of its public type. The class sets it. */
export let inspectHead: (head: RequestHead) => InspectedHead;

/** The head of a request: its target and its headers. Each part is parsed when it is first read, and the result is kept. */
export class RequestHead {
  /** The method, in upper case; that of the field `_method` where the setting `methodOverride` lets it. */
  method: string;
  /**
   * The request as the server describes it.
   *
   * @internal
   */
  protected readonly source: RequestSource;
  /**
   * The settings that all requests of the app share.
   *
   * @internal
   */
  protected readonly settings: RequestSettings;
  readonly #queryStart: number;

  static {
    inspectHead = (head) => ({ source: head.source, limits: head.settings.limits, statedHost: head.#statedHost });
  }

  #connection: Connection | undefined;
  #id: string | undefined;
  #log: Logger | undefined;
  #path: string | undefined;
  #query: Query | undefined;
  #headers: RequestHeaders | undefined;
  #cookies: Readonly<Record<string, string | undefined>> | undefined;
  #accepts: Accepts | undefined;
  #mimeType: string | undefined;

  /**
   * @param source The source of the request.
   * @param settings The settings that all requests of the app share.
   * @internal
   */
  constructor(source: RequestSource, settings: RequestSettings) {
    this.source = source;
    this.method = source.method;
    this.settings = settings;
    this.#queryStart = source.target.indexOf("?");
  }

  /** The target as it came, without the path under which the app is mounted. */
  get target(): string {
    return this.source.target;
  }

  /**
   * The path inside the app, decoded, as the router matches it.
   *
   * The parts of a malformed path that cannot be decoded stay as they came. Such a request is answered with 400 before
   * any view.
   */
  get path(): string {
    if (this.#path === undefined) {
      const path = this.#queryStart < 0 ? this.target : this.target.slice(0, this.#queryStart);
      this.#path = decodePath(path) ?? decodeParts(path);
    }
    return this.#path;
  }

  /** The path inside the app and the query, as they came. */
  get fullPath(): string {
    return this.target;
  }

  /** The path under which the app is mounted, or that a trusted proxy removes, without a slash at the end; usually the empty string. */
  get rootPath(): string {
    const { applicationRoot, proxy } = this.settings;
    return (proxy === null ? applicationRoot : (this.#resolveConnection(proxy).prefix ?? applicationRoot)) + this.source.rootPath;
  }

  /** The query without its `?`, as it came. */
  get queryString(): string {
    return this.#queryStart < 0 ? "" : this.target.slice(this.#queryStart + 1);
  }

  /** The parsed query. */
  get query(): Query {
    // A first question mark of the text itself belongs to a name.
    this.#query ??= this.guard(new Query(`?${this.queryString}`), "request.query");
    return this.#query;
  }

  /** The headers. */
  get headers(): RequestHeaders {
    this.#headers ??= this.guard(new RequestHeaders(this.source), "request.headers");
    return this.#headers;
  }

  /**
   * Guards values against reads of members that they do not have, in debug mode and in tests.
   *
   * @internal
   */
  protected guard<Values extends object>(values: Values, place: string): Values {
    return this.settings.isWatched ? guardValues(values, place) : values;
  }

  /** The cookies by name; the first of several with one name. */
  get cookies(): Readonly<Record<string, string | undefined>> {
    this.#cookies ??= parseCookies(this.source.header("cookie") ?? "");
    return this.#cookies;
  }

  /** The whole URL: scheme, host, path and query. */
  get url(): string {
    return this.origin + this.rootPath + this.target;
  }

  /** The URL without the query. */
  get baseUrl(): string {
    return this.origin + this.rootPath + (this.#queryStart < 0 ? this.target : this.target.slice(0, this.#queryStart));
  }

  /** The URL of the app's root, with a slash at the end. */
  get rootUrl(): string {
    return `${this.origin}${this.rootPath}/`;
  }

  /** The app's own scheme and host, such as `"https://example.com"`. The header `Origin` is in `headers`. */
  get origin(): string {
    return `${this.scheme}://${this.host}`;
  }

  /** The host, with the port unless it is the scheme's usual one. Zeros before the port are left out (RFC 3986, section 6.2.3). */
  get host(): string {
    const host = this.#statedHost;
    return host.includes(":") ? normalizePort(host, this.isSecure ? "443" : "80") : host;
  }

  /** `"http"` or `"https"`. */
  get scheme(): "http" | "https" {
    const { proxy } = this.settings;
    return proxy === null ? this.source.scheme : this.#resolveConnection(proxy).scheme;
  }

  /** Whether the request came over HTTPS. */
  get isSecure(): boolean {
    return this.scheme === "https";
  }

  /** The address of the client. */
  get remoteAddress(): string {
    const { proxy } = this.settings;
    return proxy === null ? this.#peer : this.#resolveConnection(proxy).remoteAddress;
  }

  /** The addresses on the way: the client's first, then those of the proxies that the setting `trustProxy` believes. */
  get accessRoute(): readonly string[] {
    const { proxy } = this.settings;
    return proxy === null ? [this.#peer] : this.#resolveConnection(proxy).route;
  }

  /** The types, languages and encodings that the client accepts. */
  get accepts(): Accepts {
    this.#accepts ??= new Accepts((name) => this.source.header(name));
    return this.#accepts;
  }

  /** The `Content-Type` header with its parameters, or the empty string. */
  get contentType(): string {
    return this.source.header("content-type") ?? "";
  }

  /** The media type of the body without parameters, in lower case, or the empty string. */
  get mimeType(): string {
    this.#mimeType ??= parseMimeType(this.source.header("content-type"));
    return this.#mimeType;
  }

  /** The parameters of the media type by name in lower case, such as `{ charset: "utf-8" }`. */
  get mimeTypeParameters(): Readonly<Record<string, string>> {
    const parameters: Record<string, string> = Object.create(null);
    return Object.assign(parameters, Object.fromEntries(parseParameters(this.contentType)?.parameters ?? []));
  }

  /** Whether the body says that it is JSON: `application/json`, or a type that ends in `+json`. */
  get isJson(): boolean {
    const type = this.mimeType;
    return type === "application/json" || /^application\/[\w.+-]+\+json$/.test(type);
  }

  /** The stated length of the body in bytes, or `null`. */
  get contentLength(): number | null {
    return parseLength(this.source.header("content-length"));
  }

  /** The credentials of the `Authorization` header, or `null` if there are none or they are malformed. */
  get authorization(): Authorization | null {
    return parseAuthorization(this.source.header("authorization"));
  }

  /** The tags of `If-Match`: one of them must be the current one. */
  get ifMatch(): EntityTags {
    return new EntityTags(this.source.header("if-match"));
  }

  /** The tags of `If-None-Match`: none of them may be the current one. */
  get ifNoneMatch(): EntityTags {
    return new EntityTags(this.source.header("if-none-match"));
  }

  /** The date of `If-Modified-Since`, or `null`. */
  get ifModifiedSince(): Date | null {
    return parseHttpDate(this.source.header("if-modified-since"));
  }

  /** The date of `If-Unmodified-Since`, or `null`. */
  get ifUnmodifiedSince(): Date | null {
    return parseHttpDate(this.source.header("if-unmodified-since"));
  }

  /** The parsed header `If-Range`, or `null`. */
  get ifRange(): RangeCondition | null {
    return parseIfRange(this.source.header("if-range"));
  }

  /** The ranges that are asked for, or `null`. */
  get range(): RequestedRange | null {
    return parseRange(this.source.header("range"));
  }

  /** The directives of `Cache-Control` by name, such as `"max-age"`; one without a value is `true`. */
  get cacheControl(): ReadonlyMap<string, string | number | true> {
    return parseDirectives(this.source.header("cache-control"));
  }

  /** The page that the client says it comes from, or `null`. */
  get referrer(): string | null {
    return this.source.header("referer") ?? null;
  }

  /** The header `User-Agent`, or the empty string. */
  get userAgent(): string {
    return this.source.header("user-agent") ?? "";
  }

  /** The id of the request in the log: the `X-Request-Id` of a trusted proxy, or a new one. */
  get id(): string {
    if (this.#id === undefined) {
      const given = this.settings.proxy === null ? undefined : this.source.header("x-request-id");
      this.#id = given !== undefined && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID();
    }
    return this.#id;
  }

  /** The app's logger, whose lines carry the id of the request. */
  get log(): Logger {
    this.#log ??= this.settings.createLog(this.id);
    return this.#log;
  }

  /** Is aborted when the client leaves before the response is complete. */
  get signal(): AbortSignal {
    return this.source.signal();
  }

  /** The request of the server itself: an `IncomingMessage` on Node, a web `Request` in `app.fetch`, `null` in tests. */
  get raw(): unknown {
    return this.source.raw;
  }

  get #statedHost(): string {
    const { proxy } = this.settings;
    return proxy === null ? (this.source.header("host") ?? "") : this.#resolveConnection(proxy).host;
  }

  get #peer(): string {
    const { remoteAddress } = this.source;
    return remoteAddress.includes(":") ? (normalizeAddress(remoteAddress) ?? remoteAddress) : remoteAddress;
  }

  #resolveConnection(proxy: ProxyTrust): Connection {
    this.#connection ??= proxy.resolve(this.source);
    return this.#connection;
  }
}

/** Removes the zeros before the port of a host, and the port itself if it is the usual one. */
function normalizePort(host: string, usual: string): string {
  const [, name = host, port] = /^(.*):0*(\d+)$/.exec(host) ?? [];
  return port === undefined || port === usual ? name : `${name}:${port}`;
}

/**
 * Refuses a malformed path.
 *
 * @throws {BadRequest} If the path does not begin with a slash, is not UTF-8, or holds a null character.
 */
export function checkPath(target: string): void {
  if (target.charCodeAt(0) !== 0x2f) {
    throw new BadRequest("The target of the request is not a path.");
  }
  if (target.includes("%") && decodePath(target.split("?", 1)[0] ?? "") === undefined) {
    throw new BadRequest("The path of the request is not well-formed.");
  }
}

/** Decodes a path once, wholly. Returns `undefined` if it is not UTF-8 or holds a null character. */
function decodePath(path: string): string | undefined {
  if (!path.includes("%")) {
    return path;
  }
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes("\0") ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Decodes the parts of a malformed path that can be decoded. */
function decodeParts(path: string): string {
  return path.replace(/(?:%[\da-f]{2})+/gi, (part) => decodePath(part) ?? part);
}
