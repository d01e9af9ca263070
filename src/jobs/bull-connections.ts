import { ConfigError, JobError } from "../base/errors";
import { lazily } from "../base/lazily";
import { inTime } from "../base/time-limit";
import { isPostgresPool } from "../database/postgres";
import { describeError } from "./message";

/** Loads BullMQ when it is used. */
export const loadBull: () => typeof import("bullmq") = lazily(() => require("bullmq") as typeof import("bullmq"));

/** Milliseconds that a call of the service may take. */
export const longestCall = 5000;

/** The connections of BullMQ to its service: one for queues, one for workers. */
export class BullConnections {
  /** The service. */
  readonly kind: "redis" | "postgres";
  readonly #engine: string | object;
  #connection: Promise<unknown> | undefined;
  #workerConnection: Promise<unknown> | undefined;

  /** @param engine A URL of Redis or Postgres, a Redis client, or a pool of `pg`. */
  constructor(engine: string | object) {
    this.#engine = engine;
    this.kind = (typeof engine === "string" ? engine.startsWith("postgres") : isPostgresPool(engine)) ? "postgres" : "redis";
  }

  /** Returns the connection for queues. After a failure, the next call tries again. */
  find(): Promise<unknown> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  /** Returns the connection for workers, which wait for Redis while it is away: one whose calls fail takes no more jobs. */
  findForWorker(): Promise<unknown> {
    this.#workerConnection ??=
      typeof this.#engine === "string" && this.kind === "redis" ? this.#openRedis(this.#engine, false) : this.find();
    return this.#workerConnection;
  }

  /** Closes the connections that it has opened: those to a URL of Redis. */
  async close(): Promise<void> {
    if (typeof this.#engine === "string" && this.kind === "redis") {
      for (const connection of [this.#connection, this.#workerConnection]) {
        const client: unknown = await connection?.catch(() => undefined);
        Reflect.get(Object(client), "destroy")?.call(client);
      }
    }
    this.#connection = undefined;
    this.#workerConnection = undefined;
  }

  async #open(): Promise<unknown> {
    if (typeof this.#engine !== "string") {
      if (this.kind === "redis" && Reflect.get(this.#engine, "isReady") === true) {
        await checkEviction(this.#engine);
      }
      return this.#engine;
    }
    if (this.kind === "postgres") {
      return { connectionString: this.#engine, migrate: true };
    }
    // A command that is sent while Redis is away fails, instead of waiting for it.
    return this.#openRedis(this.#engine, true);
  }

  async #openRedis(url: string, disableOfflineQueue: boolean): Promise<unknown> {
    const { createClient } = require("redis") as typeof import("redis");
    const create = () => createClient({ url, disableOfflineQueue, socket: { connectTimeout: longestCall } });
    let client: ReturnType<typeof create>;
    try {
      client = create();
    } catch (cause) {
      // The URL can hold a password.
      throw new ConfigError(
        `The URL of 'engine' of Jobs cannot be read: ${describeError(cause)}. Write it such as redis://user:password@host:6379/0, with signs of the password by encodeURIComponent().`,
        { cause },
      );
    }
    client.on("error", () => undefined);
    // Each queue listens to it.
    client.setMaxListeners(0);
    try {
      await callService(this.kind, client.connect());
      await checkEviction(client);
    } catch (error) {
      // It would try to connect for as long as the process lives.
      client.destroy();
      throw error;
    }
    return client;
  }
}

/**
 * Bounds the time of a call.
 *
 * @throws {JobError} If the service does not answer in time, or refuses.
 */
export async function callService<Result>(kind: "redis" | "postgres", call: Promise<Result>): Promise<Result> {
  try {
    return await inTime(call, longestCall, `no answer in ${longestCall / 1000} s`);
  } catch (cause) {
    throw new JobError(`The service that keeps jobs (${kind}) does not answer: ${describeError(cause)}`, { cause });
  }
}

/**
 * Sends a command to Redis.
 *
 * @param client A client of `redis`, or of `ioredis`.
 * @param words The command.
 */
export async function sendToRedis(client: unknown, words: readonly string[]): Promise<unknown> {
  const redis = client as {
    sendCommand?(words: readonly string[]): Promise<unknown>;
    call?(...words: readonly string[]): Promise<unknown>;
  };
  return callService("redis", Promise.resolve(redis.call === undefined ? redis.sendCommand?.(words) : redis.call(...words)));
}

/**
 * Refuses a Redis that removes jobs when it is full.
 *
 * @throws {ConfigError} If it has a limit of its memory, and may remove any key at it.
 */
async function checkEviction(client: unknown): Promise<void> {
  // An account without the right to ask says nothing.
  const info = String(await sendToRedis(client, ["INFO", "memory"]).catch(() => ""));
  const policy = /^maxmemory_policy:(allkeys-\w+)/m.exec(info)?.[1];
  if (policy !== undefined && /^maxmemory:[1-9]/m.test(info)) {
    throw new ConfigError(
      `The Redis of 'engine' of Jobs removes any key once it is full (maxmemory-policy ${policy}), and so jobs. Give jobs one with the policy noeviction.`,
    );
  }
}
