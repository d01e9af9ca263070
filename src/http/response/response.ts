import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { brand } from "../../base/copies";
import { refusePromise } from "../../base/forgotten-await";
import { describeGiven, refuseUnknown } from "../../base/unknown-options";
import { isWatching } from "../../base/watching";
import { type CacheDirectives, createCacheControl, formatCacheControl } from "../cache-control";
import { type CookieOptions, formatCookie } from "../cookies";
import { formatHttpDate, parseHttpDate } from "../http-date";
import { type ConditionalRequest, findConditionalAnswer } from "./conditional-answer";
import { guardResponse } from "./response-guard";
import { addTrusted, type HeadersLike, ResponseHeaders } from "./response-headers";

/** The body of a response: text (sent as UTF-8), bytes, a stream of either, or nothing. */
export type ResponseBody = string | Uint8Array | ReadableStream<Uint8Array> | Readable | AsyncIterable<string | Uint8Array> | null;

const noCallbacks: readonly (() => unknown)[] = [];

/** The options of a cookie. The type keeps the list complete. */
const cookieOptions = Object.keys({
  maxAge: true,
  expires: true,
  path: true,
  domain: true,
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
} satisfies Record<keyof CookieOptions, true>);

/** A response. Hooks can change all of it before it is sent. */
export class FlagonResponse {
  /** The headers. */
  readonly headers: ResponseHeaders;
  /** The body. */
  body: ResponseBody;
  /** The length of a streamed body in bytes, where it is known; text and bytes are measured when they are sent. */
  streamLength: number | null = null;
  /**
   * The request that the response belongs to, once it was returned: hooks and the session change it for that one.
   *
   * @internal
   */
  owner: object | undefined;
  #status: number;
  #closeCallbacks: (() => unknown)[] | undefined;

  /**
   * @param body The body. Default: none.
   * @param status The status code. 200 by default.
   * @param headers The headers; text gets `text/html; charset=utf-8` unless they say otherwise.
   * @throws {RangeError} If the status is not from 200 to 599.
   */
  constructor(body: ResponseBody = null, status = 200, headers?: HeadersLike) {
    this.#status = checkStatus(status);
    refusePromise(body, "body of a response", TypeError);
    this.body = body;
    this.headers = new ResponseHeaders(headers);
    if (typeof body === "string" && (headers === undefined || !this.headers.has("content-type"))) {
      addTrusted(this.headers, "content-type", "text/html; charset=utf-8");
    }
    // A class of the app's own may have members of its own.
    if (isWatching() && new.target === FlagonResponse) {
      guardResponse(this, this.headers, members);
    }
  }

  /**
   * The status code.
   *
   * @throws {RangeError} If it is set to a number that is not from 200 to 599.
   */
  get status(): number {
    return this.#status;
  }

  set status(status: number) {
    this.#status = checkStatus(status);
  }

