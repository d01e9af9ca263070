import { createHmac, timingSafeEqual } from "node:crypto";
import { inflateSync } from "node:zlib";
import { ConfigError } from "../base/errors";
import type { Config } from "../config/config";
import { TimestampSigner } from "./signing";

/** Options of `signToken()`. */
export interface SignTokenOptions {
  /** The use of the token, such as `"reset"`. A token of one purpose is refused for every other. */
  readonly purpose: string;
  /** Seconds until the token expires. */
  readonly expiresIn: number;
  /**
   * A value that the token is bound to, such as the hash of the user's password: when it changes, the token is refused. It is not in
   * the token. Default: none.
   */
  readonly bind?: string | number;
}

/** Options of `readToken()`. */
export interface ReadTokenOptions {
  /** The purpose that the token was signed for. */
  readonly purpose: string;
  /** The value that the token was bound to, as it is now. */
  readonly bind?: string | number | null | undefined;
  /** Seconds for which a token of itsdangerous is valid: it states its time of signing, and no expiry. Default: 3600. */
  readonly maxAge?: number;
}

/** The longest token, in characters: a link must fit into a URL. */
const longest = 8192;
/** The seconds by which the clock of another machine may be ahead. */
const skew = 60;
const largestContent = 64 * 1024;
/** The purpose for which CSRF tokens are signed in the very layout of itsdangerous. */
const csrfPurpose = "wtf-csrf-token";
/** The four characters that JSON takes for blank space; they write the expiry behind the data of a token of itsdangerous. */
const blanks = [" ", "\t", "\n", "\r"];
const blankDigits = 24;
/** Throws for bytes that are no UTF-8, as Python does. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Signs a value of JSON with its expiry.
 *
 * @throws {TypeError} If the value is null or none of JSON's, or an option is missing or out of its bounds.
 * @throws {ConfigError} If the app has no secret key.
 */
export function signToken(config: Config, data: unknown, options: SignTokenOptions): string {
  const { purpose } = options;
  checkPurpose(purpose, "signToken");
  const expiry = toExpiry(options.expiresIn, "signToken");
  if ("bind" in options && !isBindable(options.bind)) {
    const given = options.bind === "" ? "an empty text" : nameValue(options.bind);
    throw new TypeError(
      `signToken() got a 'bind' that is neither a text nor a number: ${given}. Give the value that the token is bound to, such as the hash of the password, or leave it out.`,
    );
  }
  const json = JSON.stringify(data, refuseForeign);
  if (json === undefined || json === "null") {
    throw new TypeError(`signToken() signs a value of JSON other than null, such as { user: 3 }. It got ${nameValue(data)}.`);
  }
  const [secret] = secretsOf(config);
  if (secret === undefined) {
    throw new ConfigError("A token needs a secret key to sign. Set the configuration's secretKey, or FLAGON_SECRET_KEY.");
  }
  const token =
    config.sessionDigest === "sha1"
      ? createSigner([secret], purpose, options.bind).sign(toBase64(json + formatBlanks(expiry)))
      : seal(secret, `${toBase64(json)}.${expiry.toString(36)}`, [purpose, "token", ...listBind(options.bind)]);
  if (token.length > longest) {
    throw new TypeError(`The token has ${token.length} characters, but a link takes ${longest}. Store the data, and sign its id.`);
  }
  return token;
}

/**
 * Reads a token that a client sent.
 *
 * @returns The data, or `null` if the token is forged, expired, of another purpose, or bound to something else.
 * @throws {TypeError} If the purpose is missing.
 */
export function readToken(config: Config, token: unknown, options: ReadTokenOptions): unknown {
  const { bind, maxAge = 3600, purpose } = options;
  checkPurpose(purpose, "readToken");
  if (!(typeof maxAge === "number" && maxAge >= 0)) {
    throw new TypeError(`readToken() got a 'maxAge' that is no number of seconds from 0: ${nameValue(maxAge)}.`);
  }
  if (typeof token !== "string" || token.length > longest || !/^[\w.-]+$/.test(token) || ("bind" in options && !isBindable(bind))) {
    return null;
  }
  return config.sessionDigest === "sha1"
    ? readItsDangerous(config, token, purpose, bind ?? undefined, maxAge)
    : open(config, token, [purpose, "token", ...listBind(bind ?? undefined)]);
}

/** Returns the signature of a text for a purpose, in base64url, by the current key. */
export function signText(config: Config, text: string, purpose: readonly string[]): string {
  const [secret] = secretsOf(config);
  if (secret === undefined) {
    throw new ConfigError("A signed URL needs a secret key. Set the configuration's secretKey, or FLAGON_SECRET_KEY.");
  }
  return createSignature(secret, text, purpose);
}

/** Tells whether a signature of a text is one by a key of the app. */
export function verifyText(config: Config, text: string, signature: string, purpose: readonly string[]): boolean {
  return secretsOf(config).some((secret) => isEqual(createSignature(secret, text, purpose), signature));
}

/**
 * Returns the time at which something expires, in seconds since the Unix epoch.
 *
 * @throws {TypeError} If the number of seconds is not above 0.
 */
export function toExpiry(expiresIn: unknown, caller: string): number {
  if (typeof expiresIn !== "number" || !Number.isFinite(expiresIn) || expiresIn <= 0) {
    throw new TypeError(`${caller}() needs 'expiresIn', a number of seconds above 0, but got ${nameValue(expiresIn)}.`);
  }
  const expiry = currentSeconds() + Math.ceil(expiresIn);
  if (!Number.isSafeInteger(expiry)) {
    throw new TypeError(`${caller}() got an 'expiresIn' of ${expiresIn} seconds, which no date can hold.`);
  }
  return expiry;
}

