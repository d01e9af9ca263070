import { FlagonError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { escapeText } from "../base/html";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { isWatching } from "../base/watching";
import { findRequestContext, getRequestContext } from "../dispatch/context";
import { FlagonResponse } from "../http/response/response";
import { addTrusted } from "../http/response/response-headers";
import { listVariables } from "../routing/route";

/** A path of the app in printable ASCII, as most locations are. It needs no check and no encoding. */
const ownPath = /^\/(?!\/)[!-[\]-~]*$/;
/** The characters that browsers remove from a URL, or read as a slash (URL Standard, section 4.4). */
const misread = /[\x00-\x1f\x7f\\]/;
/** Schemes that run a script or show text of the URL itself. */
const scriptSchemes: ReadonlySet<string> = new Set(["javascript:", "data:", "vbscript:"]);
const statuses: readonly number[] = [301, 302, 303, 307, 308];

/** The status of a redirect. 303 makes the browser load the page by `GET`. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/** Options of {@link redirect}. */
export interface RedirectOptions {
  /** Allows another origin. Never set it for a location that a visitor chose. Default: `false`. */
  external?: boolean;
}

const redirectOptions = Object.keys({ external: true } satisfies Record<keyof RedirectOptions, true>);

/**
 * Responds with a redirect. Only blanks and characters beyond ASCII are encoded, those of a host in its ASCII form. The rest is sent unchanged.
 *
 * @param location A path, or a URL of the app.
 * @param status The status. Default: 303.
 * @param options `external` allows another origin.
 * @throws {FlagonError} If the location leads to another origin without `external`, has a backslash or control
 * characters, or the scheme `javascript:`, `data:` or `vbscript:`; or if the status is not one of a redirect.
 *
 * @example
 * ```ts
 * return redirect(urlFor("index")); // 303
 * return redirect("/new-address", 301);
 * return redirect("https://example.com/", { external: true });
 * ```
 */
export function redirect(location: string, status: RedirectStatus | RedirectOptions = 303, options: RedirectOptions = {}): FlagonResponse {
  refusePromise(location, "location of redirect()");
  refusePromise(status, "status of redirect()");
  if (typeof location !== "string") {
    throw new FlagonError(explainLocation(location, status));
  }
  const code = typeof status === "number" ? status : 303;
  if (typeof status === "string") {
    throw new FlagonError(`The status of redirect() must be a number, such as 303, but got ${describeGiven(status)}.`);
  }
  refuseUnknown(typeof status === "number" ? options : status, redirectOptions, "redirect()");
  if (!statuses.includes(code)) {
    throw new FlagonError(`A redirect cannot have the status ${code}. Use 301, 302, 303, 307 or 308.`);
  }
  if (ownPath.test(location)) {
    return respond(code, location);
  }
  refuseEndpoint(location);
  const { external = false } = typeof status === "number" ? options : status;
  if (misread.test(location)) {
    throw new FlagonError(
      `The redirect to ${JSON.stringify(location)} has a backslash or control characters, which browsers read as another address. Encode them: %5C for a backslash.`,
    );
  }
  const target = encode(location);
  if (!external && !(isSafeRedirect(location) && isSafeRedirect(target))) {
    throw new FlagonError(
      `The redirect to '${location}' leads to another origin. If that is meant, and the visitor did not choose it, say so: redirect(location, { external: true }).`,
    );
  }
  if (scriptSchemes.has(/^[a-z][a-z\d+.-]*:/i.exec(target)?.[0].toLowerCase() ?? "")) {
    throw new FlagonError(`The redirect to '${location}' would run a script. Redirect to an address with http: or https:.`);
  }
  return respond(code, target);
}

/**
 * Redirects to the page that the visitor came from, if that is another page of the app.
 *
 * @param fallback The location for visitors whose browser names no page of the app. It is checked as by {@link redirect}.
 * @param status The status. Default: 303.
 * @throws {FlagonError} If the fallback leads to another origin.
 *
 * @example
 * ```ts
 * app.post("/theme", () => redirectBack("/"));
 * ```
 */
export function redirectBack(fallback = "/", status: RedirectStatus = 303): FlagonResponse {
  const { request } = getRequestContext("redirectBack");
  const { referrer } = request;
  // A page that leads back to itself by `GET` would never end.
  const isItself = request.method === "GET" && referrer?.split("#", 1)[0] === request.url;
  const response = redirect(referrer !== null && !isItself && isSafeRedirect(referrer) ? referrer : fallback, status);
  response.vary("referer");
  return response;
}

/**
 * Refuses the name of an endpoint, which browsers read as a path beside the current page, unless there is a page. For debug mode and
 * tests.
 *
 * @throws {FlagonError} With the call that builds the URL.
 */
function refuseEndpoint(location: string): void {
  const context = isWatching() ? findRequestContext() : undefined;
  if (context === undefined || !/^\.?[\w$-]+(?:\.[\w$-]+)*$/.test(location)) {
    return;
  }
  const { endpoints, routes } = context.app.registry;
  const blueprint = context.endpoint?.scope.name ?? "";
  const name = location.startsWith(".") ? (blueprint + location).replace(/^\./, "") : location;
  const page = new URL(location, new URL(context.request.path, "http://localhost")).pathname;
  if (endpoints.has(name) && routes.match("GET", page, context.request).kind === "missing") {
    const values = routes.routesOf(name).some((route) => listVariables(route).length > 0) ? ", { … }" : "";
    throw new FlagonError(
      `redirect("${location}") got the name of an endpoint, which browsers read as the path '${page}'. Build its URL: redirect(urlFor("${location}"${values})).`,
    );
  }
}

/** Explains a location that is no text. Express and Node take the status first. */
function explainLocation(location: unknown, status: unknown): string {
  const cure =
    typeof location === "number" && typeof status === "string"
      ? ` The location comes first: redirect(${JSON.stringify(status)}, ${location}).`
      : location instanceof URL
        ? " Give its text: redirect(String(url))."
        : "";
  return `redirect() needs a location, a text such as "/posts" or urlFor("index"), but got ${describeGiven(location)}.${cure}`;
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

/** Encodes blanks and characters beyond ASCII. A host with other letters gets its ASCII form (RFC 5890). */
function encode(location: string): string {
  const [start = "", slashes = "", host = ""] = /^((?:https?:)?\/\/)([^/?#@]*[^\x00-\x7f][^/?#@]*)/i.exec(location) ?? [];
  const ascii = start === "" || !URL.canParse(`http://${host}`) ? start : slashes + new URL(`http://${host}`).host;
  return (ascii + location.slice(start.length)).replace(/\p{Surrogate}/gu, "\ufffd").replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

/**
 * Tells whether a location, such as a `next` parameter, stays on the app's own origin.
 *
 * @param location A path or a URL that a client may have sent.
 */
export function isSafeRedirect(location: string): boolean {
  // Browsers drop blanks at the ends.
  if (location === "" || misread.test(location) || /^\s|\s$|^\/\//.test(location)) {
    return false;
  }
  const isAbsolute = /^[a-z][a-z\d+.-]*:/i.test(location);
  const origin = isAbsolute ? findRequestContext()?.request.origin : "http://localhost";
  if (origin === undefined || (isAbsolute && !/^https?:\/\/[^/]/i.test(location))) {
    return false;
  }
  try {
    const base = new URL(origin);
    const { origin: found, password, username } = new URL(location, base);
    return found === base.origin && username === "" && password === "";
  } catch {
    return false;
  }
}
