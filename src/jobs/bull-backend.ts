import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { ConfigError, JobError } from "../base/errors";
import { lazily } from "../base/lazily";
import { isPostgresPool } from "../database/postgres";
import type { Application } from "../setup/application";
import type { Backend, KnownJobs } from "./backend";
import type { BullJob, BullQueue, BullWorker } from "./bull-types";
import type { AnyJob } from "./definition";
import { describeError, type JobInfo, type JobState, type Message, PermanentError, type WaitingJob } from "./message";
import { pauseBefore } from "./retry";
import { runJob } from "./runner";
import { keptDone, keptFailed } from "./store";
import type { RunningWorker, WorkOptions } from "./worker";

const loadBull = lazily(() => require("bullmq") as typeof import("bullmq"));

/** Milliseconds that a call of the service may take. */
const longestCall = 5000;
/** Milliseconds before a retry in drains, which end it earlier. */
const drainPause = 3_600_000;
const statesOf: Readonly<Record<JobState, readonly string[]>> = {
  waiting: ["waiting", "delayed", "prioritized", "paused"],
  active: ["active"],
  done: ["completed"],
  failed: ["failed"],
};
const allStates: readonly JobState[] = ["waiting", "active", "done", "failed"];

/**
 * Keeps jobs by BullMQ.
 *
 * @param engine A URL of Redis or Postgres, a Redis client, or a pool of `pg`.
 * @param lease Milliseconds of silence after which the jobs of a worker go to another one.
 * @throws {ConfigError} If it is none of them.
 */
export function createBullBackend(engine: string | object, lease: number): Backend {
  if (typeof engine === "string" && !/^(?:rediss?|postgres(?:ql)?):/.test(engine)) {
    throw new ConfigError("'engine' of Jobs must be a URL that begins with redis:, rediss: or postgres:, a Redis client, or a pool of pg.");
  }
  return new BullBackend(engine, lease);
}

class BullBackend implements Backend {
  readonly kind: "redis" | "postgres";
  readonly #engine: string | object;
  readonly #lease: number;
  readonly #queues = new Map<string, BullQueue>();
  /** The queues that are being opened. */
  readonly #opening = new Map<string, Promise<BullQueue>>();
  #connection: Promise<unknown> | undefined;
  #workerConnection: Promise<unknown> | undefined;

  constructor(engine: string | object, lease: number) {
    this.#engine = engine;
    this.#lease = lease;
    this.kind = (typeof engine === "string" ? engine.startsWith("postgres") : isPostgresPool(engine)) ? "postgres" : "redis";
  }

