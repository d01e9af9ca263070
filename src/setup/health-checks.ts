import { SetupError } from "../base/errors";
import { inTime } from "../base/time-limit";
import { describeGiven, refuseUnknown } from "../base/unknown-options";

/** Options of `app.healthCheck()`. */
export interface HealthCheckOptions {
  /** The most seconds that the check may take; a slower one has failed. Default: 2. */
  timeout?: number;
}

/** Milliseconds after which a run that does not end is given up, and the check runs again. A service may be back by then. */
const longestRun = 30_000;
/** The longest time of a timer, in milliseconds: Node fires one that is set for longer at once. */
const longestTimer = 2 ** 31 - 1;

interface HealthCheck {
  readonly name: string;
  readonly run: () => unknown;
  readonly timeout: number;
  /** The run that has not ended yet, and the time at which it began. */
  pending: Promise<unknown> | undefined;
  since: number;
}

/** The checks behind the health path of `serve`. */
export class HealthChecks {
  readonly #checks: HealthCheck[] = [];
  readonly #enter: (run: () => unknown) => unknown;
  readonly #fail: (error: unknown, message: string) => void;
  readonly #inner: HealthChecks[] = [];
  #running: Promise<readonly string[]> | undefined;

  /**
   * @param enter Runs a function with the app's context.
   * @param fail Gets the error of each check that fails.
   */
  constructor(enter: (run: () => unknown) => unknown, fail: (error: unknown, message: string) => void) {
    this.#enter = enter;
    this.#fail = fail;
  }

  /** Whether there is no check at all. */
  get isEmpty(): boolean {
    return this.#checks.length === 0 && this.#inner.every((inner) => inner.isEmpty);
  }

  /**
   * Adds a check.
   *
   * @throws {SetupError} If another one has its name, or the time limit is none.
   */
  add(name: string, run: () => unknown, options: HealthCheckOptions = {}): void {
    if (typeof name !== "string" || !/^\S(?:.*\S)?$/.test(name)) {
      throw new SetupError(`A health check needs a name of one line, such as "warehouse", but got ${describeGiven(name)}.`);
    }
    refuseUnknown(options, ["timeout"], `the health check '${name}'`, SetupError);
    const { timeout = 2 } = options;
    if (this.#checks.some((check) => check.name === name)) {
      throw new SetupError(`There are two health checks '${name}'. Give one of them another name.`);
    }
    if (typeof run !== "function") {
      throw new SetupError(`The health check '${name}' needs a function that throws, or returns false, if something is wrong.`);
    }
    if (!(typeof timeout === "number" && timeout > 0)) {
      const given = describeGiven(timeout);
      throw new SetupError(`The timeout of the health check '${name}' must be a number of seconds above 0, but got ${given}.`);
    }
    this.#checks.push({ name, run, timeout, pending: undefined, since: 0 });
  }

  /** Runs the checks of a mounted app as well. */
  include(inner: HealthChecks): void {
    this.#inner.push(inner);
  }

  /** Runs all checks at once, and returns the names of those that failed. Callers at the same time share one run. */
  run(): Promise<readonly string[]> {
    this.#running ??= Promise.all([
      ...this.#checks.map(async (check) => ((await this.#isFine(check)) ? [] : [check.name])),
      ...this.#inner.map((inner) => inner.run()),
    ]).then((names) => {
      this.#running = undefined;
      return names.flat();
    });
    return this.#running;
  }

  /** Runs a check. A run that has not ended is not repeated for a while. */
  async #isFine(check: HealthCheck): Promise<boolean> {
    const { timeout } = check;
    try {
      const result = await inTime(this.#run(check), Math.min(longestTimer, timeout * 1000), `It took longer than ${timeout} s.`);
      if (result === false) {
        throw new Error("It returned false.");
      }
      if (result instanceof Response && !result.ok) {
        throw new Error(`It returned a response with the status ${result.status}.`);
      }
      return true;
    } catch (error) {
      this.#fail(error, `The health check '${check.name}' failed.`);
      return false;
    }
  }

  #run(check: HealthCheck): Promise<unknown> {
    const now = performance.now();
    const { pending } = check;
    if (pending !== undefined && now - check.since < longestRun) {
      return pending;
    }
    const run = (async () => this.#enter(check.run))().finally(() => {
      check.pending = check.pending === run ? undefined : check.pending;
    });
    check.since = now;
    check.pending = run;
    return run;
  }
}
