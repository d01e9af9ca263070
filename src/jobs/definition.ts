import { JobError, SetupError } from "../base/errors";
import { describeForeign, isSchema } from "../base/foreign-schema";
import type { Logger } from "../base/logging";
import type { Schema, SchemaInput } from "../base/schema";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { type EnqueueOptions, findJobs } from "./find-jobs";
import { isName, nameRule, schedulePrefix } from "./names";

/** Options of a job. */
export interface JobOptions {
  /** The number of retries after the first run. Default: 3. */
  readonly retries?: number;
  /** Seconds before the second run, doubled with each further one up to an hour, give or take a quarter. Default: 1. */
  readonly backoff?: number;
  /** Seconds after which `signal` is aborted. Default: none. */
  readonly timeout?: number;
  /** The queue, for workers that take some queues alone. Default: `"default"`. */
  readonly queue?: string;
}

/** The second argument of a job's function. */
export interface JobControl {
  /** The id of the job. */
  readonly id: string;
  /** The number of this run, from 1. */
  readonly attempt: number;
  /** A signal that is aborted after the job's `timeout`, and when the worker must end. Pass it to `fetch()`, and stop. */
  readonly signal: AbortSignal;
  /** The app's logger, whose lines carry the job and the id of the request that enqueued it. */
  readonly log: Logger;
  /** The id of the request that enqueued it, or `null`. */
  readonly requestId: string | null;
  /** The header `traceparent` of that request, or `null`. */
  readonly traceparent: string | null;
}

/** The function of a job. */
export type JobHandler<Data> = (data: Data, control: JobControl) => unknown;

/** A job of any data, as workers know it. */
export interface AnyJob {
  readonly name: string;
  readonly schema: Schema | undefined;
  readonly options: Required<Omit<JobOptions, "timeout">> & { readonly timeout: number | null };
  run(data: unknown, control: JobControl): unknown;
}

/**
 * Refuses a value that is no job, such as its name.
 *
 * @throws {JobError} If it is none.
 */
export function checkJob(value: unknown, caller: string): void {
  if (typeof value !== "object" || value === null || !("name" in value) || !("options" in value)) {
    throw new JobError(`${caller} takes a job, as job("welcome", …) returns it, but got ${describeGiven(value)}.`);
  }
}

const jobOptions = Object.keys({ backoff: true, data: true, queue: true, retries: true, timeout: true } satisfies Record<
  keyof JobOptions | "data",
  true
>);

/** A kind of work, with the type of its data. */
export class Job<Input = unknown, Data = Input> implements AnyJob {
  readonly name: string;
  readonly schema: Schema<Data> | undefined;
  readonly options: AnyJob["options"];
  readonly #handler: JobHandler<Data>;

  /**
   * @param name Its name.
   * @param options Its schema and limits.
   * @param handler Its function.
   * @throws {SetupError} If the name or the queue is empty, an option is unknown, or `retries`, `timeout` or `backoff` is not a number in range.
   */
  constructor(name: string, options: JobOptions & { readonly data?: Schema<Data> }, handler: JobHandler<Data>) {
    if (!isName(name)) {
      throw new SetupError(`A job needs a name, such as "welcome": ${nameRule}, but got ${describeGiven(name)}.`);
    }
    refuseUnknown(options, jobOptions, `the job '${name}'`, SetupError);
    const { backoff = 1, data, queue = "default", retries = 3, timeout } = options;
    if (data !== undefined && !isSchema(data)) {
      throw new SetupError(
        `'data' of the job '${name}' is ${describeForeign(data)}. Give it a schema of zod 4, or of a library that follows Standard Schema.`,
      );
    }
    if (!isName(queue) || queue.includes(",")) {
      throw new SetupError(
        `'queue' of the job '${name}' must be a name such as "mail", ${nameRule} and commas, but got ${describeGiven(queue)}.`,
      );
    }
    if (!Number.isSafeInteger(retries) || retries < 0) {
      throw new SetupError(`'retries' of the job '${name}' must be a whole number from 0, but got ${describeGiven(retries)}.`);
    }
    if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0)) {
      throw new SetupError(`'timeout' of the job '${name}' must be seconds above 0, but got ${describeGiven(timeout)}.`);
    }
    if (typeof backoff !== "number" || !(backoff >= 0)) {
      throw new SetupError(`'backoff' of the job '${name}' must be seconds from 0, but got ${describeGiven(backoff)}.`);
    }
    this.name = name;
    this.schema = data;
    this.options = { backoff, queue, retries, timeout: timeout ?? null };
    this.#handler = handler;
  }

  /**
   * Adds a job of this kind. Inside of `@atomic` it is added with the commit, and not at all after a rollback.
   *
   * @param data The data, which JSON must be able to hold, up to 64 KiB.
   * @param options The delay and the key.
   * @returns The id of the job.
   * @throws {JobError} If the data does not fit the schema, is no JSON, or is too long.
   */
  enqueue(data: Input, options: EnqueueOptions = {}): Promise<string> {
    return findJobs(`The job '${this.name}'`).enqueue(this, data, options);
  }

  /**
   * Runs the function, with data that was checked.
   *
   * @param data The data, which the schema has checked.
   * @param control The signal, the log and the number of this run.
   */
  run(data: unknown, control: JobControl): unknown {
    return Reflect.apply(this.#handler, undefined, [data, control]);
  }
}