  /** Ticks of schedules are jobs whose id is made of name and time: BullMQ makes each once. */
  readonly ticks: Backend["ticks"] = {
    claimTick: async (name, tick) => {
      const id = `tick-${createHash("sha256").update(`${name} ${tick}`).digest("hex").slice(0, 32)}`;
      const queue = await this.#find("flagon-ticks");
      const before = await this.#call(queue.getJob(id));
      if (before !== undefined) {
        return false;
      }
      const token = `${process.pid}-${Math.random()}`;
      await this.#call(queue.add(name, { tick, token }, { jobId: id }));
      const made: unknown = Reflect.get(Object((await this.#call(queue.getJob(id)))?.data), "token");
      return made === token;
    },
    lastTick: async (name) => {
      const jobs = await this.#call((await this.#find("flagon-ticks")).getJobs(["waiting"], 0, 1000, false));
      const ticks = jobs.filter((job) => job.name === name).map(({ data }) => Number(Reflect.get(data, "tick")));
      return ticks.length === 0 ? null : Math.max(...ticks);
    },
    isBusy: async (name) => {
      for (const queue of this.#queues.values()) {
        const jobs = await this.#call(queue.getJobs([...statesOf.waiting, ...statesOf.active], 0, 1000));
        if (jobs.some((job) => job.name === name && job.data.message !== undefined)) {
          return true;
        }
      }
      return false;
    },
  };

  async prepare(): Promise<void> {
    await this.#connect();
  }

  async add(message: Message, job: AnyJob, added: (message: Message) => void): Promise<string> {
    const queue = await this.#find(message.queue);
    const made = await this.#call(
      queue.add(
        message.name,
        { message, retries: job.options.retries },
        {
          jobId: message.id,
          delay: Math.max(0, message.runAt - Date.now()),
          attempts: job.options.retries + 1,
          backoff: { type: "flagon" },
          removeOnComplete: { age: keptDone.age / 1000, count: keptDone.count },
          removeOnFail: { age: keptFailed.age / 1000, count: keptFailed.count },
          ...(message.key === null ? {} : { deduplication: { id: `${message.name} ${message.key}` } }),
        },
      ),
    );
    const id = made.id ?? message.id;
    if (id === message.id) {
      added(message);
    }
    return id;
  }

  work(app: Application, jobs: KnownJobs, ended: (id: string) => void, options: WorkOptions): RunningWorker {
    return this.#work(app, jobs, ended, options, pauseBefore);
  }

  #work(
    app: Application,
    jobs: KnownJobs,
    ended: (id: string) => void,
    { concurrency = 10, queues = [] }: WorkOptions,
    pause: (job: AnyJob, attempts: number) => number,
  ): RunningWorker {
    const stop = new AbortController();
    const active = new Map<BullJob, string>();
    const names = new Set(queues.length > 0 ? queues : [...jobs().values()].map(({ options }) => options.queue));
    const started = [...names].map(async (name) => {
      const worker: BullWorker = Reflect.construct(loadBull().Worker, [
        queueName(name),
        async (job: BullJob, token: string) => {
          active.set(job, token);
          try {
            await this.#run(app, jobs, job, stop.signal, ended);
          } finally {
            active.delete(job);
          }
        },
        {
          connection: await this.#connectWorker(),
          concurrency,
          lockDuration: this.#lease,
          stalledInterval: this.#lease,
          maxStalledCount: 1000,
          settings: {
            backoffStrategy: (attempts: number, _type: string, _error: Error, job: BullJob) => {
              const known = jobs().get(job.name);
              return known === undefined ? 1000 : pause(known, attempts);
            },
          },
        },
        ...this.#factory(),
      ]);
      worker.on("error", (error) => app.logger.error({ err: error }, "The worker of BullMQ reports an error, and goes on."));
      return worker;
    });
    return {
      wake: () => undefined,
      stop: async (time) => {
        const workers = await Promise.all(started);
        const late = new AbortController();
        await Promise.race([
          Promise.all(workers.map((worker) => worker.close())),
          wait(time, undefined, { signal: late.signal }).catch(() => undefined),
        ]);
        late.abort();
        for (const [job, token] of active) {
          await job.moveToWait(token).catch(() => undefined);
        }
        stop.abort(new Error("The worker ends."));
        await Promise.all(workers.map((worker) => worker.close(true)));
      },
    };
  }

  async drain(app: Application, jobs: KnownJobs, ended: (id: string) => void): Promise<number> {
    let runs = 0;
    const count = (id: string): void => {
      runs++;
      ended(id);
    };
    // BullMQ on Postgres runs a job twice whose delay ends by itself while it is promoted: no delay ends at that time.
    const worker = this.#work(app, jobs, count, {}, () => drainPause);
    let runsBefore = -1;
    for (;;) {
      const queues = (await this.#all()).map(([, queue]) => queue);
      const find = async (states: readonly string[], last: number) =>
        (await Promise.all(queues.map((queue) => queue.getJobs(states, 0, last)))).flat();
      // A job goes on in this order while it is looked for, and those that it enqueues are there before it has run.
      const isBusy = (await find(["waiting", "prioritized", "paused"], 0)).length > 0 || (await find(statesOf.active, 0)).length > 0;
      const delayed = await find(["delayed"], 1000);
      if (!isBusy && delayed.length === 0 && runs === runsBefore) {
        break;
      }
      runsBefore = runs;
      const isLate = ({ delay, timestamp }: BullJob): boolean => timestamp + delay > Date.now() + 1000;
      await Promise.all(delayed.map((job) => (isLate(job) ? job.promote().catch(() => undefined) : undefined)));
      await wait(20);
    }
    await worker.stop(longestCall);
    return runs;
  }

  async list(state: JobState | undefined, limit: number): Promise<readonly JobInfo[]> {
    const found: JobInfo[] = [];
    for (const one of state === undefined ? allStates : [state]) {
      for (const [name, queue] of await this.#all()) {
        const jobs = await this.#call(queue.getJobs(statesOf[one], 0, limit - 1, true));
        found.push(...jobs.filter(({ data }) => data.message !== undefined).map((job) => toInfo(job, name, one)));
      }
    }
    return found.slice(0, limit);
  }

  async restore(id: string): Promise<WaitingJob | null> {
    for (const [, queue] of await this.#all()) {
      const job = await this.#call(queue.getJob(id));
      if (job !== undefined && (await job.getState()) === "failed") {
        await this.#call(job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true }));
        return job.data.message;
      }
    }
    return null;
  }

  async oldestWaiting(): Promise<number | null> {
    const times: number[] = [];
    for (const [, queue] of await this.#all()) {
      const [job] = await this.#call(queue.getJobs(["waiting"], 0, 0, true));
      if (job?.data.message !== undefined) {
        times.push(job.data.message.runAt);
      }
    }
    return times.length === 0 ? null : Math.min(...times);
  }

  async clean(): Promise<void> {
    // BullMQ removes ended jobs by age and count.
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#queues.clear();
    if (typeof this.#engine === "string" && this.kind === "redis") {
      for (const connection of [this.#connection, this.#workerConnection]) {
        const client: unknown = await connection?.catch(() => undefined);
        Reflect.get(Object(client), "destroy")?.call(client);
      }
    }
    this.#connection = undefined;
    this.#workerConnection = undefined;
  }

  /** Returns BullMQ's own queue. */
  queue(name: string): Promise<unknown> {
    return this.#find(name);
  }

  async #run(app: Application, jobs: KnownJobs, bullJob: BullJob, stop: AbortSignal, ended: (id: string) => void): Promise<void> {
    const { message, retries } = bullJob.data;
    const job = jobs().get(message.name);
    if (job === undefined) {
      // Another worker may know the job, now or after a deployment.
      throw new Error(`This worker knows no job '${message.name}'.`);
    }
    if (message.key !== null) {
      await bullJob.removeDeduplicationKey().catch(() => undefined);
    }
    const attempt = bullJob.attemptsStarted;
    try {
      await runJob(app, job, { ...message, attempt }, stop);
    } catch (error) {
      const isLast = bullJob.attemptsMade >= retries || error instanceof PermanentError;
      const details = { err: error, job: message.name, jobId: message.id, attempt };
      app.logger[isLast ? "error" : "warn"](
        details,
        `The job '${message.name}' failed, and is ${isLast ? "not tried again" : "tried again"}.`,
      );
      if (isLast) {
        ended(message.id);
      }
      const { UnrecoverableError } = loadBull();
      throw error instanceof PermanentError ? new UnrecoverableError(describeError(error)) : new Error(describeError(error));
    }
    ended(message.id);
  }

  async #all(): Promise<readonly (readonly [string, BullQueue])[]> {
    await this.#find("default");
    return [...this.#queues.entries()].filter(([name]) => name !== "flagon-ticks");
  }

  async #find(name: string): Promise<BullQueue> {
    const known = this.#queues.get(name) ?? this.#opening.get(name);
    if (known !== undefined) {
      return known;
    }
    this.#opening.set(
      name,
      this.#openQueue(name).finally(() => this.#opening.delete(name)),
    );
    return this.#find(name);
  }

