import { isIPv6 } from "node:net";
import { BadRequest, RequestHeaderFieldsTooLarge, URITooLong } from "../exceptions/client-errors";
import type { HTTPException } from "../exceptions/http-exception";
import { inspectHead, type RequestHead } from "./request-head";
import type { RequestSource } from "./request-source";

/** The most lines that the head of a request may have. */
export const maxHeaderLines: number = 100;
/** The largest head, in bytes. */
const maxHeadSize = 16 * 1024;

/** The longest target, in characters. */
const maxTarget = 8 * 1024;
const maxHost = 255;
/** The hosts of almost all requests. This test takes a fifth of the time of the full one: 80 ns, not 400 ns. */
const usualHost = /^[\w-]+(?:\.[\w-]+)*(?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?$/;
const namePattern = /^[\w-]+(?:\.[\w-]+)*\.?$/;

/**
 * Finds the error in the head of a request, or gives `undefined` for a head without one.
 *
 * `Host`, `Content-Type` and `Authorization` may come once (RFC 9112, section 3.2): otherwise a proxy and the app could
 * each read another value.
 */
export function findHeadError(head: RequestHead): HTTPException | undefined {
  if (head.target.length > maxTarget) {
    return new URITooLong();
  }
  const { limits, source, statedHost } = inspectHead(head);
  if (source.isUnmeasured === true && isTooLarge(source)) {
    return new RequestHeaderFieldsTooLarge("The headers of the request are too large.");
  }
  const repeated = source.findRepeated?.() ?? findJoined(source.header("content-type"), source.header("authorization"));
  if (repeated !== undefined) {
    return new BadRequest(`The request has more than one header '${repeated}'.`);
  }
  const host = source.header("host");
  if ((host !== undefined && !isHost(host)) || (statedHost !== (host ?? "") && !isHost(statedHost))) {
    return new BadRequest("The Host header of the request is not well-formed.");
  }
  const { queryString } = head;
  const { parts } = limits;
  if (queryString.length > parts && queryString.split("&", parts + 1).length > parts) {
    return new URITooLong(`The query of the request has more than ${parts} parameters (the setting maxFormParts).`);
  }
  return undefined;
}

/** Finds a header that came twice, where the server has joined the two: a comma is part of neither outside of quotes. */
function findJoined(contentType: string | undefined, authorization: string | undefined): string | undefined {
  if (contentType?.includes(",") === true && hasBareComma(contentType)) {
    return "content-type";
  }
  // Other schemes have parameters with commas between them.
  return authorization !== undefined && /^(?:basic|bearer) [^,]*,/i.test(authorization) ? "authorization" : undefined;
}

/** Tells whether a head has more lines or bytes than a request may have. */
function isTooLarge(source: RequestSource): boolean {
  let lines = 0;
  let size = 0;
  for (const [name, value] of source.headers()) {
    lines++;
    // Colon, blank and line end.
    size += name.length + value.length + 4;
  }
  return lines > maxHeaderLines || size > maxHeadSize;
}

/** Tells whether a text is a host, with a port or without (RFC 9110, section 7.2). The empty text is no host. */
export function isHost(text: string): boolean {
  if (usualHost.test(text)) {
    return text.length <= maxHost;
  }
  const [, six, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isName = six === undefined ? name !== undefined && namePattern.test(name) : isIPv6(six) && !six.includes("%");
  return isName && text.length <= maxHost && (port === undefined || (Number(port) > 0 && Number(port) <= 65_535));
}

/** Tells whether a text has a comma outside of quotes. */
function hasBareComma(text: string): boolean {
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') {
      isQuoted = !isQuoted;
    } else if (isQuoted && character === "\\") {
      index++;
    } else if (!isQuoted && character === ",") {
      return true;
    }
  }
  return false;
}
