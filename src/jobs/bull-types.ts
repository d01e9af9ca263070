import type { Message } from "./message";

/** The part of a job of BullMQ that is needed here. */
export interface BullJob {
  readonly id?: string;
  readonly name: string;
  /** `crashes` is the number of those that a retry by hand has forgiven. */
  readonly data: { readonly message: Message; readonly retries: number; readonly crashes?: number };
  readonly attemptsMade: number;
  readonly stalledCounter: number;
  readonly failedReason?: string;
  readonly timestamp: number;
  readonly processedOn?: number;
  readonly finishedOn?: number;
  readonly delay: number;
  /** A worker of BullMQ calls it at the end of a run. */
  moveToCompleted: (...values: readonly unknown[]) => Promise<unknown>;
  moveToFailed: (...values: readonly unknown[]) => Promise<unknown>;
  moveToWait(token?: string): Promise<unknown>;
  moveToDelayed(time: number, token?: string): Promise<void>;
  updateData(data: object): Promise<void>;
  remove(): Promise<void>;
  removeDeduplicationKey(): Promise<unknown>;
  promote(): Promise<void>;
  retry(state: string, options: object): Promise<void>;
  getState(): Promise<string>;
}

/** The part of a queue of BullMQ that is needed here. */
export interface BullQueue {
  add(name: string, data: object, options: object): Promise<BullJob>;
  getJobs(states: readonly string[], start: number, end: number, isAscending?: boolean): Promise<readonly BullJob[]>;
  getJob(id: string): Promise<BullJob | undefined>;
  getDeduplicationJobId(id: string): Promise<string | null>;
  toKey(type: string): string;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** The part of a worker of BullMQ that is needed here. */
export interface BullWorker {
  on(event: "error", listener: (error: Error) => void): unknown;
  close(force?: boolean): Promise<void>;
}
