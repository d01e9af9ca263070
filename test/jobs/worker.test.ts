import { setTimeout as wait } from "node:timers/promises";
import { job } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/jobs/memory-store";
import type { ClaimRequest } from "../../src/jobs/store";
import { StoreWorker } from "../../src/jobs/worker";
import { createApp } from "../support";
import { uniqueName, until } from "./jobs.suite";

/** A store that counts the questions of a worker. */
class CountingStore extends MemoryStore {
  asked = 0;
  limits: number[] = [];

  override claim(request: ClaimRequest) {
    this.asked++;
    this.limits.push(request.limit);
    return super.claim(request);
  }
}

describe("a worker", () => {
  const message = (name: string, id: string) => {
    return { id, name, queue: "default", data: "null", key: null, runAt: 0, requestId: null, traceparent: null };
  };

  it("asks less and less while there is nothing to do, and at once when it is woken", async () => {
    const store = new CountingStore();
    const runs: string[] = [];
    const work = job(uniqueName(), (_, { id }) => void runs.push(id));
    const worker = new StoreWorker(
      createApp(),
      store,
      () => new Map([[work.name, work]]),
      30_000,
      () => undefined,
      {},
    );
    await wait(3000);
    expect(store.asked).toBeGreaterThanOrEqual(3);
    expect(store.asked).toBeLessThan(12);
    const asked = store.asked;
    await store.add(message(work.name, "1"), () => worker.wake());
    await until(() => runs.length === 1, 500);
    expect(store.asked).toBeGreaterThan(asked);
    await worker.stop(1000);
    await wait(300);
    const last = store.asked;
    await wait(500);
    expect(store.asked).toBe(last);
  });

  it("warns of a job that does not end after its timeout, and takes one that ends well late as done", async () => {
    const store = new MemoryStore();
    const app = createApp();
    const warnings: string[] = [];
    app.logger.child = () => Object.assign(Object.create(app.logger), { warn: (text: string) => void warnings.push(text) });
    const stuck = job(uniqueName(), { timeout: 0.05 }, () => wait(5500));
    const late = job(uniqueName(), { timeout: 0.05 }, () => wait(200));
    const jobs = new Map([stuck, late].map((one) => [one.name, one]));
    await store.add(message(stuck.name, "stuck"), () => undefined);
    await store.add(message(late.name, "late"), () => undefined);
    const worker = new StoreWorker(
      app,
      store,
      () => jobs,
      30_000,
      () => undefined,
      {},
    );
    await until(async () => (await store.list("done", 10)).length === 2);
    expect(warnings).toEqual([
      `The job '${stuck.name}' still runs 5 s after its timeout of 0.05 s. Pass 'signal' on to the work that it awaits.`,
    ]);
    await worker.stop(1000);
  });

  it("asks for as many jobs as it can run, and for none while it cannot run any", async () => {
    const store = new CountingStore();
    const releases: (() => void)[] = [];
    const held = job(uniqueName(), () => new Promise<void>((resolve) => releases.push(resolve)));
    for (let n = 0; n < 5; n++) {
      await store.add(message(held.name, `${n}`), () => undefined);
    }
    const jobs = new Map([[held.name, held]]);
    const worker = new StoreWorker(
      createApp(),
      store,
      () => jobs,
      30_000,
      () => undefined,
      { concurrency: 3 },
    );
    await until(() => releases.length === 3);
    await wait(400);
    expect(store.limits).toEqual([3]);
    releases.shift()?.();
    await until(() => releases.length === 3);
    expect(store.limits.slice(0, 2)).toEqual([3, 1]);
    const stopped = worker.stop(5000);
    for (const release of releases) {
      release();
    }
    await stopped;
    expect((await store.list("waiting", 10)).length).toBe(1);
  });
});
