import { SetupError } from "../base/errors";
import { lazily } from "../base/lazily";
import { refuseUnknown } from "../base/unknown-options";
import type { Application } from "../setup/application";
import { createRecorder } from "../setup/decorators";
import type { ExtensionRecord } from "../setup/registry";
import type { JobControl } from "./definition";
import { schedulePrefix } from "./names";
import type { JobStore } from "./store";

const loadCroner = lazily(() => require("croner") as typeof import("croner"));

/** Options of a schedule. */
export interface ScheduleOptions {
  /** The zone of its times, such as `"Europe/Berlin"`. Default: `"UTC"`. */
  readonly timeZone?: string;
  /** Seconds after which `signal` is aborted. Default: none. */
  readonly timeout?: number;
  /** The most times that a run is tried again. Default: 0. */
  readonly retries?: number;
  /** The queue. Default: `"default"`. */
  readonly queue?: string;
}

/** The names of the options of a schedule. */
const scheduleOptions: readonly string[] = Object.keys({
  timeZone: true,
  timeout: true,
  retries: true,
  queue: true,
} satisfies Record<keyof ScheduleOptions, true>);

/** Checks the options of a schedule. */
export function checkSchedule(options: ScheduleOptions, place: string): void {
  refuseUnknown(options, scheduleOptions, place, SetupError);
}

/** A schedule of an app. */
export interface Schedule {
  readonly name: string;
  readonly pattern: string;
  readonly options: ScheduleOptions;
  /** The object whose method it runs, if it is one. A method can have several schedules. */
  readonly instance?: object;
  run(control: JobControl): unknown;
}

/** The record of `@schedule`. */
export interface ScheduleRecord {
  readonly pattern: string;
  readonly options: ScheduleOptions;
}

/** Tells whether a record of an extension is that of a schedule. */
export function isScheduled(record: ExtensionRecord): record is ExtensionRecord & { readonly value: ScheduleRecord } {
  return record.extension === "schedule";
}

/** Decorates a method that takes a job's control, or nothing, in either decorator standard. */
export interface ScheduleDecorator {
  <Method extends (control: JobControl) => unknown>(method: Method, context: ClassMethodDecoratorContext): void;
  <Method extends (control: JobControl) => unknown>(
    prototype: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void;
}

/** The longest sleep, in milliseconds: clocks are set, and machines sleep. */
const longestSleep = 30_000;
/** The shortest and the longest pause before a time is tried again that the database has refused, in milliseconds. */
const shortestPause = 500;
const longestPause = 30_000;

/**
 * Runs a method of a registered controller at the times of a cron expression: once for each, with any number of processes and machines.
 *
 * A time that passed while nothing ran is made up for once, late. A time at which the last run still goes on is left out, with a
 * warning. When
 * clocks go back, a fixed time runs once; when they go forward, a time that does not exist runs after the gap.
 *
 * @param pattern Five fields, or six with seconds first: `"0 3 * * *"` is 3 o'clock each night.
 * @param options The zone and the limits.
 *
 * @example
 * ```ts
 * class Reports {
 *   @schedule("0 3 * * *", { timeZone: "Europe/Berlin" })
 *   async nightly() {
 *     await mail.send({ to: "boss@example.com", subject: "Report", template: "mail/report" });
 *   }
 * }
 * ```
 */
export function schedule(pattern: string, options: ScheduleOptions = {}): ScheduleDecorator {
  checkSchedule(options, "@schedule()");
  return createRecorder("@schedule()", (method) => ({ kind: "extension", method, extension: "schedule", value: { pattern, options } }));
}

/** The times of a schedule. */
export class Times {
  readonly #cron: import("croner").Cron;

  /**
   * @param schedule The schedule.
   * @throws {SetupError} If its expression or its zone is malformed, or its time never comes.
   */
  constructor({ name, options: { timeZone = "UTC" }, pattern }: Schedule) {
    try {
      new Intl.DateTimeFormat("en", { timeZone });
    } catch (cause) {
      throw new SetupError(
        `The schedule '${name}' has the time zone '${timeZone}', which does not exist. Write one such as "Europe/Berlin".`,
        { cause },
      );
    }
    const { Cron } = loadCroner();
    try {
      // Croner reads a date as well, whose time never comes once it is over.
      if (typeof pattern !== "string" || !/^\s*(?:@\w+|\S+(?:\s+\S+){4,5})\s*$/.test(pattern)) {
        throw new Error("it has not five or six fields");
      }
      this.#cron = new Cron(pattern, { timezone: timeZone, paused: true, mode: "5-or-6-parts" });
    } catch (cause) {
      throw new SetupError(
        `The schedule '${name}' has the expression '${pattern}', which cannot be read: ${explain(cause)}. Write five fields, such as "0 3 * * *".`,
        { cause },
      );
    }
    if (this.#cron.nextRun() === null) {
      throw new SetupError(`The schedule '${name}' has the expression '${pattern}', whose time never comes.`);
    }
  }

