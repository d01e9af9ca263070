import { deflateSync, inflateSync } from "node:zlib";
import type { Config } from "./config";
import { SessionError } from "./errors";
import type { CookieOptions } from "./http/cookies";
import type { FlagonRequest } from "./http/request";
import type { FlagonResponse } from "./http/response";
import { TimestampSigner } from "./signing";
import { formatTagged, parseTagged } from "./tagged-json";

/** The keys of the session and their types. Augment it: `declare module "flagon" { interface SessionData { userId: number } }`. */
export interface SessionData {}

type Key = keyof SessionData | (string & {});
type ValueOf<Name> = Name extends keyof SessionData ? SessionData[Name] : unknown;

/** What an app keeps about a visitor from request to request. */
export class Session {
  /** Whether the visitor came without a valid session. */
  isNew: boolean;
  /** Whether it was regenerated in this request: a store that keeps sessions by id gives it a new one. */
  isRegenerated = false;
  readonly #values: Map<string, unknown>;
  readonly #before: string;
  readonly #isReadOnly: boolean;

  /**
   * @param values What the session holds.
   * @param options `isNew` for a visitor without one; `isReadOnly` when there is no key to sign it with; `serialized`
   * is the text that the values were read from.
   */
  constructor(
    values: Readonly<Record<string, unknown>> = {},
    { isNew = true, isReadOnly = false, serialized }: { isNew?: boolean; isReadOnly?: boolean; serialized?: string } = {},
  ) {
    this.#values = new Map(Object.entries(values));
    this.isNew = isNew;
    this.#isReadOnly = isReadOnly;
    this.#before = serialized ?? this.format();
  }

  /** How many values it holds. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether it outlives the browser window, for the setting `permanentSessionLifetime`. */
  get permanent(): boolean {
    return this.#values.get("_permanent") === true;
  }

  set permanent(permanent: boolean) {
    this.#write();
    if (permanent) {
      this.#values.set("_permanent", true);
    } else {
      this.#values.delete("_permanent");
    }
  }

  /** Returns a value, or `undefined`. Changes inside an object or array that it returns are kept as well. */
  get<Name extends Key>(key: Name): ValueOf<Name> | undefined;
  get(key: string): unknown {
    return this.#values.get(key);
  }

  /**
   * Sets a value: what JSON can hold, and dates, bytes and `Markup`.
   *
   * @throws {SessionError} If the app has no secret key.
   */
  set<Name extends Key>(key: Name, value: ValueOf<Name>): void;
  set(key: string, value: unknown): void {
    this.#write();
    this.#values.set(key, value);
  }

  /** Tells whether a value is set. */
  has(key: Key): boolean {
    return this.#values.has(key);
  }

  /** Removes a value, and tells whether there was one. */
  delete(key: Key): boolean {
    return this.#values.delete(key);
  }

  /** Removes a value and returns it, or `undefined`. */
  pop<Name extends Key>(key: Name): ValueOf<Name> | undefined;
  pop(key: string): unknown {
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  /** Removes all values. */
  clear(): void {
    this.#values.clear();
  }

  /** Starts the session afresh with what it holds, as is due when someone logs in: tokens bound to the old one are void. */
  regenerate(): void {
    this.#write();
    this.#values.delete("csrf_token");
    this.isRegenerated = true;
  }

  /** Lists the names of all values. */
  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  /** Returns a plain copy of all values. */
  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  /**
   * Serializes the session if it differs from what it was, also deep inside a value; otherwise gives `undefined`.
   *
   * @throws {SessionError} If it holds what JSON cannot.
   */
  formatIfChanged(): string | undefined {
    const now = this.format();
    return now === this.#before && !this.isRegenerated ? undefined : now;
  }

  /** Serializes the session. */
  format(): string {
    try {
      return this.#values.size === 0 ? "{}" : formatTagged(this.toObject());
    } catch (cause) {
      const culprit = [...this.#values].find(([, value]) => !isStorable(value))?.[0];
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SessionError(`The session cannot hold its value '${culprit}': ${reason}. Keep plain data in the session.`, { cause });
    }
  }

  #write(): void {
    if (this.#isReadOnly) {
      throw new SessionError(
        "The session cannot be written, because the app has no secret key to sign it.\nSet one: new Flagon(root, { config: { secretKey } }), or FLAGON_SECRET_KEY in the environment. The development server makes one by itself.",
      );
    }
  }
}

/** Opens and saves sessions. Set `app.sessionInterface` to another one to keep them elsewhere. */
export interface SessionInterface {
  /** Whether a session is opened only when it is used; one that awaits is opened before the first hook. */
  readonly isLazy: boolean;
  /** Opens the session of a request. */
  open(request: FlagonRequest, config: Config): Session | Promise<Session>;
  /** Saves a session that was opened, into the response or elsewhere. */
  save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): void | Promise<void>;
}

const maxInflatedSize = 1024 * 1024;

