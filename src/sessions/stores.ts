/** Keeps the text of sessions by their ids. */
export interface SessionStore {
  /** Returns a text, or `null` if there is none or its time is over. */
  get(id: string): Promise<string | null>;
  /**
   * Keeps a text.
   *
   * @param id The id.
   * @param text The text.
   * @param lifetime For how long, in whole seconds.
   */
  set(id: string, text: string, lifetime: number): Promise<void>;
  /** Forgets a text. */
  delete(id: string): Promise<void>;
}

/** Keeps sessions in the memory of the process: for one process, and gone with it. */
export class MemoryStore implements SessionStore {
  readonly #kept = new Map<string, { readonly text: string; readonly until: number }>();
  readonly #limit: number;

  /** @param options How many sessions are kept; the ones that were not used for the longest are forgotten first. Default: 10,000. */
  constructor({ limit = 10_000 }: { limit?: number } = {}) {
    this.#limit = limit;
  }

  /** How many sessions are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** Returns a text, or `null`. */
  async get(id: string): Promise<string | null> {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.until <= Date.now()) {
      this.#kept.delete(id);
      return null;
    }
    return kept.text;
  }

  /** Keeps a text. */
  async set(id: string, text: string, lifetime: number): Promise<void> {
    // The order of a map is that of its keys' coming: the first is the one that was not set for the longest.
    this.#kept.delete(id);
    this.#kept.set(id, { text, until: Date.now() + lifetime * 1000 });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) {
        break;
      }
      this.#kept.delete(oldest);
    }
  }

  /** Forgets a text. */
  async delete(id: string): Promise<void> {
    this.#kept.delete(id);
  }
}

/** What of a client of the package `redis` is used. */
export interface RedisClient {
  /** Reads a key. */
  get(key: string): Promise<string | null>;
  /** Sets a key that expires. */
  setEx(key: string, seconds: number, value: string): Promise<unknown>;
  /** Removes a key. */
  del(key: string): Promise<unknown>;
}

/** How sessions are kept in Redis. */
export interface RedisStoreOptions {
  /** What the keys begin with. Default: `"flagon:session:"`. */
  prefix?: string;
  /** How long an answer may take, in milliseconds. Default: 500. */
  timeout?: number;
}

/** Keeps sessions in Redis, or what speaks its language, by a connected client of the package `redis`. */
export class RedisStore implements SessionStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #timeout: number;

  /**
   * @param client The client.
   * @param options The prefix of the keys, and how long is waited.
   */
  constructor(client: RedisClient, { prefix = "flagon:session:", timeout = 500 }: RedisStoreOptions = {}) {
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

  /** Forgets a text. */
  async delete(id: string): Promise<void> {
    await this.#within(this.#client.del(this.#prefix + id));
  }

  /** A client that has lost its server keeps commands until it is back: nobody is to wait for that. */
  async #within<Value>(answer: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not answer within ${this.#timeout} ms.`)), this.#timeout);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
