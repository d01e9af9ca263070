import { setTimeout as wait } from "node:timers/promises";
import { runDetached } from "./detached";

/** Background work: no response waits for it. */
export class BackgroundWork {
  readonly #waiting = new Set<Promise<void>>();
  readonly #fail: (error: unknown) => void;

  /** @param fail Gets the errors of the work. */
  constructor(fail: (error: unknown) => void) {
    this.#fail = fail;
  }

  /**
   * Adds work.
   *
   * @param work A promise, or a function to call after the current work.
   */
  add(work: Promise<unknown> | (() => unknown)): void {
    const started = typeof work === "function" ? new Promise((resolve) => setImmediate(resolve)).then(() => runDetached(work)) : work;
    const ended: Promise<void> = started.then(
      () => this.#end(ended),
      (error: unknown) => {
        this.#fail(error);
        this.#end(ended);
      },
    );
    this.#waiting.add(ended);
  }

  /** Waits until all work is done, for some milliseconds at most. */
  async finish(timeout: number): Promise<void> {
    const late = new AbortController();
    await Promise.race([Promise.all(this.#waiting), wait(timeout, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }

  #end(work: Promise<void>): void {
    this.#waiting.delete(work);
  }
}
