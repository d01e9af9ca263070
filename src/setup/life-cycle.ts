import { SetupError } from "../base/errors";
import { refuseUnknown } from "../base/unknown-options";
import { HealthChecks } from "./health-checks";

/** Options of `app.onStart()`. */
export interface StartOptions {
  /** Runs it in the primary process alone when `serve` has several workers. Default: `false`, in each worker. */
  once?: boolean;
}

/** The role of this process in `serve`: the only process, the primary of several, or one of several workers. */
export type ProcessRole = "single" | "primary" | "worker";

/** A function that runs before the first request. */
interface StartHook {
  readonly run: () => unknown;
  readonly isOnce: boolean;
  hasStarted: boolean;
}

/** A function that runs after the last request. */
interface StopHook {
  readonly run: (time: number) => unknown;
  /** The start that it undoes, if there is one. */
  readonly undoes: StartHook | undefined;
  /** Whether it runs after all others, as the stop of the database does: other stops still need it. */
  readonly isLast: boolean;
}

/** A start with the stop that undoes it, as extensions add them. */
export interface LifeCycleStep {
  /** Runs before the first request. */
  readonly start?: () => unknown;
  /** Runs after the last request, if the start has succeeded or there is none. It gets the milliseconds that it may take. */
  readonly stop?: (time: number) => unknown;
  /** Whether the stop waits for all others. Default: `false`. */
  readonly isLast?: boolean;
}

/** The least time that a function gets to stop, in milliseconds, even if the time of the stop is over. */
const leastTime = 250;

/** Starts and stops the resources of an app. */
export class LifeCycle {
  /** The way in which the app runs: `run`, `serve`, or neither, as in tests and scripts. The server sets it before the start. */
  mode: "run" | "serve" | "script" = "script";
  /** Whether the processes that serve also run jobs. */
  runsJobs = false;
  /** The health checks. */
  readonly health: HealthChecks;
  readonly #enter: (run: () => unknown) => unknown;
  readonly #fail: (error: unknown, message: string) => void;
  readonly #starts: StartHook[] = [];
  readonly #stops: StopHook[] = [];
  /** The starts that no stop undoes yet, the latest at the end. */
  readonly #open: StartHook[] = [];
  /** Those of the apps that are mounted in this one. */
  readonly #inner: LifeCycle[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isStarted = false;

  /**
   * @param enter Runs a function with the app's context.
   * @param fail Gets each error that stops nothing else.
   */
  constructor(enter: (run: () => unknown) => unknown, fail: (error: unknown, message: string) => void) {
    this.#enter = enter;
    this.#fail = fail;
    this.health = new HealthChecks(enter, fail);
  }

  /** Whether requests can be handled at once: all has started, or there is nothing to start. */
  get isReady(): boolean {
    return this.#isStarted || (this.#starts.length === 0 && this.#inner.every((inner) => inner.isReady));
  }

  /** Adds a function that runs before the first request. */
  onStart(run: () => unknown, options: StartOptions = {}): void {
    checkFunction(run, "onStart");
    refuseUnknown(options, ["once"], "app.onStart()", SetupError);
    const { once = false } = options;
    if (this.#starting !== undefined) {
      throw new SetupError("app.onStart() was called after the app had started. Call it before.");
    }
    const hook: StartHook = { run, isOnce: once, hasStarted: false };
    this.#starts.push(hook);
    this.#open.push(hook);
  }

  /** Adds a function that runs after the last request. It undoes the latest start that no other function undoes. */
  onStop(run: () => unknown): void {
    checkFunction(run, "onStop");
    this.#stops.push({ run, undoes: this.#open.pop(), isLast: false });
  }

  /** Adds a start together with the stop that undoes it. */
  add({ start, stop, isLast = false }: LifeCycleStep): void {
    const hook = start === undefined ? undefined : { run: start, isOnce: false, hasStarted: false };
    if (hook !== undefined) {
      this.#starts.push(hook);
    }
    if (stop !== undefined) {
      this.#stops.push({ run: stop, undoes: hook, isLast });
    }
  }

  /** Starts and stops the resources of a mounted app together with those of this one. */
  include(inner: LifeCycle): void {
    this.#inner.push(inner);
    this.health.include(inner.health);
  }

  /**
   * Runs the functions that start the app, one after another in the order of their registration; at once if they have run.
   *
   * If one fails, those before it are stopped, and the promise rejects with its error.
   */
  start(role: ProcessRole = "single"): Promise<void> {
    this.#starting ??= this.#start(role);
    return this.#starting;
  }

  /**
   * Runs the functions that stop the app, in the reverse order of their registration. Each runs, even if another one
   * fails.
   *
   * @param time The time for all of them, in milliseconds.
   * @param role The process. The primary of several workers stops only its own starts.
   */
  stop(time: number, role: ProcessRole = "single"): Promise<void> {
    this.#stopping ??= this.#stop(time, role).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #start(role: ProcessRole): Promise<void> {
    try {
      for (const inner of this.#inner) {
        await inner.start(role);
      }
      for (const hook of this.#starts) {
        if (role === "single" || hook.isOnce === (role === "primary")) {
          await this.#enter(hook.run);
          hook.hasStarted = true;
        }
      }
    } catch (error) {
      await this.stop(10_000, role);
      throw error;
    }
    this.#isStarted = true;
  }

  async #stop(time: number, role: ProcessRole): Promise<void> {
    const end = performance.now() + time;
    const inOrder = [...this.#stops].reverse();
    for (const hook of [...inOrder.filter(({ isLast }) => !isLast), ...inOrder.filter(({ isLast }) => isLast)]) {
      if (hook.undoes === undefined ? role !== "primary" : hook.undoes.hasStarted) {
        await this.#attempt(hook.run, Math.max(leastTime, end - performance.now()));
      }
    }
    for (const inner of this.#inner) {
      await inner.stop(Math.max(leastTime, end - performance.now()), role);
    }
    for (const hook of this.#starts) {
      hook.hasStarted = false;
    }
    this.#isStarted = false;
    this.#starting = undefined;
  }

  async #attempt(run: (time: number) => unknown, time: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), time);
    });
    try {
      const first = await Promise.race([(async () => this.#enter(() => run(time)))(), late]);
      if (first === "late") {
        this.#fail(undefined, "A function of onStop did not finish in time. The app stops without it.");
      }
    } catch (error) {
      this.#fail(error, "A function of onStop failed.");
    } finally {
      clearTimeout(timer);
    }
  }
}

function checkFunction(value: unknown, method: string): void {
  if (typeof value !== "function") {
    throw new SetupError(`app.${method}() needs a function, but got ${value === null ? "null" : typeof value}.`);
  }
}
