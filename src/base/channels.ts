import { SetupError } from "./errors";
import { refuseUnknown } from "./unknown-options";

/** Gets a text that was published. */
export type ChannelListener = (text: string) => void;

/** A subscription of a broker. */
export interface BrokerSubscription {
  /** Resolves when the subscription is in force. Texts that are published later reach it. */
  readonly ready: Promise<void>;
  /** Ends it. */
  stop(): void;
}

/** Carries texts from publishers to all subscribers. Set `app.channels` to replace the default. */
export interface ChannelBroker {
  /** Sends a text to all subscribers of a name. */
  publish(name: string, text: string): Promise<unknown>;
  /** Calls a listener with each text of a name. */
  subscribe(name: string, listener: ChannelListener): BrokerSubscription;
}

const done = Promise.resolve();

/** Carries messages inside of one process. This is the default. With several workers use {@link RedisChannels}. */
export class MemoryChannels implements ChannelBroker {
  readonly #listeners = new Map<string, Set<ChannelListener>>();

  /** Sends a text to all subscribers of this process, at once and in the order of their subscriptions. */
  publish(name: string, text: string): Promise<void> {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      listener(text);
    }
    return done;
  }

  /** Calls a listener with each text of a name. */
  subscribe(name: string, listener: ChannelListener): BrokerSubscription {
    // Each subscription has its own listener, so that the same function can subscribe twice.
    const own: ChannelListener = (text) => listener(text);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(own));
    return {
      ready: done,
      stop: () => {
        listeners.delete(own);
        if (listeners.size === 0 && this.#listeners.get(name) === listeners) {
          this.#listeners.delete(name);
        }
      },
    };
  }

  /** Tells whether a name has subscribers in this process. */
  has(name: string): boolean {
    return this.#listeners.has(name);
  }

  /** The number of names that have subscribers. */
  get size(): number {
    return this.#listeners.size;
  }
}

/** A client of Redis or Valkey: of the package `redis` (4 or later) or `ioredis`. */
export interface RedisPublisher {
  /**
   * Publishes a text.
   *
   * @param channel The name of the channel.
   */
  publish(channel: string, message: string): Promise<unknown>;
  /** Creates a client with the same settings, for a connection of its own. */
  duplicate(): RedisSubscriber;
}

/** The connection of the subscriptions. */
export interface RedisSubscriber {
  /**
   * Listens to an event of the client.
   *
   * @param event The name of the event, such as `"error"`.
   */
  on(event: string, listener: (...values: string[]) => void): unknown;
  /**
   * Subscribes. The package `redis` takes the listener.
   *
   * @param channel The name of the channel.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /**
   * Unsubscribes.
   *
   * @param channel The name of the channel.
   */
  unsubscribe(channel: string): Promise<unknown>;
  /** Connects, in the package `redis`. */
  connect?(): Promise<unknown>;
  /** Closes the connection. */
  disconnect(): unknown;
}

/** Options of {@link RedisChannels}. */
export interface RedisChannelsOptions {
  /** The text before the names in Redis. Default: `"flagon:channel:"`. */
  readonly prefix?: string;
  /** Gets errors of the subscriptions and of their connection, which is tried again. Default: they are process warnings. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Carries messages between processes by the publish and subscribe of Redis or Valkey.
 *
 * Subscriptions share one connection of their own, which opens with the first one and closes with the last. Redis keeps
 * no messages: a subscriber misses those of the time in which it has no connection.
 *
 * @example
 * ```ts
 * app.channels = new RedisChannels(redis);
 * ```
 */
export class RedisChannels implements ChannelBroker {
  readonly #client: RedisPublisher;
  readonly #prefix: string;
  readonly #local = new MemoryChannels();
  /** The subscriptions in Redis, by name. */
  readonly #subscriptions = new Map<string, Promise<void>>();
  #subscriber: Promise<RedisSubscriber> | undefined;
  readonly #onError: (error: unknown) => void;

  /**
   * @param client A client of `redis` or `ioredis`, which is connected.
   * @param options The prefix of the names, and a function for errors.
   */
  constructor(client: RedisPublisher, options: RedisChannelsOptions = {}) {
    refuseUnknown(options, ["prefix", "onError"], "new RedisChannels()", SetupError);
    const { prefix = "flagon:channel:", onError = writeError } = options;
    this.#client = client;
    this.#prefix = prefix;
    this.#onError = onError;
  }

  /**
   * Sends a text to all subscribers, in all processes.
   *
   * @throws The error of the client, if Redis cannot be reached.
   */
  publish(name: string, text: string): Promise<unknown> {
    return this.#client.publish(this.#prefix + name, text);
  }

  /** Calls a listener with each text of a name. */
  subscribe(name: string, listener: ChannelListener): BrokerSubscription {
    const local = this.#local.subscribe(name, listener);
    let ready = this.#subscriptions.get(name);
    if (ready === undefined) {
      ready = this.#subscribe(name);
      this.#subscriptions.set(name, ready);
      ready.catch((error: unknown) => {
        // The next subscriber tries again.
        this.#subscriptions.delete(name);
        this.#onError(error);
      });
    }
    return {
      ready,
      stop: () => {
        local.stop();
        if (!this.#local.has(name) && this.#subscriptions.delete(name)) {
          void this.#unsubscribe(name);
        }
      },
    };
  }

  async #subscribe(name: string): Promise<void> {
    if (this.#subscriber === undefined) {
      const connection = this.#connect();
      this.#subscriber = connection;
      connection.catch(() => {
        if (this.#subscriber === connection) {
          this.#subscriber = undefined;
        }
      });
    }
    const subscriber = await this.#subscriber;
    await subscriber.subscribe(this.#prefix + name, (text) => {
      if (isNodeRedis(subscriber)) {
        void this.#local.publish(name, text);
      }
    });
  }

  async #connect(): Promise<RedisSubscriber> {
    const subscriber = this.#client.duplicate();
    subscriber.on("error", this.#onError);
    if (isNodeRedis(subscriber)) {
      await subscriber.connect?.();
    } else {
      subscriber.on("message", (channel, text) => {
        if (channel?.startsWith(this.#prefix) === true && text !== undefined) {
          void this.#local.publish(channel.slice(this.#prefix.length), text);
        }
      });
    }
    return subscriber;
  }

  async #unsubscribe(name: string): Promise<void> {
    const connection = this.#subscriber;
    const isLast = this.#local.size === 0;
    if (isLast) {
      this.#subscriber = undefined;
    }
    try {
      const subscriber = await connection;
      if (isLast) {
        await subscriber?.disconnect();
      } else if (!this.#local.has(name)) {
        await subscriber?.unsubscribe(this.#prefix + name);
      }
    } catch (error) {
      this.#onError(error);
    }
  }
}

/** The package `redis` says whether a client is open; `ioredis` gives messages by an event, and ignores the listener. */
function isNodeRedis(subscriber: RedisSubscriber): boolean {
  return "isOpen" in subscriber;
}

function writeError(error: unknown): void {
  process.emitWarning(`A channel's connection to Redis failed: ${error instanceof Error ? error.message : String(error)}`);
}
