import { setTimeout as wait } from "node:timers/promises";
import { ConfigError } from "../base/errors";
import { inTime } from "../base/time-limit";
import type { Application } from "../setup/application";
import type { Backend, KnownJobs } from "./backend";
import { BullConnections, callService, loadBull, longestCall, sendToRedis } from "./bull-connections";
import { persistEnd } from "./bull-ends";
import { optionsOfKey, takeKey } from "./bull-keys";
import { BullTicks } from "./bull-ticks";
import type { BullJob, BullQueue, BullWorker } from "./bull-types";
import type { AnyJob } from "./definition";
import type { JobEnded } from "./drain";
import { describeError, type JobInfo, type JobState, type Message, PermanentError, type WaitingJob } from "./message";
import { schedulePrefix } from "./names";
import { listQueues } from "./queues";
import { pauseBefore } from "./retry";
import { runJob, warnOfRest } from "./runner";
import { keptDone, keptFailed } from "./store";
import type { RunningWorker, WorkOptions } from "./worker";

/** The most attempts that BullMQ can count on Postgres. */
const mostAttempts = 2 ** 31 - 1;
/** Milliseconds after which a job that this worker does not know is offered again. */
const unknownPause = 5000;
/** Milliseconds that a stop waits for the service, to give jobs back and to leave. */
const longestEnd = 1500;
/** The most jobs of a queue that are looked through at once. */
const mostListed = 1000;
/** Milliseconds before a retry in drains, which end it earlier. */
const drainPause = 3_600_000;
const statesOf: Readonly<Record<JobState, readonly string[]>> = {
  waiting: ["waiting", "delayed", "prioritized", "paused"],
  active: ["active"],
  done: ["completed"],
  failed: ["failed"],
};
/** The queue of the times of schedules that were taken. A queue of jobs has no comma in its name. */
const tickQueue = "ticks,";
const allStates: readonly JobState[] = ["waiting", "active", "done", "failed"];

/**
 * Keeps jobs by BullMQ.
 *
 * @param engine A URL of Redis or Postgres, a Redis client, or a pool of `pg`.
 * @param lease Milliseconds of silence after which the jobs of a worker go to another one.
 * @param jobs The kinds of jobs that this process knows, and with them their queues.
 * @throws {ConfigError} If it is another value.
 */
export function createBullBackend(engine: string | object, lease: number, jobs: KnownJobs): Backend {
  if (typeof engine === "string" ? !/^(?:rediss?|postgres(?:ql)?):/.test(engine) : !isConnection(engine)) {
    throw new ConfigError("'engine' of Jobs must be a URL that begins with redis:, rediss: or postgres:, a Redis client, or a pool of pg.");
  }
  return new BullBackend(engine, lease, jobs);
}

/** Tells whether a value can be a client, a pool, or the options of a connection. */
function isConnection(engine: unknown): boolean {
  return (
    typeof engine === "object" && engine !== null && (Object.keys(engine).length > 0 || "sendCommand" in engine || "connect" in engine)
  );
}

class BullBackend implements Backend {
  readonly kind: "redis" | "postgres";
  readonly #connections: BullConnections;
  readonly #lease: number;
  readonly #jobs: KnownJobs;
  readonly #queues = new Map<string, BullQueue>();
  /** The queues that are being opened. */
  readonly #opening = new Map<string, Promise<BullQueue>>();
  readonly ticks: BullTicks;

