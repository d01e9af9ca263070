import { randomBytes, timingSafeEqual } from "node:crypto";
import { SessionError } from "../base/errors";
import type { Config } from "../config/config";
import { Forbidden } from "../http/exceptions/client-errors";
import type { FlagonRequest } from "../http/request/request";
import { cacheByKeys } from "../signing/key-cache";
import { TimestampSigner } from "../signing/signing";
import { csrfKey, type Session } from "./session";

/** The name of the token's form field: the same as its key in the session, as in Flask-WTF. */
export const csrfField: string = csrfKey;
const tokenLength = 20;
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** A cross-site request was refused, or its token is missing, wrong or too old. */
export class CsrfError extends Forbidden {}

/** A wrong token alone: the form can be shown again with a fresh one. */
export class CsrfTokenError extends CsrfError {}

/**
 * The origin of a request, by its headers.
 *
 * - `"own"`: a page of the app, or a request that changes nothing.
 * - `"foreign"`: another site.
 * - `"unknown"`: perhaps an old browser. A token must prove that the page is the app's own.
 */
type Provenance = "own" | "foreign" | "unknown";

/** Tells whether a method changes nothing (RFC 9110, section 9.2.1). Such a request needs no check. */
export function isSafeMethod(method: string): boolean {
  return method === "GET" || safeMethods.has(method);
}

/**
 * Finds the origin of a request: by `Sec-Fetch-Site`, then by `Origin`.
 *
 * A request with neither header and without a cookie has nothing to forge, so it counts as the app's own: `curl` and services
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
    // Browsers never add bearer tokens by themselves.
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
      request.log.info(
        { origin: request.headers.get("origin") },
        "A request that came from another site was refused. If the site is yours, list its origin in the setting csrfTrustedOrigins.",
      );
      throw new CsrfError("The request came from another site, so it was refused.");
    case "unknown":
      return checkToken(request, session(), config);
  }
}

/**
 * Returns a token for forms and scripts. Each call gives another one. All tokens of a session are valid for the setting
 * `csrfTimeLimit`.
 *
 * @throws {SessionError} If the app has no secret key.
 */
export function createCsrfToken(session: Session, config: Config): string {
  const stored = session.get(csrfKey);
  const secret = typeof stored === "string" ? stored : randomBytes(tokenLength).toString("hex");
  if (secret !== stored) {
    session.set(csrfKey, secret);
  }
  if (config.sessionDigest === "sha1") {
    // The app shares its sessions with a Flask app, whose Flask-WTF signs the secret without a mask.
    return getSigner(config).sign(Buffer.from(JSON.stringify(secret)).toString("base64url"));
  }
  // A new mask each time: the compressed size of a page must not leak the secret (BREACH).
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
  const stored = session.get(csrfKey);
  const token = request.headers.get("x-csrf-token") ?? request.headers.get("x-csrftoken") ?? (await request.form()).getText(csrfField);
  if (token === null || token === "") {
    throw new CsrfTokenError("The CSRF token is missing. Load the form again, then send it.");
  }
  if (typeof stored !== "string") {
    throw new CsrfTokenError("The CSRF session token is missing. Load the form again, then send it.");
  }
  const result = getSigner(config).unsign(token, config.csrfTimeLimit ?? Number.POSITIVE_INFINITY);
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
