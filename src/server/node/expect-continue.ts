import type { ServerResponse } from "node:http";

/** Undocumented members of Node's replies. */
interface ContinuedReply extends ServerResponse {
  readonly _expect_continue?: unknown;
  readonly _sent100?: unknown;
}

/**
 * Tells whether a client waits for `100 Continue`, which Node has not sent: the server of an app's own calls
 * `app.handler` for the event `checkContinue`. If Node renames these members, the result is `false`.
 */
export function waitsForContinue(reply: ContinuedReply): boolean {
  return reply._expect_continue === true && reply._sent100 === false;
}
