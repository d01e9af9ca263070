import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SessionError } from "../base/errors";
import type { Config } from "../config/config";
import { cacheByKeys } from "../signing/key-cache";
import { TimestampSigner } from "../signing/signing";

/** Whom a cookie remembers, and what of that user must not have changed since. */
export interface Remembered {
  /** The user's id. */
  readonly id: string;
  /** A hash of the user's secret, or `null` in a cookie of Flask's, which has none. */
  readonly fingerprint: string | null;
}

/** Returns what of a user's secret, such as the hash of the password, a cookie carries: it dies with the secret. */
export function fingerprintOf(secret: string): string {
  return createHash("sha256").update(`remember-me ${secret}`).digest("base64url").slice(0, 16);
}

/** Formats the cookie that remembers a user: in Flask's layout where the app shares its sessions, else one with its time. */
export function formatRemembered(config: Config, { id, fingerprint }: Remembered): string {
  if (config.sessionDigest === "sha1") {
    return `${id}|${signAsFlask(config, id)}`;
  }
  const signer = findSigner(config);
  if (signer === undefined) {
    throw new SessionError("A cookie that remembers a user needs a secret key. Set the configuration's secretKey.");
  }
  return signer.sign(Buffer.from(JSON.stringify([id, fingerprint])).toString("base64url"));
}

/**
 * Reads the cookie that remembers a user.
 *
 * @param config Has the keys.
 * @param cookie The cookie.
 * @param maxAge How long it is valid, in seconds; Flask's does not say when it was made.
 * @returns Whom it remembers, or `undefined` if it is forged or too old.
 */
export function parseRemembered(config: Config, cookie: string, maxAge: number): Remembered | undefined {
  const signer = findSigner(config);
  if (signer === undefined) {
    return undefined;
  }
  if (config.sessionDigest === "sha1") {
    const bar = cookie.lastIndexOf("|");
    const [id, signature] = [cookie.slice(0, Math.max(0, bar)), Buffer.from(cookie.slice(bar + 1))];
    const expected = Buffer.from(signAsFlask(config, id));
    return bar > 0 && signature.length === expected.length && timingSafeEqual(signature, expected) ? { id, fingerprint: null } : undefined;
  }
  const result = signer.unsign(cookie, maxAge);
  if ("failure" in result) {
    return undefined;
  }
  const parsed: unknown = JSON.parse(Buffer.from(result.value, "base64url").toString("utf8"));
  const [id, fingerprint]: unknown[] = Array.isArray(parsed) ? parsed : [];
  return typeof id === "string" ? { id, fingerprint: typeof fingerprint === "string" ? fingerprint : null } : undefined;
}

const findSigner = cacheByKeys((secrets) => new TimestampSigner(secrets, { salt: "remember-me", digest: "sha256", derivation: "hmac" }));

/** Flask-Login takes the key's text for Latin-1. */
function signAsFlask({ secretKey }: Config, id: string): string {
  const key = typeof secretKey === "string" ? Buffer.from(secretKey, "latin1") : (secretKey ?? "");
  return createHmac("sha512", key).update(id, "utf8").digest("hex");
}
