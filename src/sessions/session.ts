import { SessionError } from "../base/errors";
import type { Config } from "../config/config";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import { formatTagged, formatTaggedMembers } from "./tagged-json";

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
  /** Whether the session may differ from what it was: it was written, or an object was handed out that may be changed. */
  #isTouched = false;
  readonly #isReadOnly: boolean;

  /**
   * @param values What the session holds.
   * @param options `isNew` for a visitor without one; `isReadOnly` when there is no key to sign it with; `serialized`
   * is the text that the values were read from.
   */
  constructor(
    values: object = {},
    { isNew = true, isReadOnly = false, serialized }: { isNew?: boolean; isReadOnly?: boolean; serialized?: string } = {},
  ) {
    this.#values = new Map<string, unknown>(Object.entries(values));
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
    const value = this.#values.get(key);
    this.#isTouched ||= typeof value === "object";
    return value;
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
    this.#isTouched = true;
    return this.#values.delete(key);
  }

  /** Removes a value and returns it, or `undefined`. */
  pop<Name extends Key>(key: Name): ValueOf<Name> | undefined;
  pop(key: string): unknown {
    const value = this.#values.get(key);
    this.#isTouched = true;
    this.#values.delete(key);
    return value;
  }

  /** Removes all values. */
  clear(): void {
    this.#isTouched = true;
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
    this.#isTouched = true;
    return Object.fromEntries(this.#values);
  }

  /**
   * Serializes the session if it differs from what it was, also deep inside a value; otherwise gives `undefined`.
   *
   * @throws {SessionError} If it holds what JSON cannot.
   */
  formatIfChanged(): string | undefined {
    if (!this.#isTouched) {
      return undefined;
    }
    const now = this.format();
    return now === this.#before && !this.isRegenerated ? undefined : now;
  }

  /** Serializes the session. */
  format(): string {
    try {
      return this.#values.size === 0 ? "{}" : formatTaggedMembers(this.#values);
    } catch (cause) {
      const culprit = [...this.#values].find(([, value]) => !isStorable(value))?.[0];
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SessionError(`The session cannot hold its value '${culprit}': ${reason}. Keep plain data in the session.`, { cause });
    }
  }

  #write(): void {
    this.#isTouched = true;
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

function isStorable(value: unknown): boolean {
  try {
    formatTagged(value);
    return true;
  } catch {
    return false;
  }
}
