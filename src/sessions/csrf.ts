import { randomBytes, timingSafeEqual } from "node:crypto";
import { SessionError } from "../base/errors";
import type { Config } from "../config/config";
import { Forbidden } from "../http/exceptions/client-errors";
import type { FlagonRequest } from "../http/request/request";
import { cacheByKeys } from "../signing/key-cache";
import { TimestampSigner } from "../signing/signing";
import type { Session } from "./session";

/** The name of the token's form field. */
export const csrfField = "csrf_token";
const sessionKey = "csrf_token";
const tokenLength = 20;
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** A cross-site request was refused, or its token is missing, wrong or too old. */
export class CsrfError extends Forbidden {}

/** The token alone is to blame: the form can be shown again, with a fresh one. */
export class CsrfTokenError extends CsrfError {}

/**
 * What the headers of a request say about where it comes from.
 *
 * - `"own"`: from the app's own pages, or it changes nothing.
 * - `"foreign"`: from another site.
 * - `"unknown"`: an old browser, perhaps; a token has to prove it.
 */
type Provenance = "own" | "foreign" | "unknown";

/** Tells whether a method changes nothing (RFC 9110, section 9.2.1), so that a request with it needs no check. */
export function isSafeMethod(method: string): boolean {
  return method === "GET" || safeMethods.has(method);
}

/**
 * Tells where a request comes from: by `Sec-Fetch-Site`, then by `Origin`.
 *
 * A request with neither and without a cookie has nothing to forge, so it counts as the app's own: `curl` and services
 * are not browsers.
 */
function findProvenance(request: FlagonRequest, config: Config): Provenance {
  if (isSafeMethod(request.method)) {
    return "own";
  }
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") {
    return "own";
  }
  const hasCookie = headers.get("cookie") !== null;
  if (!hasCookie && request.authorization?.type === "bearer") {
    // No browser adds such credentials by itself.
    return "own";
  }
  const origin = headers.get("origin");
  const isTrusted = origin !== null && (origin === request.origin || config.csrfTrustedOrigins.includes(origin));
  if (site !== null) {
    return isTrusted ? "own" : "foreign";
  }
  if (origin !== null) {
    return isTrusted ? "own" : "foreign";
  }
  return hasCookie ? "unknown" : "own";
}

/**
 * Refuses a request from another site.
 *
 * @throws {CsrfError} If it comes from another site, or cannot prove that it does not.
 */
export function checkCsrf(request: FlagonRequest, session: () => Session, config: Config): Promise<void> | undefined {
  switch (findProvenance(request, config)) {
    case "own":
      return undefined;
    case "foreign":
      throw new CsrfError("The request came from another site. If it is yours, list its origin in the setting csrfTrustedOrigins.");
    case "unknown":
      return checkToken(request, session(), config);
  }
}

/**
 * Returns the token for forms and scripts; it differs each time, and all of a session are valid for the setting `csrfTimeLimit`.
 *
 * @throws {SessionError} If the app has no secret key.
 */
export function createCsrfToken(session: Session, config: Config): string {
  const stored = session.get(sessionKey);
  const secret = typeof stored === "string" ? stored : randomBytes(tokenLength).toString("hex");
  if (secret !== stored) {
    session.set(sessionKey, secret);
  }
  if (config.sessionDigest === "sha1") {
    // Flask-WTF, beside which the app then lives, signs the secret as it is.
    return getSigner(config).sign(Buffer.from(JSON.stringify(secret)).toString("base64url"));
  }
  // Masked anew each time, so that compressing a page never leaks the secret piece by piece (BREACH).
  const bytes = Buffer.from(secret, "hex");
  const mask = takeRandom(bytes.length);
  return getSigner(config).sign(Buffer.concat([mask, xor(bytes, mask)]).toString("base64url"));
}

/** Random bytes for masks. They are drawn 4,096 at a time, and each is used once. */
let randomPool = Buffer.alloc(0);

function takeRandom(size: number): Buffer {
  if (randomPool.length < size) {
    randomPool = randomBytes(4096);
  }
  const taken = randomPool.subarray(0, size);
  randomPool = randomPool.subarray(size);
  return taken;
}

async function checkToken(request: FlagonRequest, session: Session, config: Config): Promise<void> {
  const stored = session.get(sessionKey);
  const token = request.headers.get("x-csrf-token") ?? request.headers.get("x-csrftoken") ?? (await request.form()).getText(csrfField);
  if (token === null || token === "") {
    throw new CsrfTokenError("The CSRF token is missing. Load the form again, then send it.");
  }
  if (typeof stored !== "string") {
    throw new CsrfTokenError("The CSRF session token is missing. Load the form again, then send it.");
  }
  const result = getSigner(config).unsign(token, config.csrfTimeLimit);
  if ("failure" in result) {
    throw new CsrfTokenError(
      result.failure === "expired"
        ? "The CSRF token has expired. Load the form again, then send it."
        : "The CSRF token is invalid. Load the form again, then send it.",
    );
  }
  const secret = config.sessionDigest === "sha1" ? readFlaskToken(result.value) : unmask(result.value);
  const expected = Buffer.from(stored, "hex");
  if (secret.length !== expected.length || !timingSafeEqual(secret, expected)) {
    throw new CsrfTokenError("The CSRF tokens do not match. Load the form again, then send it.");
  }
}

function unmask(value: string): Buffer {
  const masked = Buffer.from(value, "base64url");
  const half = masked.length / 2;
  return xor(masked.subarray(0, half), masked.subarray(half));
}

function readFlaskToken(value: string): Buffer {
  const json = Buffer.from(value, "base64url").toString("utf8");
  return Buffer.from(/^"([\da-f]+)"$/.exec(json)?.[1] ?? "", "hex");
}

const findSigner = cacheByKeys(
  (secrets, digest) => new TimestampSigner(secrets, { salt: "wtf-csrf-token", digest, derivation: "django-concat" }),
);

function getSigner(config: Config): TimestampSigner {
  const signer = findSigner(config);
  if (signer === undefined) {
    throw new SessionError("A CSRF token needs a secret key. Set the configuration's secretKey.");
  }
  return signer;
}

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  const result = Buffer.allocUnsafe(left.length);
  for (let index = 0; index < left.length; index++) {
    result[index] = (left[index] ?? 0) ^ (right[index] ?? 0);
  }
  return result;
}
