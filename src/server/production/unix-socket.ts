import { lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";

/**
 * Removes the file of a Unix socket on which nobody listens any longer, as a server that was killed leaves it behind.
 *
 * One that a server listens on stays, and so does any other file.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) {
    return;
  }
  const isStale = await new Promise<boolean>((resolve) => {
    const connection = connect(path, () => {
      connection.destroy();
      resolve(false);
    });
    connection.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
  });
  if (isStale) {
    unlinkSync(path);
  }
}
