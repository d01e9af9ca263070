import { createHash, randomBytes } from "node:crypto";
import { SetupError } from "../base/errors";
import { refuseUnknown } from "../base/unknown-options";
import type { Config } from "../config/config";
import { ServiceUnavailable } from "../http/exceptions/by-status";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import { sessionCookieOptions } from "./cookie-sessions";
import { Session, type SessionInterface } from "./session";
import type { SessionStore } from "./stores";
import { parseTagged } from "./tagged-json";

/** Options of `ServerSessions`. */
export interface ServerSessionOptions {
  /** The seconds without use after which a session ends. Default: 1 day. */
  idleLifetime?: number;
  /** The seconds after which a session ends in any case. Default: the setting `permanentSessionLifetime`. */
  absoluteLifetime?: number;
  /**
   * The answer while the store fails: `"refuse"` is 503, `"anonymous"` goes on with an empty session that is not kept.
   * Default: `"refuse"`, so that no change is lost silently.
   */
  whenUnavailable?: "refuse" | "anonymous";
}

/** The facts about a session besides its values. */
interface Entry {
  /** The key in the store. */
  readonly key: string;
  /** The id in the cookie. */
  readonly id: string;
  /** The text of the store, as it was read. */
  readonly text: string;
  /** The time when it began, in seconds since the Unix epoch. */
  readonly created: number;
  /** The time when it was last saved. */
  readonly kept: number;
}

/** The place and the time of a session that is kept. */
interface Target {
  readonly id: string;
  /** The seconds until it expires. */
  readonly lifetime: number;
  /** Writes serialized values as the text of the store. */
  write(serialized: string): string;
}

const idPattern = /^[\w-]{43}$/;
/** A session that is only read is saved again when this part of its idle lifetime is over. */
const refreshPart = 0.1;
/** The attempts to save a session that other requests change at the same moment. The last one is saved in any case. */
const mostAttempts = 100;

const serverOptions = Object.keys({ idleLifetime: true, absoluteLifetime: true, whenUnavailable: true } satisfies Record<
  keyof ServerSessionOptions,
  true
>);

/**
 * Stores sessions on the server. The cookie holds a random id of 256 bits and nothing else; the store holds its SHA-256
 * hash, so that a copy of the store reveals no session id.
 *
 * An unknown id of a client is never used. `session.regenerate()` gives a new one. A session that has ended, by
 * `session.clear()`, a logout, expiry or a deletion in the store, stays ended, even if other requests write meanwhile.
 *
 * @example
 * ```ts
 * app.sessionInterface = new ServerSessions(new RedisStore(redis));
 * ```
 */
export class ServerSessions implements SessionInterface {
  /** The session is opened before the first hook, since the store is asynchronous. */
  readonly isLazy = false;
  readonly #store: SessionStore;
  readonly #options: ServerSessionOptions;
  readonly #entries = new WeakMap<Session, Entry>();

  /**
   * @param store The store.
   * @param options The lifetimes, and the answer while the store fails.
   */
  constructor(store: SessionStore, options: ServerSessionOptions = {}) {
    refuseUnknown(options, serverOptions, "new ServerSessions()", SetupError);
    this.#store = store;
    this.#options = options;
  }

  /**
   * Opens the session of a request.
   *
   * @throws {ServiceUnavailable} If the store fails, unless the options say otherwise.
   */
  async open(request: FlagonRequest, config: Config): Promise<Session> {
    const id = request.cookies[config.sessionCookieName];
    if (id === undefined || !idPattern.test(id)) {
      return new Session();
    }
    const key = keyOf(id);
    let text: string | null;
    try {
      text = await this.#store.get(key);
    } catch (error) {
      return this.#fail(error, () => new Session());
    }
    const parsed = text === null ? undefined : parse(text);
    if (text === null || parsed === undefined || parsed.created + this.#absoluteLifetime(config) <= now()) {
      return new Session();
    }
    const session = new Session(parsed.values, { isNew: false, serialized: parsed.serialized });
    this.#entries.set(session, { key, id, text, created: parsed.created, kept: parsed.kept });
    return session;
  }

