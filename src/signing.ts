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
    return `${signed}.${key.sign(signed).toString("base64url")}`;
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
    const signature = decodeBase64Url(text.slice(end + 1));
    if (end < 0 || signature === undefined || !this.#verify(text.slice(0, end), signature)) {
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

  #verify(signed: string, signature: Buffer): boolean {
    return this.#keys.some((key) => {
      const expected = key.sign(signed);
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    });
  }
}

/** Decodes unpadded base64url, or gives `undefined` for text that is not the one way to write its bytes. */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
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

function formatTimestamp(seconds: number): string {
  const hex = seconds === 0 ? "" : seconds.toString(16);
  return Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, "hex").toString("base64url");
}

function parseTimestamp(text: string): number | undefined {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined || bytes.length > 6) {
    return undefined;
  }
  return bytes.reduce((seconds, byte) => seconds * 256 + byte, 0);
}
