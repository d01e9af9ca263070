import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "../base/logging";
import { inTime } from "../base/time-limit";
import type { Message } from "./message";

/** The shortest and the longest pause between two tries, in milliseconds. */
const shortestPause = 200;
const longestPause = 5000;
/** Milliseconds for which a job is tried to be added. */
const longestTime = 600_000;

/**
 * Adds jobs whose rows are committed: they cannot be refused any more.
 *
 * If the service is away, they are added in the background once it is back.
 */
export class LateJobs {
  readonly #pending = new Set<Promise<void>>();
  #stop = new AbortController();

  /**
   * Adds a job; in the background if that fails, or if others wait there.
   *
   * @param message The job.
   * @param write Adds it. A second time does no harm.
   * @param logger Gets a warning, and an error for a job that is lost.
   */
  async add(message: Message, write: () => Promise<unknown>, logger: Logger): Promise<void> {
    const details = { job: message.name, jobId: message.id };
    if (this.#pending.size === 0) {
      try {
        await write();
        return;
      } catch (error) {
        logger.warn({ ...details, err: error }, `The job '${message.name}' could not be added after the commit. It is tried again.`);
      }
    }
    const added = this.#tryAgain(write)
      .catch((error: unknown) =>
        logger.error({ ...details, data: message.data, err: error }, `The job '${message.name}' is lost: it could not be added.`),
      )
      .finally(() => this.#pending.delete(added));
    this.#pending.add(added);
  }

  /** Tries the jobs that wait once more, for some milliseconds. */
  async stop(time: number): Promise<void> {
    this.#stop.abort();
    await inTime(Promise.all(this.#pending), time, "late").catch(() => undefined);
    this.#stop = new AbortController();
  }

  async #tryAgain(write: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stop;
    const end = performance.now() + longestTime;
    for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2)) {
      await wait(pause, undefined, { signal }).catch(() => undefined);
      const isLast = signal.aborted || performance.now() > end;
      try {
        await write();
        return;
      } catch (error) {
        if (isLast) {
          throw error;
        }
      }
    }
  }
}
