import { createHash } from "node:crypto";
import { callService } from "./bull-connections";
import { keyOfSchedule } from "./bull-keys";
import type { BullJob, BullQueue } from "./bull-types";

/** Milliseconds for which taken times of schedules are kept. The latest one of each schedule stays. */
const keptTicks = 24 * 3600_000;
/** The most times that are removed at once. */
const mostRemoved = 1000;
/** The beginning of the id of the latest time of a schedule. */
const latestPrefix = "latest-";

/** Records which times of schedules have been taken: as jobs that no worker runs, and whose ids BullMQ takes once. */
export class BullTicks {
  readonly #kind: "redis" | "postgres";
  readonly #find: () => Promise<BullQueue>;
  readonly #list: () => Promise<readonly BullQueue[]>;

  /**
   * @param kind The service.
   * @param find Returns the queue of the times.
   * @param list Returns the queues of the jobs.
   */
  constructor(kind: "redis" | "postgres", find: () => Promise<BullQueue>, list: () => Promise<readonly BullQueue[]>) {
    this.#kind = kind;
    this.#find = find;
    this.#list = list;
  }

  async claimTick(name: string, tick: number, run: () => Promise<void>): Promise<void> {
    const id = `tick-${digest(`${name} ${tick}`)}`;
    if ((await this.#get(id)) !== undefined) {
      return;
    }
    const token = `${process.pid}-${Math.random()}`;
    await this.#add(id, name, { tick, token });
    const made = await this.#get(id);
    if (made === undefined || Reflect.get(made.data, "token") !== token) {
      return;
    }
    try {
      await run();
    } catch (error) {
      await made.remove().catch(() => undefined);
      throw error;
    }
    await this.#noteLatest(name, tick);
  }

  async lastTick(name: string): Promise<number | null> {
    const latest = await this.#get(latestPrefix + digest(name));
    return latest === undefined ? null : tickOf(latest);
  }

  async isBusy(name: string): Promise<boolean> {
    const ids = (await this.#list()).map((queue) => callService(this.#kind, queue.getDeduplicationJobId(keyOfSchedule(name))));
    return (await Promise.all(ids)).some((id) => id !== null);
  }

  /** Removes old times. */
  async clean(): Promise<void> {
    const ticks = await callService(this.#kind, (await this.#find()).getJobs(["waiting"], 0, mostRemoved, true));
    const old = ticks.filter(({ id, timestamp }) => id?.startsWith(latestPrefix) === false && timestamp < Date.now() - keptTicks);
    await Promise.all(old.map((job) => job.remove().catch(() => undefined)));
  }

  async #noteLatest(name: string, tick: number): Promise<void> {
    const id = latestPrefix + digest(name);
    await this.#add(id, name, { tick });
    const latest = await this.#get(id);
    if (latest !== undefined && tickOf(latest) < tick) {
      await callService(this.#kind, latest.updateData({ tick }));
    }
  }

  async #add(id: string, name: string, data: object): Promise<void> {
    await callService(this.#kind, (await this.#find()).add(name, data, { jobId: id }));
  }

  async #get(id: string): Promise<BullJob | undefined> {
    return callService(this.#kind, (await this.#find()).getJob(id));
  }
}

function tickOf({ data }: BullJob): number {
  return Number(Reflect.get(data, "tick"));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
