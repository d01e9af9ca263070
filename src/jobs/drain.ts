import { tellsTests, writeUnseen } from "../base/unseen-errors";
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

/** The most failures that are named. */
const mostNamed = 10;

/** The part of the place of jobs that runs those that wait. */
interface Drained {
  drain(app: Application, jobs: () => ReadonlyMap<string, AnyJob>, ended: JobEnded): Promise<number>;
}

/**
 * Runs all jobs that wait, and tells a test on the console which of them have failed, since its log is silent.
 *
 * @param queued The jobs that wait, by their ids. Those that have ended are removed.
 * @returns The number of runs.
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
  if (failures.length > 0 && tellsTests(app.config)) {
    const lines = failures.slice(0, mostNamed).map(({ error, name }) => `The job '${name}' failed: ${describeError(error)}`);
    const rest = failures.length > mostNamed ? [`And ${failures.length - mostNamed} more.`] : [];
    const cure =
      'For a test that fails with them: expect(await jobs.list("failed")).toEqual([]). For none of these lines: propagateExceptions: false.';
    writeUnseen(undefined, [...lines, ...rest, cure].join("\n"));
  }
  return runs;
}
