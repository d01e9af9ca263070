import { setTimeout as wait } from "node:timers/promises";
import { type Job, Jobs, job, PermanentError } from "flagon/jobs";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { type Place, uniqueName, until } from "./jobs.suite";

/** The behaviour of jobs with odd data, keys, errors and options. */
export function describeJobInputs(kind: string, create: () => Promise<Place>): void {
  const setUp = async () => {
    const { database, options } = await create();
    const app = createApp({ config: { propagateExceptions: false } });
    app.logger.level = "silent";
    if (database !== undefined) {
      app.use(database);
    }
    const jobs = new Jobs(options);
    app.use(jobs);
    await app.ready();
    onTestFinished(() => app.lifeCycle.stop(5000));
    return { app, jobs };
  };
  /** Enqueues as code without the compiler's checks does. */
  const enqueue = (one: object, data: unknown, options: object = {}) => (one as Job<unknown>).enqueue(data, options);

  describe(`jobs in ${kind}, with odd inputs,`, () => {
    it("fail with thrown values that have no text, and with halves of characters", async () => {
      const { jobs } = await setUp();
      const fail = (): never => {
        throw new Error("cannot be read");
      };
      const thrown = [
        Object.create(null),
        { toString: fail },
        Object.defineProperty(new Error(), "message", { get: fail }),
        Object.assign(new Error(), { message: { code: 3 } }),
        Symbol("of a kind"),
        `${"x".repeat(1999)}😀`,
        new Error("half \udc00 a character"),
      ];
      const odd = job<number>(uniqueName(), { retries: 0 }, (n) => Promise.reject(thrown[n]));
      for (const n of thrown.keys()) {
        await odd.enqueue(n);
      }
      await jobs.work();
      await until(async () => (await jobs.list("failed")).length === thrown.length);
      const errors = new Map((await jobs.list("failed")).map(({ data, error }) => [data, error]));
      const unreadable = "The job has thrown a value that cannot be shown as text.";
      expect([0, 1, 2, 3, 4, 6].map((n) => errors.get(n))).toEqual([
        unreadable,
        unreadable,
        unreadable,
        "[object Object]",
        "Symbol(of a kind)",
        "half \ufffd a character",
      ]);
      expect(errors.get(5)).toBe(`${"x".repeat(1999)}\ufffd`);
    });

    it("fail at once with a permanent error, also after their time limit", async () => {
      const { jobs } = await setUp();
      let runs = 0;
      const late = job(uniqueName(), { retries: 3, timeout: 0.02, backoff: 0.01 }, async () => {
        runs++;
        await wait(80);
        throw new PermanentError("of no use");
      });
      await late.enqueue(undefined);
      await jobs.drain();
      expect([runs, (await jobs.list("failed"))[0]?.error]).toEqual([1, "of no use"]);
    });

    it("refuse data that JSON loses although the schema takes the rest, and keep what a schema reads back", async () => {
      const { jobs } = await setUp();
      const seen: unknown[] = [];
      const loose = job(uniqueName(), { data: z.looseObject({ n: z.number().nullish() }) }, (data) => void seen.push(data));
      const typed = job(uniqueName(), { data: z.object({ day: z.coerce.date(), url: z.string() }) }, (data) => void seen.push(data));
      class Row {
        constructor(readonly n: number) {}
      }
      for (const [lost, path] of [
        [{ n: Number.NaN }, "data.n"],
        [{ n: Number.NEGATIVE_INFINITY }, "data.n"],
        [{ n: 1, map: new Map([[1, 2]]) }, "data.map"],
        [{ n: 1, set: new Set([1]) }, "data.set"],
        [{ n: 1, bytes: new Uint8Array(2) }, "data.bytes"],
        [{ n: 1, list: [undefined] }, "data.list.0"],
        [{ n: 1, call: () => 1 }, "data.call"],
        [{ n: 1, at: new Date(Number.NaN) }, "data.at"],
        [{ n: 1, like: /x/ }, "data.like"],
      ] as const) {
        await expect(enqueue(loose, lost)).rejects.toThrow(`JSON does not keep '${path}'`);
      }
      await enqueue(loose, new Row(3));
      await enqueue(loose, { n: undefined, deep: { kept: [new Row(4)] } });
      await enqueue(typed, { day: new Date(0), url: new URL("https://example.com/") });
      await jobs.drain();
      expect(seen).toEqual([{ n: 3 }, { deep: { kept: [{ n: 4 }] } }, { day: new Date(0), url: "https://example.com/" }]);
    });

    it("refuse unknown options, delays that are no numbers, and keys that no database keeps", async () => {
      const { jobs } = await setUp();
      const plain = job<unknown>(uniqueName(), () => undefined);
      await expect(enqueue(plain, 1, { dely: 60 })).rejects.toThrow(/There is no option 'dely' of enqueue\(\) of the job .*'delay'/);
      for (const options of [
        { delay: "5" },
        { delay: null },
        { delay: true },
        { delay: new Date() },
        { delay: [] },
        { delay: 5n },
        { key: 42 },
        { key: null },
        { key: "a\0b" },
        { key: "\ud800" },
        { key: "k".repeat(10_000) },
      ]) {
        await expect(enqueue(plain, 1, options), Object.entries(options).flat().map(String).join(": ").slice(0, 40)).rejects.toMatchObject({
          code: "JOB",
        });
      }
      expect(await jobs.list()).toEqual([]);
    });

    it("have their key while they wait to be tried again, given back, or retried by hand", async () => {
      const { jobs } = await setUp();
      const flaky = job<number>(uniqueName(), { retries: 1, backoff: 3600 }, () => Promise.reject(new Error("away")));
      const endless = job<number>(uniqueName(), () => new Promise(() => undefined));
      const id = await flaky.enqueue(1, { key: "k" });
      const held = await endless.enqueue(1, { key: "k" });
      const worker = await jobs.work();
      const stateOf = async (one: string) => (await jobs.list()).find((other) => other.id === one);
      await until(async () => (await stateOf(id))?.attempt === 1 && (await stateOf(id))?.state === "waiting");
      await until(async () => (await stateOf(held))?.state === "active");
      expect((await stateOf(id))?.time.getTime()).toBeGreaterThan(Date.now() + 1800_000);
      expect(await flaky.enqueue(2, { key: "k" })).toBe(id);
      await worker.stop(100);
      expect(worker.isBusy).toBe(true);
      expect(await endless.enqueue(2, { key: "k" })).toBe(held);
    });

    it("have their key again when they are retried by hand, unless another one has it", async () => {
      const { jobs } = await setUp();
      const broken = job<number>(uniqueName(), { retries: 0 }, () => Promise.reject(new Error("broken")));
      const first = await broken.enqueue(1, { key: "k" });
      await jobs.drain();
      expect(await jobs.retry(first)).toBe(true);
      expect(await broken.enqueue(2, { key: "k" })).toBe(first);
      await jobs.drain();
      const second = await broken.enqueue(3, { key: "k" });
      expect(await jobs.retry(first)).toBe(true);
      expect(await broken.enqueue(4, { key: "k" })).toBe(second);
      expect(await jobs.list("waiting")).toHaveLength(2);
    });

    it("keep queues apart whose names differ in their marks alone", async () => {
      const { jobs } = await setUp();
      const seen: string[] = [];
      const queues = ["a:b", "a_b", "a%3Ab", "flagon-ticks", "constructor"];
      for (const queue of queues) {
        await job<string>(uniqueName(), { queue }, (name) => void seen.push(name)).enqueue(queue);
      }
      expect((await jobs.list()).map(({ data, queue }) => [data, queue]).sort()).toEqual(queues.map((queue) => [queue, queue]).sort());
      const worker = await jobs.work({ queues: ["a_b"] });
      await until(() => seen.length === 1);
      await wait(300);
      expect(seen).toEqual(["a_b"]);
      await worker.stop(2000);
    });
  });
}
