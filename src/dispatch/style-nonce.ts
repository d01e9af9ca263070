import { Markup } from "../base/html";
import type { RequestContext } from "./context";

/**
 * Returns the attribute that lets the style of Flagon's own pages pass the app's policy, with a space before it; or nothing, if the policy
 * does not limit styles.
 */
export function formatStyleNonce(context: RequestContext): Markup {
  const isNeeded = context.app.defaultHeaders.limitsStyles && !context.isAnswered;
  return new Markup(isNeeded ? ` nonce="${context.cspNonce}"` : "");
}
