import { isWorker } from "./platform";

let isGuarded = false;

/**
 * Writes to standard error, for people who watch.
 *
 * That nobody watches any longer, since the pipe is closed, is no reason for a server to stop.
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
