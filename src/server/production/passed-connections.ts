import type { Worker } from "node:cluster";
import { type ConnectionHandle, handoverMessage, isConnection } from "./handover";

/** The idle connections that the primary passes on, from a worker that ends to one that serves. */
export class PassedConnections {
  readonly #findHeir: (from: Worker | undefined) => Worker | undefined;
  /** The connections that are not on their way yet. Node sends one after another, and forgets those of a worker that is gone. */
  readonly #waiting = new Map<Worker, Set<ConnectionHandle>>();
  /** The connections for which there was no worker. They wait for the next one, as new connections do. */
  readonly #held = new Set<ConnectionHandle>();
  #isOver = false;

  /** @param findHeir Finds a worker that serves and can be sent to, other than the given one. */
  constructor(findHeir: (from: Worker | undefined) => Worker | undefined) {
    this.#findHeir = findHeir;
  }

  /** Passes a connection on, or keeps it until a worker serves. */
  pass(handle: unknown, from?: Worker): void {
    if (!isConnection(handle)) {
      return;
    }
    const heir = this.#findHeir(from);
    if (this.#isOver) {
      handle.close();
    } else if (heir === undefined) {
      this.#held.add(handle);
    } else {
      this.#send(handle, heir);
    }
  }

  /** Passes the connections on that wait for a worker: one serves now. */
  passHeld(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const handle of held) {
      this.pass(handle);
    }
  }

  /** Passes the connections on that a worker did not get before it ended. */
  passFrom(worker: Worker): void {
    const waiting = this.#waiting.get(worker) ?? [];
    this.#waiting.delete(worker);
    for (const handle of waiting) {
      this.pass(handle, worker);
    }
  }

  /** Closes all, and each one that comes from now on. */
  close(): void {
    this.#isOver = true;
    for (const handle of [...this.#held, ...[...this.#waiting.values()].flatMap((handles) => [...handles])]) {
      handle.close();
    }
    this.#held.clear();
    this.#waiting.clear();
  }

  #send(handle: ConnectionHandle, heir: Worker): void {
    const waiting = this.#waiting.get(heir) ?? new Set();
    this.#waiting.set(heir, waiting.add(handle));
    const onEnd = (error: Error | null): void => {
      // A worker that has ended is told by its end.
      if (waiting.delete(handle)) {
        if (error !== null && !heir.isConnected()) {
          this.pass(handle, heir);
        } else {
          handle.close();
        }
      }
    };
    try {
      heir.send(handoverMessage, handle, {}, onEnd);
    } catch {
      waiting.delete(handle);
      handle.close();
    }
  }
}
