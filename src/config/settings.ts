import { headerStyle, readJson, readWords, toCamelCase } from "./environment";
import { isPolicy, type PolicySources } from "./policy-setting";
import { secretKeyCheck, secretKeysCheck } from "./secret-keys";
import {
  anyLike,
  isNothing,
  isWholeFrom,
  listOf,
  oneOf,
  readBoolean,
  type SettingCheck,
  seconds,
  textLike,
  textOrNull,
  wholeFrom,
  yesOrNo,
} from "./setting-check";
import { isTrustProxy, type TrustProxy } from "./trust-proxy";

/** The members of `Strict-Transport-Security` (RFC 6797, section 6.1). */
export interface StrictTransportSecurity {
  /** Seconds for which browsers use HTTPS only, such as 31,536,000: a year. */
  readonly maxAge: number;
  /** Whether the subdomains are included. Default: `false`. */
  readonly includeSubDomains?: boolean;
  /** Whether the host may be added to the preload list of browsers. Default: `false`. */
  readonly preload?: boolean;
}

/** The settings that Flagon itself reads, each with its default. */
export interface Settings {
  /** Shows errors with their stack and re-reads templates. Default: `false`; the development server turns it on. */
  debug: boolean;
  /** Lets unhandled errors reach the test. Default: `false`. */
  testing: boolean;
  /** Signs sessions and tokens. Keep it secret, long and random. No default: without it a session cannot be written. */
  secretKey: string | Uint8Array | null;
  /** Former keys, which still read sessions but never sign: a session that is used is signed again with the current one. Default: none. */
  secretKeyFallbacks: readonly (string | Uint8Array)[];
  /** The digest of the session's signature; `"sha1"` shares sessions with Flask. Default: `"sha256"`. */
  sessionDigest: "sha256" | "sha1";
  /** Whether visitors cannot read their session's cookie either (AES-256-GCM); not together with `"sha1"`. Default: `false`. */
  sessionEncrypted: boolean;
  /** Whether pages of the development server have a bar with the steps of their request. Default: `true`. */
  debugToolbar: boolean;
  /** The name of the session cookie. Default: `"session"`. */
  sessionCookieName: string;
  /** The `Domain` of the session cookie. Default: none, and only the host that set the cookie gets it. */
  sessionCookieDomain: string | null;
  /** The `Path` of the session cookie. Default: `null`, the path under which the app is mounted. */
  sessionCookiePath: string | null;
  /** Whether the session cookie is sent over HTTPS alone; `"auto"` follows the scheme of the request. Default: `"auto"`. */
  sessionCookieSecure: boolean | "auto";
  /** The `SameSite` of the session cookie. Default: `"Lax"`. */
  sessionCookieSameSite: "Lax" | "Strict" | "None";
  /** Whether browsers keep a session for each site that embeds the app (CHIPS); it makes the cookie secure. Default: `false`. */
  sessionCookiePartitioned: boolean;
  /** The seconds until a permanent session expires; older cookies are refused. Default: 31 days. */
  permanentSessionLifetime: number;
  /** Whether a permanent session's expiry moves on with every request that reads it. Default: `true`. */
  sessionRefreshEachRequest: boolean;
  /** The size of a cookie, in bytes, from which a warning is logged; 0 turns it off. Default: 4093. */
  maxCookieSize: number;
  /** Whether unsafe requests are checked for cross-site forgery. Default: `true`. */
  csrf: boolean;
  /** The seconds for which a CSRF token is valid; `null` for as long as the session. Default: 1 hour. */
  csrfTimeLimit: number | null;
  /** Origins besides the app's own that may send unsafe requests, such as `"https://admin.example.com"`. Default: none. */
  csrfTrustedOrigins: readonly string[];
  /** The largest body, in bytes. Default: 1 MiB. */
  maxContentLength: number;
  /** The largest multipart body, in bytes. Default: 16 MiB. */
  maxMultipartLength: number;
  /** The most parameters, or parts, of a form. Default: 1,000. */
  maxFormParts: number;
  /** The most uploads in a form. Default: 20. */
  maxFormFiles: number;
  /** The largest value of a form's field, in bytes. Default: 500,000. */
  maxFieldSize: number;
  /** The most that all fields of a form, without uploads, may hold, in bytes. Default: 2,500,000. */
  maxFormMemorySize: number;
  /** The size of an upload, in bytes, from which it is kept in a temporary file. Default: 1 MiB. */
  uploadSpoolSize: number;
  /** The most levels of a JSON body. Default: 64. */
  maxJsonDepth: number;
  /** The host, and port if it is not the usual, for URLs built outside a request, such as `"example.com"`. Default: none. */
  serverName: string | null;
  /** The scheme for URLs built outside a request. Default: `"http"`. */
  preferredUrlScheme: "http" | "https";
  /** The seconds for which browsers keep a file without asking, or a function of its path; `null` makes them ask every time. Default: `null`. */
  sendFileMaxAge: number | null | ((path: string) => number | null);
  /** Sends files by the proxy: the path in `X-Sendfile`, and no body. Default: `false`. */
  useXSendfile: boolean;
  /** The hosts that the app answers for, such as `"example.com"`, or `".example.com"` with all below it; others get 400. Default: any. */
  trustedHosts: readonly string[];
  /**
   * The proxies whose `X-Forwarded-For` and `-Proto` are believed: their number or addresses, or an object that adds `host`, `port`
   * and `prefix`. Default: 0, none.
   */
  trustProxy: TrustProxy;
  /** The path under which a proxy serves the app. The proxy removes it from its requests. Default: `"/"`. */
  applicationRoot: string;
  /** Whether `OPTIONS` is answered without a view, where a route does not say. Default: `true`. */
  provideAutomaticOptions: boolean;
  /** Whether a missing slash at the end redirects, where a route does not say; otherwise both spellings answer. Default: `true`. */
  strictSlashes: boolean;
  /** Whether doubled slashes redirect to single ones, where a route does not say. Default: `true`. */
  mergeSlashes: boolean;
  /** Whether a form's field `_method` makes a `POST` a `PUT`, `PATCH` or `DELETE`. Default: `false`. */
  methodOverride: boolean;
  /** Lets errors that nothing handles reach the test or the server. Default: `null`, as `testing`. */
  propagateExceptions: boolean | null;
  /** Treats HTTP errors that nothing handles like any other error. Default: `false`. */
  trapHttpExceptions: boolean;
  /** Whether templates that changed are read again. Default: `null`, as `debug`. */
  templatesAutoReload: boolean | null;
  /** Logs in which folders each template was looked for. Default: `false`. */
  explainTemplateLoading: boolean;
  /** Headers for all responses that do not set them; `null` takes a default away. Default: none besides the built-in ones. */
  defaultHeaders: Readonly<Record<string, string | null>>;
  /**
   * Directives of `Content-Security-Policy`, which add to Flagon's own or replace them; the whole header as text; `null` for none.
   * Default: none of the app's.
   */
  contentSecurityPolicy: string | Readonly<Record<string, PolicySources>> | null;
  /** Tells browsers to use HTTPS only, in responses over HTTPS. Default: `null`, which leaves the header out. */
  strictTransportSecurity: StrictTransportSecurity | null;
  /** The seconds a view has to answer under `serve`, from the end of the body; then the answer is 503. Default: 30. */
  viewTimeout: number;
  /** The seconds a body under `serve` can bring less than 64 bytes a second; then the answer is 408. Default: 30. */
  bodyTimeout: number;
  /** The seconds `serve` keeps a connection without a request: longer than proxies do. Default: 75. */
  keepAliveTimeout: number;
  /** The seconds that requests in flight, and jobs, have to finish when `serve` or `jobs work` stops. Default: 10. */
  shutdownTimeout: number;
  /** Whether requests over HTTP are redirected to HTTPS (308), except in debug mode. Default: `false`. */
  httpsOnly: boolean;
}

