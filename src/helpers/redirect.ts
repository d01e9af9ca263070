import { FlagonError } from "../base/errors";
import { escapeText } from "../base/html";
import { findRequestContext } from "../dispatch/context";
import { FlagonResponse } from "../http/response/response";
import { addTrusted } from "../http/response/response-headers";

/** A path of the app's own that goes into a header as it is, which most locations are: there is nothing to check or to encode. */
const ownPath = /^\/(?!\/)[!-[\]-~]*$/;

/** Where a redirect may lead. */
export interface RedirectOptions {
  /** Whether it may lead to another origin. Default: `false`. */
  external?: boolean;
}

/**
 * Responds with a redirect.
 *
 * @param location Where to: a path, or a URL of the app itself.
 * @param status The status. Default: 303, which makes the browser load the page by `GET`.
 * @param options `external` allows another origin.
 * @throws {FlagonError} If the location leads to another origin without `external`, or holds control characters.
 */
export function redirect(
  location: string,
  status: 301 | 302 | 303 | 307 | 308 | RedirectOptions = 303,
  options: RedirectOptions = {},
): FlagonResponse {
  const code = typeof status === "number" ? status : 303;
  if (ownPath.test(location)) {
    return respond(code, location);
  }
  const { external = false } = typeof status === "number" ? options : status;
  if (/[\x00-\x1f\x7f]/.test(location)) {
    throw new FlagonError("A redirect cannot lead to a location with control characters.");
  }
  if (!external && !isSafeRedirect(location)) {
    throw new FlagonError(
      `The redirect to '${location}' leads to another origin. If that is meant, and the visitor did not choose it, say so: redirect(location, { external: true }).`,
    );
  }
  return respond(code, location.replace(/\\/g, "%5C").replace(/[^\x21-\x7e]+/g, encodeURIComponent));
}

function respond(status: number, target: string): FlagonResponse {
  const shown = escapeText(target);
  const page = `<!doctype html>
<title>Redirecting</title>
<p>You should be redirected to <a href="${shown}">${shown}</a>.</p>
`;
  const response = new FlagonResponse(page, status);
  addTrusted(response.headers, "location", target);
  return response;
}

/**
 * Tells whether a location, such as a `next` parameter, stays on the app's own origin.
 *
 * @param location A path or a URL that a client may have sent.
 */
export function isSafeRedirect(location: string): boolean {
  // Browsers take a backslash for a slash, and drop blanks and control characters at the ends: none is let through.
  if (location === "" || /[\\\x00-\x20\x7f]/.test(location.charAt(0)) || /[\x00-\x1f\x7f]/.test(location) || /^[/\\]{2}/.test(location)) {
    return false;
  }
  if (!/^[a-z][a-z\d+.-]*:/i.test(location)) {
    return !/^\/\\/.test(location);
  }
  const origin = findRequestContext()?.request.origin;
  try {
    return origin !== undefined && /^https?:\/\/[^/\\]/i.test(location) && new URL(location).origin === new URL(origin).origin;
  } catch {
    return false;
  }
}