  /** The media type without parameters, such as `"text/html"`, or the empty string. Setting one of text adds `charset=utf-8`. */
  get mimeType(): string {
    return (this.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  }

  set mimeType(type: string) {
    refuseMissingText(type, "mimeType");
    if (isWatching() && !type.includes("/")) {
      throw new TypeError(`The media type '${type}' of a response has no slash. Write it whole, such as "application/json".`);
    }
    this.headers.set("content-type", withCharset(type));
  }

  /** Whether the body is sent piece by piece, so that its length is not known. */
  get isStreamed(): boolean {
    return this.body !== null && typeof this.body !== "string" && !(this.body instanceof Uint8Array);
  }

  /** The entity tag, in its quotes, or `null`. Setting plain text quotes it. */
  get etag(): string | null {
    return this.headers.get("etag");
  }

  set etag(value: string | null) {
    refusePromise(value, "property 'etag' of a response", TypeError);
    refuseMissingText(value, "etag");
    this.#setOrDelete("etag", value === null || /^(?:W\/)?"/.test(value) ? value : `"${value}"`);
  }

  /**
   * The directives of `Cache-Control`, which can be read and set: `response.cacheControl.maxAge = 60`.
   *
   * All of it can be set at once, as text or as an object; `null` removes the header.
   */
  get cacheControl(): CacheDirectives {
    return createCacheControl({
      get: () => this.headers.get("cache-control"),
      set: (header) => this.#setOrDelete("cache-control", header),
    });
  }

  set cacheControl(value: string | CacheDirectives | null) {
    refusePromise(value, "property 'cacheControl' of a response", TypeError);
    this.#setOrDelete("cache-control", typeof value === "object" && value !== null ? formatCacheControl(value) : value);
  }

  /** The time of the last change of the content, or `null`. */
  get lastModified(): Date | null {
    return parseHttpDate(this.headers.get("last-modified"));
  }

  set lastModified(date: Date | null) {
    refusePromise(date, "property 'lastModified' of a response", TypeError);
    checkDate(date, "lastModified");
    this.#setOrDelete("last-modified", date && formatHttpDate(date));
  }

  /** The time from which the response is not fresh any more, or `null`. */
  get expires(): Date | null {
    return parseHttpDate(this.headers.get("expires"));
  }

  set expires(date: Date | null) {
    refusePromise(date, "property 'expires' of a response", TypeError);
    checkDate(date, "expires");
    this.#setOrDelete("expires", date && formatHttpDate(date));
  }

  /** The `Location` header, or `null`. It is sent without a check: use `redirect()` for an address that a visitor may have chosen. */
  get location(): string | null {
    return this.headers.get("location");
  }

  set location(value: string | null) {
    refuseMissingText(value, "location");
    this.#setOrDelete("location", value);
  }

  /**
   * Sets the entity tag to a hash of the body, unless there is one or the body is streamed.
   *
   * @param options Whether the tag is weak. Default: `false`.
   */
  addEtag({ weak = false }: { weak?: boolean } = {}): void {
    const body = this.body ?? "";
    if (this.etag === null && (typeof body === "string" || body instanceof Uint8Array)) {
      const hash = createHash("sha256").update(body).digest("base64url").slice(0, 27);
      this.etag = `${weak ? "W/" : ""}"${hash}"`;
    }
  }

  /**
   * Answers a conditional request: 304 if the client has the current content, and 412 if it asked for another state. A
   * range of a file, or of a body that is not streamed, is answered with 206 or 416.
   *
   * Only a 200 to `GET` or `HEAD` is changed. Set {@link FlagonResponse.etag} or {@link FlagonResponse.lastModified}
   * before (RFC 9110, section 13.2.2).
   *
   * @param request The request.
   * @param options `acceptRanges` answers ranges. Default: `false`.
   */
  makeConditional(request: ConditionalRequest, { acceptRanges = false }: { acceptRanges?: boolean } = {}): this {
    const answer = findConditionalAnswer(this, request, acceptRanges);
    if (answer !== null) {
      this.discardBody();
      this.status = answer.status;
      this.body = answer.body;
    }
    return this;
  }

  /**
   * Removes the body, and ends its stream, so that it holds no file open.
   *
   * @internal
   */
  discardBody(): void {
    if (this.body instanceof Readable) {
      this.body.on("error", () => undefined).destroy();
    }
    this.body = null;
    this.streamLength = null;
  }

  /** Calls a function when the body has been sent, or the client has left. */
  callOnClose(callback: () => unknown): void {
    refusePromise(callback, "function of callOnClose()", TypeError);
    this.#closeCallbacks ??= [];
    this.#closeCallbacks.push(callback);
  }

  /**
   * The functions to call when the response is over.
   *
   * @internal
   */
  get closeCallbacks(): readonly (() => unknown)[] {
    return this.#closeCallbacks ?? noCallbacks;
  }

  /**
   * Adds the names of request headers on which the response depends to `Vary`.
   *
   * @param names The names, such as `"Accept-Language"`.
   */
  vary(...names: readonly string[]): void {
    for (const name of names) {
      refusePromise(name, "name of a header for vary()", TypeError);
      if (typeof name !== "string") {
        const cure = Array.isArray(name) ? ` Spread the list: response.vary(...names).` : "";
        throw new TypeError(`vary() needs names of headers, but got ${describeGiven(name)}.${cure}`);
      }
    }
    const present = this.headers.get("vary");
    const [only] = names;
    if (present === null && names.length === 1 && only !== undefined) {
      this.headers.set("vary", only.toLowerCase());
      return;
    }
    const listed = new Set(present === null ? [] : present.split(",").map((name) => name.trim().toLowerCase()));
    for (const name of names) {
      listed.add(name.toLowerCase());
    }
    this.headers.set("vary", [...listed].join(", "));
  }

  /**
   * Sets a cookie.
   *
   * @param name The cookie's name.
   * @param value Its value; any text.
   * @param options The attributes of the cookie.
   * @throws {TypeError} If the name or an attribute is malformed, or if browsers would drop the cookie.
   */
  setCookie(name: string, value: string, options?: CookieOptions): void {
    refuseUnknown(options, cookieOptions, "setCookie()");
    this.headers.append("set-cookie", formatCookie(name, value, options));
  }

  /**
   * Makes the browser drop a cookie.
   *
   * @param name The cookie's name.
   * @param options The same `path`, `domain` and flags with which it was set.
   */
  deleteCookie(name: string, options: CookieOptions = {}): void {
    refuseUnknown(options, cookieOptions, "deleteCookie()");
    this.headers.append("set-cookie", formatCookie(name, "", { ...options, maxAge: 0, expires: new Date(0) }));
  }

  #setOrDelete(name: string, value: string | null): void {
    if (value === null) {
      this.headers.delete(name);
    } else {
      this.headers.set(name, value);
    }
  }
}

