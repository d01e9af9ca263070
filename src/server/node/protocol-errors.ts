import type { IncomingMessage } from "node:http";
import { HTTPVersionNotSupported, NotImplemented } from "../../http/exceptions/by-status";
import { BadRequest, ExpectationFailed, RequestHeaderFieldsTooLarge } from "../../http/exceptions/client-errors";
import type { HTTPException } from "../../http/exceptions/http-exception";
import { maxHeaderLines } from "../../http/request/head-error";
import { findHeader, listRawHeaders } from "./raw-headers";

/** A list of expectations with the one that there is (RFC 9110, section 10.1.1), as Node's parser reads it. */
const knownExpectation = /(?:^|\W)100-continue(?:$|\W)/i;

/**
 * Finds the error in the protocol of a request that Node's parser lets pass.
 *
 * @param message The request.
 * @returns 501 for a transfer coding other than `chunked` (RFC 9112, section 6.1), 400 for HTTP/0.9, for `chunked` in
 *   HTTP/1.0 and for HTTP/1.1 without a host (section 3.2), 417 for an expectation other than `100-continue`, 505 for another
 *   version, 431 for over 100 headers; `undefined` if there is none.
 */
export function findProtocolError(message: IncomingMessage): HTTPException | undefined {
  const { httpVersionMajor, httpVersionMinor } = message;
  if (typeof httpVersionMajor !== "number") {
    // The message comes from an adapter, without a parsed version.
    return undefined;
  }
  if (httpVersionMajor === 0) {
    return new BadRequest("The request line has no version of HTTP.");
  }
  const headers = listRawHeaders(message);
  if (headers.length / 2 > maxHeaderLines) {
    return new RequestHeaderFieldsTooLarge("The request has too many headers.");
  }
  if (httpVersionMajor !== 1) {
    return isOfHttp2(message) ? undefined : new HTTPVersionNotSupported();
  }
  const coding = findHeader(headers, "transfer-encoding");
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") {
    return new NotImplemented("The server accepts only the transfer coding 'chunked'.");
  }
  if (httpVersionMinor === 0) {
    return coding === undefined ? undefined : new BadRequest("HTTP/1.0 has no transfer codings.");
  }
  const expectation = findHeader(headers, "expect");
  if (expectation !== undefined && !knownExpectation.test(expectation)) {
    return new ExpectationFailed("The server accepts only the expectation '100-continue'.");
  }
  return findHeader(headers, "host") === undefined ? new BadRequest("The request names no host.") : undefined;
}

/** Tells whether the end of a request's body cannot be known: its last transfer coding is not `chunked`. Node stops reading then. */
export function hasEndlessBody(message: IncomingMessage): boolean {
  const coding = message.httpVersionMajor === 1 ? findHeader(listRawHeaders(message), "transfer-encoding") : undefined;
  return coding !== undefined && !/(?:^|,)[ \t]*chunked[ \t]*$/i.test(coding);
}

/** Tells whether a request comes from Node's server of HTTP/2, whose requests have a stream. */
export function isOfHttp2(message: IncomingMessage): boolean {
  return "stream" in message;
}
