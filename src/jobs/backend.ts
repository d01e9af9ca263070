import type { Application } from "../setup/application";
import type { AnyJob } from "./definition";
import type { JobEnded } from "./drain";
import type { Claim, JobInfo, JobState, Message, WaitingJob } from "./message";
import { runClaim } from "./retry";
import type { JobStore } from "./store";
import { type RunningWorker, StoreWorker, type WorkOptions } from "./worker";

/** The kinds of jobs that a process knows, by name; read again each time. */
export type KnownJobs = () => ReadonlyMap<string, AnyJob>;

/** Keeps jobs and runs them. */
export interface Backend {
  /** The place of the jobs, for the log. */
  readonly kind: "database" | "memory" | "redis" | "postgres";
  /** Records which times of schedules have been taken. */
  readonly ticks: Pick<JobStore, "claimTick" | "lastTick" | "isBusy">;
  prepare(): Promise<void>;
  /** Rejects if the place of the jobs does not take any, as when its service is away. */
  reach(): Promise<void>;
  add(message: Message, job: AnyJob, added: (message: Message) => void): Promise<string>;
  work(app: Application, jobs: KnownJobs, ended: JobEnded, options: WorkOptions): RunningWorker;
  /** Runs all jobs that wait, also those whose time has not come, and their retries, until none waits. */
  drain(app: Application, jobs: KnownJobs, ended: JobEnded): Promise<number>;
  list(state: JobState | undefined, limit: number): Promise<readonly JobInfo[]>;
  restore(id: string): Promise<WaitingJob | null>;
  oldestWaiting(): Promise<number | null>;
  clean(schedules: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** A backend of a store, which workers poll. */
export class StoreBackend implements Backend {
  readonly kind: "database" | "memory";
  readonly #store: JobStore;
  readonly #lease: number;

  /**
   * @param kind The place of the jobs.
   * @param store Keeps them.
   * @param lease Milliseconds of silence after which the jobs of a worker go to another one.
   */
  constructor(kind: "database" | "memory", store: JobStore, lease: number) {
    this.kind = kind;
    this.#store = store;
    this.#lease = lease;
  }

  get ticks(): JobStore {
    return this.#store;
  }

  prepare(): Promise<void> {
    return this.#store.prepare();
  }

  reach(): Promise<void> {
    return this.#store.prepare();
  }

  add(message: Message, _job: AnyJob, added: (message: Message) => void): Promise<string> {
    return this.#store.add(message, added);
  }

  work(app: Application, jobs: KnownJobs, ended: JobEnded, options: WorkOptions): RunningWorker {
    return new StoreWorker(app, this.#store, jobs, this.#lease, ({ id }: Claim) => ended(id), options);
  }

  async drain(app: Application, jobs: KnownJobs, ended: JobEnded): Promise<number> {
    const never = new AbortController().signal;
    let runs = 0;
    for (;;) {
      const known = jobs();
      const [claim] = await this.#store.claim({
        names: [...known.keys()],
        queues: [],
        limit: 1,
        lease: this.#lease,
        isEager: true,
        running: [],
      });
      const job = claim === undefined ? undefined : known.get(claim.name);
      if (claim === undefined || job === undefined) {
        return runs;
      }
      runs++;
      const end = await runClaim(app, this.#store, job, claim, never);
      if (end.isOver) {
        ended(claim.id, end.failure);
      }
    }
  }

  list(state: JobState | undefined, limit: number): Promise<readonly JobInfo[]> {
    return this.#store.list(state, limit);
  }

  restore(id: string): Promise<WaitingJob | null> {
    return this.#store.restore(id);
  }

  oldestWaiting(): Promise<number | null> {
    return this.#store.oldestWaiting();
  }

  clean(schedules: readonly string[]): Promise<void> {
    return this.#store.clean(schedules);
  }

  async close(): Promise<void> {
    // The database closes itself.
  }
}
