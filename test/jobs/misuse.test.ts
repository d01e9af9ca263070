import { type Job, Jobs, job, schedule } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createLibsql } from "../database/libsql";
import { createApp } from "../support";

/** Passes a value as code without the compiler's checks does. */
const loose = <Type>(value: unknown): Type => value as Type;

describe("a job", () => {
  it.each([
    ["a name of another type", () => job(loose(5), () => undefined), /A job needs a name.* but got 5\.$/],
    ["a name that no index takes", () => job("x".repeat(201), () => undefined), /a text of 1 to 200 characters/],
    ["no options", () => job("x", loose(null), () => undefined), /The options of the job 'x' must be an object, but got null/],
    [
      "data that is no schema",
      () => job("x", loose({ data: { id: z.int() } }), () => undefined),
      /'data' of the job 'x' is an object that is no schema/,
    ],
    ["no data at all", () => job("x", loose({ data: null }), () => undefined), /'data' of the job 'x' is/],
    ["a timeout of another type", () => job("x", { timeout: loose("5") }, () => undefined), /'timeout' .* but got the text "5"/],
    ["a timeout of no number", () => job("x", { timeout: Number.NaN }, () => undefined), /'timeout' .* but got NaN/],
    ["a negative backoff", () => job("x", { backoff: -1 }, () => undefined), /'backoff' of the job 'x' must be seconds from 0, but got -1/],
    ["endless retries", () => job("x", { retries: Number.POSITIVE_INFINITY }, () => undefined), /'retries' .* but got Infinity/],
    ["retries of another type", () => job("x", { retries: loose("3") }, () => undefined), /'retries' .* but got the text "3"/],
    ["a queue of another type", () => job("x", { queue: loose(5) }, () => undefined), /'queue' .* but got 5/],
    ["an option of enqueue()", () => job("x", loose({ delay: 3 }), () => undefined), /There is no option 'delay' of the job 'x'/],
  ])("refuses %s", (_, define, message) => {
    expect(define).toThrow(message);
    expect(define).toThrow(expect.objectContaining({ code: "SETUP" }));
  });
});

describe("enqueue()", () => {
  const welcome = job("welcome", { data: z.object({ n: z.number() }) }, () => undefined);
  const open = job<unknown>("open", () => undefined);

  it.each<[label: string, enqueue: () => Promise<unknown>, place: string]>([
    ["as the data", () => welcome.enqueue(loose(Promise.resolve({ n: 1 }))), "data of the job 'welcome'"],
    ["in the data", () => welcome.enqueue(loose({ n: Promise.resolve(1) })), "member 'n' of the data of the job 'welcome'"],
    ["deeper", () => open.enqueue({ user: { id: Promise.resolve(1) } }), "member 'user.id' of the data of the job 'open'"],
    ["in a list", () => open.enqueue({ ids: [1, Promise.reject(new Error("lost"))] }), "member 'ids.1' of the data of the job 'open'"],
    [
      "as an option",
      () => open.enqueue({}, { key: loose(Promise.resolve("a")) }),
      "member 'key' of the options of enqueue() of the job 'open'",
    ],
  ])("refuses a promise that nobody awaited: %s", async (_, enqueue, place) => {
    const app = createApp();
    app.use(new Jobs());
    await app.appContext(async () => {
      await expect(enqueue()).rejects.toMatchObject({
        code: "JOB",
        message: `The ${place} is a promise. Await it: put 'await' before the call that returns it.`,
      });
    });
  });
});

