import { parse, serialize } from "cookie";

/** How a cookie is sent and who may read it (RFC 6265bis). */
export interface CookieOptions {
  /** How long the browser keeps it, in seconds. Default: until the browser closes. */
  maxAge?: number;
  /** When the browser drops it. Follows `maxAge` by default. */
  expires?: Date;
  /** The path under which it is sent. Default: `"/"`. */
  path?: string;
  /** The domain whose hosts get it. Default: only the host that set it. */
  domain?: string;
  /** Sends it over HTTPS alone. Default: `false`. */
  secure?: boolean;
  /** Hides it from scripts. Default: `false`. */
  httpOnly?: boolean;
  /** Which cross-site requests carry it. Default: none stated, which browsers take for `"Lax"`. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Keeps one for each embedding site; makes it `secure`. Default: `false`. */
  partitioned?: boolean;
}

/** Parses a `Cookie` header; the first of several cookies with one name counts, as in Werkzeug. */
export function parseCookies(header: string): Readonly<Record<string, string | undefined>> {
  return parse(header, { decode: unquote });
}

/**
 * Formats a `Set-Cookie` header.
 *
 * A value with other than plain characters is quoted with octal escapes, as Werkzeug does, so that Flask reads it.
 *
 * @throws {TypeError} If the name or an attribute holds what a cookie cannot.
 */
export function formatCookie(name: string, value: string, options: CookieOptions = {}): string {
  return formatPlainCookie(name, quote(value), options);
}

/**
 * Formats a `Set-Cookie` header with a value that needs no quotes, such as a signed one.
 *
 * @throws {TypeError} If the name or an attribute holds what a cookie cannot.
 */
export function formatPlainCookie(name: string, value: string, options: CookieOptions): string {
  if (!Object.isFrozen(options) || !plainName.test(name)) {
    return serializeCookie(name, value, options);
  }
  // What never changes is checked and written once: the session's cookie is sent again and again.
  let attributes = fixed.get(options);
  if (attributes === undefined) {
    attributes = serializeCookie("x", "", options).slice(2);
    fixed.set(options, attributes);
  }
  return `${name}=${value}${attributes}`;
}

const fixed = new WeakMap<CookieOptions, string>();
const plainName = /^[\w-]+$/;

function serializeCookie(name: string, value: string, options: CookieOptions): string {
  const expires = options.expires ?? (options.maxAge === undefined ? undefined : new Date(Date.now() + options.maxAge * 1000));
  return serialize(name, value, {
    encode: String,
    path: options.path ?? "/",
    secure: options.secure === true || options.partitioned === true,
    httpOnly: options.httpOnly === true,
    partitioned: options.partitioned === true,
    ...(options.maxAge === undefined ? {} : { maxAge: options.maxAge }),
    ...(expires === undefined ? {} : { expires }),
    ...(options.domain === undefined ? {} : { domain: options.domain }),
    ...(options.sameSite === undefined ? {} : { sameSite: lowerCase(options.sameSite) }),
  });
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
    return value;
  }
  const inner = value.slice(1, -1);
  if (!inner.includes("\\")) {
    return inner;
  }
  const bytes = inner.replace(octal, (_, code: string | undefined, character: string | undefined) =>
    code === undefined ? (character ?? "") : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** Code without types may hand on anything; what browsers do not know, they take for the laxest. */
function lowerCase(sameSite: string): "strict" | "lax" | "none" {
  const value = sameSite.toLowerCase();
  if (value !== "strict" && value !== "lax" && value !== "none") {
    throw new TypeError(`A cookie's sameSite is 'Strict', 'Lax' or 'None', not '${sameSite}'.`);
  }
  return value;
}
