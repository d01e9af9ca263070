import { parse, serialize } from "cookie";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import { describeGiven } from "../base/unknown-options";
import { isWatching } from "../base/watching";

/** Options of a cookie (RFC 6265bis). */
export interface CookieOptions {
  /** The seconds for which the browser keeps the cookie. Default: until the browser closes. */
  maxAge?: number;
  /** The time at which the browser drops the cookie. Follows `maxAge` by default. */
  expires?: Date;
  /** The path below which the browser sends the cookie. Default: `"/"`. */
  path?: string;
  /** The domain whose hosts get the cookie. Default: only the host that set it. */
  domain?: string;
  /** Sends the cookie over HTTPS only. Default: `false`. */
  secure?: boolean;
  /** Hides the cookie from scripts. Default: `false`. */
  httpOnly?: boolean;
  /** The cross-site requests that carry the cookie. Default: no attribute, which browsers take for `"Lax"`. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Keeps one cookie for each embedding site, and makes it `secure`. Default: `false`. */
  partitioned?: boolean;
}

/**
 * Parses a `Cookie` header. Of several cookies with one name the first counts, as in Werkzeug.
 *
 * Bytes beyond ASCII are read as UTF-8, which browsers send for cookies of scripts. Bytes that are not UTF-8 stay as they are.
 */
export function parseCookies(header: string): Readonly<Record<string, string | undefined>> {
  if (!/[^\0-\x7f]/.test(header)) {
    return parse(header, { decode: unquote });
  }
  // Servers give one code unit for each byte. A test may also give text.
  const bytes = /[^\0-\xff]/.test(header) ? Buffer.from(header, "utf8").toString("latin1") : header;
  const cookies: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(parse(bytes, { decode: unquote }))) {
    cookies[decodeBytes(name)] ??= value;
  }
  return cookies;
}

/**
 * Formats a `Set-Cookie` header.
 *
 * A value with special characters is quoted with octal escapes, as Werkzeug does, so that Flask reads it.
 *
 * @throws {TypeError} If the name or an attribute is malformed, or if browsers would drop the cookie.
 */
export function formatCookie(name: string, value: string, options: CookieOptions = {}): string {
  refusePromise(name, "name of a cookie", TypeError);
  refusePromise(value, `value of the cookie '${name}'`, TypeError);
  refusePromises(options, `options of the cookie '${name}'`, TypeError);
  checkValue(name, value);
  checkAttributes(name, options);
  const maxAge = options.maxAge ?? undefined;
  const expires = options.expires ?? (maxAge === undefined ? undefined : new Date(Date.now() + maxAge * 1000));
  return serialize(name, quote(value), {
    encode: String,
    path: options.path ?? "/",
    secure: options.secure === true || options.partitioned === true,
    httpOnly: options.httpOnly === true,
    partitioned: options.partitioned === true,
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(expires === undefined ? {} : { expires }),
    ...(options.domain === undefined ? {} : { domain: options.domain }),
    ...(options.sameSite === undefined ? {} : { sameSite: lowerCase(options.sameSite) }),
  });
}

/**
 * Refuses a value that has no text. Numbers and the like have one.
 *
 * @throws {TypeError} If it is an object, or, in debug mode and tests, missing.
 */
function checkValue(name: string, value: unknown): void {
  if (typeof value === "object" && value !== null && (Array.isArray(value) || String(value).startsWith("[object "))) {
    throw new TypeError(
      `The value of the cookie '${name}' must be a text, but got ${describeGiven(value)}. Write JSON.stringify(value), or keep it in the session, which nobody can change.`,
    );
  }
  if ((value === null || value === undefined || typeof value === "function") && isWatching()) {
    throw new TypeError(
      `The value of the cookie '${name}' must be a text, but got ${describeGiven(value)}. A cookie is removed by response.deleteCookie("${name}").`,
    );
  }
}

/** Formats `Set-Cookie` headers of one cookie. The value must need no quotes, as a signed one does not. */
export type CookieWriter = (value: string, expires?: Date) => string;

/**
 * Creates a writer of one cookie: name and attributes are checked and formatted once, for a cookie that is sent again and again.
 *
 * @param name The name of the cookie.
 * @param options The attributes of the cookie, without the time at which it ends.
 * @throws {TypeError} If the name or an attribute is malformed, or if browsers would drop the cookie.
 */
export function createCookieWriter(name: string, options: Omit<CookieOptions, "maxAge" | "expires">): CookieWriter {
  const attributes = formatCookie(name, "", options).slice(name.length + 1);
  return (value, expires) => `${name}=${value}${attributes}${expires === undefined ? "" : `; Expires=${expires.toUTCString()}`}`;
}

