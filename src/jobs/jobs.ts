import { randomUUID } from "node:crypto";
import type { Extension, Flagon } from "../app";
import { JobError, SetupError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { watchPromise } from "../base/watched-promise";
import { Database } from "../database/database";
import { takePart } from "../database/scope";
import { findRequestContext } from "../dispatch/context";
import { type Backend, StoreBackend } from "./backend";
import { createBullBackend } from "./bull-backend";
import { addJobCommands } from "./commands";
import { type AnyJob, checkJob, type Job, type JobControl } from "./definition";
import { drain } from "./drain";
import { type EnqueueOptions, noteJobs, readEnqueueOptions } from "./find-jobs";
import { HeldJobs } from "./held-jobs";
import { checkJobsOptions, isCount, type JobsOptions } from "./jobs-options";
import { listJobs, listTimes } from "./known-jobs";
import { LateJobs } from "./late-jobs";
import { MemoryStore } from "./memory-store";
import { checkList, encodeData, type JobInfo, type JobState, type Message, type WaitingJob } from "./message";
import { isName, nameRule, schedulePrefix } from "./names";
import { checkQueues } from "./queues";
import { runJob } from "./runner";
import { checkSchedule, type Schedule, type ScheduleOptions, Scheduler } from "./schedule";
import { SqlStore } from "./sql-store";
import type { RunningWorker, WorkOptions } from "./worker";

/** Milliseconds between two removals of ended jobs. */
const cleaningInterval = 60_000;
/** The part of a stop that is left to give jobs back, in milliseconds. */
const handBackTime = 500;

/**
 * Runs jobs in the background. They survive a restart, are tried again, and wait for the commit.
 *
 * They are kept in the app's own database; by BullMQ in Redis or Postgres with `engine`; and in memory only where there
 * is neither. `flagon run` and `flagon serve --jobs` run them in their processes, `flagon jobs work` in a process of
 * its own.
 *
 * @example
 * ```ts
 * const jobs = new Jobs();
 * app.use(database);
 * app.use(jobs);
 * ```
 */
export class Jobs implements Extension {
  /** The name under which `app.extensions` keeps it. */
  readonly name = "jobs";
  readonly #options: JobsOptions;
  readonly #schedules = new Map<string, Schedule>();
  /** The jobs that wait, in tests, for `queued()`. */
  readonly #queued = new Map<string, { readonly name: string; readonly data: unknown }>();
  readonly #late = new LateJobs();
  #app: Flagon | undefined;
  #held: HeldJobs | undefined;
  #backend: Backend | undefined;
  #worker: RunningWorker | undefined;
  #scheduler: Scheduler | undefined;
  #cleaning: NodeJS.Timeout | undefined;

  /**
   * @param options The place of the jobs, and the number that run at once.
   * @throws {SetupError} If `concurrency`, `lease` or `maxWait` is not in range, or an option is unknown.
   */
  constructor(options: JobsOptions = {}) {
    checkJobsOptions(options);
    this.#options = options;
  }

  /** The place of the jobs. */
  get kind(): "database" | "memory" | "redis" | "postgres" {
    return this.#kept.kind;
  }

  /** Adds `flagon jobs …`, the health check, and the start and stop of workers. Called by `app.use()`. */
  install(app: Flagon): this {
    this.#app = app;
    noteJobs(this);
    app.lifeCycle.add({ start: () => this.#start() });
    // Apart from the start: a command opens connections without it.
    app.lifeCycle.add({ stop: (time) => this.#stop(time) });
    app.healthCheck("jobs", () => this.#checkAge());
    addJobCommands(app, this);
    return this;
  }

  /**
   * Adds a job. Called by `job.enqueue()`.
   *
   * @param job The job.
   * @param data Its data.
   * @returns Its id, or that of the one with its key that waits.
   * @throws {JobError} If its data is no JSON or does not fit, or the service that keeps jobs does not answer.
   */
  enqueue(job: AnyJob, data: unknown, options: EnqueueOptions = {}): Promise<string> {
    checkJob(job, "jobs.enqueue()");
    const call = `enqueue() of the job '${job.name}'`;
    const database = this.#database;
    const add = () => this.#enqueue(job, data, options);
    return watchPromise(database === undefined ? add() : takePart(database, `The ${call}`, add), call);
  }

  async #enqueue(job: AnyJob, data: unknown, options: EnqueueOptions): Promise<string> {
    const { key, runAt } = readEnqueueOptions(job.name, options);
    const request = findRequestContext()?.request;
    const message: Message = {
      id: randomUUID(),
      name: job.name,
      queue: job.options.queue,
      data: await encodeData(job, data),
      key,
      runAt,
      requestId: request?.id ?? null,
      traceparent: request?.headers.get("traceparent") ?? null,
    };
    const backend = this.#kept;
    const add = () => backend.add(message, job, (added) => this.#added(added));
    const database = this.#database;
    if (backend.kind !== "redis" && backend.kind !== "postgres") {
      return add();
    }
    // A service outside of the database takes no part in its transactions. If it is away, the rows are not committed.
    const { logger } = this.#owner;
    const write = async () => {
      await backend.reach();
      await database?.afterCommit(() => this.#late.add(message, add, logger));
    };
    return database?.isAtomic === true ? this.#holdFor(database).add(message, write) : add();
  }

  /**
   * Adds a schedule, for functions. Methods have `@schedule`.
   *
   * @param pattern The times, such as `"0 3 * * *"` for three in the morning.
   * @param run The function.
   * @throws {SetupError} If another one has its name, an option is unknown, or a worker has started already.
   */
  schedule(name: string, pattern: string, run: (control: JobControl) => unknown, options: ScheduleOptions = {}): void {
    checkSchedule(options, `the schedule '${String(name)}'`);
    if (!isName(name)) {
      throw new SetupError(`A schedule needs a name, such as "clean": ${nameRule}, but got ${describeGiven(name)}.`);
    }
    if (typeof run !== "function") {
      throw new SetupError(`The schedule '${name}' has no function.`);
    }
    if (this.#scheduler !== undefined) {
      throw new SetupError(`The schedule '${name}' was added after the worker had started, which would not run it. Add it before.`);
    }
    if (this.#schedules.has(name)) {
      throw new SetupError(`There are two schedules '${name}'. Give one of them another name.`);
    }
    this.#schedules.set(name, { name, pattern, options, run });
  }

  /**
   * Returns the data of the jobs that wait, the first first: of one kind, or of all. In tests alone, where `config.testing` is on.
   *
   * @param job The kind. Default: all.
   * @throws {JobError} If it is no job, but a name.
   */
  queued<Input>(job?: Job<Input, never> | AnyJob): readonly unknown[] {
    if (job !== undefined) {
      checkJob(job, "jobs.queued()");
    }
    return [...this.#queued.values()].filter(({ name }) => job === undefined || name === job.name).map(({ data }) => data);
  }

  /**
   * Runs all jobs that wait, those with a delay and those that these enqueue as well, until none is left. For tests.
   *
   * Retries come at once. A job that fails for good is among `list("failed")`. With `config.testing` its error is on the console as
   * well, unless `config.propagateExceptions` is `false`.
   *
   * @returns The number of runs.
   */
  async drain(): Promise<number> {
    await this.#kept.prepare();
    return drain(this.#kept, this.#owner, () => this.#known(), this.#queued);
  }

  /**
   * Lists jobs: all, or those of one state.
   *
   * @param state The state. Default: all states.
   * @param limit The greatest number of jobs. Default: 100.
   * @throws {JobError} If the limit is no whole number from 1, or there is no such state.
   */
  async list(state?: JobState, limit = 100): Promise<readonly JobInfo[]> {
    checkList(state, limit);
    return this.#kept.list(state, limit);
  }

  /**
   * Lets a failed job run once more, with all its retries; tells whether there is such a job.
   *
   * @param id The id of the job.
   */
  async retry(id: string): Promise<boolean> {
    // No database takes a NUL.
    const restored = typeof id !== "string" || id.includes("\0") ? null : await this.#kept.restore(id);
    if (restored !== null) {
      this.#added(restored);
    }
    return restored !== null;
  }

  /**
   * Runs a job at once, in this process.
   *
   * @param data The data of the job.
   * @throws {JobError} If there is no job of this name, or the data does not fit.
   */
  async run(name: string, data: unknown): Promise<unknown> {
    const job = this.#known().get(name);
    if (job === undefined) {
      const names = [...this.#known().keys()];
      throw new JobError(`There is no job '${name}'.${didYouMean(String(name), names)} There are: ${names.join(", ") || "none"}.`);
    }
    const message = {
      id: randomUUID(),
      name,
      queue: job.options.queue,
      key: null,
      runAt: Date.now(),
      requestId: null,
      traceparent: null,
      attempt: 1,
    };
    return runJob(this.#owner, job, { ...message, data: await encodeData(job, data) }, new AbortController().signal);
  }

  /**
   * Starts a worker in this process, as `flagon jobs work` does. The app stops it.
   *
   * @throws {JobError} If a worker runs in this process already, no job has one of the queues, or `concurrency` is no whole number from 1.
   */
  async work(options: WorkOptions = {}): Promise<RunningWorker> {
    if (this.#worker !== undefined) {
      throw new JobError("A worker runs in this process already.");
    }
    refuseUnknown(options, ["queues", "concurrency"], "jobs.work()", JobError);
    const { concurrency = 10 } = this.#options;
    if (options.concurrency !== undefined && !isCount(options.concurrency)) {
      throw new JobError(`'concurrency' of a worker must be a whole number from 1, but got ${describeGiven(options.concurrency)}.`);
    }
    const known = this.#known();
    checkQueues(options.queues ?? [], known);
    await this.#kept.prepare();
    const scheduler = new Scheduler(this.#owner, this.#kept.ticks, (name, tick) => this.#enqueueTick(name, tick));
    this.#scheduler = scheduler;
    this.#worker = this.#kept.work(
      this.#owner,
      () => this.#known(),
      (id) => this.#queued.delete(id),
      { concurrency, ...options },
    );
    const schedules = [...known.keys()].filter((name) => name.startsWith(schedulePrefix));
    await this.#clean(schedules);
    this.#cleaning = setInterval(() => void this.#clean(schedules), cleaningInterval);
    this.#cleaning.unref();
    for (const { name, times } of listTimes(this.#owner.registry, this.#schedules)) {
      await scheduler.start(name, times);
    }
    return this.#worker;
  }

  /**
   * Returns BullMQ's own queue, for flows and priorities.
   *
   * @throws {JobError} Without an engine of BullMQ.
   */
  queue(name = "default"): unknown {
    const backend = this.#kept;
    if ("queue" in backend && typeof backend.queue === "function") {
      return backend.queue(name);
    }
    throw new JobError("There is no queue of BullMQ: the jobs are kept by the app. Give Jobs an engine.");
  }

  get #owner(): Flagon {
    if (this.#app === undefined) {
      throw new SetupError("Jobs belong to an app: app.use(new Jobs({ database })).");
    }
    return this.#app;
  }

  get #database(): Database | undefined {
    const database = this.#options.database ?? this.#app?.extensions.database;
    return database instanceof Database ? database : undefined;
  }

  #holdFor(database: Database): HeldJobs {
    this.#held ??= new HeldJobs(database);
    return this.#held;
  }

  get #kept(): Backend {
    this.#backend ??= this.#createBackend();
    return this.#backend;
  }

  #createBackend(): Backend {
    const { engine, lease: seconds = 30 } = this.#options;
    const lease = Math.ceil(seconds * 1000);
    const database = this.#database;
    if (engine !== undefined && engine !== null) {
      return createBullBackend(engine, lease, () => this.#known());
    }
    if (database === undefined) {
      return new StoreBackend("memory", new MemoryStore(), lease);
    }
    database.onTestEnd(() => this.#queued.clear());
    return new StoreBackend("database", new SqlStore(database), lease);
  }

  async #start(): Promise<void> {
    const { lifeCycle, logger, extensions } = this.#owner;
    const { database } = this.#options;
    if (database !== undefined && extensions.database !== database) {
      throw new SetupError("Jobs were given a database that the app does not use. Add it: app.use(database).");
    }
    // A wrong expression or limit ends the start, also where no worker runs.
    listTimes(this.#owner.registry, this.#schedules);
    this.#known();
    await this.#kept.prepare();
    const { kind } = this.#kept;
    if (lifeCycle.mode === "serve" && kind === "memory") {
      logger.warn("Jobs are kept in memory, and end with this process. Give the app a database: app.use(database).");
    }
    if (lifeCycle.mode === "run" || (lifeCycle.mode === "serve" && (lifeCycle.runsJobs || kind === "memory"))) {
      await this.work();
    } else if (lifeCycle.mode === "serve") {
      logger.info("This server runs no jobs. Start 'flagon jobs work' beside it, or serve with --jobs.");
    }
  }

  async #stop(time: number): Promise<void> {
    const end = performance.now() + time;
    clearInterval(this.#cleaning);
    await this.#scheduler?.stop();
    await this.#worker?.stop(Math.max(0, end - performance.now() - handBackTime));
    this.#scheduler = undefined;
    this.#worker = undefined;
    await this.#late.stop(Math.max(handBackTime, end - performance.now()));
    await this.#backend?.close();
    if (this.#backend?.kind !== "memory") {
      this.#backend = undefined;
    }
  }

  async #checkAge(): Promise<void> {
    const { maxWait = 900 } = this.#options;
    const oldest = await this.#kept.oldestWaiting();
    if (oldest !== null && Date.now() - oldest > maxWait * 1000) {
      throw new JobError(`A job has waited for ${Math.round((Date.now() - oldest) / 1000)} s. Is a worker running? npx flagon jobs work`);
    }
  }

  #added({ data, id, name }: WaitingJob): void {
    if (this.#owner.config.testing) {
      this.#queued.set(id, { name, data: JSON.parse(data) });
    }
    this.#worker?.wake();
  }

  #known(): ReadonlyMap<string, AnyJob> {
    return listJobs(this.#owner.registry, this.#schedules);
  }

  async #enqueueTick(name: string, tick: number): Promise<void> {
    const job = this.#known().get(name);
    if (job !== undefined) {
      await this.enqueue(job, { tick: new Date(tick).toISOString() });
    }
  }

  async #clean(schedules: readonly string[]): Promise<void> {
    try {
      await this.#kept.clean(schedules);
    } catch (error) {
      this.#owner.logger.error({ err: error }, "Jobs that ended long ago could not be removed.");
    }
  }
}