/** Keeps sessions in a signed cookie, in the layout of Flask's; visitors can read it, but not change it. */
export class CookieSessions implements SessionInterface {
  /** Opened when used. */
  readonly isLazy = true;
  #signer: { readonly signer: TimestampSigner; readonly key: unknown; readonly fallbacks: unknown; readonly digest: string } | undefined;

  /** Reads the cookie; one that is forged, foreign or too old gives a new session. */
  open(request: FlagonRequest, config: Config): Session {
    const signer = this.#getSigner(config);
    if (signer === undefined) {
      return new Session({}, { isReadOnly: true });
    }
    const cookie = request.cookies[config.sessionCookieName];
    const session = cookie === undefined ? undefined : readCookie(signer, cookie, config.permanentSessionLifetime);
    return session ?? new Session();
  }

  /** Sets the cookie if the session changed, or has to be refreshed; drops it if the session was emptied. */
  save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): void {
    const changed = session.formatIfChanged();
    const options = sessionCookieOptions(request, config);
    if (session.size === 0) {
      if (changed !== undefined && !session.isNew) {
        response.deleteCookie(config.sessionCookieName, options);
      }
      return;
    }
    if (changed === undefined && !(session.permanent && config.sessionRefreshEachRequest)) {
      return;
    }
    const signer = this.#getSigner(config);
    if (signer !== undefined) {
      const expires = session.permanent ? { expires: new Date(Date.now() + config.permanentSessionLifetime * 1000) } : {};
      const cookie = signer.sign(formatPayload(changed ?? session.format()));
      response.setCookie(config.sessionCookieName, cookie, { ...options, ...expires });
      warnOfSize(session, config, response.headers.getSetCookie().at(-1)?.length ?? 0);
    }
  }

  #getSigner(config: Config): TimestampSigner | undefined {
    const { secretKey, secretKeyFallbacks, sessionDigest } = config;
    if (secretKey === null) {
      return undefined;
    }
    const known = this.#signer;
    if (known !== undefined && known.key === secretKey && known.fallbacks === secretKeyFallbacks && known.digest === sessionDigest) {
      return known.signer;
    }
    const signer = new TimestampSigner([secretKey, ...[...secretKeyFallbacks].reverse()], {
      salt: "cookie-session",
      digest: sessionDigest,
      derivation: "hmac",
    });
    this.#signer = { signer, key: secretKey, fallbacks: secretKeyFallbacks, digest: sessionDigest };
    return signer;
  }
}

/** How the session's cookie is sent, whatever it holds. */
export function sessionCookieOptions(request: FlagonRequest, config: Config): CookieOptions {
  const { sessionCookieDomain: domain, sessionCookieSecure: secure } = config;
  return {
    httpOnly: true,
    secure: secure === "auto" ? request.isSecure : secure,
    path: config.sessionCookiePath ?? (request.rootPath || "/"),
    sameSite: config.sessionCookieSameSite,
    ...(domain === null ? {} : { domain }),
  };
}

/** Browsers drop a cookie over their limit without a word, and the visitor is logged out. */
function warnOfSize(session: Session, { maxCookieSize }: Config, size: number): void {
  if (maxCookieSize > 0 && size > maxCookieSize) {
    const sizes = Object.entries(session.toObject()).map(([key, value]) => [key, formatTagged(value)?.length ?? 0] as const);
    const [largest] = sizes.sort(([, left], [, right]) => right - left);
    process.emitWarning(
      `The session cookie is ${size} bytes long, and browsers may drop it over ${maxCookieSize} (the setting maxCookieSize). Its largest value is '${largest?.[0]}'. Keep less in the session, or keep sessions on the server.`,
      { code: "FLAGON_COOKIE_SIZE" },
    );
  }
}

function formatPayload(json: string): string {
  const bytes = Buffer.from(json, "utf8");
  if (bytes.length < 64) {
    return bytes.toString("base64url");
  }
  const deflated = deflateSync(bytes);
  return deflated.length < bytes.length - 1 ? `.${deflated.toString("base64url")}` : bytes.toString("base64url");
}

function readCookie(signer: TimestampSigner, cookie: string, maxAge: number): Session | undefined {
  const result = signer.unsign(cookie, maxAge);
  if ("failure" in result) {
    return undefined;
  }
  try {
    const isDeflated = result.value.startsWith(".");
    const bytes = Buffer.from(isDeflated ? result.value.slice(1) : result.value, "base64url");
    const serialized = (isDeflated ? inflateSync(bytes, { maxOutputLength: maxInflatedSize }) : bytes).toString("utf8");
    const values = parseTagged(serialized);
    return typeof values === "object" && values !== null && !Array.isArray(values)
      ? new Session(Object.fromEntries(Object.entries(values)), { isNew: false, serialized })
      : undefined;
  } catch {
    // Only someone who has the key can sign what cannot be read; an empty session is the better answer to it.
    return undefined;
  }
}

function isStorable(value: unknown): boolean {
  try {
    formatTagged(value);
    return true;
  } catch {
    return false;
  }
}
