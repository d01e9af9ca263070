import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Hmac } from "./hmac";

const dot = 0x2e;
/** The digits of base64url (RFC 4648, section 5). */
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const notBase64Url = /[^\w-]/;

/** The reason for which a signed value is refused. */
type UnsignFailure = "bad signature" | "expired";

/** The result of reading a signed value. */
export type UnsignResult = { readonly value: string } | { readonly failure: UnsignFailure };

/** The derivation of a signer's key from the secret key: `"hmac"` as in Flask's sessions, `"django-concat"` as itsdangerous does by default. */
type KeyDerivation = "hmac" | "django-concat";

/** Options of a {@link TimestampSigner}. */
export interface SignerOptions {
  /** The purpose: a value that is signed for one purpose is refused for another. */
  readonly salt: string;
  /** The digest of keys and signatures. */
  readonly digest: "sha256" | "sha1";
  /** The derivation of the keys. */
  readonly derivation: KeyDerivation;
}

/** Signs text with the time of signing, in the layout of itsdangerous: `value.timestamp.signature`. */
export class TimestampSigner {
  readonly #keys: readonly Hmac[];
  /** Room for the signature of a text, and for the right one. */
  readonly #given: Buffer;
  readonly #expected: Buffer;

  /**
   * @param secrets The current secret first: only it signs. Then former ones, which only verify.
   * @param options The purpose, the digest and the derivation.
   */
  constructor(secrets: readonly (string | Uint8Array)[], options: SignerOptions) {
    this.#keys = secrets.map((secret) => new Hmac(options.digest, deriveKey(secret, options)));
    this.#given = Buffer.alloc(this.#keys[0]?.length ?? 0);
    this.#expected = Buffer.alloc(this.#given.length);
  }

  /** Signs a value at a time, given in seconds since the Unix epoch. */
  sign(value: string, now: number = currentSeconds()): string {
    const key = this.#keys[0];
    if (key === undefined) {
      throw new RangeError("A signer needs a key to sign.");
    }
    const signed = `${value}.${formatTimestamp(now)}`;
    return `${signed}.${key.sign(signed)}`;
  }

  /**
   * Reads a signed value.
   *
   * @param text The signed text.
   * @param maxAge The greatest age, in seconds. A value of exactly this age is still valid.
   * @param now The time, in seconds since the Unix epoch.
   */
  unsign(text: string, maxAge: number, now: number = currentSeconds()): UnsignResult {
    const end = text.length - 1 - this.#given.length;
    const signature = text.slice(end + 1);
    if (text.charCodeAt(end) !== dot || notBase64Url.test(signature) || !this.#verify(text.slice(0, end), signature)) {
      return { failure: "bad signature" };
    }
    let middle = end - 1;
    while (middle >= 0 && text.charCodeAt(middle) !== dot) {
      middle--;
    }
    const timestamp = middle < 0 ? undefined : parseTimestamp(text, middle + 1, end);
    if (timestamp === undefined) {
      return { failure: "bad signature" };
    }
    const age = now - timestamp;
    return age > maxAge || age < 0 ? { failure: "expired" } : { value: text.slice(0, middle) };
  }

  /**
   * Reads the time of signing, in seconds since the Unix epoch, and tells whether the current key signed, rather than a
   * former one. Of a text that {@link TimestampSigner.unsign} accepted.
   */
  readStamp(text: string): { readonly time: number; readonly isCurrent: boolean } {
    const end = text.lastIndexOf(".");
    const time = parseTimestamp(text, text.lastIndexOf(".", end - 1) + 1, end) ?? 0;
    // Not secret: the text was accepted, by this key or by another.
    return { time, isCurrent: this.#keys[0]?.sign(text.slice(0, end)) === text.slice(end + 1) };
  }

  #verify(signed: string, signature: string): boolean {
    // Compared as text, of base64url digits only, since writing cuts a code unit to its lower byte: a signature has one spelling.
    this.#given.write(signature, "latin1");
    for (const key of this.#keys) {
      this.#expected.write(key.sign(signed), "latin1");
      if (timingSafeEqual(this.#expected, this.#given)) {
        return true;
      }
    }
    return false;
  }
}

/** Returns the time in whole seconds since the Unix epoch. */
function currentSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function deriveKey(secret: string | Uint8Array, { salt, digest, derivation }: SignerOptions): Buffer {
  return derivation === "hmac"
    ? createHmac(digest, secret).update(salt).digest()
    : createHash(digest).update(`${salt}signer`).update(secret).digest();
}

/** The last timestamp, which stays the same for a second. */
let lastTimestamp = { seconds: 0, text: "" };

function formatTimestamp(seconds: number): string {
  if (seconds !== lastTimestamp.seconds) {
    const hex = seconds.toString(16);
    lastTimestamp = { seconds, text: Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, "hex").toString("base64url") };
  }
  return lastTimestamp.text;
}

/** Reads a timestamp of at most six bytes in base64url. */
function parseTimestamp(text: string, start: number, end: number): number | undefined {
  const bits = (end - start) * 6;
  if (bits > 48) {
    return undefined;
  }
  let seconds = 0;
  for (let index = start; index < end; index++) {
    const digit = digits.indexOf(text.charAt(index));
    if (digit < 0) {
      return undefined;
    }
    seconds = seconds * 64 + digit;
  }
  // The bits after the last whole byte are padding.
  return Math.floor(seconds / (1 << (bits % 8)));
}
