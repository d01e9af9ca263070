import { FlagonError } from "../base/errors";
import type { Logger } from "../base/logging";
import { ignoreRejection, isPromise } from "../base/maybe-promise";
import { HTTPException } from "../http/exceptions/http-exception";

/** The most causes of an error that are read. */
const maxCauses = 20;

/**
 * Returns a thrown value if it can be read, and otherwise an error that says so: getters and proxies may throw, and
 * `undefined` says nothing.
 */
export function toReadable(thrown: unknown): unknown {
  if (thrown === undefined) {
    return new FlagonError("'undefined' was thrown in place of an error.");
  }
  try {
    if (isPromise(thrown)) {
      ignoreRejection(thrown);
      return new FlagonError("A promise was thrown in place of an error. Await it: 'throw await …', or call the function without 'throw'.");
    }
    if (thrown instanceof HTTPException) {
      return thrown;
    }
    let current: unknown = thrown;
    for (let depth = 0; current instanceof Error && depth < maxCauses; depth++) {
      const { cause, message, name, stack } = current;
      if (typeof message !== "string" || typeof name !== "string" || !(stack === undefined || typeof stack === "string")) {
        return new FlagonError("An error was thrown whose name, message or stack is no text.");
      }
      current = cause;
    }
    return thrown;
  } catch {
    return new FlagonError("An error was thrown whose class, message, stack or cause cannot be read.");
  }
}

/** Logs an error, also one whose own properties cannot be read. */
export function logError(log: Logger, error: unknown, message: string): void {
  try {
    log.error({ err: error }, message);
  } catch {
    log.error({ err: new FlagonError("The error has properties that cannot be read.") }, message);
  }
}
