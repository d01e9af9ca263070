import type { MessagePort } from "node:worker_threads";

/** An `ArrayBuffer` of Node 22 and later. */
type Transferable = ArrayBuffer & { readonly transfer?: (length: number) => ArrayBuffer };

/** Leads nowhere, so that what is sent by it is gone. */
let closedPort: MessagePort | undefined;

/**
 * Frees the memory of a buffer now, not when the collector comes to it. The buffer is empty from then on, for all who have it.
 *
 * V8 counts such memory with its old objects, and looks through all of these when the count has grown by a third or so:
 * to let go of a few megabytes that passed through then costs more than what was done with them.
 */
export function freeMemory(buffer: Transferable): void {
  if (buffer.transfer !== undefined) {
    buffer.transfer(0);
    return;
  }
  if (closedPort === undefined) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    closedPort = port1;
  }
  closedPort.postMessage(null, [buffer]);
}
