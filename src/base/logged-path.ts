import { hideTokens } from "./secret-names";

/**
 * Returns the path of a target as logs show it: without the query, and without tokens, by which a reader of the log could reset a password.
 *
 * @param target The target of a request, such as `/reset/3/eyJ1….tplhrh.GE_H…?a=1`.
 * @param values The values of the rule's variables. Those with secret names, as of `/join/<token>`, are hidden too.
 */
export function toLoggedPath(target: string, values: Readonly<Record<string, unknown>> = {}): string {
  return hideTokens(target.split("?", 1)[0] ?? "", values);
}