  /**
   * Saves a session that was used.
   *
   * @throws {ServiceUnavailable} If the store fails, unless the options say otherwise.
   */
  async save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): Promise<void> {
    const changed = session.formatIfChanged();
    try {
      await this.#save(session, changed, request, response, config);
    } catch (error) {
      this.#fail(error, () => undefined);
    }
  }

  async #save(
    session: Session,
    changed: string | undefined,
    request: FlagonRequest,
    response: FlagonResponse,
    config: Config,
  ): Promise<void> {
    const entry = this.#entries.get(session);
    const options = sessionCookieOptions(request, config);
    if (session.size === 0) {
      if (entry !== undefined) {
        await this.#store.delete(entry.key);
        response.deleteCookie(config.sessionCookieName, options);
      }
      return;
    }
    const idle = this.#options.idleLifetime ?? 24 * 60 * 60;
    const isDue = entry === undefined || now() - entry.kept >= idle * refreshPart;
    if (changed === undefined && !isDue) {
      return;
    }
    const { isCleared, isRegenerated, permanent } = session;
    const isAnew = entry === undefined || isRegenerated || isCleared;
    const id = isAnew ? randomBytes(32).toString("base64url") : entry.id;
    const created = isAnew ? now() : entry.created;
    const lifetime = Math.min(idle, created + this.#absoluteLifetime(config) - now());
    const write = (serialized: string): string => `${created}.${now()}.${serialized}`;
    if (lifetime <= 0 || !(await this.#keep(session, entry, { id, lifetime, write }))) {
      return;
    }
    if (id !== entry?.id || permanent) {
      const expires = permanent ? { expires: new Date(Date.now() + lifetime * 1000) } : {};
      response.setCookie(config.sessionCookieName, id, { ...options, ...expires });
    }
  }

  /**
   * Keeps a session, and tells whether it was kept: one that has ended meanwhile stays ended. Of one that another request has changed
   * meanwhile, only the values are replaced that this request has changed.
   */
  async #keep(session: Session, entry: Entry | undefined, { id, lifetime, write }: Target): Promise<boolean> {
    const store = this.#store;
    if (entry === undefined || session.isCleared) {
      if (entry !== undefined) {
        await store.delete(entry.key);
      }
      await store.set(keyOf(id), write(session.format()), lifetime);
      return true;
    }
    let text = "";
    for (let attempt = 1; ; attempt++) {
      const stored = await store.get(entry.key);
      if (stored === null) {
        return false;
      }
      const latest = stored === entry.text ? undefined : parse(stored);
      text = write(latest === undefined ? session.format() : session.formatOver(latest.values));
      if (id !== entry.id || store.update === undefined) {
        break;
      }
      const isLast = attempt === mostAttempts;
      const isSaved = await store.update(entry.key, text, lifetime, ...(isLast ? [] : [stored]));
      // If not, it has ended, or another request has changed it since it was read.
      if (isSaved || isLast) {
        return isSaved;
      }
    }
    // The old id goes first: of two requests that regenerate one session, only the first goes on with it.
    if (id !== entry.id && (await store.delete(entry.key)) === false) {
      return false;
    }
    await store.set(keyOf(id), text, lifetime);
    return true;
  }

  #absoluteLifetime(config: Config): number {
    return this.#options.absoluteLifetime ?? config.permanentSessionLifetime;
  }

  #fail<Result>(cause: unknown, goOn: () => Result): Result {
    if (this.#options.whenUnavailable === "anonymous") {
      return goOn();
    }
    throw new ServiceUnavailable("Sessions cannot be reached at the moment. Try again soon.", { cause, retryAfter: 5 });
  }
}

/** Returns the key of a session in the store: the hash of its id. */
function keyOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}

interface Parsed {
  readonly created: number;
  readonly kept: number;
  readonly serialized: string;
  readonly values: object;
}

function parse(text: string): Parsed | undefined {
  const [, created = "", kept = "", serialized = ""] = /^(\d+)\.(\d+)\.(\{.*\})$/s.exec(text) ?? [];
  try {
    const values = parseTagged(serialized);
    return typeof values === "object" && values !== null ? { created: Number(created), kept: Number(kept), serialized, values } : undefined;
  } catch {
    return undefined;
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