/** The values that each setting takes. */
export const settingChecks: { readonly [Key in keyof Settings]: SettingCheck } = {
  debug: yesOrNo(),
  testing: yesOrNo(),
  secretKey: secretKeyCheck,
  secretKeyFallbacks: secretKeysCheck,
  sessionDigest: oneOf("sha256", "sha1"),
  sessionEncrypted: yesOrNo(),
  debugToolbar: yesOrNo(),
  sessionCookieName: textLike(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a cookie, such as "session"'),
  sessionCookieDomain: textOrNull(/^\.?[\w.-]+$/, 'a domain such as "example.com", or null'),
  sessionCookiePath: textOrNull(/^\/[\x21-\x3a\x3c-\x7e]*$/, 'a path such as "/shop", or null'),
  sessionCookieSecure: anyLike(
    'true, false or "auto"',
    (value) => typeof value === "boolean" || value === "auto",
    (text) => (text.toLowerCase() === "auto" ? "auto" : (readBoolean(text) ?? text)),
  ),
  sessionCookieSameSite: oneOf("Lax", "Strict", "None"),
  sessionCookiePartitioned: yesOrNo(),
  permanentSessionLifetime: wholeFrom(1),
  sessionRefreshEachRequest: yesOrNo(),
  maxCookieSize: wholeFrom(0),
  csrf: yesOrNo(),
  csrfTimeLimit: wholeFrom(1, { orNull: true }),
  csrfTrustedOrigins: listOf(
    /^(?:[a-z][a-z\d+.-]*:\/\/[^/?#\s]+|null)$/i,
    'a list of origins such as "https://admin.example.com", without a path',
  ),
  maxContentLength: wholeFrom(1),
  maxMultipartLength: wholeFrom(1),
  maxFormParts: wholeFrom(1),
  maxFormFiles: wholeFrom(1),
  maxFieldSize: wholeFrom(1),
  maxFormMemorySize: wholeFrom(1),
  uploadSpoolSize: wholeFrom(1),
  maxJsonDepth: wholeFrom(1),
  serverName: textOrNull(),
  preferredUrlScheme: oneOf("http", "https"),
  sendFileMaxAge: anyLike(
    "a number of seconds, a function of the path, or null",
    (value) => value === null || typeof value === "function" || isWholeFrom(value, 0),
    readOrNull,
  ),
  useXSendfile: yesOrNo(),
  trustedHosts: listOf(
    // A name or an IPv6 address in brackets, with a port from 1 to 65535 or without.
    /^(?:\.?[\w-]+(?:\.[\w-]+)*\.?|\[[\da-f:.]+\])(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/i,
    'a list of hosts such as "example.com", "example.com:8080" or ".example.com" (not "*.example.com"), without a scheme or a path',
  ),
  trustProxy: {
    ...anyLike(
      'a number of proxies, addresses such as "loopback" and "10.0.0.0/8", or { hops, host, port, prefix }',
      isTrustProxy,
      readTrustProxy,
    ),
    members: {
      toName: toCamelCase,
      read: (text, _present, name) => (name === "hops" ? readTrustProxy(text) : (readBoolean(text) ?? text)),
      toObject: (hops) => ({ hops }),
    },
  },
  applicationRoot: textLike(/^\//, 'a path such as "/shop"'),
  provideAutomaticOptions: yesOrNo(),
  strictSlashes: yesOrNo(),
  mergeSlashes: yesOrNo(),
  methodOverride: yesOrNo(),
  propagateExceptions: yesOrNo({ orNull: true }),
  trapHttpExceptions: yesOrNo(),
  templatesAutoReload: yesOrNo({ orNull: true }),
  explainTemplateLoading: yesOrNo(),
  defaultHeaders: {
    ...anyLike(
      "an object of headers, whose values are text or null",
      (value) => isObject(value) && Object.values(value).every((header) => header === null || typeof header === "string"),
    ),
    members: headerStyle,
  },
  contentSecurityPolicy: {
    ...anyLike(
      "an object of directives that browsers know, with keywords in single quotes, such as { scriptSrc: [\"'self'\"] }; the text of the header; or null",
      (value) => value === null || isPolicy(value),
      readOrNull,
    ),
    members: { toName: toCamelCase, read: (text) => (text === "null" ? null : /[,[]/.test(text) ? readWords(text) : text) },
  },
  strictTransportSecurity: {
    ...anyLike(
      "an object such as { maxAge: 31536000 }, with a whole number of seconds and booleans, or null",
      (value) => value === null || isTransportSecurity(value),
      readOrNull,
    ),
    members: {
      toName: toCamelCase,
      read: (text, _present, name) => (name === "maxAge" ? readJson(text) : (readBoolean(text) ?? text)),
    },
  },
  viewTimeout: seconds(),
  bodyTimeout: seconds(),
  keepAliveTimeout: seconds(),
  shutdownTimeout: seconds(),
  httpsOnly: yesOrNo(),
};

function readOrNull(text: string): unknown {
  return isNothing(text) ? null : readJson(text);
}

/** Reads a number of proxies, their addresses, or an object as JSON. */
function readTrustProxy(text: string): unknown {
  if (text.trim() === "") {
    return 0;
  }
  return /[\s,;]/.test(text.trim()) && !text.trim().startsWith("{") ? readWords(text) : readJson(text);
}

function isTransportSecurity(value: unknown): boolean {
  return (
    isObject(value) &&
    "maxAge" in value &&
    isWholeFrom(value.maxAge, 0) &&
    Object.entries(value).every(([name, member]) => name === "maxAge" || (transportFlags.has(name) && isFlag(member)))
  );
}

const transportFlags: ReadonlySet<string> = new Set(["includeSubDomains", "preload"]);

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === "boolean";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
