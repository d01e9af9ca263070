import { HTTPException } from "../http/exceptions/http-exception";
import type { Application } from "../setup/application";

/**
 * Ends the process with 1 after an error that nothing caught: logs it as fatal, and lets its work finish first.
 *
 * An answer to a client, such as a 400 for its body, in a promise that nobody awaits is logged, and ends nothing: a client can cause it.
 *
 * @param app The app.
 * @param stop Lets the work finish.
 * @param work The work, for the log. Default: requests.
 * @returns A function that ends the watch.
 */
export function endOnUncaughtError(app: Application, stop: () => Promise<void>, work = "Requests in flight"): () => void {
  let isEnding = false;
  const handle = (error: unknown, origin?: string): void => {
    if (origin === "unhandledRejection" && error instanceof HTTPException) {
      app.logger.error(
        { err: error },
        `A promise failed, and nobody awaited it: ${error.message} It is an answer to a client, so the process goes on. Put 'await' before the call that gave the promise.`,
      );
      return;
    }
    app.logger.fatal({ err: error }, `Nothing caught an error, so the process ends. ${work} finish first.`);
    if (!isEnding) {
      isEnding = true;
      const end = (): never => process.exit(1);
      stop().then(end, end);
    }
  };
  process.on("uncaughtException", handle);
  return () => void process.off("uncaughtException", handle);
}