/** The characters of a token (RFC 9110, section 5.6.2). Other names reach some servers as another cookie, or not at all. */
const namePattern = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Refuses cookies that browsers drop silently (RFC 6265bis, section 5.7).
 *
 * @throws {TypeError} With the attribute to change.
 */
function checkAttributes(
  name: string,
  { domain, expires, httpOnly, maxAge, partitioned, path = "/", sameSite, secure }: CookieOptions,
): void {
  if (!namePattern.test(name)) {
    throw new TypeError(`A cookie cannot have the name ${JSON.stringify(name)}. Use letters, digits, dashes and underscores.`);
  }
  if ((maxAge ?? undefined) !== undefined && !Number.isInteger(maxAge)) {
    throw new TypeError(`The option 'maxAge' of the cookie '${name}' must be a whole number of seconds, but got ${describeGiven(maxAge)}.`);
  }
  if ((expires ?? undefined) !== undefined && Object.prototype.toString.call(expires) !== "[object Date]") {
    throw new TypeError(
      `The option 'expires' of the cookie '${name}' must be a Date, but got ${describeGiven(expires)}. Seconds are 'maxAge'.`,
    );
  }
  const isSecure = secure === true || partitioned === true;
  const prefix = /^__(?:host-http|host|secure|http)-/i.exec(name)?.[0].toLowerCase() ?? "";
  const isHost = prefix.startsWith("__host-");
  const problem =
    prefix !== "" && !isSecure
      ? `browsers take the prefix of its name only with 'secure: true'`
      : isHost && path !== "/"
        ? `browsers take the prefix of its name only with the path '/', not '${path}'`
        : isHost && domain !== undefined
          ? `browsers take the prefix of its name only without a domain, not with '${domain}'`
          : prefix.endsWith("http-") && httpOnly !== true
            ? `browsers take the prefix of its name only with 'httpOnly: true'`
            : sameSite !== undefined && lowerCase(sameSite) === "none" && !isSecure
              ? `browsers take 'sameSite: "None"' only with 'secure: true'`
              : !path.startsWith("/")
                ? `its path must begin with a slash, unlike '${path}'`
                : undefined;
  if (problem !== undefined) {
    throw new TypeError(`Browsers would drop the cookie '${name}': ${problem}.`);
  }
}

/**
 * Warns of a cookie over a size, which browsers drop silently.
 *
 * @param label The cookie, as a subject.
 * @param cookie The `Set-Cookie` header.
 * @param limit The size in bytes, or 0 for no warning: the setting `maxCookieSize`.
 * @param advice The cure.
 */
export function warnOfSize(label: string, cookie: string, limit: number, advice: string): void {
  if (limit > 0 && cookie.length > limit) {
    process.emitWarning(
      `${label} is ${cookie.length} bytes long, and browsers may drop it over ${limit} (the setting maxCookieSize). ${advice}`,
      { code: "FLAGON_COOKIE_SIZE" },
    );
  }
}

const plain = /^[A-Za-z0-9!#$%&'()*+\-./:<=>?@[\]^_`{|}~]*$/;
const octal = /\\(?:([0-3][0-7]{2})|(.))/g;

function quote(value: string): string {
  if (plain.test(value)) {
    return value;
  }
  let quoted = "";
  for (const byte of Buffer.from(value, "utf8")) {
    const character = String.fromCharCode(byte);
    quoted += plain.test(character) ? character : `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `"${quoted}"`;
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) {
    return decodeBytes(value);
  }
  const inner = value.slice(1, -1);
  return decodeBytes(
    inner.replace(octal, (_, code: string | undefined, character: string | undefined) =>
      code === undefined ? (character ?? "") : String.fromCharCode(Number.parseInt(code, 8)),
    ),
  );
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads text of which each code unit is a byte as UTF-8. Text that is not UTF-8 stays as it is. */
function decodeBytes(text: string): string {
  if (!/[\x80-\xff]/.test(text)) {
    return text;
  }
  try {
    return decoder.decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}

/** Checks the value as well: JavaScript may pass any, and browsers treat an unknown one as the laxest. */
function lowerCase(sameSite: string): "strict" | "lax" | "none" {
  const value = sameSite.toLowerCase();
  if (value !== "strict" && value !== "lax" && value !== "none") {
    throw new TypeError(`The sameSite of a cookie must be 'Strict', 'Lax' or 'None', not '${sameSite}'.`);
  }
  return value;
}
