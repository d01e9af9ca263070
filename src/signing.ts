import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Hmac } from "./hmac";

/** Why a signed value was refused. */
type UnsignFailure = "bad signature" | "expired";

/** What reading a signed value gives. */
export type UnsignResult = { readonly value: string } | { readonly failure: UnsignFailure };

/** How a signer's key is made from the secret key: as Flask's sessions do, or as itsdangerous does by default. */
type KeyDerivation = "hmac" | "django-concat";

/** How a signer makes its keys and signatures. */
export interface SignerOptions {
  /** The purpose: values signed for one purpose are refused for another. */
  readonly salt: string;
  /** The digest of keys and signatures. */
  readonly digest: "sha256" | "sha1";
  /** How keys are derived. */
  readonly derivation: KeyDerivation;
}

/** Signs text with the time of signing, in the layout of itsdangerous: `value.timestamp.signature`. */
export class TimestampSigner {
  readonly #keys: readonly Hmac[];

  /**
   * @param secrets The current secret first, which alone signs; then former ones, which only verify.
   * @param options The purpose, the digest and the derivation.
   */
  constructor(secrets: readonly (string | Uint8Array)[], options: SignerOptions) {
    this.#keys = secrets.map((secret) => new Hmac(options.digest, deriveKey(secret, options)));
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
   * @param maxAge The greatest age, in seconds; exactly this age is still valid.
   * @param now The time, in seconds since the Unix epoch.
   */
  unsign(text: string, maxAge: number, now: number = currentSeconds()): UnsignResult {
    const end = text.lastIndexOf(".");
    if (end < 0 || !this.#verify(text.slice(0, end), text.slice(end + 1))) {
      return { failure: "bad signature" };
    }
    const middle = text.lastIndexOf(".", end - 1);
    const timestamp = middle < 0 ? undefined : parseTimestamp(text.slice(middle + 1, end));
    if (timestamp === undefined) {
      return { failure: "bad signature" };
    }
    const age = now - timestamp;
    return age > maxAge || age < 0 ? { failure: "expired" } : { value: text.slice(0, middle) };
  }

  #verify(signed: string, signature: string): boolean {
    // Compared as text: there is one way to write a signature.
    const given = Buffer.from(signature, "latin1");
    return this.#keys.some((key) => {
      const expected = Buffer.from(key.sign(signed), "latin1");
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
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

/** The last timestamp: it is the same for a second. */
let last = { seconds: 0, text: "" };

function formatTimestamp(seconds: number): string {
  if (seconds !== last.seconds) {
    const hex = seconds.toString(16);
    last = { seconds, text: Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, "hex").toString("base64url") };
  }
  return last.text;
}

/** Reads a timestamp of at most six bytes, which the signature covers as it is written. */
function parseTimestamp(text: string): number | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length > 6 ? undefined : bytes.length === 0 ? 0 : bytes.readUIntBE(0, bytes.length);
}
