import { runDetached } from "../base/detached";
import { JobError } from "../base/errors";
import { findOwnOrigin } from "../dispatch/own-origin";
import { runInAppContext } from "../dispatch/tear-down";
import type { Application } from "../setup/application";
import type { AnyJob, JobControl } from "./definition";
import { type Claim, decodeData, PermanentError } from "./message";

/** The longest time of a timer, in milliseconds: Node fires one that is set for longer at once. */
export const longestTimer: number = 2 ** 31 - 1;

/** Milliseconds that a job has to end after its timeout, before the log tells that it goes on. */
const grace = 5000;

/**
 * Runs a job once, in the app's context.
 *
 * @param stop A signal that is aborted when the worker must end.
 * @throws The error of the job; after its time limit, a {@link JobError} that names the limit.
 */
export async function runJob(app: Application, job: AnyJob, claim: Omit<Claim, "token">, stop: AbortSignal): Promise<unknown> {
  const { attempt, id, requestId, traceparent } = claim;
  const data = await decodeData(job, claim.data);
  const { timeout } = job.options;
  const late = new AbortController();
  const error = new JobError(`The job '${job.name}' took longer than its timeout of ${timeout} s.`);
  const log = app.logger.child({ job: job.name, jobId: id, ...(requestId === null ? {} : { requestId }) });
  const warn = (): void =>
    log.warn(
      `The job '${job.name}' still runs ${grace / 1000} s after its timeout of ${timeout} s. Pass 'signal' on to the work that it awaits.`,
    );
  const end = (): void => {
    late.abort(error);
    timer = setTimeout(warn, grace);
  };
  let timer = timeout === null ? undefined : setTimeout(end, Math.min(longestTimer, timeout * 1000));
  const control: JobControl = { id, attempt, log, requestId, traceparent, signal: AbortSignal.any([late.signal, stop]) };
  try {
    return await runDetached(() => runInAppContext(app, async () => job.run(data, control), findOwnOrigin(app)));
  } catch (failure) {
    throw late.signal.aborted && !(failure instanceof PermanentError) ? new JobError(error.message, { cause: failure }) : failure;
  } finally {
    clearTimeout(timer);
  }
}

/** Tells the log which jobs go on when their worker ends. */
export function warnOfRest(app: Application, rest: readonly { readonly name: string }[]): void {
  if (rest.length > 0) {
    const names = [...new Set(rest.map(({ name }) => name))].join(", ");
    app.logger.warn(`Jobs that did not end in time are given back: ${rest.length} (${names}). They run again.`);
  }
}
