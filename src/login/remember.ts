import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SessionError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import type { Config } from "../config/config";
import { cacheByKeys } from "../signing/key-cache";
import { TimestampSigner } from "../signing/signing";

/** A remembered login. */
interface Remembered {
  /** The user's id. */
  readonly id: string;
  /** A hash of the user's secret, or `null` in a cookie of Flask's, which has none. */
  readonly fingerprint: string | null;
}

/** A remembered login, as its cookie tells. */
interface KnownLogin extends Remembered {
  /** The time when it began, in seconds since the Unix epoch. */
  readonly time: number;
  /** Whether a former key signed the cookie. */
  readonly isOutdated: boolean;
}

/** Returns the fingerprint of a user's secret, such as the hash of the password. A remembered login ends when it changes. */
export function fingerprintOf(secret: string): string {
  refusePromise(secret, "result of the login manager's option 'getSecret'");
  return createHash("sha256").update(`remember-me ${secret}`).digest("base64url").slice(0, 16);
}

/**
 * Formats the cookie that remembers a user: with Flask's layout in an app that shares its sessions, else with a time.
 *
 * @param config Has the keys.
 * @param login The login.
 * @param begun The time when it began, in seconds since the Unix epoch.
 */
export function formatRemembered(config: Config, { id, fingerprint }: Remembered, begun: number): string {
  if (config.sessionDigest === "sha1") {
    return `${id}|${signAsFlask(config, id)}`;
  }
  const signer = findSigner(config);
  if (signer === undefined) {
    throw new SessionError("A cookie that remembers a user needs a secret key. Set the configuration's secretKey.");
  }
  return signer.sign(Buffer.from(JSON.stringify([id, fingerprint])).toString("base64url"), begun);
}

/**
 * Reads the cookie that remembers a user.
 *
 * @param config Has the keys.
 * @param cookie The cookie.
 * @param maxAge The seconds for which it is valid. Flask's has no time.
 * @returns The login, or `undefined` if the cookie is forged, malformed or too old.
 */
export function parseRemembered(config: Config, cookie: string, maxAge: number): KnownLogin | undefined {
  const signer = findSigner(config);
  if (signer === undefined) {
    return undefined;
  }
  if (config.sessionDigest === "sha1") {
    const bar = cookie.lastIndexOf("|");
    const [id, signature] = [cookie.slice(0, Math.max(0, bar)), Buffer.from(cookie.slice(bar + 1))];
    const expected = Buffer.from(signAsFlask(config, id));
    return bar > 0 && signature.length === expected.length && timingSafeEqual(signature, expected)
      ? { id, fingerprint: null, time: 0, isOutdated: false }
      : undefined;
  }
  const result = signer.unsign(cookie, maxAge);
  if ("failure" in result) {
    return undefined;
  }
  const [id, fingerprint] = parseList(Buffer.from(result.value, "base64url").toString("utf8"));
  const { isCurrent, time } = signer.readStamp(cookie);
  return typeof id === "string"
    ? { id, fingerprint: typeof fingerprint === "string" ? fingerprint : null, time, isOutdated: !isCurrent }
    : undefined;
}

/** Parses a list of JSON. Text of another kind is empty: only an owner of the key can have signed it. */
function parseList(json: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(json);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

const findSigner = cacheByKeys((secrets) => new TimestampSigner(secrets, { salt: "remember-me", digest: "sha256", derivation: "hmac" }));

/** Signs as Flask-Login does, which takes the text of the key for Latin-1. */
function signAsFlask({ secretKey }: Config, id: string): string {
  const key = typeof secretKey === "string" ? Buffer.from(secretKey, "latin1") : (secretKey ?? "");
  return createHmac("sha512", key).update(id, "utf8").digest("hex");
}
