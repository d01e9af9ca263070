import { SessionError } from "../base/errors";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import type { Config } from "../config/config";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import { formatTagged, formatTaggedMembers, parseTagged } from "./tagged-json";

/**
 * The keys of the session and their types. Augment it: `declare module "flagon" { interface SessionData { userId: number } }`.
 *
 * Once it has a member, other keys do not compile.
 */
export interface SessionData {}

/** The keys that Flagon itself writes. Their names are Flask's, Flask-WTF's and Flask-Login's. */
interface OwnSessionData {
  /** Whether the session outlives the browser window. */
  _permanent: boolean;
  /** The secret of the CSRF tokens. */
  csrf_token: string;
  /** The flashed messages. */
  _flashes: unknown;
  /** The id of the logged-in user. */
  _user_id: string;
  /** Whether the user has logged in during this session. */
  _fresh: boolean;
  /** The fingerprint of the client. */
  _id: string;
  /** The fingerprint of the secret of the logged-in user. */
  _secret: string;
}

type SessionKey = keyof OwnSessionData | (keyof SessionData extends never ? string & {} : keyof SessionData);
type ValueOf<Name> = Name extends keyof SessionData
  ? SessionData[Name]
  : Name extends keyof OwnSessionData
    ? OwnSessionData[Name]
    : unknown;

/** The key of the CSRF secret; Flask-WTF reads and writes the same. */
export const csrfKey = "csrf_token";

/** Options of the `Session` constructor. */
interface SessionOptions {
  /** Whether the visitor came without a valid session. Default: `true`. */
  readonly isNew?: boolean;
  /** Whether writing is an error, since there is no key to sign with. Default: `false`. */
  readonly isReadOnly?: boolean;
  /** Whether it must be saved again even if nothing changes, since a former key signed it. Default: `false`. */
  readonly isOutdated?: boolean;
  /** The text that the values were read from. */
  readonly serialized?: string;
}

/** Closes a session; set by the class, which alone reaches the private member. */
let close: (session: Session) => void;

/** The values that an app keeps about a visitor from request to request. */
export class Session {
  /** Whether the visitor came without a valid session. */
  isNew: boolean;
  /** Whether it was regenerated in this request: a store that keeps sessions by id gives it a new id. */
  isRegenerated = false;
  /** Whether its values were removed in this request: it then counts as another session. */
  isCleared = false;
  /** Whether a value was set in this request, also if to the same value. */
  isWritten = false;
  readonly #values: Map<string, unknown>;
  readonly #before: string;
  /** Whether the session can differ from its state at the start: it was written, or gave out an object that can be changed. */
  #isTouched = false;
  #isClosed = false;
  readonly #isOutdated: boolean;
  readonly #isReadOnly: boolean;

  static {
    close = (session) => {
      session.#isClosed = true;
    };
  }

  /**
   * @param values The values of the session.
   * @param options Their source, and whether they can be changed.
   */
  constructor(values: object = {}, { isNew = true, isReadOnly = false, isOutdated = false, serialized }: SessionOptions = {}) {
    this.#values = new Map<string, unknown>(Object.entries(values));
    this.isNew = isNew;
    this.#isReadOnly = isReadOnly;
    this.#isOutdated = isOutdated;
    this.#before = serialized ?? this.format();
  }

  /** The number of values. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether it outlives the browser window, for the setting `permanentSessionLifetime`. */
  get permanent(): boolean {
    return this.#values.get("_permanent") === true;
  }

  set permanent(permanent: boolean) {
    refusePromise(permanent, "property 'permanent' of the session", SessionError);
    this.#write();
    if (permanent) {
      this.#values.set("_permanent", true);
    } else {
      this.#values.delete("_permanent");
    }
  }

  /** Returns a value, or `undefined`. The session also saves changes inside an object or array that it returned. */
  get<Name extends SessionKey>(key: Name): ValueOf<Name> | undefined;
  get(key: string): unknown {
    const value = this.#values.get(key);
    this.#isTouched ||= typeof value === "object";
    return value;
  }

  /**
   * Sets a value: JSON, a date, bytes or `Markup`, at most 100 levels deep.
   *
   * @throws {SessionError} If the app has no secret key, the response was sent already, or the value has a promise inside.
   */
  set<Name extends SessionKey>(key: Name, value: ValueOf<Name>): void;
  set(key: string, value: unknown): void {
    if (typeof value === "object") {
      refusePromises(value, `value '${key}' of session.set()`, SessionError);
    }
    this.#write();
    this.isWritten = true;
    this.#values.set(key, value);
  }

  /** Tells whether a value is set. */
  has(key: SessionKey): boolean {
    return this.#values.has(key);
  }

