import type { ServerResponse } from "node:http";

/** Members of Node's replies that are no part of its manual. */
interface ContinuedReply extends ServerResponse {
  readonly _expect_continue?: unknown;
  readonly _sent100?: unknown;
}

/**
 * Tells whether a client waits for `100 Continue`, which Node has not sent: the server of an app's own calls `app.handler` for
 * the event `checkContinue`. Where Node names these members otherwise, nobody waits.
 */
export function waitsForContinue(reply: ContinuedReply): boolean {
  return reply._expect_continue === true && reply._sent100 === false;
}
