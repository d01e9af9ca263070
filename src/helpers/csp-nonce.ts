import { getRequestContext } from "../dispatch/context";

/**
 * Returns the nonce of the current response, which its `Content-Security-Policy` then names: `<script nonce="<%=
 * cspNonce() %>">`.
 *
 * Each response has its own, of 128 random bits. A page that is streamed needs the nonce before its first piece is
 * sent.
 *
 * @throws {FlagonError} If the headers of the response are complete without it.
 */
export function cspNonce(): string {
  return getRequestContext("cspNonce").cspNonce;
}
