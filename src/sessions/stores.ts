import { SetupError } from "../base/errors";
import { inTime } from "../base/time-limit";
import { refuseUnknown } from "../base/unknown-options";

/** Keeps the text of sessions by their keys, which are hashes of the ids in the cookies. */
export interface SessionStore {
  /**
   * Returns a text, or `null` if there is none or it has expired.
   *
   * @param id The key.
   */
  get(id: string): Promise<string | null>;
  /**
   * Stores a text. A former text of the key is replaced.
   *
   * @param id The key.
   * @param text The text.
   * @param lifetime The seconds until it expires, a whole number.
   */
  set(id: string, text: string, lifetime: number): Promise<void>;
  /**
   * Replaces a text only if there is one, in one step, so that a session that has ended stays ended.
   *
   * Without this method a `get` goes before the `set`. A session that ends between the two comes back.
   *
   * @param id The key.
   * @param text The text.
   * @param lifetime The seconds until it expires, a whole number.
   * @param former The text that was read. The text is replaced only if it is still that one, so that no change of another request is
   * lost. A store may leave this out: of two requests that save at the same moment, the later one may then undo the other's change.
   * @returns Whether it was replaced.
   */
  update?(id: string, text: string, lifetime: number, former?: string): Promise<boolean>;
  /**
   * Removes a text. Resolves to `false` if there was none; a store that does not know resolves to `undefined`.
   *
   * @param id The key.
   */
  delete(id: string): Promise<unknown>;
}

/**
 * Keeps sessions in the memory of one process. A restart loses them.
 *
 * @example
 * ```ts
 * app.sessionInterface = new ServerSessions(new MemoryStore({ limit: 1000 }));
 * ```
 */
export class MemoryStore implements SessionStore {
  readonly #kept = new Map<string, { readonly text: string; readonly until: number }>();
  readonly #limit: number;

  /** @param options The most sessions to keep. The least recently saved ones go first. Default: 10,000. */
  constructor(options: { limit?: number } = {}) {
    const { limit = 10_000 } = options;
    refuseUnknown(options, ["limit"], "new MemoryStore()", SetupError);
    this.#limit = limit;
  }

  /** The number of sessions. */
  get size(): number {
    return this.#kept.size;
  }

  /** Returns a text, or `null`. */
  async get(id: string): Promise<string | null> {
    return this.#find(id) ?? null;
  }

  /** Keeps a text. */
  async set(id: string, text: string, lifetime: number): Promise<void> {
    // A map keeps the order in which keys were added, so the first key is the least recently saved one.
    this.#kept.delete(id);
    this.#kept.set(id, { text, until: Date.now() + lifetime * 1000 });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) {
        break;
      }
      this.#kept.delete(oldest);
    }
  }

  /** Replaces a text only if there is one, which is the former one if that is given. Tells whether it was replaced. */
  async update(id: string, text: string, lifetime: number, former?: string): Promise<boolean> {
    const kept = this.#find(id);
    if (kept === undefined || (former !== undefined && kept !== former)) {
      return false;
    }
    await this.set(id, text, lifetime);
    return true;
  }

  /** Removes a text, and tells whether there was one. */
  async delete(id: string): Promise<boolean> {
    return this.#find(id) !== undefined && this.#kept.delete(id);
  }

  #find(id: string): string | undefined {
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.until <= Date.now()) {
      this.#kept.delete(id);
      return undefined;
    }
    return kept?.text;
  }
}

/** The methods that `RedisStore` calls of a client of the package `redis` (4 or later). */
export interface RedisClient {
  /** Reads a key. */
  get(key: string): Promise<string | null>;
  /**
   * Sets a key that expires.
   *
   * @param seconds The seconds until it expires.
   */
  setEx(key: string, seconds: number, value: string): Promise<unknown>;
  /**
   * Sets a key that expires, only if it exists: `SET key value EX seconds XX`. Gives `null` if it does not.
   *
   * @param options The seconds until it expires (`EX`), and the condition (`XX`).
   */
  set?(key: string, value: string, options: { readonly EX: number; readonly XX: true }): Promise<unknown>;
  /**
   * Runs a script of Lua in the server, in one step. Without it, two requests that save at the same moment may lose a change.
   *
   * @param script The script.
   * @param options Its keys and its arguments.
   */
  eval?(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
  /** Removes a key, and gives the number of keys removed. */
  del(key: string): Promise<unknown>;
}

/** Sets a key that expires, only if it has a certain value. */
const replaceScript =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1 end return 0";

/** Options of `RedisStore`. */
export interface RedisStoreOptions {
  /** The beginning of all keys. Default: `"flagon:session:"`. */
  prefix?: string;
  /** The longest wait for an answer, in milliseconds. Default: 500. */
  timeout?: number;
}

/**
 * Keeps sessions in Redis, or a server that speaks its protocol, by a connected client of the package `redis`.
 *
 * @example
 * ```ts
 * app.sessionInterface = new ServerSessions(new RedisStore(redis, { prefix: "shop:session:" }));
 * ```
 */
export class RedisStore implements SessionStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #timeout: number;
  /** Whether the server runs scripts. Some forbid them. */
  #takesScripts = true;

  /**
   * @param client The client.
   * @param options The prefix of the keys and the longest wait.
   */
  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    const { prefix = "flagon:session:", timeout = 500 } = options;
    refuseUnknown(options, ["prefix", "timeout"], "new RedisStore()", SetupError);
    this.#client = client;
    this.#prefix = prefix;
    this.#timeout = timeout;
  }

  /** Returns a text, or `null`. */
  get(id: string): Promise<string | null> {
    return this.#within(this.#client.get(this.#prefix + id));
  }

  /** Keeps a text. */
  async set(id: string, text: string, lifetime: number): Promise<void> {
    await this.#within(this.#client.setEx(this.#prefix + id, lifetime, text));
  }

  /** Replaces a text only if there is one, which is the former one if that is given. Tells whether it was replaced. */
  async update(id: string, text: string, lifetime: number, former?: string): Promise<boolean> {
    if (former !== undefined && this.#client.eval !== undefined && this.#takesScripts) {
      try {
        const keys = [this.#prefix + id];
        return Number(await this.#within(this.#client.eval(replaceScript, { keys, arguments: [former, text, String(lifetime)] }))) === 1;
      } catch (error) {
        if (!(error instanceof Error && /\bNOPERM\b|unknown command/i.test(error.message))) {
          throw error;
        }
        this.#takesScripts = false;
      }
    }
    if (this.#client.set === undefined) {
      const isThere = (await this.get(id)) !== null;
      return isThere && this.set(id, text, lifetime).then(() => true);
    }
    const answer = await this.#within(this.#client.set(this.#prefix + id, text, { EX: lifetime, XX: true }));
    return answer !== null;
  }

  /** Removes a text, and tells whether there was one. */
  async delete(id: string): Promise<boolean> {
    return (await this.#within(this.#client.del(this.#prefix + id))) !== 0;
  }

  /** Bounds the wait: a client that has lost its server holds commands back until the server returns. */
  #within<Value>(answer: Promise<Value>): Promise<Value> {
    return inTime(answer, this.#timeout, `Redis did not answer within ${this.#timeout} ms.`);
  }
}
