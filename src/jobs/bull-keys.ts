import { callService, sendToRedis } from "./bull-connections";
import type { BullQueue } from "./bull-types";
import type { Message } from "./message";
import { schedulePrefix } from "./names";

/** Returns the name under which BullMQ knows the run of a schedule that waits or goes on. A key of a job has two parts. */
export function keyOfSchedule(name: string): string {
  return JSON.stringify([name]);
}

/** Returns the options of a job that keep out a second one: with its key while it waits, or of its schedule until it has ended. */
export function optionsOfKey({ key, name }: Message): object {
  if (key !== null) {
    return { deduplication: { id: keyOf(name, key) } };
  }
  return name.startsWith(schedulePrefix) ? { deduplication: { id: keyOfSchedule(name) } } : {};
}

/**
 * Gives the key of a job that waits again back to it, unless another one has it.
 *
 * BullMQ gives a key to new jobs alone. On Postgres it takes the key before it sees that the job is there; on Redis the key
 * is one entry.
 */
export async function takeKey(kind: "redis" | "postgres", client: unknown, queue: BullQueue, message: Message): Promise<void> {
  if (kind === "postgres") {
    await callService(kind, queue.add(message.name, {}, { jobId: message.id, ...optionsOfKey(message) }));
    return;
  }
  await sendToRedis(client, ["SET", `${queue.toKey("de")}:${keyOf(message.name, message.key ?? "")}`, message.id, "NX"]);
}

function keyOf(name: string, key: string): string {
  return JSON.stringify([name, key]);
}
