import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "flagon/database";
import { describe, expect, it } from "vitest";
import type { Claim, Message } from "../../src/jobs/message";
import type { ClaimRequest, JobStore } from "../../src/jobs/store";

const request: ClaimRequest = { names: ["a"], queues: [], limit: 100, lease: 60_000, isEager: false, running: [] };

/** The claims of workers, and the times of schedules, in a store. */
export function describeStore(kind: string, create: () => Promise<{ store: JobStore; database?: Database }>): void {
  describe(`a store of jobs in ${kind}`, () => {
    const setUp = async (count: number) => {
      const { database, store } = await create();
      await store.prepare();
      for (let n = 0; n < count; n++) {
        await store.add(createMessage({ id: `id ${n}`, runAt: n }), () => undefined);
      }
      return { database, store, claim: (changes: Partial<ClaimRequest> = {}) => store.claim({ ...request, ...changes }) };
    };
    const list = async (store: JobStore) => (await store.list(undefined, 100)).map(({ attempt, state }) => [state, attempt]);

    it("gives each job to one of the workers that ask at once", async () => {
      const { claim } = await setUp(60);
      const claims = (await Promise.all(Array.from({ length: 12 }, () => claim({ limit: 10 })))).flat();
      const rest = await claim();
      expect([...claims, ...rest].map(({ id }) => id).sort()).toEqual(Array.from({ length: 60 }, (_, n) => `id ${n}`).sort());
      expect(new Set(claims.map(({ token }) => token)).size).toBeGreaterThan(1);
    });

    it("gives no more jobs than asked for, the earliest first, and none of other names, queues and later times", async () => {
      const { claim, store } = await setUp(5);
      await store.add(createMessage({ id: "other name", name: "b", runAt: 0 }), () => undefined);
      await store.add(createMessage({ id: "later", runAt: Date.now() + 60_000 }), () => undefined);
      await store.add(createMessage({ id: "other queue", queue: "other", runAt: 9 }), () => undefined);
      expect((await claim({ limit: 2 })).map(({ id }) => id)).toEqual(["id 0", "id 1"]);
      expect(await claim({ limit: 0 })).toEqual([]);
      expect(await claim({ names: [] })).toEqual([]);
      expect((await claim({ queues: ["other"] })).map(({ id }) => id)).toEqual(["other queue"]);
      expect((await claim()).map(({ id }) => id)).toEqual(["id 2", "id 3", "id 4"]);
      expect((await claim({ isEager: true })).map(({ id }) => id)).toEqual(["later"]);
    });

    it("gives a job away once its claim has run out, and counts that as one more run", async () => {
      const { claim, store } = await setUp(1);
      const [first] = await claim({ lease: 50 });
      expect(first?.attempt).toBe(1);
      expect(await claim()).toEqual([]);
      await wait(80);
      expect(await claim({ running: ["id 0"] })).toEqual([]);
      const [second] = await claim();
      expect([second?.attempt, second?.token === first?.token]).toEqual([2, false]);
      await store.finish(first as Claim);
      await store.fail(first as Claim, "late");
      await store.retry(first as Claim, 0, "late");
      await store.giveBack(first as Claim);
      expect([[...(await store.renew([first as Claim], 1000))], await list(store)]).toEqual([[], [["active", 2]]]);
      await store.finish(second as Claim);
      expect(await list(store)).toEqual([["done", 2]]);
    });

    it("keeps a claim that is renewed", async () => {
      const { claim, store } = await setUp(2);
      const claims = await claim({ lease: 200 });
      for (let round = 0; round < 3; round++) {
        await wait(100);
        expect((await store.renew(claims, 200)).size).toBe(2);
        expect(await claim()).toEqual([]);
      }
    });

    it("takes a job back as if it had not been given away", async () => {
      const { claim, store } = await setUp(1);
      for (let round = 0; round < 3; round++) {
        const [given] = await claim();
        expect(given?.attempt).toBe(1);
        await store.giveBack(given as Claim);
        expect(await list(store)).toEqual([["waiting", 0]]);
      }
    });

    it("counts the runs of a job that is tried again, and none of them after a retry by hand", async () => {
      const { claim, store } = await setUp(1);
      for (const attempt of [1, 2, 3]) {
        const [given] = await claim();
        expect(given?.attempt).toBe(attempt);
        await (attempt === 3 ? store.fail(given as Claim, "broken") : store.retry(given as Claim, 0, "broken"));
      }
      expect(await list(store)).toEqual([["failed", 3]]);
      await store.restore("id 0");
      expect([await list(store), (await claim())[0]?.attempt]).toEqual([[["waiting", 0]], 1]);
    });

    it("gives each time of a schedule away once, and once more if its run could not be added", async () => {
      const { store } = await setUp(0);
      const runs: string[] = [];
      const take = (name: string, tick: number) => store.claimTick(name, tick, async () => void runs.push(`${name} ${tick}`));
      await expect(store.claimTick("s", 1, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
      await Promise.all([take("s", 1), take("s", 1), take("t", 1), take("s", 2)]);
      await take("s", 1);
      expect([runs.sort(), await store.lastTick("s"), await store.lastTick("none")]).toEqual([["s 1", "s 2", "t 1"], 2, null]);
    });

    it("adds one job of a key while it waits, also if several are added at once", async () => {
      const { store } = await setUp(0);
      const add = (id: string) => store.add(createMessage({ id, key: "k" }), () => undefined);
      const ids = await Promise.all(["x", "y", "z"].map(add));
      expect([new Set(ids).size, (await list(store)).length]).toEqual([1, 1]);
    });

    it("gives nothing away, and waits for nobody, while another writer is at work", async () => {
      const { claim, database } = await setUp(0);
      if (database !== undefined) {
        let end: () => void = () => undefined;
        const writing = new Promise<void>((resolve) => {
          end = resolve;
        });
        const transaction = database.atomic(async (db) => {
          await database.execute((await import("drizzle-orm")).sql`insert into flagon_ticks (name, tick) values ('x', 1)`);
          await writing;
          return db;
        });
        await wait(50);
        const begun = performance.now();
        expect(await claim()).toEqual([]);
        expect(performance.now() - begun).toBeLessThan(1000);
        end();
        await transaction;
      }
    });
  });
}

function createMessage(changes: Partial<Message>): Message {
  return { id: "x", name: "a", queue: "default", data: "null", key: null, runAt: 0, requestId: null, traceparent: null, ...changes };
}
