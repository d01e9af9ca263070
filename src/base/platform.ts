/**
 * Whether the process is a Worker of Cloudflare's (workerd): it compiles code only while it starts, and has neither disk
 * nor file descriptors. Its user agent is documented: https://developers.cloudflare.com/workers/runtime-apis/web-standards/.
 */
export function isWorker(): boolean {
  const navigator: unknown = Reflect.get(globalThis, "navigator");
  return typeof navigator === "object" && navigator !== null && Reflect.get(navigator, "userAgent") === "Cloudflare-Workers";
}

/** Calls a function again and again, each time after a time without a restart. It does not keep the process alive. */
export class IdleTimer {
  readonly #run: () => void;
  readonly #time: number;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param run The function.
   * @param time The time in milliseconds.
   */
  constructor(run: () => void, time: number) {
    this.#run = () => {
      this.restart();
      run();
    };
    this.#time = time;
    this.restart();
  }

  /** Restarts the time. */
  restart(): void {
    // In Workers, timers are numbers without `nodejs_compat` and before 2026-08-04, and cannot be restarted.
    if (typeof this.#timer === "object") {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#run, this.#time);
    if (typeof this.#timer === "object") {
      this.#timer.unref();
    }
  }

  /** Ends the calls. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
