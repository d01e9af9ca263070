import { isWorker } from "./platform";

/** Standard error belongs to the process, and needs one listener for its errors. */
let isGuarded = false;

/**
 * Writes to standard error, for people at the terminal.
 *
 * A closed pipe does not stop a server.
 *
 * @param text The text, with its line breaks.
 */
export function writeToTerminal(text: string): void {
  if (isWorker()) {
    console.error(text.trimEnd());
    return;
  }
  if (!isGuarded) {
    isGuarded = true;
    process.stderr.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") {
        throw error;
      }
    });
  }
  process.stderr.write(text);
}