  /** Returns the last time before another one, or at it, in milliseconds since the Unix epoch. */
  upTo(time: number): number | null {
    return this.#cron.previousRuns(1, new Date(time + 1))[0]?.getTime() ?? null;
  }

  /** Returns the first time after another one, in milliseconds since the Unix epoch. */
  after(time: number): number | null {
    return this.#cron.nextRun(new Date(time))?.getTime() ?? null;
  }
}

/** Returns the reason of an error of croner, without its prefix and its full stop. */
function explain(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "").replace(/\.+$/, "");
}

/** Waits for the times of schedules, and enqueues their runs. */
export class Scheduler {
  readonly #app: Application;
  readonly #store: Pick<JobStore, "claimTick" | "lastTick" | "isBusy">;
  readonly #enqueue: (name: string, tick: number) => Promise<void>;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #pending = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  /**
   * @param app The app.
   * @param store Knows which times have been taken.
   * @param enqueue Adds a run.
   */
  constructor(
    app: Application,
    store: Pick<JobStore, "claimTick" | "lastTick" | "isBusy">,
    enqueue: (name: string, tick: number) => Promise<void>,
  ) {
    this.#app = app;
    this.#store = store;
    this.#enqueue = enqueue;
  }

  /** Starts a schedule: makes up for the latest time that was missed, and waits for the next. */
  async start(name: string, times: Times): Promise<void> {
    const now = Date.now();
    const last = await this.#store.lastTick(name);
    if (last === null) {
      // A new schedule has missed no time.
      await this.#store.claimTick(name, now, async () => undefined);
      this.#wait(name, times, now);
      return;
    }
    const missed = times.upTo(now);
    if (missed !== null && missed > last) {
      this.#take(name, times, missed);
    }
    // A clock that was set back repeats no time.
    this.#wait(name, times, Math.max(now, last));
  }

  /** Waits for no more times. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    await Promise.all(this.#pending);
  }

  #wait(name: string, times: Times, from: number): void {
    const next = times.after(from);
    if (next === null || this.#stop.signal.aborted) {
      return;
    }
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (Date.now() < next) {
          this.#wait(name, times, from);
          return;
        }
        this.#take(name, times, next);
        this.#wait(name, times, next);
      },
      Math.min(longestSleep, Math.max(0, next - Date.now())),
    );
    this.#timers.add(timer);
  }

  #take(name: string, times: Times, tick: number): void {
    const taken = this.#tick(name, times, tick).finally(() => this.#pending.delete(taken));
    this.#pending.add(taken);
  }

  /** Runs a time, again and again while the database is away, up to the next one. */
  async #tick(name: string, times: Times, tick: number): Promise<void> {
    const schedule = name.slice(schedulePrefix.length);
    const end = times.after(tick) ?? Number.POSITIVE_INFINITY;
    for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2)) {
      try {
        await this.#store.claimTick(name, tick, () => this.#run(name, tick));
        return;
      } catch (error) {
        this.#app.logger.error({ err: error, schedule }, `The schedule '${schedule}' could not be run at ${new Date(tick).toISOString()}.`);
      }
      await this.#pause(pause);
      if (this.#stop.signal.aborted || Date.now() >= end) {
        return;
      }
    }
  }

  #pause(time: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(end, time);
      const { signal } = this.#stop;
      signal.addEventListener("abort", end);
      function end(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      }
    });
  }

  async #run(name: string, tick: number): Promise<void> {
    if (await this.#store.isBusy(name)) {
      const schedule = name.slice(schedulePrefix.length);
      this.#app.logger.warn(
        { schedule },
        `The schedule '${schedule}' is left out at ${new Date(tick).toISOString()}: its last run has not ended.`,
      );
      return;
    }
    await this.#enqueue(name, tick);
  }
}
