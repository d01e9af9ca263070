import type { Database } from "../database/database";
import type { Message } from "./message";

/** Holds jobs back until the transaction that enqueues them commits. */
export class HeldJobs {
  readonly #database: Database;
  /** The ids of jobs that wait for their commit, by the functions that write them. */
  readonly #unwritten = new WeakMap<() => unknown, string>();

  /** @param database The database whose transactions jobs wait for. */
  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Holds a job back. A rollback drops it.
   *
   * @param message The job.
   * @param write Writes it. Runs inside of the transaction just before its commit.
   * @returns The id of the job, or of the one with its key that waits for the same commit.
   */
  async add(message: Message, write: () => Promise<void>): Promise<string> {
    const order = `${message.name}\0${message.key ?? ""}`;
    const before = message.key === null ? undefined : this.#database.findBeforeCommit(order);
    const earlier = before && this.#unwritten.get(before);
    if (earlier !== undefined) {
      return earlier;
    }
    const run = (): Promise<void> => write();
    this.#unwritten.set(run, message.id);
    // At the end, and sorted: an index would otherwise let transactions wait for one another, and some of them for ever.
    await this.#database.beforeCommit(run, order);
    return message.id;
  }
}
