/** A whole segment of a path that is a token as `signToken()` makes it: data, expiry and signature. */
const token = /(^|\/)[\w-]{2,}\.[\w-]{4,8}\.[\w-]{27,86}(?=\/|$)/g;

/**
 * Returns the path of a target as logs show it: without the query, and without signed tokens, by which a reader of the log could reset
 * a password.
 *
 * @param target The target of a request, such as `/reset/3/eyJ1….tplhrh.GE_H…?a=1`.
 */
export function toLoggedPath(target: string): string {
  const path = target.split("?", 1)[0] ?? "";
  return path.includes(".") ? path.replace(token, "$1(token)") : path;
}