  /**
   * Removes a value, and tells whether there was one.
   *
   * @throws {SessionError} If the response was sent already.
   */
  delete(key: SessionKey): boolean {
    return this.#values.has(key) && this.#remove(key);
  }

  /**
   * Removes a value and returns it, or `undefined`.
   *
   * @throws {SessionError} If the response was sent already.
   */
  pop<Name extends SessionKey>(key: Name): ValueOf<Name> | undefined;
  pop(key: string): unknown {
    const value = this.#values.get(key);
    if (this.#values.has(key)) {
      this.#remove(key);
    }
    return value;
  }

  /**
   * Removes all values.
   *
   * @throws {SessionError} If the response was sent already.
   */
  clear(): void {
    if (this.#values.size > 0) {
      this.#checkOpen();
      this.isCleared = true;
    }
    this.#isTouched = true;
    this.#values.clear();
  }

  /**
   * Starts a new session with the same values, as a login and a logout must. A session on the server gets a new id. The
   * CSRF tokens of the old session are void.
   *
   * @throws {SessionError} If the app has no secret key, or the response was sent already.
   */
  regenerate(): void {
    this.#write();
    this.#values.delete(csrfKey);
    this.isRegenerated = true;
  }

  /** Lists the names of all values. */
  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  /** Returns a plain copy of all values. */
  toObject(): Record<string, unknown> {
    this.#isTouched = true;
    return Object.fromEntries(this.#values);
  }

  /**
   * Serializes the session if it must be saved: it changed, also deep inside a value, or a former key signed it. Otherwise
   * returns `undefined`.
   *
   * @throws {SessionError} If it holds a value that cannot be kept.
   */
  formatIfChanged(): string | undefined {
    if (!this.#isTouched && !this.#isOutdated) {
      return undefined;
    }
    const now = this.format();
    return now === this.#before && !this.isRegenerated && !this.#isOutdated ? undefined : now;
  }

  /**
   * Serializes the session.
   *
   * @throws {SessionError} If it holds a value that cannot be kept.
   */
  format(): string {
    try {
      return this.#values.size === 0 ? "{}" : formatTaggedMembers(this.#values);
    } catch (cause) {
      const culprit = [...this.#values].find(([, value]) => !isStorable(value))?.[0];
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SessionError(`The session cannot hold its value '${culprit}': ${reason}. Keep plain data in the session.`, { cause });
    }
  }

  /**
   * Serializes values with the changes of this request, for a store where other requests have changed them meanwhile.
   *
   * @param values The values as they are now.
   */
  formatOver(values: object): string {
    const merged = new Map<string, unknown>(Object.entries(values));
    const before = new Map<string, unknown>(Object.entries(parseTagged(this.#before) ?? {}));
    for (const key of new Set([...before.keys(), ...this.#values.keys()])) {
      const now = this.#values.get(key);
      if (this.#values.has(key) !== before.has(key) || formatTagged(now) !== formatTagged(before.get(key))) {
        if (this.#values.has(key)) {
          merged.set(key, now);
        } else {
          merged.delete(key);
        }
      }
    }
    return formatTaggedMembers(merged);
  }

  #remove(key: string): boolean {
    this.#checkOpen();
    this.#isTouched = true;
    return this.#values.delete(key);
  }

  #write(): void {
    this.#checkOpen();
    this.#isTouched = true;
    if (this.#isReadOnly) {
      throw new SessionError(
        "The session cannot be written, because the app has no secret key to sign it.\nSet one: new Flagon(root, { config: { secretKey } }), or FLAGON_SECRET_KEY in the environment. The development server makes one by itself. flash(), loginUser() and the tokens of forms write the session, too.",
      );
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) {
      throw new SessionError(
        "The session was changed after its response was sent, so the change would be lost. Change the session before the view returns its stream, or before the work goes to the background.",
      );
    }
  }
}

/** Closes a session before its response is sent. A later change would be lost, so it is an error. */
export function closeSession(session: Session): void {
  close(session);
}

/** Opens and saves sessions. Set `app.sessionInterface` to store sessions elsewhere. */
export interface SessionInterface {
  /** `true` opens a session when it is used; `false`, for one that awaits, before the first hook. */
  readonly isLazy: boolean;
  /** Opens the session of a request. */
  open(request: FlagonRequest, config: Config): Session | Promise<Session>;
  /** Saves a session that was opened, into the response or elsewhere. */
  save(session: Session, request: FlagonRequest, response: FlagonResponse, config: Config): void | Promise<void>;
}

function isStorable(value: unknown): boolean {
  try {
    formatTagged(value);
    return true;
  } catch {
    return false;
  }
}