describe("new Jobs()", () => {
  it.each([
    [null, /must be an object, but got null/],
    ["redis://localhost", /must be an object, but got the text/],
    [{ lease: Number.NaN }, /'lease' of Jobs must be seconds above 0, up to 2000000, but got NaN/],
    [{ lease: "30" }, /'lease' .* but got the text "30"/],
    [{ lease: Number.POSITIVE_INFINITY }, /'lease' .* but got Infinity/],
    [{ lease: 0 }, /'lease'/],
    [{ concurrency: "5" }, /'concurrency' of Jobs must be a whole number from 1, but got the text "5"/],
    [{ concurrency: Number.POSITIVE_INFINITY }, /'concurrency'/],
    [{ maxWait: Number.NaN }, /'maxWait' of Jobs must be seconds from 0, but got NaN/],
    [{ maxWait: "900" }, /'maxWait'/],
    [{ maxWait: -1 }, /'maxWait'/],
    [{ queues: ["mail"] }, /There is no option 'queues'/],
  ])("refuses %o", (options, message) => {
    expect(() => new Jobs(loose(options))).toThrow(message);
    expect(() => new Jobs(loose(options))).toThrow(expect.objectContaining({ code: "SETUP" }));
  });

  it.each([5, "", {}, "http://example.com", true, () => undefined])("refuses the engine %o at the start", async (engine) => {
    const app = createApp();
    app.use(new Jobs({ engine: loose(engine) }));
    await expect(app.ready()).rejects.toMatchObject({ code: "CONFIG", message: expect.stringMatching(/^'engine' of Jobs must be a URL/) });
  });

  it("takes no engine, endless waits, and a lease of no whole number of milliseconds", async () => {
    const { database } = await createLibsql("file");
    const app = createApp();
    app.use(database);
    const jobs = new Jobs({ engine: null, maxWait: Number.POSITIVE_INFINITY, lease: 1.00051 });
    app.use(jobs);
    await app.ready();
    const runs: number[] = [];
    await job<number>("with a lease in parts of milliseconds", (n) => runs.push(n)).enqueue(1);
    await jobs.drain();
    expect([runs, jobs.kind, await app.lifeCycle.health.run()]).toEqual([[1], "database", []]);
    await app.lifeCycle.stop(1000);
  });
});

describe("Jobs", () => {
  it("name the mistake of a wrong argument", async () => {
    const app = createApp();
    const jobs = new Jobs();
    app.use(jobs);
    await app.ready();
    const run = () => undefined;
    for (const [call, message] of [
      [() => jobs.work({ queues: loose("mail") }), /'queues' of a worker must be a list of names, .* but got the text "mail"/],
      [() => jobs.work({ queues: loose([5]) }), /'queues' of a worker must be a list of names/],
      [() => jobs.work({ concurrency: loose("5") }), /but got the text "5"/],
      [() => jobs.list(loose("odd")), /must be one of waiting, active, done, failed, but got the text "odd"/],
      [() => jobs.list(undefined, loose("5")), /whole number from 1, but got the text "5"/],
      [() => jobs.run(loose(5), null), /There is no job '5'/],
      [() => jobs.run(loose(undefined), null), /There is no job 'undefined'/],
      [async () => jobs.enqueue(loose("welcome"), null), /jobs\.enqueue\(\) takes a job, .* but got the text "welcome"/],
      [async () => jobs.queued(loose<Job>("welcome")), /jobs\.queued\(\) takes a job, .* but got the text "welcome"/],
    ] as const) {
      await expect(call()).rejects.toMatchObject({ code: "JOB", message: expect.stringMatching(message) });
    }
    for (const name of [5, "", "a\0b", undefined, "x".repeat(201)]) {
      expect(() => jobs.schedule(loose(name), "* * * * *", run)).toThrow(/A schedule needs a name, such as "clean"/);
    }
    expect((await app.testCommands().invoke(["jobs", "work", "--queue", " ,"])).output).toContain("--queue names no queue");
    expect((await app.testCommands().invoke(["jobs", "work", "--concurency", "5"])).exitCode).toBe(2);
  });

  it("explain a wrong expression without the words of another package", async () => {
    class Reports {
      @schedule("@reboot")
      nightly() {
        return undefined;
      }
    }
    const app = createApp({}, Reports);
    app.use(new Jobs());
    await expect(app.ready()).rejects.toThrow(/cannot be read: @reboot is not supported [^.]*\.[^.]*\. Write five fields/);
  });

  it("refuse data with holes, and values that have no JSON of their own", async () => {
    const app = createApp();
    const jobs = new Jobs();
    app.use(jobs);
    await app.ready();
    const plain = job<unknown>("odd data", () => undefined);
    const checked = job("odd data with a schema", { data: z.looseObject({}) }, () => undefined);
    const holes: unknown[] = [];
    holes[2] = 1;
    const silent = { toJSON: () => undefined };
    await expect(plain.enqueue(holes)).rejects.toThrow("JSON does not keep 'data.0'");
    await expect(checked.enqueue({ holes })).rejects.toThrow("JSON does not keep 'data.holes.0'");
    await expect(checked.enqueue({ silent })).rejects.toThrow("JSON does not keep 'data.silent'");
    await expect(plain.enqueue({ file: new File(["x"], "a.txt") })).rejects.toThrow("JSON does not keep 'data.file'");
    await expect(plain.enqueue(silent)).rejects.toThrow("is no JSON, but an object");
    expect(jobs.queued()).toEqual([]);
  });
});