  constructor(engine: string | object, lease: number, jobs: KnownJobs) {
    this.#connections = new BullConnections(engine);
    this.#lease = lease;
    this.#jobs = jobs;
    this.kind = this.#connections.kind;
    this.ticks = new BullTicks(
      this.kind,
      () => this.#find(tickQueue),
      async () => (await this.#all()).map(([, queue]) => queue),
    );
  }

  async prepare(): Promise<void> {
    await this.#connections.find();
    if (this.kind === "postgres") {
      // BullMQ opens its pool at the first call.
      await this.reach();
    }
  }

  async reach(): Promise<void> {
    const queue = await this.#find("default");
    if (this.kind === "postgres") {
      await callService(this.kind, queue.getDeduplicationJobId("-"));
    } else {
      // A Redis that is full answers reads.
      await sendToRedis(await this.#connections.find(), ["SET", queue.toKey("probe"), "", "PX", "1000"]);
    }
  }

  async add(message: Message, job: AnyJob, added: (message: Message) => void): Promise<string> {
    const queue = await this.#find(message.queue);
    const made = await callService(
      this.kind,
      queue.add(
        message.name,
        { message, retries: job.options.retries },
        {
          jobId: message.id,
          delay: Math.max(0, message.runAt - Date.now()),
          attempts: Math.min(mostAttempts, job.options.retries + 1),
          backoff: { type: "flagon" },
          removeOnComplete: { age: keptDone.age / 1000, count: keptDone.count },
          removeOnFail: { age: keptFailed.age / 1000, count: keptFailed.count },
          ...optionsOfKey(message),
        },
      ),
    );
    const id = made.id ?? message.id;
    if (id === message.id) {
      added(message);
    }
    return id;
  }

  work(app: Application, jobs: KnownJobs, ended: JobEnded, options: WorkOptions): RunningWorker {
    return this.#work(app, jobs, ended, options, pauseBefore);
  }

  #work(
    app: Application,
    jobs: KnownJobs,
    ended: JobEnded,
    { concurrency = 10, queues = [] }: WorkOptions,
    pause: (job: AnyJob, attempts: number) => number,
  ): RunningWorker {
    const stop = new AbortController();
    let isStuck = false;
    const active = new Map<BullJob, string>();
    const names = new Set(queues.length > 0 ? queues : [...jobs().values()].map(({ options }) => options.queue));
    const started = [...names].map(async (name) => {
      await this.#find(name);
      const worker: BullWorker = Reflect.construct(loadBull().Worker, [
        queueName(name),
        async (job: BullJob, token: string) => {
          active.set(job, token);
          persistEnd(job, stop.signal, app.logger);
          try {
            await this.#run(app, jobs, job, token, stop.signal, ended);
          } finally {
            active.delete(job);
          }
        },
        {
          connection: await this.#connections.findForWorker(),
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
        ...factoryOf(this.kind),
      ]);
      worker.on("error", (error) => app.logger.error({ err: error }, "The worker of BullMQ reports an error, and continues."));
      return worker;
    });
    let stopped: Promise<void> | undefined;
    const end = async (time: number): Promise<void> => {
      const workers = await Promise.all(started);
      const late = new AbortController();
      await Promise.race([
        Promise.all(workers.map((worker) => worker.close())),
        wait(time, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
      warnOfRest(app, [...active.keys()]);
      const back = [...active].map(async ([job, token]) => {
        await this.#takeKey(job);
        await job.moveToWait(token);
      });
      await inTime(Promise.allSettled(back), longestEnd, "late").catch(() => undefined);
      stop.abort(new Error("The worker ends."));
      // BullMQ looks for a service that is away for as long as the process lives.
      await inTime(Promise.all(workers.map((worker) => worker.close(true))), longestEnd, "late").catch(() => {
        isStuck = true;
      });
    };
    return {
      wake: () => undefined,
      get isBusy() {
        return active.size > 0 || isStuck;
      },
      stop: (time) => {
        stopped ??= end(time);
        return stopped;
      },
    };
  }

  async drain(app: Application, jobs: KnownJobs, ended: JobEnded): Promise<number> {
    let runs = 0;
    const count: JobEnded = (id, failure) => {
      runs++;
      ended(id, failure);
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
      const delayed = (await find(["delayed"], mostListed)).filter(({ name }) => jobs().has(name));
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
        const jobs = await callService(this.kind, queue.getJobs(statesOf[one], 0, limit - 1, true));
        found.push(...jobs.filter(({ data }) => data.message !== undefined).map((job) => toInfo(job, name, one)));
      }
    }
    return found.slice(0, limit);
  }

  async restore(id: string): Promise<WaitingJob | null> {
    for (const [, queue] of await this.#all()) {
      const job = await callService(this.kind, queue.getJob(id));
      if (job !== undefined && (await job.getState()) === "failed") {
        // BullMQ keeps the count of crashes. They do not count again.
        await callService(this.kind, job.updateData({ ...job.data, crashes: job.stalledCounter }));
        await this.#takeKey(job);
        await callService(this.kind, job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true }));
        return job.data.message;
      }
    }
    return null;
  }

  async oldestWaiting(): Promise<number | null> {
    const times: number[] = [];
    for (const [, queue] of await this.#all()) {
      // Without a worker, a job whose delay is over is still among those with a delay.
      const jobs = await callService(this.kind, queue.getJobs(["waiting", "delayed"], 0, 0, true));
      times.push(...jobs.filter(({ data }) => data.message !== undefined).map(dueTime));
    }
    const due = times.filter((time) => time <= Date.now());
    return due.length === 0 ? null : Math.min(...due);
  }

  /** BullMQ removes ended jobs by age and count, but neither runs of schedules that are gone, nor times that were taken. */
  async clean(schedules: readonly string[]): Promise<void> {
    for (const [, queue] of await this.#all()) {
      const waiting = await callService(this.kind, queue.getJobs(statesOf.waiting, 0, mostListed));
      const gone = waiting.filter(({ name }) => name.startsWith(schedulePrefix) && !schedules.includes(name));
      await Promise.all(gone.map((job) => job.remove().catch(() => undefined)));
    }
    await this.ticks.clean();
  }

  async close(): Promise<void> {
    await inTime(Promise.all([...this.#queues.values()].map((queue) => queue.close())), longestEnd, "late").catch(() => undefined);
    this.#queues.clear();
    await this.#connections.close();
  }

  /** Returns BullMQ's own queue. */
  queue(name: string): Promise<unknown> {
    return this.#find(name);
  }

  async #run(app: Application, jobs: KnownJobs, bullJob: BullJob, token: string, stop: AbortSignal, ended: JobEnded): Promise<void> {
    const { message, retries } = bullJob.data;
    const job = jobs().get(message.name);
    const { DelayedError, UnrecoverableError } = loadBull();
    if (job === undefined) {
      // Another worker may know the job, now or after a deployment.
      await bullJob.moveToDelayed(Date.now() + unknownPause, token);
      throw new DelayedError();
    }
    if (message.key !== null) {
      await bullJob.removeDeduplicationKey().catch(() => undefined);
    }
    const attempt = countRuns(bullJob) + 1;
    try {
      if (attempt > retries + 1) {
        throw new PermanentError(`The worker ended during its last run, the ${attempt - 1}. of ${retries + 1}.`);
      }
      await runJob(app, job, { ...message, attempt }, stop);
    } catch (error) {
      const isLast = attempt > retries || error instanceof PermanentError;
      const details = { err: error, job: message.name, jobId: message.id, attempt };
      app.logger[isLast ? "error" : "warn"](
        details,
        `The job '${message.name}' failed, and is ${isLast ? "not tried again" : "tried again"}.`,
      );
      if (isLast) {
        ended(message.id, { name: message.name, error });
      } else {
        await this.#takeKey(bullJob);
      }
      throw isLast ? new UnrecoverableError(describeError(error)) : new Error(describeError(error));
    }
    ended(message.id);
  }

  /** Gives a job that waits again its key back, unless another one has it. */
  async #takeKey({ data: { message } }: BullJob): Promise<void> {
    if (message.key !== null) {
      const queue = await this.#find(message.queue);
      await takeKey(this.kind, await this.#connections.find(), queue, message).catch(() => undefined);
    }
  }

  /** Returns the queues of the known jobs, and those that were used by name. */
  async #all(): Promise<readonly (readonly [string, BullQueue])[]> {
    await Promise.all([...listQueues(this.#jobs())].map((name) => this.#find(name)));
    return [...this.#queues.entries()].filter(([name]) => name !== tickQueue);
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
    const connection = await this.#connections.find();
    const queue: BullQueue = Reflect.construct(loadBull().Queue, [queueName(name), { connection }, ...factoryOf(this.kind)]);
    queue.on("error", () => undefined);
    this.#queues.set(name, queue);
    return queue;
  }
}

/** BullMQ takes its way to Postgres as a further argument. */
function factoryOf(kind: "redis" | "postgres"): readonly unknown[] {
  return kind === "postgres" ? [loadBull().createPostgresBackend] : [];
}

/** BullMQ takes no colon in the name of a queue. */
function queueName(name: string): string {
  return `flagon-${name.replaceAll(/[%:]/g, encodeURIComponent)}`;
}

/** Counts the runs that have ended: by themselves, or with their worker. A run that was handed back does not count. */
function countRuns({ attemptsMade, data, stalledCounter }: BullJob): number {
  return attemptsMade + stalledCounter - (data.crashes ?? 0);
}

/** Returns the time from which a job can run: that of its first run, or that of its next one. */
function dueTime({ data, delay, processedOn }: BullJob): number {
  return processedOn === undefined ? data.message.runAt : processedOn + delay;
}

function toInfo(job: BullJob, queue: string, state: JobState): JobInfo {
  const { message } = job.data;
  return {
    id: job.id ?? message.id,
    name: message.name,
    queue,
    state,
    attempt: countRuns(job) + (state === "active" ? 1 : 0),
    data: JSON.parse(message.data),
    error: job.failedReason ?? null,
    time: new Date(state === "waiting" ? dueTime(job) : (job.finishedOn ?? job.timestamp)),
  };
}
