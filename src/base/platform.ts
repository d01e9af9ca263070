/**
 * Whether the process is a Worker of Cloudflare's (workerd): it compiles code only while it starts, and has neither disk
 * nor file descriptors. Its user agent is documented: https://developers.cloudflare.com/workers/runtime-apis/web-standards/.
 */
export function isWorker(): boolean {
  const navigator: unknown = Reflect.get(globalThis, "navigator");
  return typeof navigator === "object" && navigator !== null && Reflect.get(navigator, "userAgent") === "Cloudflare-Workers";
}

/**
 * Calls a function later, without keeping the process alive for it.
 *
 * @param time The time in milliseconds.
 */
export function callLater(run: () => void, time: number): NodeJS.Timeout {
  const timer = setTimeout(run, time);
  // The timers of Workers are numbers.
  return typeof timer === "object" ? timer.unref() : timer;
}
