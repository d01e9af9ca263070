import { setTimeout as wait } from "node:timers/promises";
import { inTime } from "../base/time-limit";
import type { Application } from "../setup/application";
import type { AnyJob } from "./definition";
import type { Claim } from "./message";
import { type RunEnds, runClaim } from "./retry";
import { longestTimer, warnOfRest } from "./runner";
import type { JobStore } from "./store";

/** Options of a worker. */
export interface WorkOptions {
  /** The queues that it takes. Default: all. */
  readonly queues?: readonly string[];
  /** The number of jobs that run at once. Default: 10. */
  readonly concurrency?: number;
}

/** A worker that can be stopped. */
export interface RunningWorker {
  /** Looks for jobs at once. */
  wake(): void;
  /** Tells whether a job runs in this process. After a stop, it is one that did not end in time, or a connection that does not close. */
  readonly isBusy: boolean;
  /**
   * Takes no more jobs, lets those that run finish for some milliseconds, and gives the rest back.
   *
   * @param time The milliseconds to wait.
   */
  stop(time: number): Promise<void>;
}

/** The shortest and the longest pause between two looks at the store, in milliseconds. */
const shortestPause = 100;
const longestPause = 2000;
/** Milliseconds for which the end of a run is written again and again while the database is away. */
const longestWrite = 300_000;
/** The most milliseconds that a stop waits for a store, beyond the time that it lets jobs finish. */
const longestHandBack = 5000;

/** Takes jobs from a store and runs them. */
export class StoreWorker implements RunningWorker {
  readonly #app: Application;
  readonly #store: JobStore;
  readonly #jobs: () => ReadonlyMap<string, AnyJob>;
  readonly #lease: number;
  readonly #queues: readonly string[];
  readonly #concurrency: number;
  readonly #ended: (claim: Claim) => void;
  readonly #ends: RunEnds;
  readonly #active = new Map<Claim, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #renewal: NodeJS.Timeout;
  #renewedAt = performance.now();
  #stopped: Promise<void> | undefined;
  #isWoken = false;
  #wake: (() => void) | undefined;

  /**
   * @param app The app, whose context jobs get.
   * @param store The jobs.
   * @param jobs The kinds of jobs that this process knows.
   * @param lease Milliseconds of silence after which the jobs of a worker go to another one.
   * @param ended Gets the jobs that have ended.
   * @param options The queues, and the number of jobs that run at once.
   */
  constructor(
    app: Application,
    store: JobStore,
    jobs: () => ReadonlyMap<string, AnyJob>,
    lease: number,
    ended: (claim: Claim) => void,
    { concurrency = 10, queues = [] }: WorkOptions,
  ) {
    this.#app = app;
    this.#store = store;
    this.#jobs = jobs;
    this.#lease = lease;
    this.#queues = queues;
    this.#concurrency = concurrency;
    this.#ended = ended;
    this.#ends = {
      finish: (claim) => this.#persist(() => store.finish(claim)),
      fail: (claim, error) => this.#persist(() => store.fail(claim, error)),
      retry: (claim, runAt, error) => this.#persist(() => store.retry(claim, runAt, error)),
    };
    this.#renewal = setInterval(() => void this.#renew(), Math.min(longestTimer, lease / 3));
    this.#loop = this.#work();
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  get isBusy(): boolean {
    return this.#active.size > 0;
  }

  stop(time: number): Promise<void> {
    this.#stopped ??= this.#end(time);
    return this.#stopped;
  }

  async #end(time: number): Promise<void> {
    this.wake();
    // The loop may have asked a database that is away. It takes nothing more.
    const all = this.#loop.then(() => Promise.all(this.#active.values()));
    await inTime(all, time, "late").catch(() => undefined);
    const rest = [...this.#active.keys()];
    warnOfRest(this.#app, rest);
    await inTime(this.#giveBack(rest), longestHandBack, "late").catch(() => undefined);
    // A job that still runs has lost its claim, so its end changes nothing.
    this.#stop.abort(new Error("The worker ends."));
    clearInterval(this.#renewal);
  }

  async #work(): Promise<void> {
    let pause = shortestPause;
    while (this.#stopped === undefined) {
      const free = this.#concurrency - this.#active.size;
      const claims = free > 0 ? await this.#claim(free) : [];
      if (this.#stop.signal.aborted) {
        // The answer came after the stop.
        await this.#giveBack(claims);
        return;
      }
      for (const claim of claims) {
        this.#renewedAt = this.#active.size === 0 ? performance.now() : this.#renewedAt;
        const running = this.#run(claim).finally(() => {
          this.#active.delete(claim);
          this.wake();
        });
        this.#active.set(claim, running);
      }
      pause = claims.length > 0 ? shortestPause : Math.min(longestPause, pause * 1.5);
      if (this.#stopped === undefined && (claims.length < free || free <= 0)) {
        await this.#sleep(pause);
      }
    }
  }

  async #giveBack(claims: readonly Claim[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.#attempt(() => this.#store.giveBack(claim))));
  }

  async #claim(limit: number): Promise<readonly Claim[]> {
    if (this.#active.size > 0 && performance.now() - this.#renewedAt > this.#lease / 2) {
      // Code that blocked this process has also kept it from renewing: it must not take its own jobs for those of a dead worker.
      await this.#renew();
    }
    try {
      const names = [...this.#jobs().keys()];
      const running = [...this.#active.keys()].map(({ id }) => id);
      return await this.#store.claim({ names, queues: this.#queues, limit, lease: this.#lease, isEager: false, running });
    } catch (error) {
      this.#app.logger.error({ err: error }, "The jobs could not be read. The worker tries again.");
      return [];
    }
  }

  async #sleep(pause: number): Promise<void> {
    if (!this.#isWoken) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await wait(pause, undefined, { signal: woken.signal }).catch(() => undefined);
      this.#wake = undefined;
    }
    this.#isWoken = false;
  }

  async #run(claim: Claim): Promise<void> {
    const job = this.#jobs().get(claim.name);
    if (job !== undefined) {
      await this.#attempt(async () => {
        if ((await runClaim(this.#app, this.#ends, job, claim, this.#stop.signal)).isOver) {
          this.#ended(claim);
        }
      });
    }
  }

  /** Writes the end of a run. A job that has run, and whose end a restart of the database loses, would run twice. */
  async #persist(write: () => Promise<void>): Promise<void> {
    const end = performance.now() + longestWrite;
    for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 1.5)) {
      try {
        await write();
        return;
      } catch (error) {
        if (performance.now() > end || this.#stop.signal.aborted) {
          throw error;
        }
        this.#app.logger.warn({ err: error }, "The state of a job could not be written. The worker tries again.");
        await wait(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  async #renew(): Promise<void> {
    this.#renewedAt = performance.now();
    if (this.#active.size > 0) {
      await this.#attempt(() => this.#store.renew([...this.#active.keys()], this.#lease));
    }
  }

  async #attempt(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#app.logger.error({ err: error }, "The state of a job could not be written. It runs again when its claim runs out.");
    }
  }
}
