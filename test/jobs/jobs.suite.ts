import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { currentApp, type Flagon, renderTemplateString, route } from "flagon";
import { atomic, type Database } from "flagon/database";
import { type Job, Jobs, type JobsOptions, job, PermanentError, schedule } from "flagon/jobs";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

let count = 0;

/** A name of its own for each test: the jobs of a process are known by their names. */
export function uniqueName(): string {
  count++;
  return `job ${count}:${process.pid}`;
}

/** Waits until something is so. */
export async function until(check: () => boolean | Promise<boolean>, time = 10_000): Promise<void> {
  for (const end = Date.now() + time; !(await check()); ) {
    if (Date.now() > end) {
      throw new Error("It did not come to be in time.");
    }
    await wait(20);
  }
}

/** The place of the jobs of a test. */
export interface Place {
  readonly options: JobsOptions;
  readonly database?: Database;
}

/** The behaviour of jobs, wherever they are kept. */
export function describeJobs(kind: string, create: () => Promise<Place>): void {
  const setUp = async (extra: JobsOptions = {}, ...controllers: object[]): Promise<{ app: Flagon; jobs: Jobs }> => {
    const { database, options } = await create();
    const app = createApp({ config: { serverName: "example.com", propagateExceptions: false } });
    app.logger.level = "silent";
    if (database !== undefined) {
      app.use(database);
    }
    const jobs = new Jobs({ ...options, ...extra });
    app.use(jobs);
    for (const controller of controllers) {
      app.register(controller);
    }
    await app.ready();
    onTestFinished(() => app.lifeCycle.stop(5000));
    return { app, jobs };
  };
  const record = (options = {}, run: (data: { n: number }) => unknown = () => undefined) => {
    const runs: number[] = [];
    const made = job(uniqueName(), { data: z.object({ n: z.int() }), backoff: 0.01, ...options }, async (data) => {
      runs.push(data.n);
      await run(data);
    });
    return { runs, made };
  };
  const enqueue = <Input>({ app }: { app: Flagon }, made: Job<Input, never>, data: Input, options = {}) =>
    app.appContext(() => (made as unknown as Job<Input>).enqueue(data, options));

  describe(`jobs in ${kind}`, () => {
    it("wait for a worker, and run with the app's context", async () => {
      const made = await setUp();
      const seen: unknown[] = [];
      const greet = job(uniqueName(), { data: z.object({ name: z.string() }) }, ({ name }, { attempt, id, log, signal }) => {
        seen.push(currentApp.name, String(renderTemplateString("Hello, <%= it.name %>", { name })), attempt, id.length, signal.aborted);
        log.info("greets");
      });
      await enqueue(made, greet as never, { name: "<Ann>" } as never);
      expect(made.jobs.queued(greet)).toEqual([{ name: "<Ann>" }]);
      expect(seen).toEqual([]);
      await made.jobs.work();
      await until(() => made.jobs.queued(greet).length === 0);
      expect(seen).toEqual(["test", "Hello, &lt;Ann&gt;", 1, 36, false]);
      expect(await made.jobs.list("waiting")).toEqual([]);
    });

    it("are drained in tests, with those that they enqueue, their delays and retries", async () => {
      const made = await setUp();
      const second = record();
      const first = record({}, async ({ n }) => {
        if (first.runs.length === 1) {
          throw new Error("once more");
        }
        await second.made.enqueue({ n: n + 1 });
      });
      await enqueue(made, first.made as never, { n: 1 } as never, { delay: 3600 });
      await made.jobs.drain();
      expect([first.runs, second.runs]).toEqual([[1, 1], [2]]);
    });

    it("are retried up to their limit, and then listed as failed", async () => {
      const made = await setUp();
      const poison = record({ retries: 2 }, () => {
        throw new Error("no use\0");
      });
      const permanent = record({ retries: 5 }, () => {
        throw new PermanentError("never");
      });
      const id = await enqueue(made, poison.made as never, { n: 1 } as never);
      await enqueue(made, permanent.made as never, { n: 1 } as never);
      await made.jobs.work();
      await until(async () => (await made.jobs.list("failed")).length === 2);
      expect([poison.runs.length, permanent.runs.length]).toEqual([3, 1]);
      const failed = await made.jobs.list("failed");
      expect(failed.find((one) => one.id === id)).toMatchObject({ name: poison.made.name, data: { n: 1 }, error: "no use\ufffd" });
      expect(await made.jobs.retry(id)).toBe(true);
      await until(() => poison.runs.length === 6);
      expect(await made.jobs.retry("unknown")).toBe(false);
    });

    it("wait once for each key, which is free again after the run", async () => {
      const made = await setUp();
      const { made: keyed, runs } = record();
      const other = record();
      const first = await enqueue(made, keyed as never, { n: 1 } as never, { key: "welcome:3" });
      expect(await enqueue(made, keyed as never, { n: 2 } as never, { key: "welcome:3" })).toBe(first);
      expect(await enqueue(made, keyed as never, { n: 3 } as never, { key: "42" })).not.toBe(first);
      expect(await enqueue(made, other.made as never, { n: 4 } as never, { key: "welcome:3" })).not.toBe(first);
      await made.jobs.drain();
      expect([runs.sort(), other.runs]).toEqual([[1, 3], [4]]);
      expect(await enqueue(made, keyed as never, { n: 5 } as never, { key: "welcome:3" })).not.toBe(first);
      await made.jobs.drain();
      expect(runs).toEqual([1, 3, 5]);
      for (const key of ["", "x".repeat(201)]) {
        await expect(enqueue(made, keyed as never, { n: 1 } as never, { key })).rejects.toMatchObject({ code: "JOB" });
      }
    });

    it("run after their delay", async () => {
      const made = await setUp();
      const { made: late, runs } = record();
      await made.jobs.work();
      await enqueue(made, late as never, { n: 1 } as never, { delay: 2 });
      await wait(100);
      expect(runs).toEqual([]);
      await until(() => runs.length === 1);
      for (const delay of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expect(enqueue(made, late as never, { n: 1 } as never, { delay })).rejects.toMatchObject({ code: "JOB" });
      }
    });

    it("refuse data that JSON loses, that does not fit, or that is too long", async () => {
      const made = await setUp();
      const { made: checked } = record();
      const plain = job<unknown>(uniqueName(), () => undefined);
      const dated = job(uniqueName(), { data: z.object({ day: z.coerce.date() }) }, () => undefined);
      const refuse = async (one: unknown, data: unknown, text: RegExp) =>
        expect(enqueue(made, one as never, data as never), String(text)).rejects.toThrow(text);
      await refuse(checked, { n: "1" }, /does not fit its schema: n:/);
      await refuse(checked, { n: Number.NaN }, /does not fit its schema/);
      await refuse(checked, { n: 1n }, /is no JSON/);
      await refuse(plain, { day: new Date(0) }, /JSON does not keep 'data.day'/);
      await refuse(plain, { map: new Map([[1, 2]]) }, /'data.map'/);
      await refuse(plain, { list: [1, Number.NaN] }, /'data.list.1'/);
      await refuse(plain, "x".repeat(70_000), /longer than 64 KiB/);
      await enqueue(made, dated as never, { day: new Date(0) } as never);
      await enqueue(made, plain as never, { kept: undefined, list: [null], text: "ü" } as never);
      expect(made.jobs.queued(dated)).toEqual([{ day: "1970-01-01T00:00:00.000Z" }]);
    });

    it("of older code run if their data fits, else fail at once, and unknown names stay", async () => {
      const made = await setUp();
      const name = uniqueName();
      // A version of the code defines the job where the one before did.
      const define = <Shape extends z.ZodRawShape>(shape: Shape, run: (data: unknown) => unknown, retries = 3) =>
        job(name, { data: z.object(shape), retries }, run);
      const old = define({ a: z.string() }, () => undefined);
      await enqueue(made, old as never, { a: "x" } as never);
      const seen: unknown[] = [];
      define({ a: z.string(), b: z.string().optional() }, (data) => seen.push(data));
      await made.jobs.drain();
      expect(seen).toEqual([{ a: "x" }]);
      await enqueue(made, old as never, { a: "x" } as never);
      define({ c: z.string() }, (data) => seen.push(data), 5);
      await made.jobs.drain();
      expect((await made.jobs.list("failed"))[0]).toMatchObject({
        attempt: 1,
        error: expect.stringContaining("does not fit its schema: c:"),
      });
      expect(seen).toHaveLength(1);
    });

    it("have a time limit: the signal is aborted, and no retry begins before the end", async () => {
      const made = await setUp();
      let running = 0;
      let most = 0;
      const slow = job(uniqueName(), { timeout: 0.05, retries: 1, backoff: 0.01 }, async (_, { signal }) => {
        running++;
        most = Math.max(most, running);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        await wait(100);
        running--;
        throw signal.reason;
      });
      await enqueue(made, slow as never, undefined as never);
      await made.jobs.work();
      await until(async () => (await made.jobs.list("failed")).length === 1);
      expect((await made.jobs.list("failed"))[0]?.error).toMatch(/took longer than its timeout of 0.05 s/);
      expect(most).toBe(1);
    });

    it("finish within the time of a stop, or are given back without counting an attempt", async () => {
      const made = await setUp();
      const log: string[] = [];
      const stopping = new AbortController();
      const quick = job(uniqueName(), async () => {
        await once(stopping.signal, "abort");
        await wait(100);
        log.push("quick");
      });
      const endless = job(uniqueName(), async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        log.push("aborted");
      });
      await enqueue(made, quick as never, undefined as never);
      await enqueue(made, endless as never, undefined as never);
      const worker = await made.jobs.work();
      await until(async () => (await made.jobs.list("active")).length === 2);
      stopping.abort();
      await worker.stop(500);
      expect(log.slice(0, 1)).toEqual(["quick"]);
      const left = await made.jobs.list("waiting");
      expect(left.map(({ attempt, name }) => [name, attempt])).toEqual([[endless.name, 0]]);
      expect(await made.jobs.list("failed")).toEqual([]);
    });

    it("fail the health check if one waits for too long", async () => {
      const made = await setUp({ maxWait: 0.05 });
      const { made: waiting } = record();
      expect(await made.app.lifeCycle.health.run()).toEqual([]);
      await enqueue(made, waiting as never, { n: 1 } as never);
      await wait(120);
      expect(await made.app.lifeCycle.health.run()).toEqual(["jobs"]);
    });

    it("have commands", async () => {
      const made = await setUp();
      const run = (...words: string[]) => made.app.testCommands().invoke(["jobs", ...words]);
      const { made: fine, runs } = record();
      const broken = record({ retries: 0 }, () => {
        throw new Error("broken");
      });
      const id = await enqueue(made, broken.made as never, { n: 1 } as never);
      expect((await run("list")).output).toMatch(new RegExp(`^${id}  waiting .*${broken.made.name}  {"n":1}`));
      await made.jobs.drain();
      expect((await run("failed")).output).toContain("\n    broken");
      expect(made.jobs.queued()).toEqual([]);
      expect((await run("retry", id)).output).toBe("It waits for a worker.\n");
      expect(made.jobs.queued(broken.made)).toEqual([{ n: 1 }]);
      expect((await run("retry", "unknown")).exitCode).toBe(1);
      expect((await run("run", fine.name, '{"n":7}')).exitCode).toBe(0);
      expect(runs).toEqual([7]);
      expect((await run("run", fine.name, '{"n":"7"}')).output).toContain("does not fit");
      expect((await run("run", "unknown")).output).toContain("There is no job 'unknown'");
      expect((await run("run", fine.name, "{")).exitCode).toBe(2);
      expect((await run("list", "--state", "odd")).exitCode).toBe(2);
      expect((await run("list", "--state", "waiting")).output).toContain(id);
    });

    it("are listed in lines that a terminal can show, up to a limit", async () => {
      const made = await setUp();
      const run = (...words: string[]) => made.app.testCommands().invoke(["jobs", ...words]);
      expect((await run("list")).output).toBe("There are none.\n");
      const broken = job(uniqueName(), { retries: 0 }, () => {
        throw new Error("red \u001b[31m bell \u0007 \u009b31m\nsecond line\rover");
      });
      for (const n of [1, 2, 3]) {
        await enqueue(made, broken as never, { n, text: "\u001b[2J\u009b".repeat(100) } as never);
      }
      expect((await run("list", "--limit", "2")).output).toMatch(/^(?:.*\n){2}There are more than 2\. To see more: --limit 20\n$/);
      expect((await run("list", "--limit", "3")).output).not.toContain("There are more");
      await made.jobs.drain();
      const { output } = await run("failed", "--limit", "1");
      expect(output).toContain("\n    red \\x1b[31m bell \\x07 \\x9b31m\n    second line\\x0dover\n");
      expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
      expect(Math.max(...output.split("\n").map((line) => line.length))).toBeLessThan(700);
    });

    it("are found in all queues, also by a process that has added none", async () => {
      const place = await create();
      const named = job<number>(uniqueName(), { queue: "other", retries: 0 }, () => Promise.reject(new Error("broken")));
      const open = async () => {
        const app = createApp({ config: { propagateExceptions: false } });
        app.logger.level = "silent";
        if (place.database !== undefined) {
          app.use(place.database);
        }
        const jobs = new Jobs({ ...place.options, maxWait: 0.01 });
        app.use(jobs);
        await app.ready();
        return { app, jobs };
      };
      const first = await open();
      const [second, third] = kind === "memory" ? [first, first] : [await open(), await open()];
      onTestFinished(async () => {
        for (const { app } of [first, second, third]) {
          await app.lifeCycle.stop(5000);
        }
      });
      const id = await first.app.appContext(() => named.enqueue(1));
      await wait(50);
      expect(await second.jobs.list("waiting")).toMatchObject([{ id, queue: "other" }]);
      expect(await second.app.lifeCycle.health.run()).toEqual(["jobs"]);
      await second.jobs.drain();
      expect(await second.jobs.list("failed")).toMatchObject([{ id }]);
      expect(await third.jobs.retry(id)).toBe(true);
      await expect(second.jobs.work({ queues: ["othr"] })).rejects.toThrow(/No job has the queue 'othr'\..* There are: default, .*other/);
    });

    it("are enqueued by a response while it is streamed", async () => {
      const seen: unknown[] = [];
      const streamed = job<number>(uniqueName(), (n, { requestId }) => void seen.push([n, requestId !== null]));
      class Views {
        @route("/")
        index() {
          return (async function* () {
            yield "begun ";
            yield (await streamed.enqueue(1)).length === 36 ? "added" : "not added";
          })();
        }
      }
      const { app, jobs } = await setUp({}, Views);
      expect(await (await app.testClient().get("/")).text()).toBe("begun added");
      await jobs.drain();
      expect(seen).toEqual([[1, true]]);
    });

    it("know the id of the request that enqueued them", async () => {
      const seen: unknown[] = [];
      const traced = job(uniqueName(), (_, { requestId, traceparent }) => seen.push(requestId, traceparent));
      class Views {
        @route.post("/")
        async index() {
          const { request } = await import("flagon");
          await traced.enqueue(undefined);
          return { id: request.id };
        }
      }
      const { app, jobs } = await setUp({}, Views);
      const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      const { id } = (await (await app.testClient().post("/", { headers: { traceparent: trace } })).json()) as { id: string };
      await jobs.drain();
      expect(seen).toEqual([id, trace]);
    });

    it("run on schedules once for each time, with several workers too, and once for missed times", async () => {
      const log: string[] = [];
      class Reports {
        @schedule("* * * * * *")
        secondly() {
          log.push(`run ${currentApp.name}`);
        }
      }
      const place = await create();
      const start = async () => {
        const app = createApp({}, Reports);
        app.logger.level = "silent";
        if (place.database !== undefined) {
          app.use(place.database);
        }
        const jobs = new Jobs(place.options);
        app.use(jobs);
        await app.ready();
        await jobs.work();
        onTestFinished(() => app.lifeCycle.stop(5000));
      };
      const begun = Date.now();
      await start();
      if (kind !== "memory") {
        await start();
      }
      await until(() => log.length >= 2);
      expect(log.length).toBeLessThanOrEqual(Math.ceil((Date.now() - begun) / 1000));
    });
  });
}

