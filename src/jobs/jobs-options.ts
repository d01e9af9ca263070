import type { Database } from "../database/database";

/** Options of `Jobs`. */
export interface JobsOptions {
  /** The app's database, which keeps the jobs in two tables of its own. Default: the app's, if it uses `flagon/database`. */
  readonly database?: Database;
  /**
   * BullMQ, for more than one machine: a URL (`redis://`, `rediss://`, `postgres://`), your own Redis client, or your own pool of
   * `pg`. Default: none, the database.
   */
  readonly engine?: string | object | undefined;
  /** Seconds after which the jobs of a worker that is silent are run by another one. Default: 30. */
  readonly lease?: number;
  /** The most jobs that a process runs at once. Default: 10. */
  readonly concurrency?: number;
  /** Seconds that a job may wait, although it could run, before the health check fails. Default: 900. */
  readonly maxWait?: number;
}
