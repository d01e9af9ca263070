import { JobError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { describeGiven } from "../base/unknown-options";
import type { AnyJob } from "./definition";

/** Lists the queues of jobs, with the one that jobs have by default. */
export function listQueues(known: ReadonlyMap<string, AnyJob>): ReadonlySet<string> {
  return new Set(["default", ...[...known.values()].map(({ options }) => options.queue)]);
}

/**
 * Checks the queues of a worker. One of a queue that no job has would do nothing, and say nothing.
 *
 * @param queues The queues of the worker.
 * @param known The jobs that this process knows, by name.
 * @throws {JobError} If no job has one of the queues.
 */
export function checkQueues(queues: readonly string[], known: ReadonlyMap<string, AnyJob>): void {
  if (!Array.isArray(queues) || !queues.every((name) => typeof name === "string")) {
    throw new JobError(`'queues' of a worker must be a list of names, such as ["mail"], but got ${describeGiven(queues)}.`);
  }
  const all = listQueues(known);
  const unknown = queues.find((name) => !all.has(name));
  if (unknown !== undefined) {
    throw new JobError(`No job has the queue '${unknown}'.${didYouMean(unknown, all)} There are: ${[...all].join(", ")}.`);
  }
}
