import { logUnseen, writeUnseen } from "../base/unseen-errors";
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
  const app = findAppContext()?.app;
  const message = "A function of afterCommit() failed.";
  if (app === undefined) {
    writeUnseen(error, message);
  } else {
    logUnseen(app, error, message);
  }
}
