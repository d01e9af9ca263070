import type { Application } from "../setup/application";

/**
 * Ends the process with 1 after an error that nothing caught: logs it as fatal, and lets requests in flight finish first.
 *
 * @param app The app.
 * @param stop Lets requests in flight finish.
 * @returns A function that ends the watch.
 */
export function endOnUncaughtError(app: Application, stop: () => Promise<void>): () => void {
  let isEnding = false;
  const handle = (error: unknown): void => {
    app.logger.fatal({ err: error }, "Nothing caught an error, so the process ends. Requests in flight finish first.");
    if (!isEnding) {
      isEnding = true;
      const end = (): never => process.exit(1);
      stop().then(end, end);
    }
  };
  process.on("uncaughtException", handle);
  return () => void process.off("uncaughtException", handle);
}
