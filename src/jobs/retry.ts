import type { Application } from "../setup/application";
import type { AnyJob } from "./definition";
import { type Claim, describeError, PermanentError } from "./message";
import { runJob } from "./runner";
import type { JobStore } from "./store";

/** The part of a store that writes the ends of runs. */
export type RunEnds = Pick<JobStore, "finish" | "fail" | "retry">;

/** The longest pause before a retry, in milliseconds. */
const longestPause = 3600_000;

/** Returns the pause before the next run, in milliseconds: each is twice the one before, up to an hour, and varies by a quarter. */
export function pauseBefore(job: AnyJob, attempt: number): number {
  const pause = Math.min(longestPause, job.options.backoff * 1000 * 2 ** Math.min(attempt - 1, 30));
  return Math.round(pause * (0.75 + Math.random() * 0.5));
}

/** Runs a job that was taken, and writes its end or the time of its next run. Returns `true` if it has ended. */
export async function runClaim(app: Application, store: RunEnds, job: AnyJob, claim: Claim, stop: AbortSignal): Promise<boolean> {
  const { retries } = job.options;
  if (claim.attempt > retries + 1) {
    await store.fail(claim, `The worker ended during each of its ${claim.attempt - 1} runs.`);
    return true;
  }
  try {
    await runJob(app, job, claim, stop);
  } catch (error) {
    const text = describeError(error);
    const details = { err: error, job: claim.name, jobId: claim.id, attempt: claim.attempt };
    if (claim.attempt > retries || error instanceof PermanentError) {
      app.logger.error(details, `The job '${claim.name}' failed, and is not tried again.`);
      await store.fail(claim, text);
      return true;
    }
    app.logger.warn(details, `The job '${claim.name}' failed, and is tried again.`);
    await store.retry(claim, Date.now() + pauseBefore(job, claim.attempt), text);
    return false;
  }
  await store.finish(claim);
  return true;
}
