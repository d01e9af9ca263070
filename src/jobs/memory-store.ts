import { randomUUID } from "node:crypto";
import type { Claim, JobInfo, JobState, Message, WaitingJob } from "./message";
import { schedulePrefix } from "./names";
import { type ClaimRequest, type JobStore, keptDone, keptFailed } from "./store";

interface Entry {
  message: Message;
  state: JobState;
  attempt: number;
  token: string | null;
  claimedUntil: number;
  error: string | null;
  time: number;
}

/** Keeps jobs in the memory of this process. A restart loses them. */
export class MemoryStore implements JobStore {
  readonly #entries = new Map<string, Entry>();
  readonly #ticks = new Map<string, Set<number>>();

  async prepare(): Promise<void> {
    // There are no tables to make.
  }

  async add(message: Message, added: (message: Message) => void): Promise<string> {
    const other = this.#findWaiting(message);
    if (other !== undefined) {
      return other.message.id;
    }
    const now = Date.now();
    this.#entries.set(message.id, { message, state: "waiting", attempt: 0, token: null, claimedUntil: 0, error: null, time: now });
    added(message);
    return message.id;
  }

  async claim({ isEager, lease, limit, names, queues, running }: ClaimRequest): Promise<readonly Claim[]> {
    const now = Date.now();
    const due = [...this.#entries.values()]
      .filter(
        ({ claimedUntil, message, state }) =>
          names.includes(message.name) &&
          (queues.length === 0 || queues.includes(message.queue)) &&
          (state === "waiting"
            ? isEager || message.runAt <= now
            : state === "active" && claimedUntil < now && !running.includes(message.id)),
      )
      .sort((left, right) => left.message.runAt - right.message.runAt)
      .slice(0, limit);
    return due.map((entry) => {
      entry.state = "active";
      entry.token = randomUUID();
      entry.claimedUntil = now + lease;
      entry.attempt++;
      return { ...entry.message, token: entry.token, attempt: entry.attempt };
    });
  }

  async renew(claims: readonly Claim[], lease: number): Promise<ReadonlySet<string>> {
    const held = claims.filter((claim) => this.#find(claim) !== undefined);
    for (const claim of held) {
      this.#change(claim, { claimedUntil: Date.now() + lease });
    }
    return new Set(held.map(({ id }) => id));
  }

  async finish(claim: Claim): Promise<void> {
    this.#change(claim, { state: "done", token: null });
  }

  async retry(claim: Claim, runAt: number, error: string): Promise<void> {
    this.#change(claim, { state: "waiting", token: null, error, message: this.#wait(claim, runAt) });
  }

  async fail(claim: Claim, error: string): Promise<void> {
    this.#change(claim, { state: "failed", token: null, error });
  }

  async giveBack(claim: Claim): Promise<void> {
    this.#change(claim, { state: "waiting", token: null, attempt: claim.attempt - 1, message: this.#wait(claim, claim.runAt) });
  }

  async list(state: JobState | undefined, limit: number): Promise<readonly JobInfo[]> {
    return [...this.#entries.values()]
      .filter((entry) => state === undefined || entry.state === state)
      .slice(0, limit)
      .map(({ attempt, error, message: { data, id, name, queue, runAt }, state, time }) => {
        return { id, name, queue, state, attempt, data: JSON.parse(data), error, time: new Date(state === "waiting" ? runAt : time) };
      });
  }

  async restore(id: string): Promise<WaitingJob | null> {
    const entry = this.#entries.get(id);
    if (entry?.state !== "failed") {
      return null;
    }
    Object.assign(entry, { state: "waiting", attempt: 0, error: null, message: this.#wait(entry.message, Date.now()) });
    return entry.message;
  }

  async claimTick(name: string, tick: number, run: () => Promise<void>): Promise<void> {
    const ticks = this.#ticks.get(name) ?? new Set();
    this.#ticks.set(name, ticks);
    if (ticks.has(tick)) {
      return;
    }
    ticks.add(tick);
    try {
      await run();
    } catch (error) {
      ticks.delete(tick);
      throw error;
    }
  }

  async lastTick(name: string): Promise<number | null> {
    const ticks = [...(this.#ticks.get(name) ?? [])];
    return ticks.length === 0 ? null : Math.max(...ticks);
  }

  async isBusy(name: string): Promise<boolean> {
    return [...this.#entries.values()].some(({ message, state }) => message.name === name && (state === "waiting" || state === "active"));
  }

  async oldestWaiting(): Promise<number | null> {
    const now = Date.now();
    const times = [...this.#entries.values()].filter(({ message, state }) => state === "waiting" && message.runAt <= now);
    return times.length === 0 ? null : Math.min(...times.map(({ message }) => message.runAt));
  }

  async clean(schedules: readonly string[]): Promise<void> {
    for (const [state, { age, count }] of [["done", keptDone] as const, ["failed", keptFailed] as const]) {
      const ended = [...this.#entries.values()].filter((entry) => entry.state === state).sort((left, right) => right.time - left.time);
      for (const entry of ended.filter(({ time }, index) => index >= count || time < Date.now() - age)) {
        this.#entries.delete(entry.message.id);
      }
    }
    for (const { message, state } of [...this.#entries.values()]) {
      if (state === "waiting" && message.name.startsWith(schedulePrefix) && !schedules.includes(message.name)) {
        this.#entries.delete(message.id);
      }
    }
  }

  /** Returns a job as it waits again: without its key if another one with it waits meanwhile. */
  #wait({ data, id, key, name, queue, requestId, traceparent }: Message, runAt: number): Message {
    const isTaken = this.#findWaiting({ key, name }) !== undefined;
    return { data, id, key: isTaken ? null : key, name, queue, requestId, runAt, traceparent };
  }

  #findWaiting({ key, name }: Pick<Message, "key" | "name">): Entry | undefined {
    return key === null
      ? undefined
      : [...this.#entries.values()].find(({ message, state }) => state === "waiting" && message.name === name && message.key === key);
  }

  #find({ id, token }: Claim): Entry | undefined {
    const entry = this.#entries.get(id);
    return entry?.state === "active" && entry.token === token ? entry : undefined;
  }

  #change(claim: Claim, change: Partial<Entry>): void {
    const entry = this.#find(claim);
    if (entry !== undefined) {
      Object.assign(entry, { time: Date.now(), ...change });
    }
  }
}