/** The behaviour of jobs in the app's own database. */
export function describeTransactionalJobs(
  kind: string,
  create: () => Promise<{ database: Database; insert(): Promise<unknown>; rows(): Promise<number> }>,
): void {
  describe(`jobs in a transaction on ${kind}`, () => {
    const setUp = async () => {
      const place = await create();
      const app = createApp();
      app.use(place.database);
      const jobs = new Jobs();
      app.use(jobs);
      const runs: number[] = [];
      const work = job<number>(uniqueName(), (n) => runs.push(n));
      await app.ready();
      return { ...place, app, jobs, runs, work };
    };

    it("are added at the commit, and a rollback adds none and frees their keys", async () => {
      const { app, database, insert, jobs, rows, runs, work } = await setUp();
      await app.appContext(async () => {
        await database.atomic(async () => {
          await insert();
          await work.enqueue(1);
          expect(jobs.queued(work)).toEqual([]);
          await database
            .atomic(async () => {
              await work.enqueue(2, { key: "k" });
              throw new Error("inner");
            })
            .catch(() => undefined);
          await work.enqueue(3, { key: "k" });
        });
        expect(jobs.queued(work)).toEqual([1, 3]);
        await expect(
          database.atomic(async () => {
            await work.enqueue(4, { key: "other" });
            throw new Error("outer");
          }),
        ).rejects.toThrow("outer");
        await work.enqueue(5, { key: "other" });
      });
      await jobs.drain();
      expect([runs.sort(), await rows()]).toEqual([[1, 3, 5], 1]);
    });

    it("are added with the rows also if nobody awaits them, with and without a key, wherever the call stands", async () => {
      const { app, database, jobs, rows, runs, work } = await setUp();
      await app.appContext(async () => {
        for (const [index, key] of [undefined, "a", "b", "c"].entries()) {
          const options = key === undefined ? {} : { key };
          await database.atomic(async () => {
            void work.enqueue(10 + index, options);
            await rows();
          });
          await database.atomic(async () => {
            await rows();
            void work.enqueue(20 + index, key === undefined ? {} : { key: `${key} last` });
          });
          await database.atomic(async () => {
            await database.atomic(async () => {
              void work.enqueue(30 + index, key === undefined ? {} : { key: `${key} inner` });
            });
            await rows();
          });
        }
      });
      await jobs.drain();
      expect(runs.sort((left, right) => left - right)).toEqual([10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33]);
    });

    it("are refused aloud when their transaction has ended", async () => {
      const { app, database, jobs, work } = await setUp();
      let late: Promise<string>[] = [];
      await app.appContext(async () => {
        await database.atomic(async () => {
          const pause = new Promise((resolve) => setTimeout(resolve, 30));
          late = [pause.then(() => work.enqueue(1)), pause.then(() => work.enqueue(2, { key: "k" }))];
          for (const one of late) {
            one.catch(() => undefined);
          }
        });
      });
      for (const one of late) {
        await expect(one).rejects.toThrow(/^The enqueue\(\) of the job '.*' came after its transaction was committed\. Await/);
      }
      expect(jobs.queued()).toEqual([]);
    });

    it("let two transactions with the same keys, in other orders, both commit", async () => {
      const { app, database, jobs, runs, work } = await setUp();
      const both = (first: string, second: string) =>
        database.atomic(async () => {
          await work.enqueue(1, { key: first });
          await new Promise((resolve) => setTimeout(resolve, 20));
          await work.enqueue(2, { key: second });
          await new Promise((resolve) => setTimeout(resolve, 20));
        });
      await app.appContext(() => Promise.all([both("p", "q"), both("q", "p")]));
      await jobs.drain();
      expect(runs).toHaveLength(2);
    });

    it("are seen in rolled-back tests, and gone after them", async () => {
      const { app, database, insert, jobs, runs, work } = await setUp();
      class Views {
        @atomic
        @route.post("/")
        async index() {
          await insert();
          await work.enqueue(9);
          return {};
        }
      }
      app.register(Views);
      for (let round = 1; round <= 2; round++) {
        await database.beginTest();
        expect((await app.testClient().post("/")).status).toBe(200);
        expect(jobs.queued(work)).toEqual([9]);
        await jobs.drain();
        expect([runs.length, jobs.queued(work)]).toEqual([round, []]);
        await app.appContext(() => work.enqueue(10));
        await database.endTest();
        expect([await jobs.list("waiting"), jobs.queued()]).toEqual([[], []]);
      }
    });

    it("are taken once each by eight workers", async () => {
      const { app, database, runs, work } = await setUp();
      await app.appContext(() => database.atomic(() => Promise.all(Array.from({ length: 200 }, (_, n) => work.enqueue(n)))));
      const workers = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const other = createApp();
          other.use(database);
          const jobs = new Jobs({ database, concurrency: 5 });
          other.use(jobs);
          return jobs.work();
        }),
      );
      await until(() => runs.length >= 200);
      await Promise.all(workers.map((worker) => worker.stop(2000)));
      expect(runs.sort((left, right) => left - right)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    });
  });
}

