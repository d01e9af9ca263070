import { JobError, SetupError } from "../base/errors";
import { refusePromises } from "../base/forgotten-await";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { findAppContext } from "../dispatch/context";

/** Options of `enqueue()`. */
export interface EnqueueOptions {
  /** Seconds until the job may run. Default: 0. */
  readonly delay?: number;
  /** While a job of the same name with this key waits, no other one is made: `enqueue()` returns the id of that one. Default: none. */
  readonly key?: string;
}

const enqueueOptions = Object.keys({ delay: true, key: true } satisfies Record<keyof EnqueueOptions, true>);
/** The latest time for which a job can wait: the last one that databases and dates write with four digits. */
const latestRun = Date.UTC(9999, 11, 31);

/**
 * Returns the key of a job and the time at which it may run.
 *
 * @throws {JobError} If there is another option, or one is out of its bounds.
 */
export function readEnqueueOptions(name: string, options: EnqueueOptions): { readonly key: string | null; readonly runAt: number } {
  refusePromises(options, `options of enqueue() of the job '${name}'`, JobError);
  refuseUnknown(options, enqueueOptions, `enqueue() of the job '${name}'`, JobError);
  const { delay = 0, key } = options;
  const runAt = Date.now() + Math.round(Number(delay) * 1000);
  if (typeof delay !== "number" || !(delay >= 0) || runAt > latestRun) {
    throw new JobError(
      `'delay' of the job '${name}' must be a number of seconds from 0, up to the year 9999, but got ${describeGiven(delay)}.`,
    );
  }
  if (key !== undefined && (typeof key !== "string" || key === "" || key.length > 200 || /[\0\p{Surrogate}]/u.test(key))) {
    throw new JobError(
      `'key' of the job '${name}' must be a text of 1 to 200 characters, without NUL and halves of surrogate pairs, but got ${describeGiven(key)}.`,
    );
  }
  return { key: key ?? null, runAt };
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
