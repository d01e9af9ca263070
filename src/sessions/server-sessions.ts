import { randomBytes } from "node:crypto";
import type { Config } from "../config/config";
import { ServiceUnavailable } from "../http/exceptions/by-status";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import { sessionCookieOptions } from "./cookie-sessions";
import { Session, type SessionInterface } from "./session";
import type { SessionStore } from "./stores";
import { parseTagged } from "./tagged-json";

/** How sessions are kept on the server. */
export interface ServerSessionOptions {
  /** After how long without use a session is over, in seconds. Default: 1 day. */
  idleLifetime?: number;
  /** After how long a session is over in any case, in seconds. Default: the setting `permanentSessionLifetime`. */
  absoluteLifetime?: number;
  /**
   * What happens while the store does not answer: `"refuse"` answers 503, `"anonymous"` goes on with an empty session that is
   * not kept. Default: `"refuse"`, so that nobody is taken for somebody else, and nothing is lost in silence.
   */
  whenUnavailable?: "refuse" | "anonymous";
}

/** What is known of a session besides what it holds. */
interface Entry {
  readonly id: string;
  /** When it began, in seconds since the Unix epoch. */
  readonly created: number;
  /** When it was last kept. */
  readonly kept: number;
}

const idPattern = /^[\w-]{43}$/;
/** A session that is only read is kept on anew when this part of its idle lifetime is over. */
const refreshPart = 0.1;

/**
 * Keeps sessions on the server: the cookie holds nothing but an id that cannot be guessed.
 *
 * An id that the store does not know is never taken over from a client, and `session.regenerate()` gives a new one.
 *
 * @example
 * ```ts
 * app.sessionInterface = new ServerSessions(new RedisStore(client));
 * ```
 */
export class ServerSessions implements SessionInterface {
  /** Opened before the first hook, since the store has to be asked. */
  readonly isLazy = false;
  readonly #store: SessionStore;
  readonly #options: ServerSessionOptions;
  readonly #entries = new WeakMap<Session, Entry>();

  /**
   * @param store Where they are kept.
   * @param options For how long, and what happens if the store fails.
   */
  constructor(store: SessionStore, options: ServerSessionOptions = {}) {
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
    let text: string | null;
    try {
      text = await this.#store.get(id);
    } catch (error) {
      return this.#fail(error, () => new Session());
    }
    const parsed = text === null ? undefined : parse(text);
    if (parsed === undefined || parsed.created + this.#absoluteLifetime(config) <= now()) {
      return new Session();
    }
    const session = new Session(parsed.values, { isNew: false, serialized: parsed.serialized });
    this.#entries.set(session, { id, created: parsed.created, kept: parsed.kept });
    return session;
  }

  /**
   * Keeps a session that was used.
   *
   * @throws {ServiceUnavailable} If the store fails, unless the options say otherwise.
   */
  async save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): Promise<void> {
    try {
      await this.#save(session, request, response, config);
    } catch (error) {
      this.#fail(error, () => undefined);
    }
  }

  async #save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): Promise<void> {
    const entry = this.#entries.get(session);
    const changed = session.formatIfChanged();
    const options = sessionCookieOptions(request, config);
    if (session.size === 0) {
      if (entry !== undefined) {
        await this.#store.delete(entry.id);
        response.deleteCookie(config.sessionCookieName, options);
      }
      return;
    }
    const idle = this.#options.idleLifetime ?? 24 * 60 * 60;
    const isDue = entry === undefined || now() - entry.kept >= idle * refreshPart;
    if (changed === undefined && !isDue) {
      return;
    }
    const isKept = entry !== undefined && !session.isRegenerated;
    const { created, id } = isKept ? entry : { created: now(), id: randomBytes(32).toString("base64url") };
    const lifetime = Math.min(idle, created + this.#absoluteLifetime(config) - now());
    await this.#store.set(id, `${created}.${now()}.${changed ?? session.format()}`, Math.max(1, lifetime));
    if (entry !== undefined && !isKept) {
      await this.#store.delete(entry.id);
    }
    const expires = session.permanent ? { expires: new Date(Date.now() + lifetime * 1000) } : {};
    if (!isKept || session.permanent) {
      response.setCookie(config.sessionCookieName, id, { ...options, ...expires });
    }
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
