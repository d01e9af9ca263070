import type { Application } from "../setup/application";
import type { AnyJob } from "./definition";
import type { JobFailure } from "./drain";
import { type Claim, describeError, PermanentError } from "./message";
import { runJob } from "./runner";
import type { JobStore } from "./store";

/** The part of a store that writes the ends of runs. */
export type RunEnds = Pick<JobStore, "finish" | "fail" | "retry">;

/** The end of a run: of the job as well, with its error if it failed, or only of this run. */
export type RunEnd = { readonly isOver: false } | { readonly isOver: true; readonly failure?: JobFailure };

/** The longest pause before a retry, in milliseconds. */
const longestPause = 3600_000;

/** Returns the pause before the next run, in milliseconds: each is twice the one before, up to an hour, and varies by a quarter. */
export function pauseBefore(job: AnyJob, attempt: number): number {
  const pause = Math.min(longestPause, job.options.backoff * 1000 * 2 ** Math.min(attempt - 1, 30));
  return Math.round(pause * (0.75 + Math.random() * 0.5));
}

/** Runs a job that was taken, and writes its end or the time of its next run. */
export async function runClaim(app: Application, store: RunEnds, job: AnyJob, claim: Claim, stop: AbortSignal): Promise<RunEnd> {
  const { retries } = job.options;
  if (claim.attempt > retries + 1) {
    const error = `The worker ended during each of its ${claim.attempt - 1} runs.`;
    await store.fail(claim, error);
    return { isOver: true, failure: { name: claim.name, error } };
  }
  try {
    await runJob(app, job, claim, stop);
  } catch (error) {
    const text = describeError(error);
    const details = { err: error, job: claim.name, jobId: claim.id, attempt: claim.attempt };
    if (claim.attempt > retries || error instanceof PermanentError) {
      app.logger.error(details, `The job '${claim.name}' failed, and is not tried again.`);
      await store.fail(claim, text);
      return { isOver: true, failure: { name: claim.name, error } };
    }
    app.logger.warn(details, `The job '${claim.name}' failed, and is tried again.`);
    await store.retry(claim, Date.now() + pauseBefore(job, claim.attempt), text);
    return { isOver: false };
  }
  await store.finish(claim);
  return { isOver: true };
}
