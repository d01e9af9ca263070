import type { IncomingMessage, ServerOptions } from "node:http";
import { nodeLine } from "./node-line";

/**
 * The options that make a server of Flagon's own skip the end of requests without a body, from Node 24 on.
 *
 * Purpose: after the response, Node reads each request to its end, in several steps even without a body.
 * Gain: 6 % of the CPU time of such a request on Node 24, 4 % on Node 26.
 * Node lines: 24 and later; older lines ignore the option.
 * Measured by: `node bench/tuning.mjs empty-requests`.
 * Remove it when Node makes it the default.
 */
export const emptyRequestOptions: ServerOptions & { readonly optimizeEmptyRequests: boolean } = { optimizeEmptyRequests: true };

const needsRead = nodeLine < 24;

/**
 * Marks a request without a body as read, unless it has a listener for its end.
 *
 * Purpose: the same as `emptyRequestOptions`, on lines without that option.
 * Gain: 4 % of the CPU time of such a request on Node 20 (median of 40 processes), 5 % on Node 22.
 * Node lines: below 24. The events `end` and `close` of the request then never come.
 * Measured by: `node bench/tuning.mjs empty-requests`.
 * Remove it when Node 22 is no longer supported.
 */
export function skipEmptyBody(message: IncomingMessage): void {
  if (needsRead && message.httpVersionMajor === 1 && message.listenerCount("end") === 0 && message.listenerCount("close") === 0) {
    message.read(0);
  }
}
