import { JobError } from "../base/errors";
import { refusePromises } from "../base/forgotten-await";
import { describeReason, hideValues } from "../base/query-errors";
import { validate } from "../base/schema";
import { describeGiven } from "../base/unknown-options";
import type { AnyJob } from "./definition";
import { isCount } from "./jobs-options";

/** The states of a job. */
export type JobState = "waiting" | "active" | "done" | "failed";

/** A job as it waits. */
export interface Message {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** The data as JSON. */
  readonly data: string;
  readonly key: string | null;
  /** The time from which it may run, in milliseconds since the Unix epoch. */
  readonly runAt: number;
  readonly requestId: string | null;
  readonly traceparent: string | null;
}

/** The part of a job that tests see of those that wait. */
export type WaitingJob = Pick<Message, "id" | "name" | "data">;

/** A job that a worker has taken. */
export interface Claim extends Message {
  /** The worker's own token: one that has lost its claim does not finish the job. */
  readonly token: string;
  readonly attempt: number;
}

/** A job as lists show it. */
export interface JobInfo {
  /** The id. */
  readonly id: string;
  /** The name of the job. */
  readonly name: string;
  /** The name of the queue. */
  readonly queue: string;
  /** The state. */
  readonly state: JobState;
  /** The number of the last run, from 1; 0 before the first one. */
  readonly attempt: number;
  /** The data, as it was enqueued. */
  readonly data: unknown;
  /** The error of the last run, or `null`. */
  readonly error: string | null;
  /** The times when it was made, may run, and ended. */
  readonly time: Date;
}

const states: readonly unknown[] = ["waiting", "active", "done", "failed"] satisfies readonly JobState[];

/**
 * Checks the arguments of a list of jobs.
 *
 * @throws {JobError} If there is no such state, or the limit is no whole number from 1.
 */
export function checkList(state: unknown, limit: unknown): void {
  if (state !== undefined && !states.includes(state)) {
    throw new JobError(`The state of jobs must be one of ${states.join(", ")}, but got ${describeGiven(state)}.`);
  }
  if (!isCount(limit)) {
    throw new JobError(`The limit of a list of jobs must be a whole number from 1, but got ${describeGiven(limit)}.`);
  }
}

/** The most bytes of a job's data. */
export const largest: number = 64 * 1024;
const longestError = 2000;

/** Fails a job at once: it is not tried again. */
export class PermanentError extends Error {
  override name = "PermanentError";
}

/**
 * Formats data as JSON, and checks that a worker can read it.
 *
 * @throws {JobError} If JSON cannot hold all of it, it does not fit the schema, or it is over 64 KiB.
 */
export async function encodeData({ name, schema }: AnyJob, data: unknown): Promise<string> {
  refusePromises(data, `data of the job '${name}'`, JobError);
  let text: string | undefined;
  try {
    text = JSON.stringify(data ?? null);
  } catch (cause) {
    throw new JobError(`The data of the job '${name}' is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (text === undefined) {
    throw new JobError(`The data of the job '${name}' is no JSON, but ${describeGiven(data)}.`);
  }
  if (Buffer.byteLength(text) > largest) {
    throw new JobError(`The data of the job '${name}' is longer than 64 KiB. Store it, and pass its id.`);
  }
  const read: unknown = JSON.parse(text);
  const result = schema === undefined ? null : await validate(schema, read);
  if (result !== null && "issues" in result) {
    throw new JobError(`The data of the job '${name}', as JSON makes it, does not fit its schema: ${describeIssues(result.issues)}`);
  }
  const lost = findLoss(data ?? null, read, "data", schema !== undefined);
  if (lost !== null) {
    throw new JobError(`JSON does not keep '${lost}' of the job '${name}'. Pass what it can hold, such as a date as text.`);
  }
  return text;
}

/**
 * Reads the data of a job that waits, which an older version of the app may have written.
 *
 * @throws {PermanentError} If it does not fit the schema any more.
 */
export async function decodeData({ name, schema }: AnyJob, text: string): Promise<unknown> {
  const data: unknown = JSON.parse(text);
  if (schema === undefined) {
    return data;
  }
  const result = await validate(schema, data);
  if ("issues" in result) {
    throw new PermanentError(`The data of the job '${name}' does not fit its schema: ${describeIssues(result.issues)}`);
  }
  return result.value;
}

/** Describes an error for the list of failed jobs, in text that every database can hold. */
export function describeError(error: unknown): string {
  return readError(error)
    .slice(0, longestError)
    .replaceAll(/\0|\p{Surrogate}/gu, "\ufffd");
}

/** Code can throw any value, also one that cannot be read as text. */
function readError(error: unknown): string {
  try {
    hideValues(error);
    return String(error instanceof Error ? describeReason(error) : error);
  } catch {
    return "The job has thrown a value that cannot be shown as text.";
  }
}

function describeIssues(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues.map(({ message, path }) => `${path.length === 0 ? "" : `${path.map(String).join(".")}: `}${message}`).join("; ");
}

/**
 * Finds the first value that JSON changes; `null` if it keeps all.
 *
 * @param isChecked Whether a schema reads the data: then it can turn the text of a date, or of another value that says its own JSON, back.
 */
function findLoss(before: unknown, after: unknown, path: string, isChecked: boolean): string | null {
  if (typeof before !== "object" || before === null) {
    return Object.is(before, after) || (before === 0 && after === 0) ? null : path;
  }
  if (isChecked && "toJSON" in before && typeof before.toJSON === "function") {
    return after === null || after === undefined ? path : null;
  }
  const isPlain = Array.isArray(before) || [Object.prototype, null].includes(Object.getPrototypeOf(before));
  // Those of a Map, a Set or a promise are not its properties.
  const isKept = isPlain || (isChecked && Object.keys(before).length > 0 && !ArrayBuffer.isView(before));
  if (!isKept || typeof after !== "object" || after === null) {
    return path;
  }
  // A hole of a list becomes null.
  for (const [key, value] of Object.entries(Array.isArray(before) ? Object.assign([...before], before) : before)) {
    const isLeftOut = value === undefined && !Array.isArray(before);
    const lost = isLeftOut ? null : findLoss(value, Reflect.get(after, key), `${path}.${key}`, isChecked);
    if (lost !== null) {
      return lost;
    }
  }
  return null;
}
