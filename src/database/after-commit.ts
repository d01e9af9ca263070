import { hideValues } from "../base/query-errors";
import { findAppContext } from "../dispatch/context";
import { runOutside } from "./scope";

/** Runs functions after a commit, one after another and outside of every transaction. The error of one is logged, and stops nothing. */
export async function runAfterCommit(functions: readonly (() => unknown)[]): Promise<void> {
  for (const run of functions) {
    try {
      await runOutside(run);
    } catch (error) {
      logFailure(error);
    }
  }
}

/** Logs an error by the logger of the running app. A script without one gets it on standard error. */
function logFailure(error: unknown): void {
  const logger = findAppContext()?.app.logger;
  if (logger === undefined) {
    hideValues(error);
    console.error("A function of afterCommit() failed.", error);
  } else {
    logger.error({ err: error }, "A function of afterCommit() failed.");
  }
}
