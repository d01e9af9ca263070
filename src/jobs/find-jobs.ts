import { SetupError } from "../base/errors";
import { findAppContext } from "../dispatch/context";

/** Options of `enqueue()`. */
export interface EnqueueOptions {
  /** Seconds until the job may run. Default: 0. */
  readonly delay?: number;
  /** While a job of the same name with this key waits, no other one is made: `enqueue()` returns the id of that one. Default: none. */
  readonly key?: string;
}

/** The part of `Jobs` that adds jobs. */
export interface Enqueuer {
  enqueue(job: object, data: unknown, options: EnqueueOptions): Promise<string>;
}

/** The jobs of the latest app, for scripts that enqueue without a context. */
let latest: WeakRef<Enqueuer> | undefined;

/** Remembers the jobs of an app, for code that runs without its context. */
export function noteJobs(jobs: Enqueuer): void {
  latest = new WeakRef(jobs);
}

/** Finds the jobs of the app that is active, or of the one app of the process. */
export function findJobs(caller: string): Enqueuer {
  const found: unknown = findAppContext()?.app.extensions.jobs ?? latest?.deref();
  if (isEnqueuer(found)) {
    return found;
  }
  throw new SetupError(`${caller} needs the extension of jobs. Give the app one: app.use(new Jobs({ database })).`);
}

function isEnqueuer(value: unknown): value is Enqueuer {
  return typeof value === "object" && value !== null && "enqueue" in value;
}