/** The jobs that modules define when they are loaded, before there is an app. */
const known = new Map<string, AnyJob>();
/** The places in the code at which jobs are defined, by name. */
const places = new Map<string, string>();

/**
 * Makes a kind of job: its name, the schema of its data, its limits and its function.
 *
 * The function runs at least once for each job, in the app's context: it can run again after a crash, so a second run must do no harm.
 *
 * @param name The name under which jobs are stored. Keep it in later versions of the app.
 * @param options The schema `data`, `retries`, `backoff`, `timeout` and `queue`.
 * @param handler The function.
 * @throws {SetupError} If another place in the code defines a job of the name, or an option is out of its bounds.
 *
 * @example
 * ```ts
 * export const sendWelcome = job("welcome", { data: z.object({ userId: z.int() }), timeout: 30 }, async ({ userId }, { log }) => {
 *   log.info({ userId }, "Sends a welcome");
 * });
 * await sendWelcome.enqueue({ userId: 3 }, { delay: 60 });
 * ```
 * @throws {SetupError} If the function is missing, or an option is not in range.
 */
export function job<Checked extends Schema>(
  name: string,
  options: JobOptions & { readonly data: Checked },
  handler: JobHandler<Checked extends Schema<infer Data> ? Data : never>,
): Job<SchemaInput<Checked>, Checked extends Schema<infer Data> ? Data : never>;
export function job<Data = unknown>(name: string, options: JobOptions, handler: JobHandler<Data>): Job<Data>;
export function job<Data = unknown>(name: string, handler: JobHandler<Data>): Job<Data>;
export function job<Data>(
  name: string,
  options: (JobOptions & { readonly data?: Schema<Data> }) | JobHandler<Data>,
  handler?: JobHandler<Data>,
): Job<Data> {
  const run = typeof options === "function" ? options : handler;
  if (typeof run !== "function") {
    throw new SetupError(`The job '${name}' has no function.`);
  }
  if (typeof name === "string" && name.startsWith(schedulePrefix)) {
    throw new SetupError(`The job '${name}' has the name of a schedule. Give it one that does not begin with '${schedulePrefix}'.`);
  }
  const made = new Job<Data>(name, typeof options === "function" ? {} : options, run);
  notePlace(name);
  known.set(name, made);
  return made;
}

/**
 * Notes the place of a definition. A module that is loaded once more defines its jobs anew.
 *
 * @throws {SetupError} If another place defines a job of the name.
 */
function notePlace(name: string): void {
  const trace = { stack: "" };
  Error.captureStackTrace(trace, job);
  const place = /^\s*at (?:.*\()?(.+?:\d+:\d+)\)?$/m.exec(trace.stack)?.[1];
  const other = places.get(name);
  if (place !== undefined && other !== undefined && other !== place) {
    throw new SetupError(
      `There are two jobs '${name}': one at ${other}, one at ${place}. Workers know jobs by their names. Give one of them another name.`,
    );
  }
  if (place !== undefined) {
    places.set(name, place);
  }
}

/** The jobs that the code of this process defines, by name. */
export function definedJobs(): ReadonlyMap<string, AnyJob> {
  return known;
}
