import { type EntityTags, findByteRange, type RangeCondition, type RequestedRange } from "../conditional-headers";
import { parseHttpDate } from "../http-date";
import { FilePart } from "./file-part";
import type { ResponseHeaders } from "./response-headers";

/** The conditions and the range of a request. */
export interface ConditionalRequest {
  /** The method, in upper case. */
  readonly method: string;
  /** Tells which headers there are. */
  readonly headers: { has(name: string): boolean };
  /** The tags of `If-Match`. */
  readonly ifMatch: EntityTags;
  /** The tags of `If-None-Match`. */
  readonly ifNoneMatch: EntityTags;
  /** The date of `If-Modified-Since`, or `null`. */
  readonly ifModifiedSince: Date | null;
  /** The date of `If-Unmodified-Since`, or `null`. */
  readonly ifUnmodifiedSince: Date | null;
  /** The parsed header `If-Range`, or `null`. */
  readonly ifRange: RangeCondition | null;
  /** The ranges that are asked for, or `null`. */
  readonly range: RequestedRange | null;
}

/** The part of a response that a conditional request may change. */
export interface ConditionalResponse {
  /** The status code. */
  status: number;
  /** The body. */
  body: unknown;
  /** The headers. */
  readonly headers: ResponseHeaders;
}

/** The change: the status and the bytes of a range. */
export interface ConditionalAnswer {
  /** The status code. */
  readonly status: number;
  /** The body of a part, if the whole body is not sent. */
  readonly body: Uint8Array | FilePart | null;
}

/**
 * Finds the answer to a conditional request in place of the whole response (RFC 9110, sections 13.2.2 and 14).
 *
 * @param response A response to `GET` or `HEAD`.
 * @param request The request.
 * @param acceptRanges Whether a range is answered.
 * @returns The answer, or `null` if the response stays as it is. `Content-Range` and `Accept-Ranges` are set.
 */
export function findConditionalAnswer(
  { body, headers, status }: ConditionalResponse,
  request: ConditionalRequest,
  acceptRanges: boolean,
): ConditionalAnswer | null {
  if (status !== 200 || (request.method !== "GET" && request.method !== "HEAD")) {
    return null;
  }
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body instanceof Uint8Array || body instanceof FilePart ? body : null;
  if (acceptRanges && bytes !== null) {
    headers.set("accept-ranges", "bytes");
  }
  const etag = headers.get("etag");
  const modified = parseHttpDate(headers.get("last-modified"));
  if (isPreconditionFailed(request, etag, modified)) {
    return { status: 412, body: null };
  }
  if (isUnchanged(request, etag, modified)) {
    return { status: 304, body: null };
  }
  if (!acceptRanges || bytes === null || !isRangeWanted(request, etag, modified)) {
    return null;
  }
  const range = findByteRange(request.range, bytes.byteLength);
  if (range === null) {
    return null;
  }
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${bytes.byteLength}`);
    return { status: 416, body: null };
  }
  headers.set("content-range", `bytes ${range.first}-${range.last}/${bytes.byteLength}`);
  return { status: 206, body: bytes.subarray(range.first, range.last + 1) };
}

function isPreconditionFailed(
  { headers, ifMatch, ifUnmodifiedSince }: ConditionalRequest,
  etag: string | null,
  modified: Date | null,
): boolean {
  if (headers.has("if-match")) {
    return !(ifMatch.isStar || (etag !== null && ifMatch.hasStrong(etag)));
  }
  return ifUnmodifiedSince !== null && modified !== null && modified > ifUnmodifiedSince;
}

function isUnchanged({ headers, ifModifiedSince, ifNoneMatch }: ConditionalRequest, etag: string | null, modified: Date | null): boolean {
  if (headers.has("if-none-match")) {
    return ifNoneMatch.isStar || (etag !== null && ifNoneMatch.has(etag));
  }
  return ifModifiedSince !== null && modified !== null && modified <= ifModifiedSince;
}

/** The client does not want a range of another state: the whole body is sent. */
function isRangeWanted({ headers, ifRange }: ConditionalRequest, etag: string | null, modified: Date | null): boolean {
  if (!headers.has("if-range")) {
    return true;
  }
  if (ifRange?.etag !== undefined && ifRange.etag !== null) {
    return etag === `"${ifRange.etag}"`;
  }
  return ifRange?.date !== undefined && modified?.getTime() === ifRange.date?.getTime();
}
