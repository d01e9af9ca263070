import type { Logger } from "./logging";
import { hideValues } from "./query-errors";

/** The part of an app that tells errors. */
interface Teller {
  readonly logger: Pick<Logger, "error">;
  readonly config: { readonly testing: boolean; readonly propagateExceptions: boolean | null };
}

/** Tells whether errors go to the console as well: in tests, whose log is silent, unless the app keeps errors from its tests. */
export function tellsTests({ propagateExceptions, testing }: Teller["config"]): boolean {
  return testing && propagateExceptions !== false;
}

/** Logs an error that no response carries to anybody, such as one of background work. In tests it is on the console, too. */
export function logUnseen(app: Teller, error: unknown, message: string): void {
  app.logger.error(error === undefined ? {} : { err: error }, message);
  if (tellsTests(app.config)) {
    writeUnseen(error, message);
  }
}

/** Writes an error to the console, for a test. */
export function writeUnseen(error: unknown, message: string): void {
  hideValues(error);
  console.error(...(error === undefined ? [message] : [message, error]));
}