  async #openQueue(name: string): Promise<BullQueue> {
    const connection = await this.#connect();
    const queue: BullQueue = Reflect.construct(loadBull().Queue, [queueName(name), { connection }, ...this.#factory()]);
    queue.on("error", () => undefined);
    this.#queues.set(name, queue);
    return queue;
  }

  #factory(): readonly unknown[] {
    return this.kind === "postgres" ? [loadBull().createPostgresBackend] : [];
  }

  /** A worker waits for Redis while it is away: one whose calls fail takes no more jobs. */
  #connectWorker(): Promise<unknown> {
    this.#workerConnection ??=
      typeof this.#engine === "string" && this.kind === "redis" ? this.#openRedis(this.#engine, false) : this.#connect();
    return this.#workerConnection;
  }

  #connect(): Promise<unknown> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #open(): Promise<unknown> {
    if (typeof this.#engine !== "string") {
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
    const client = createClient({ url, disableOfflineQueue, socket: { connectTimeout: longestCall } });
    client.on("error", () => undefined);
    await this.#call(client.connect());
    return client;
  }

  /** Bounds the time of a call. */
  async #call<Result>(call: Promise<Result>): Promise<Result> {
    const late = new AbortController();
    const timeout = wait(longestCall, undefined, { signal: late.signal }).then(() => {
      throw new Error(`no answer in ${longestCall / 1000} s`);
    });
    timeout.catch(() => undefined);
    try {
      return await Promise.race([call, timeout]);
    } catch (cause) {
      throw new JobError(`The service that keeps jobs (${this.kind}) does not answer: ${describeError(cause)}`, { cause });
    } finally {
      late.abort();
      call.catch(() => undefined);
    }
  }
}

function queueName(name: string): string {
  return `flagon-${name.replaceAll(":", "_")}`;
}

function toInfo(job: BullJob, queue: string, state: JobState): JobInfo {
  const { message } = job.data;
  return {
    id: job.id ?? message.id,
    name: message.name,
    queue,
    state,
    attempt: job.attemptsStarted,
    data: JSON.parse(message.data),
    error: job.failedReason ?? null,
    time: new Date(state === "waiting" ? message.runAt : (job.finishedOn ?? job.timestamp)),
  };
}