/** Refuses a text that is missing: the header would say "undefined". For debug mode and tests. */
function refuseMissingText(value: unknown, property: string): void {
  if (value === undefined && isWatching()) {
    throw new TypeError(`The property '${property}' of a response must be a text, but got nothing. Write null to remove the header.`);
  }
}

/**
 * Refuses a time that is no date.
 *
 * @throws {TypeError} If it is another value, or a date that is not valid.
 */
function checkDate(date: unknown, property: "lastModified" | "expires"): void {
  if (date !== null && date !== undefined && !(Object.prototype.toString.call(date) === "[object Date]" && !Number.isNaN(Number(date)))) {
    const given = Object.prototype.toString.call(date) === "[object Date]" ? "one that is not valid" : describeGiven(date);
    const cure =
      property === "expires" && typeof date === "number"
        ? " Seconds are response.cacheControl.maxAge = 60."
        : typeof date === "string" || typeof date === "number"
          ? ` Write new Date(${JSON.stringify(date)}).`
          : "";
    throw new TypeError(`The property '${property}' of a response must be a Date or null, but got ${given}.${cure}`);
  }
}

/** Refuses a status that a final response cannot have. */
function checkStatus(status: number): number {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    refusePromise(status, "status of a response", TypeError);
    if (typeof status !== "number") {
      const cure = typeof status === "object" ? " It stands alone, without an object around it: json(value, 201)." : "";
      throw new RangeError(`The status of a response must be a number from 200 to 599, but got ${describeGiven(status)}.${cure}`);
    }
    throw new RangeError(`A response cannot have the status ${status}. Use a whole number from 200 to 599.`);
  }
  return status;
}

/** Adds the charset to types of text. JSON and binary types need none. */
function withCharset(type: string): string {
  return !/charset=/i.test(type) && /^(?:text\/|application\/(?:javascript|ecmascript|sql|xml)\b|[\w.-]+\/[\w.-]+\+xml\b)/i.test(type)
    ? `${type}; charset=utf-8`
    : type;
}

brand(FlagonResponse.prototype, "response");

/** The public members of a response, for the words of errors. */
const members: readonly string[] = [
  "body",
  ...Object.getOwnPropertyNames(FlagonResponse.prototype).filter(
    (name) => !["constructor", "closeCallbacks", "discardBody"].includes(name),
  ),
];
