import { AsyncLocalStorage } from "node:async_hooks";
import { FlagonError, SetupError } from "../base/errors";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { HealthChecks } from "./health-checks";

/** Options of `app.onStart()`. */
export interface StartOptions {
  /** Runs it in the primary process alone when `serve` has several workers. Default: `false`, in each worker. */
  once?: boolean;
}

/** The scheme and the host, with its port, of a link. */
export interface Origin {
  /** The scheme, such as `"https"`. */
  readonly scheme: string;
  /** The host, such as `"example.com"` or `"127.0.0.1:5000"`. */
  readonly host: string;
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
  /** Whether a start added it while it ran: it runs at the next stop alone, also if that start fails after all. */
  readonly isTransient: boolean;
}

/** A start of the app that is on its way. */
interface Attempt {
  /** The function that runs. */
  hook: StartHook | undefined;
  /** The end of that function, also if it fails. */
  current: Promise<unknown>;
  /** Whether the app was stopped meanwhile: no further function runs. */
  isStopped: boolean;
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
/** The longest wait of a stop for a start that runs, in milliseconds. One that ends within it is undone. */
const longestWait = 1000;

/** Starts and stops the resources of an app. */
export class LifeCycle {
  /**
   * The way in which the app runs: `run`, `serve`, `work` for `flagon jobs work`, or none of them, as in tests and scripts. The server and
   * the command set it before the start.
   */
  mode: "run" | "serve" | "work" | "script" = "script";
  /** The address that `flagon run` serves. Each other way to run an app has none. */
  address: Origin | undefined;
  /** Whether a command runs on the machine of a developer: what would leave the machine is shown instead. */
  isDevelopment = false;
  /** Whether the processes that serve also run jobs. */
  runsJobs = false;
  /** The health checks. */
  readonly health: HealthChecks;
  readonly #enter: (run: () => unknown) => unknown;
  readonly #fail: (error: unknown, message: string) => void;
  readonly #getTime: () => number;
  readonly #starts: StartHook[] = [];
  #stops: StopHook[] = [];
  /** The starts that no stop undoes yet, the latest at the end. */
  #open: StartHook[] = [];
  /** Those of the apps that are mounted in this one. */
  readonly #inner: LifeCycle[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #attempt: Attempt | undefined;
  /** Tells the code of a start or a stop from the code around it: a request of its own would wait for its end. */
  readonly #inside = new AsyncLocalStorage<Attempt | "stop">();
  #isStarted = false;
  #hasStopped = false;

  /**
   * @param enter Runs a function with the app's context.
   * @param fail Gets each error that stops nothing else.
   * @param getTime Returns the time of a stop, in milliseconds.
   */
  constructor(enter: (run: () => unknown) => unknown, fail: (error: unknown, message: string) => void, getTime: () => number) {
    this.#enter = enter;
    this.#fail = fail;
    this.#getTime = getTime;
    this.health = new HealthChecks(enter, fail);
  }

  /** Whether requests can be handled at once: all has started, or there is nothing to start. */
  get isReady(): boolean {
    return this.#isStarted || (!this.#hasStopped && this.#starts.length === 0 && this.#inner.every((inner) => inner.isReady));
  }

  /** Whether a function of `onStart` runs. */
  get isStarting(): boolean {
    return this.#attempt?.hook !== undefined;
  }

  /** Adds a function that runs before the first request. */
  onStart(run: () => unknown, options: StartOptions = {}): void {
    checkFunction(run, "onStart");
    refuseUnknown(options, ["once"], "app.onStart()", SetupError);
    const { once = false } = options;
    if (typeof once !== "boolean") {
      throw new SetupError(`The option 'once' of app.onStart() must be true or false, but got ${describeGiven(once)}.`);
    }
    if (this.#starting !== undefined || this.isStarting) {
      throw new SetupError("app.onStart() was called after the app had started. Call it before.");
    }
    const hook: StartHook = { run, isOnce: once, hasStarted: false };
    this.#starts.push(hook);
    this.#open.push(hook);
  }

  /**
   * Adds a function that runs after the last request. It undoes the latest start that no other function undoes.
   *
   * Within a start, it runs at the next stop alone, also if that start fails after all.
   */
  onStop(run: () => unknown): void {
    checkFunction(run, "onStop");
    const isTransient = this.isStarting;
    const undoes = isTransient ? undefined : this.#open.pop();
    this.#stops.push({ run, undoes, isLast: false, isTransient });
  }

  /** Runs a set-up, such as that of an extension, whose stops undo no start outside of it. */
  separate(setUp: () => void): void {
    const outer = this.#open;
    this.#open = [];
    try {
      setUp();
    } finally {
      this.#open = outer;
    }
  }

  /** Adds a start together with the stop that undoes it. */
  add({ start, stop, isLast = false }: LifeCycleStep): void {
    const hook = start === undefined ? undefined : { run: start, isOnce: false, hasStarted: false };
    if (hook !== undefined) {
      this.#starts.push(hook);
    }
    if (stop !== undefined) {
      this.#stops.push({ run: stop, undoes: hook, isLast, isTransient: false });
    }
  }

  /** Starts and stops the resources of a mounted app together with those of this one. */
  include(inner: LifeCycle): void {
    if (!this.#inner.includes(inner)) {
      this.#inner.push(inner);
      this.health.include(inner.health);
    }
  }

