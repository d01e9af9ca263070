import type { Readable } from "node:stream";
import { type CookieOptions, formatCookie } from "./cookies";
import { type HeadersLike, ResponseHeaders } from "./headers";

/** What a response can send: text as UTF-8, bytes, a stream of either, or nothing. */
export type ResponseBody = string | Uint8Array | ReadableStream<Uint8Array> | Readable | AsyncIterable<string | Uint8Array> | null;

/** A response on its way out: hooks may still change all of it. */
export class FlagonResponse {
  /** The status code. */
  status: number;
  /** The headers. */
  readonly headers: ResponseHeaders;
  /** What is sent. */
  body: ResponseBody;
  /** The length of a streamed body in bytes, where it is known; text and bytes are measured when they are sent. */
  streamLength: number | null = null;

  /**
   * @param body What is sent. Nothing by default.
   * @param status The status code. 200 by default.
   * @param headers The headers; text gets `text/html; charset=utf-8` unless they say otherwise.
   * @throws {RangeError} If the status is not from 200 to 599.
   */
  constructor(body: ResponseBody = null, status = 200, headers?: HeadersLike) {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`A response cannot have the status ${status}. Use a whole number from 200 to 599.`);
    }
    this.status = status;
    this.body = body;
    this.headers = new ResponseHeaders(headers);
    if (typeof body === "string" && (headers === undefined || !this.headers.has("content-type"))) {
      this.headers.addTrusted("content-type", "text/html; charset=utf-8");
    }
  }

  /** The media type without parameters, such as `"text/html"`, or the empty string. */
  get mimeType(): string {
    return (this.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
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
    if (value === null) {
      this.headers.delete("etag");
    } else {
      this.headers.set("etag", /^(?:W\/)?"/.test(value) ? value : `"${value}"`);
    }
  }

  /** The `Cache-Control` header, or `null`. */
  get cacheControl(): string | null {
    return this.headers.get("cache-control");
  }

  set cacheControl(value: string | null) {
    if (value === null) {
      this.headers.delete("cache-control");
    } else {
      this.headers.set("cache-control", value);
    }
  }

  /**
   * Adds the names of request headers on which the response depends to `Vary`.
   *
   * @param names The names, such as `"Accept-Language"`.
   */
  vary(...names: readonly string[]): void {
    const present = this.headers.get("vary");
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
   * @param options How it is sent and who may read it.
   * @throws {TypeError} If the name or an option holds what a cookie cannot.
   */
  setCookie(name: string, value: string, options?: CookieOptions): void {
    this.headers.append("set-cookie", formatCookie(name, value, options));
  }

  /**
   * Makes the browser drop a cookie.
   *
   * @param name The cookie's name.
   * @param options The same `path`, `domain` and flags with which it was set.
   */
  deleteCookie(name: string, options: CookieOptions = {}): void {
    this.headers.append("set-cookie", formatCookie(name, "", { ...options, maxAge: 0, expires: new Date(0) }));
  }
}