/** The behaviour of jobs where things go wrong. */
export function describeJobEdges(kind: string, create: () => Promise<Place>): void {
  const setUp = async (extra: JobsOptions = {}, ...controllers: object[]): Promise<{ app: Flagon; jobs: Jobs }> => {
    const { database, options } = await create();
    const app = createApp({ config: { propagateExceptions: false } }, ...controllers);
    app.logger.level = "silent";
    const jobs = new Jobs({ ...options, ...extra });
    // The jobs are stopped before the database, in any order of app.use().
    app.use(jobs);
    if (database !== undefined) {
      app.use(database);
    }
    await app.ready();
    onTestFinished(() => app.lifeCycle.stop(5000));
    return { app, jobs };
  };

  describe(`jobs in ${kind}, where things go wrong,`, () => {
    it("wait for a worker that knows their name, and lose no attempt meanwhile", async () => {
      const { app, jobs } = await setUp();
      const name = uniqueName();
      const later: number[] = [];
      const unknown = {
        name,
        schema: undefined,
        options: { backoff: 1, queue: "default", retries: 0, timeout: null },
        run: () => undefined,
      };
      const id = await app.appContext(() => jobs.enqueue(unknown, 1));
      const seen: number[] = [];
      const known = job<number>(uniqueName(), (n) => seen.push(n));
      await app.appContext(() => known.enqueue(2));
      await jobs.work();
      await until(() => seen.length === 1);
      await wait(200);
      expect((await jobs.list()).filter((one) => one.id === id)).toMatchObject([{ state: "waiting", attempt: 0, error: null }]);
      job<number>(name, { retries: 0 }, (n) => later.push(n));
      await until(() => later.length === 1, 20_000);
    });

    it("run as many at once as the worker may, and the others wait", async () => {
      const { app, jobs } = await setUp();
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const held = job<number>(uniqueName(), () => gate);
      await app.appContext(async () => {
        for (let n = 0; n < 5; n++) {
          await held.enqueue(n);
        }
      });
      await jobs.work({ concurrency: 2 });
      await until(async () => (await jobs.list("active")).length === 2);
      await wait(500);
      expect((await jobs.list()).map(({ attempt, state }) => `${state} ${attempt}`).sort()).toEqual([
        "active 1",
        "active 1",
        "waiting 0",
        "waiting 0",
        "waiting 0",
      ]);
      release();
      await until(async () => (await jobs.list("done")).length === 5);
    });

    it("are removed if their schedule is gone, and left if their name is unknown", async () => {
      const { app, jobs } = await setUp();
      const options = { backoff: 1, queue: "default", retries: 0, timeout: null };
      const known = `schedule:${uniqueName()}`;
      jobs.schedule(known.slice("schedule:".length), "0 0 1 1 *", () => undefined);
      const other = uniqueName();
      await app.appContext(async () => {
        for (const name of ["schedule:gone", known, other]) {
          await jobs.enqueue({ name, schema: undefined, options, run: () => undefined }, null, { delay: 3600 });
        }
      });
      await jobs.work();
      await until(async () => (await jobs.list("waiting")).length === 2);
      expect((await jobs.list()).map(({ name }) => name).sort()).toEqual([known, other].sort());
    });

    it("of a schedule are left out while the last one goes on, with a warning", async () => {
      const { app, jobs } = await setUp();
      const warnings: string[] = [];
      app.logger.warn = (...line: readonly unknown[]) => void warnings.push(String(line[1]));
      const name = uniqueName();
      let runs = 0;
      jobs.schedule(name, "* * * * * *", async ({ signal }) => {
        runs++;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
      await jobs.work();
      await until(() => warnings.length > 1);
      expect([runs, warnings[0]]).toEqual([1, expect.stringMatching(/is left out at .*: its last run has not ended\.$/)]);
      await app.lifeCycle.stop(1000);
    });

    it("run without the transaction of the code that starts them", async () => {
      const { app, jobs } = await setUp();
      const seen: unknown[] = [];
      const database = app.extensions.database as Database | undefined;
      const look = job(uniqueName(), () => seen.push(database?.isAtomic ?? false));
      await app.appContext(async () => {
        const start = async () => {
          await look.enqueue(undefined);
          await jobs.run(look.name, null);
        };
        await (database === undefined ? start() : database.atomic(start));
        await jobs.drain();
      });
      expect(seen).toEqual([false, false]);
    });

    it("have delays of years, and refuse those that no date can hold", async () => {
      const { app, jobs } = await setUp();
      const late = job<number>(uniqueName(), () => undefined);
      const enqueue = (delay: number) => app.appContext(() => late.enqueue(1, { delay }));
      const year = 365 * 86_400;
      await enqueue(20 * year);
      await enqueue(0.0001);
      expect((await jobs.list("waiting")).map(({ time }) => time.getFullYear()).sort()).toEqual([
        new Date().getFullYear(),
        new Date(Date.now() + 20 * year * 1000).getFullYear(),
      ]);
      for (const delay of [1e12, 1e300, Number.MAX_VALUE, -0.1]) {
        await expect(enqueue(delay)).rejects.toMatchObject({ code: "JOB" });
      }
    });

    it("take any number of retries, and time limits longer than a timer", async () => {
      const { app, jobs } = await setUp();
      const seen: unknown[] = [];
      const patient = job(
        uniqueName(),
        { retries: Number.MAX_SAFE_INTEGER, timeout: 10 ** 9, backoff: Number.MAX_VALUE },
        async (_, { attempt, signal }) => {
          await wait(20);
          seen.push([attempt, signal.aborted]);
          if (attempt === 1) {
            throw new Error("once more");
          }
        },
      );
      await app.appContext(() => patient.enqueue(undefined));
      await jobs.drain();
      expect(seen).toEqual([
        [1, false],
        [2, false],
      ]);
    });

    it("keep keys of different names apart, whatever they look like", async () => {
      const { app, jobs } = await setUp();
      const base = uniqueName();
      const runs: string[] = [];
      const [short, long] = [base, `${base} a`].map((name) => job<string>(name, (text) => runs.push(text)));
      await app.appContext(async () => {
        await short?.enqueue("1", { key: "a b" });
        await long?.enqueue("2", { key: "b" });
        await short?.enqueue("3", { key: "A B" });
        await short?.enqueue("4", { key: "a  b" });
        await short?.enqueue("5", { key: '"; drop table flagon_jobs; --' });
        await short?.enqueue("6", { key: "🎉:*?[a]\n" });
        await short?.enqueue("again", { key: "🎉:*?[a]\n" });
      });
      await jobs.drain();
      expect(runs.sort()).toEqual(["1", "2", "3", "4", "5", "6"]);
    });

    it("carry any text of JSON, up to 64 KiB as bytes", async () => {
      const { app, jobs } = await setUp();
      const seen: unknown[] = [];
      const echo = job<unknown>(uniqueName(), (data) => seen.push(data));
      const texts = [null, "a\0b", "\ud800", "😀'\"\\", { __proto__x: [1.5, -0.5, 1e21] }, "x".repeat(65_534), []];
      await app.appContext(async () => {
        for (const text of texts) {
          await echo.enqueue(text);
          await jobs.drain();
        }
        await expect(echo.enqueue("x".repeat(65_535))).rejects.toThrow(/64 KiB/);
        await expect(echo.enqueue("ü".repeat(40_000))).rejects.toThrow(/64 KiB/);
        const circle: { self?: object } = {};
        circle.self = circle;
        for (const odd of [
          circle,
          () => 1,
          Symbol("x"),
          new Set([1]),
          [undefined],
          /x/,
          new (class Point {
            x = 1;
          })(),
          { at: new Date(Number.NaN) },
        ]) {
          await expect(echo.enqueue(odd)).rejects.toMatchObject({ code: "JOB" });
        }
      });
      expect(seen).toEqual(texts);
    });

    it("fail with any thrown value, in words that can be stored", async () => {
      const { app, jobs } = await setUp();
      const thrown = [undefined, null, "text\0", 0, new Error(""), { toString: () => "odd" }, new Error("x".repeat(10_000))];
      const broken = job<number>(uniqueName(), { retries: 0 }, (n) => Promise.reject(thrown[n]));
      await app.appContext(async () => {
        for (const n of thrown.keys()) {
          await broken.enqueue(n);
          await jobs.drain();
        }
      });
      const failed = await jobs.list("failed");
      expect(failed.map(({ data, error }) => [data, error?.slice(0, 20)]).sort()).toEqual([
        [0, "undefined"],
        [1, "null"],
        [2, "text\ufffd"],
        [3, "0"],
        [4, "Error"],
        [5, "odd"],
        [6, "x".repeat(20)],
      ]);
      expect(failed.every(({ error }) => (error ?? "").length <= 2000)).toBe(true);
    });

    it("refuse lists and workers of no size", async () => {
      const { app, jobs } = await setUp();
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await expect(jobs.list(undefined, limit)).rejects.toMatchObject({ code: "JOB" });
        await expect(jobs.work({ concurrency: limit })).rejects.toThrow(/whole number from 1/);
      }
      const { exitCode, output } = await app.testCommands().invoke(["jobs", "list", "--limit", "0"]);
      expect([exitCode, output]).toEqual([1, expect.stringContaining("whole number from 1")]);
    });
  });
}