  /**
   * Runs the functions that start the app, one after another in the order of their registration; at once if they have run.
   *
   * If one fails, those before it are stopped, and the promise rejects with its error. It also rejects if the app is stopped meanwhile.
   * While the app stops, it waits, and starts the app again.
   */
  start(role: ProcessRole = "single"): Promise<void> {
    const inside = this.#inside.getStore();
    if (this.#isInStart) {
      return Promise.reject(
        new FlagonError("A function of onStart sent a request to its own app, or awaited app.ready(): it would wait for itself."),
      );
    }
    if (inside === "stop" && this.#stopping !== undefined) {
      return Promise.resolve();
    }
    if (this.#starting === undefined && this.#stopping !== undefined) {
      return this.#stopping.then(() => this.start(role));
    }
    this.#starting ??= this.#start(role);
    return this.#starting;
  }

  /**
   * Runs the functions that stop the app, in the reverse order of their registration. Each runs, even if another one
   * fails.
   *
   * @param time The time for all of them, in milliseconds. Default: the setting `shutdownTimeout`.
   * @param role The process. The primary of several workers stops only its own starts.
   */
  stop(time: number = this.#getTime(), role: ProcessRole = "single"): Promise<void> {
    if (this.#inside.getStore() === "stop" && this.#stopping !== undefined) {
      // It would wait for itself.
      return Promise.resolve();
    }
    this.#stopping ??= this.#stop(time, role).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /**
   * Refuses a stop by a function of `onStart`.
   *
   * @throws {FlagonError} If such a function calls it.
   */
  checkStop(): void {
    if (this.#isInStart) {
      throw new FlagonError("A function of onStart stopped its own app: the stop would wait for it.");
    }
  }

  /** Whether a function of `onStart` is the caller. */
  get #isInStart(): boolean {
    const inside = this.#inside.getStore();
    return inside !== undefined && inside === this.#attempt;
  }

  async #start(role: ProcessRole): Promise<void> {
    const attempt: Attempt = { hook: undefined, current: Promise.resolve(), isStopped: false };
    this.#attempt = attempt;
    this.#hasStopped = false;
    try {
      for (const inner of this.#inner) {
        await inner.start(role);
        refuseStopped(attempt);
      }
      for (const hook of this.#starts) {
        if (role === "single" || hook.isOnce === (role === "primary")) {
          await this.#begin(hook, attempt);
          refuseStopped(attempt);
        }
      }
    } catch (error) {
      if (!attempt.isStopped) {
        this.#attempt = undefined;
        await this.stop(undefined, role);
      }
      throw error;
    }
    this.#attempt = undefined;
    this.#isStarted = true;
  }

  #begin(hook: StartHook, attempt: Attempt): Promise<void> {
    const run = async (): Promise<void> => {
      attempt.hook = hook;
      try {
        await this.#inside.run(attempt, this.#enter, hook.run);
        hook.hasStarted = true;
      } finally {
        attempt.hook = undefined;
      }
    };
    const running = run();
    attempt.current = running.catch(() => undefined);
    return running;
  }

  async #stop(time: number, role: ProcessRole): Promise<void> {
    const end = performance.now() + time;
    const hadStopped = this.#hasStopped;
    this.#hasStopped = true;
    this.#isStarted = false;
    this.#starting = undefined;
    await this.#interrupt(time);
    const undone = new Set(this.#starts.filter(({ hasStarted }) => hasStarted));
    for (const hook of undone) {
      hook.hasStarted = false;
    }
    const inOrder = [...this.#stops].reverse();
    this.#stops = this.#stops.filter(({ isTransient }) => !isTransient);
    for (const hook of [...inOrder.filter(({ isLast }) => !isLast), ...inOrder.filter(({ isLast }) => isLast)]) {
      const { isTransient, undoes } = hook;
      if (isTransient || (undoes === undefined ? role !== "primary" && !hadStopped : undone.has(undoes))) {
        await this.#runStop(hook.run, Math.max(leastTime, end - performance.now()));
      }
    }
    for (const inner of [...this.#inner].reverse()) {
      await inner.stop(Math.max(leastTime, end - performance.now()), role);
    }
  }

  /** Lets no further function of a start run, and waits a while for the one that runs, so that it can be undone. */
  async #interrupt(time: number): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined) {
      return;
    }
    attempt.isStopped = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, Math.min(longestWait, time / 2));
    });
    await Promise.race([attempt.current, late]);
    clearTimeout(timer);
  }

  async #runStop(run: (time: number) => unknown, time: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), time);
    });
    try {
      const first = await Promise.race([(async () => this.#inside.run("stop", this.#enter, () => run(time)))(), late]);
      if (first === "late") {
        this.#fail(undefined, `A function of onStop${nameOf(run)} did not finish in time. The app stops without it.`);
      }
    } catch (error) {
      this.#fail(error, `A function of onStop${nameOf(run)} failed.`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Names a function that has a name. */
function nameOf({ name }: { readonly name: string }): string {
  return name === "" ? "" : ` ('${name}')`;
}

function refuseStopped({ isStopped }: Attempt): void {
  if (isStopped) {
    throw new FlagonError("The app was stopped while it started.");
  }
}

function checkFunction(value: unknown, method: string): void {
  if (typeof value !== "function") {
    throw new SetupError(`app.${method}() needs a function, but got ${value === null ? "null" : typeof value}.`);
  }
}
