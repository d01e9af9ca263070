import { SetupError } from "../base/errors";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import type { Database } from "../database/database";

/** Options of `Jobs`. */
export interface JobsOptions {
  /** The app's database, which keeps the jobs in two tables of its own. Default: the app's, if it uses `flagon/database`. */
  readonly database?: Database;
  /**
   * BullMQ, for more than one machine: a URL (`redis://`, `rediss://`, `postgres://`), your own Redis client, or your own pool of
   * `pg`. Default: none, the database.
   */
  readonly engine?: string | object | null | undefined;
  /** Seconds after which the jobs of a worker that is silent are run by another one, up to 2,000,000. Default: 30. */
  readonly lease?: number;
  /** The most jobs that a process runs at once. Default: 10. */
  readonly concurrency?: number;
  /** Seconds that a job may wait, although it could run, before the health check fails. Default: 900. */
  readonly maxWait?: number;
}

const jobsOptions = Object.keys({ database: true, engine: true, lease: true, concurrency: true, maxWait: true } satisfies Record<
  keyof JobsOptions,
  true
>);
/** The longest lease, in seconds: timers of Node end at 2^31 milliseconds. */
const longestLease = 2_000_000;

/**
 * Checks the options of `Jobs`.
 *
 * @throws {SetupError} If there is another option, or one is out of its bounds.
 */
export function checkJobsOptions(options: JobsOptions): void {
  refuseUnknown(options, jobsOptions, "new Jobs()", SetupError);
  const { concurrency = 10, lease = 30, maxWait = 900 } = options;
  if (!isCount(concurrency)) {
    throw new SetupError(`'concurrency' of Jobs must be a whole number from 1, but got ${describeGiven(concurrency)}.`);
  }
  if (typeof lease !== "number" || !(lease > 0 && lease <= longestLease)) {
    throw new SetupError(`'lease' of Jobs must be seconds above 0, up to ${longestLease}, but got ${describeGiven(lease)}.`);
  }
  if (typeof maxWait !== "number" || !(maxWait >= 0)) {
    throw new SetupError(`'maxWait' of Jobs must be seconds from 0, but got ${describeGiven(maxWait)}.`);
  }
}

/** Tells whether a value is a whole number from 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