/** Tells whether a time of expiry is over. At the very second it is not. */
export function isOver(expiry: number): boolean {
  return !(currentSeconds() <= expiry);
}

/**
 * Refuses values that JSON would change without a word, where `JSON.stringify()` meets them.
 *
 * @throws {TypeError} If there is one.
 */
function refuseForeign(this: unknown, key: string, value: unknown): unknown {
  // A buffer and a date have methods that JSON calls before.
  const given: unknown = typeof this === "object" && this !== null ? Reflect.get(this, key) : value;
  const isBinary = ArrayBuffer.isView(given) || given instanceof ArrayBuffer;
  const isDateOfNoDay = given instanceof Date && value === null;
  if (isBinary || isDateOfNoDay || isEmptied(value) || ["bigint", "function", "symbol"].includes(typeof value)) {
    throw new TypeError(`signToken() signs a value of JSON, which cannot hold ${nameValue(given)}.`);
  }
  return value;
}

/** Tells whether JSON writes a number as null, or an object with a content, such as a map or an error, as `{}`. */
function isEmptied(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value === "number" && !Number.isFinite(value);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // The plain objects of another realm, such as one of node:vm, have another prototype.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return !Array.isArray(value) && !isPlain && Object.keys(value).length === 0;
}

function nameValue(value: unknown): string {
  if (typeof value === "number" || value === null) {
    return String(value);
  }
  return typeof value === "object" ? `an object of the class ${value.constructor?.name ?? "null"}` : typeof value;
}

function currentSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function checkPurpose(purpose: unknown, caller: string): void {
  if (typeof purpose !== "string" || purpose === "") {
    throw new TypeError(`${caller}() needs a 'purpose', such as "reset", so that a token for one use is refused for another.`);
  }
}

function isBindable(bind: unknown): bind is string | number {
  return (typeof bind === "string" && bind !== "") || (typeof bind === "number" && Number.isFinite(bind));
}

function listBind(bind: string | number | undefined): readonly string[] {
  return bind === undefined ? [] : [String(bind)];
}

function secretsOf({ secretKey, secretKeyFallbacks }: Config): readonly (string | Uint8Array)[] {
  return secretKey === null ? [] : [secretKey, ...secretKeyFallbacks];
}

function seal(secret: string | Uint8Array, text: string, purpose: readonly string[]): string {
  return `${text}.${createSignature(secret, text, purpose)}`;
}

function open(config: Config, token: string, purpose: readonly string[]): unknown {
  const end = token.lastIndexOf(".");
  const text = token.slice(0, Math.max(0, end));
  const [content = "", expiry = "", ...rest] = text.split(".");
  if (rest.length > 0 || !verifyText(config, text, token.slice(end + 1), purpose)) {
    return null;
  }
  return isOver(Number.parseInt(expiry, 36)) ? null : parse(Buffer.from(content, "base64url"));
}

/** Joins parts with their lengths, so that no two lists give one text. */
function frame(parts: readonly string[]): string {
  return parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
}

/** Each purpose, and each value that a token is bound to, has a key of its own. */
function createSignature(secret: string | Uint8Array, text: string, purpose: readonly string[]): string {
  const key = createHmac("sha256", secret)
    .update(`flagon.token ${frame(purpose)}`)
    .digest();
  return createHmac("sha256", key).update(text).digest("base64url");
}

function isEqual(expected: string, given: string): boolean {
  // Compared as text: there is one way to write a signature.
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64url");
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) ?? null;
  } catch {
    return null;
  }
}

/** Signs as the `URLSafeTimedSerializer` of itsdangerous does by default, with the purpose as its salt. */
function createSigner(secrets: readonly (string | Uint8Array)[], purpose: string, bind: string | number | undefined): TimestampSigner {
  const isPlain = bind === undefined && purpose !== csrfPurpose;
  const salt = isPlain ? purpose : `flagon.token ${frame([purpose, ...listBind(bind)])}`;
  return new TimestampSigner(secrets, { salt, digest: "sha1", derivation: "django-concat" });
}

function readItsDangerous(config: Config, token: string, purpose: string, bind: string | number | undefined, maxAge: number): unknown {
  const signer = createSigner(secretsOf(config), purpose, bind);
  const now = currentSeconds() + skew;
  const result = signer.unsign(token, Number.MAX_SAFE_INTEGER, now);
  if ("failure" in result) {
    return null;
  }
  const bytes = inflate(result.value);
  if (bytes === undefined) {
    return null;
  }
  const expiry = parseBlanks(bytes.toString("latin1"));
  const isValid = expiry === undefined ? "value" in signer.unsign(token, maxAge + skew, now) : !isOver(expiry);
  return isValid ? parse(bytes) : null;
}

/** Decodes data that itsdangerous may have compressed. */
function inflate(value: string): Buffer | undefined {
  try {
    return value.startsWith(".")
      ? inflateSync(Buffer.from(value.slice(1), "base64url"), { maxOutputLength: largestContent })
      : Buffer.from(value, "base64url");
  } catch {
    return undefined;
  }
}

/** Writes a time as blank space: Python reads the data, and Flagon the expiry as well. */
function formatBlanks(expiry: number): string {
  return expiry
    .toString(4)
    .padStart(blankDigits, "0")
    .replace(/\d/g, (digit) => blanks[Number(digit)] ?? "");
}

function parseBlanks(text: string): number | undefined {
  const digits = /[ \t\n\r]+$/.exec(text)?.[0] ?? "";
  return digits.length === blankDigits
    ? Number.parseInt(
        digits.replace(/./gs, (blank) => String(blanks.indexOf(blank))),
        4,
      )
    : undefined;
}
