import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../base/logging";
import type { BullJob } from "./bull-types";

/** The shortest and the longest pause between two tries, in milliseconds. */
const shortestPause = 100;
const longestPause = 2000;
/** Milliseconds for which the end of a run is written again and again. */
const longestWrite = 300_000;
/** The errors of BullMQ for a job that a worker does not hold any more. */
const lostJob = /Missing (?:lock|key) for job|not in the active state/;

/**
 * Lets BullMQ write the end of a run again while its service is away. It would take the job as failed, or leave it to another
 * worker, and so run it twice.
 *
 * @param job The job, whose methods a worker of BullMQ calls.
 * @param stop A signal that is aborted when the worker must end.
 */
export function persistEnd(job: BullJob, stop: AbortSignal, logger: Logger): void {
  for (const method of ["moveToCompleted", "moveToFailed"] as const) {
    const write = job[method].bind(job);
    job[method] = (...values) => tryAgain(() => write(...values), stop, logger);
  }
}

async function tryAgain(write: () => Promise<unknown>, stop: AbortSignal, logger: Logger): Promise<unknown> {
  const end = performance.now() + longestWrite;
  for (let pause = shortestPause, tries = 1; ; pause = Math.min(longestPause, pause * 1.5), tries++) {
    try {
      return await write();
    } catch (error) {
      if (lostJob.test(String(error))) {
        if (tries > 1) {
          // The service has written the end, and the connection was lost before its answer.
          return undefined;
        }
        throw error;
      }
      if (performance.now() > end || stop.aborted) {
        throw error;
      }
      logger.warn({ err: error }, "The state of a job could not be written. The worker tries again.");
      await wait(pause, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
