import { JobError } from "../base/errors";
import type { Application } from "../setup/application";
import type { AnyJob } from "./definition";
import { describeError } from "./message";

/** A job that failed for good. */
export interface JobFailure {
  /** Its name. */
  readonly name: string;
  /** The error of its last run. */
  readonly error: unknown;
}

/** Gets a job that has ended, with its error if it failed for good. */
export type JobEnded = (id: string, failure?: JobFailure) => void;

/** The most failures that the message of an error names. */
const mostNamed = 10;

/** The part of the place of jobs that runs those that wait. */
interface Drained {
  drain(app: Application, jobs: () => ReadonlyMap<string, AnyJob>, ended: JobEnded): Promise<number>;
}

/**
 * Runs all jobs that wait, and tells a test which of them have failed, as the test client throws an error that no handler takes.
 *
 * @param queued The jobs that wait, by their ids. Those that have ended are removed.
 * @returns The number of runs.
 * @throws {JobError} If a job failed, and the settings let errors reach tests. Its cause is the error of the first.
 */
export async function drain(
  place: Drained,
  app: Application,
  jobs: () => ReadonlyMap<string, AnyJob>,
  queued: Map<string, unknown>,
): Promise<number> {
  const failures: JobFailure[] = [];
  const runs = await place.drain(app, jobs, (id, failure) => {
    queued.delete(id);
    failures.push(...(failure === undefined ? [] : [failure]));
  });
  const [first] = failures;
  const { propagateExceptions, testing } = app.config;
  if (first === undefined || !(propagateExceptions ?? testing)) {
    return runs;
  }
  const lines = failures.slice(0, mostNamed).map(({ error, name }) => `The job '${name}' failed: ${describeError(error)}`);
  const rest = failures.length > mostNamed ? [`And ${failures.length - mostNamed} more.`] : [];
  const cure = "If the test expects that: await expect(jobs.drain()).rejects.toThrow(…).";
  throw new JobError([...lines, ...rest, cure].join("\n"), { cause: first.error });
}
