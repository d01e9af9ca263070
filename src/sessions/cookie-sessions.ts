import { deflateSync, inflateSync } from "node:zlib";
import type { Config } from "../config/config";
import { type CookieOptions, type CookieWriter, createCookieWriter, warnOfSize } from "../http/cookies";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import { addTrusted } from "../http/response/response-headers";
import { Encrypter } from "../signing/encryption";
import { cacheByKeys } from "../signing/key-cache";
import { TimestampSigner } from "../signing/signing";
import { Session, type SessionInterface } from "./session";
import { formatTagged, parseTagged } from "./tagged-json";

const maxInflatedSize = 1024 * 1024;
/** The size in bytes from which a session is compressed: a smaller one costs more time than it saves room. */
const leastCompressed = 400;
/** A session that is set to the same values is signed again when this part of its lifetime is over. */
const refreshPart = 0.1;

/** The first character of an encrypted cookie. Neither base64url nor a compressed value begins with it. */
const encryptedMark = "~";

/** Signs and encrypts sessions. */
interface Keys {
  readonly signer: TimestampSigner;
  readonly encrypter: Encrypter;
}

const findKeys = cacheByKeys<Keys>((secrets, digest) => ({
  signer: new TimestampSigner(secrets, { salt: "cookie-session", digest, derivation: "hmac" }),
  encrypter: new Encrypter(secrets, "cookie-session"),
}));

/**
 * Stores sessions in a signed cookie with Flask's layout. Visitors cannot change it. They can read it, unless the
 * setting `sessionEncrypted` is on.
 */
export class CookieSessions implements SessionInterface {
  /** The session is opened when it is first used. */
  readonly isLazy = true;
  /** The writer of the cookie, and its attributes. An app sends its cookie with one set of attributes, or two. */
  #writer: { readonly name: string; readonly options: CookieOptions; readonly write: CookieWriter } | undefined;

  /** Reads the cookie. One that is forged, foreign or too old gives a new session. */
  open(request: FlagonRequest, config: Config): Session {
    const keys = findKeys(config);
    if (keys === undefined) {
      return new Session({}, { isReadOnly: true });
    }
    const cookie = request.cookies[config.sessionCookieName];
    return (cookie === undefined ? undefined : readCookie(keys, cookie, config)) ?? new Session();
  }

  /** Sets the cookie if the session changed or must be refreshed. Deletes it if the session was emptied. */
  save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): void {
    const changed = session.formatIfChanged();
    if (session.size === 0) {
      if (changed !== undefined && !session.isNew) {
        response.deleteCookie(config.sessionCookieName, sessionCookieOptions(request, config));
      }
      return;
    }
    const keys = findKeys(config);
    if (keys === undefined || (changed === undefined && !isDue(session, request, config, keys))) {
      return;
    }
    const write = this.#findWriter(config.sessionCookieName, sessionCookieOptions(request, config));
    const json = changed ?? session.format();
    const value = config.sessionEncrypted ? `${encryptedMark}${keys.encrypter.encrypt(Buffer.from(json, "utf8"))}` : formatPayload(json);
    const expires = session.permanent ? new Date(Date.now() + config.permanentSessionLifetime * 1000) : undefined;
    const cookie = write(keys.signer.sign(value), expires);
    addTrusted(response.headers, "set-cookie", cookie);
    if (cookie.length > config.maxCookieSize) {
      warnOfSize("The session cookie", cookie, config.maxCookieSize, adviseToShrink(session));
    }
  }

  /** Returns the writer of the last cookie if the attributes are the same, or a new one. */
  #findWriter(name: string, options: CookieOptions): CookieWriter {
    const last = this.#writer;
    if (
      last?.name === name &&
      last.options.secure === options.secure &&
      last.options.path === options.path &&
      last.options.sameSite === options.sameSite &&
      last.options.partitioned === options.partitioned &&
      last.options.domain === options.domain
    ) {
      return last.write;
    }
    const write = createCookieWriter(name, options);
    this.#writer = { name, options, write };
    return write;
  }
}

/** The prefixes of names that browsers take only with the path `/` (RFC 6265bis, section 4.1.3.2). */
const hostPrefix = /^__host-/i;
/** The prefixes of names that browsers take for secure cookies only. */
const securePrefix = /^__(?:host|secure|http)-/i;

/** Returns the attributes of the session's cookie. Scripts never see it. */
export function sessionCookieOptions(request: FlagonRequest, config: Config): CookieOptions {
  const {
    sessionCookieDomain: domain,
    sessionCookieName: name,
    sessionCookiePartitioned: partitioned,
    sessionCookieSameSite: sameSite,
  } = config;
  // Browsers drop some cookies that are not secure, so "auto" makes those secure over HTTP as well. Browsers accept
  // them on localhost.
  const secure =
    config.sessionCookieSecure === "auto" ? request.isSecure || sameSite === "None" || securePrefix.test(name) : config.sessionCookieSecure;
  const path = config.sessionCookiePath ?? (hostPrefix.test(name) ? "/" : request.rootPath || "/");
  return { httpOnly: true, secure, path, sameSite, partitioned, ...(domain === null ? {} : { domain }) };
}

/** Tells whether an unchanged session is sent again: a permanent one that was read, or one whose values were set anew. */
function isDue(session: Session, request: FlagonRequest, config: Config, { signer }: Keys): boolean {
  if (session.permanent) {
    return config.sessionRefreshEachRequest;
  }
  const cookie = session.isWritten ? request.cookies[config.sessionCookieName] : undefined;
  const age = cookie === undefined ? 0 : Date.now() / 1000 - signer.readStamp(cookie).time;
  return age >= config.permanentSessionLifetime * refreshPart;
}

function adviseToShrink(session: Session): string {
  const sizes = Object.entries(session.toObject()).map(([key, value]) => [key, formatTagged(value)?.length ?? 0] as const);
  const [largest] = sizes.sort(([, left], [, right]) => right - left);
  return `Its largest value is '${largest?.[0]}'. Keep less in the session, or keep sessions on the server.`;
}

function formatPayload(json: string): string {
  const bytes = Buffer.from(json, "utf8");
  if (bytes.length < leastCompressed) {
    return bytes.toString("base64url");
  }
  const deflated = deflateSync(bytes);
  return deflated.length < bytes.length - 1 ? `.${deflated.toString("base64url")}` : bytes.toString("base64url");
}

function parsePayload(value: string): Buffer {
  return value.startsWith(".")
    ? inflateSync(Buffer.from(value.slice(1), "base64url"), { maxOutputLength: maxInflatedSize })
    : Buffer.from(value, "base64url");
}

function readCookie({ encrypter, signer }: Keys, cookie: string, config: Config): Session | undefined {
  const result = signer.unsign(cookie, config.permanentSessionLifetime);
  if ("failure" in result) {
    return undefined;
  }
  try {
    const { value } = result;
    const bytes = value.startsWith(encryptedMark) ? encrypter.decrypt(value.slice(encryptedMark.length)) : parsePayload(value);
    const serialized = bytes?.toString("utf8") ?? "";
    const values = parseTagged(serialized);
    const isOutdated = config.secretKeyFallbacks.length > 0 && !signer.readStamp(cookie).isCurrent;
    return typeof values === "object" && values !== null && !Array.isArray(values)
      ? new Session(values, { isNew: false, isOutdated, serialized })
      : undefined;
  } catch {
    // A signed cookie that cannot be read comes from an owner of the key: it gives an empty session, not an error.
    return undefined;
  }
}
