import type { Claim, JobInfo, JobState, Message, WaitingJob } from "./message";

/** The request of a worker for jobs. */
export interface ClaimRequest {
  /** The names that it knows. */
  readonly names: readonly string[];
  /** The queues that it takes; all if there is none. */
  readonly queues: readonly string[];
  readonly limit: number;
  /** Milliseconds for which the claim holds without a renewal. */
  readonly lease: number;
  /** Whether jobs whose time has not come are taken as well. */
  readonly isEager: boolean;
  /** The ids of the jobs that the worker still runs. A clock that jumps, or a database that was away, lets their claims run out. */
  readonly running: readonly string[];
}

/** Keeps jobs. */
export interface JobStore {
  /** Makes the tables, if there are none. */
  prepare(): Promise<void>;
  /** Adds a job, with the commit of the current transaction if there is one, and returns the id of the one that waits. */
  add(message: Message, added: (message: Message) => void): Promise<string>;
  /** Takes jobs whose time has come, or whose worker has been silent for too long. */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;
  /** Renews claims; those that are lost are not among the ids that it returns. */
  renew(claims: readonly Claim[], lease: number): Promise<ReadonlySet<string>>;
  /** Ends a job, unless the claim is lost. */
  finish(claim: Claim): Promise<void>;
  /** Lets a job wait for its next run, unless the claim is lost. */
  retry(claim: Claim, runAt: number, error: string): Promise<void>;
  /** Ends a job without success, unless the claim is lost. */
  fail(claim: Claim, error: string): Promise<void>;
  /** Gives a job back, as if it had not been taken. */
  giveBack(claim: Claim): Promise<void>;
  list(state: JobState | undefined, limit: number): Promise<readonly JobInfo[]>;
  /** Lets a failed job wait once more, and returns it; `null` if there is none. */
  restore(id: string): Promise<WaitingJob | null>;
  /** Notes a tick of a schedule. If it is new, runs a function with it; if that fails, the tick is new again. */
  claimTick(name: string, tick: number, run: () => Promise<void>): Promise<void>;
  /** The latest tick of a schedule. */
  lastTick(name: string): Promise<number | null>;
  /** Tells whether a job of a name waits or runs. */
  isBusy(name: string): Promise<boolean>;
  /** The time of the job that has waited longest although it may run, or `null`. */
  oldestWaiting(): Promise<number | null>;
  /** Removes jobs that ended long ago, and jobs that wait for schedules that are gone. */
  clean(schedules: readonly string[]): Promise<void>;
}

/** Milliseconds for which done and failed jobs are kept, and the most of each. */
export const keptDone: { readonly age: number; readonly count: number } = { age: 24 * 3600_000, count: 1000 };
export const keptFailed: { readonly age: number; readonly count: number } = { age: 30 * 24 * 3600_000, count: 10_000 };
