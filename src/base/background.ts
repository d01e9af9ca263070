import { setTimeout as wait } from "node:timers/promises";
import { runDetached } from "./detached";

/** Background work: no response waits for it. */
export class BackgroundWork {
  readonly #waiting = new Set<Promise<void>>();
  readonly #fail: (error: unknown) => void;
  /** That of the apps that are mounted in this one. */
  readonly #inner = new Set<BackgroundWork>();

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

  /** Waits for the work of a mounted app as well. */
  include(inner: BackgroundWork): void {
    this.#inner.add(inner);
  }

  /** Waits until all work is done, also the work that it adds, for some milliseconds at most. */
  async finish(timeout: number): Promise<void> {
    const late = new AbortController();
    let isLate = false;
    const end = wait(timeout, undefined, { signal: late.signal }).then(
      () => {
        isLate = true;
      },
      () => undefined,
    );
    for (let waiting = this.#list(); waiting.length > 0 && !isLate; waiting = this.#list()) {
      await Promise.race([Promise.all(waiting), end]);
      // The reader of a stream asks for its next piece.
      await new Promise((resolve) => setImmediate(resolve));
    }
    late.abort();
  }

  #list(): Promise<void>[] {
    return [...this.#waiting, ...[...this.#inner].flatMap((inner) => inner.#list())];
  }

  #end(work: Promise<void>): void {
    this.#waiting.delete(work);
  }
}
