import { sql } from "drizzle-orm";
import type { Database } from "flagon/database";
import { Jobs, job } from "flagon/jobs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createApp } from "../support";
import { uniqueName, until } from "./jobs.suite";

/** The tables of jobs in a database that is emptied while the app runs. */
export function describeResets(
  kind: string,
  create: () => Promise<{ database: Database; insert(): Promise<unknown>; rows(): Promise<number> }>,
): void {
  describe(`jobs on ${kind}, whose tables are dropped while the app runs,`, () => {
    const setUp = async () => {
      const place = await create();
      const app = createApp();
      const errors: unknown[] = [];
      app.logger.error = (...line: readonly unknown[]) => errors.push(line);
      app.use(place.database);
      const jobs = new Jobs();
      app.use(jobs);
      const runs: number[] = [];
      const work = job<number>(uniqueName(), (n) => runs.push(n));
      await app.ready();
      onTestFinished(() => app.lifeCycle.stop(2000));
      const drop = async (...tables: string[]) => {
        for (const table of tables.length === 0 ? ["flagon_jobs", "flagon_ticks"] : tables) {
          await place.database.execute(sql.raw(`drop table ${table}`));
        }
      };
      return { ...place, app, drop, errors, jobs, runs, work };
    };

    it("are enqueued, found and run again", async () => {
      const { app, drop, errors, jobs, runs, work } = await setUp();
      await app.appContext(() => work.enqueue(1));
      await drop();
      expect(await jobs.list()).toEqual([]);
      await drop();
      expect(await app.lifeCycle.health.run()).toEqual([]);
      await drop();
      expect(await jobs.retry("none")).toBe(false);
      await drop();
      await app.appContext(() => work.enqueue(2, { key: "k" }));
      await drop("flagon_ticks");
      await app.appContext(() => work.enqueue(3));
      await jobs.drain();
      expect([runs.sort(), errors]).toEqual([[2, 3], []]);
    });

    it("are enqueued in a transaction, whose rows are committed with them", async () => {
      const { app, database, drop, insert, jobs, rows, runs, work } = await setUp();
      await drop();
      await app.appContext(() =>
        database.atomic(async () => {
          await insert();
          await work.enqueue(1, { key: "k" });
          await work.enqueue(2);
          await database.atomic(() => work.enqueue(3));
        }),
      );
      expect([await rows(), [...jobs.queued(work)].sort()]).toEqual([1, [1, 2, 3]]);
      await drop("flagon_jobs");
      await app.appContext(async () => {
        await expect(
          database.atomic(async () => {
            await work.enqueue(4);
            throw new Error("rolled back");
          }),
        ).rejects.toThrow("rolled back");
        await work.enqueue(5);
      });
      await jobs.drain();
      expect([await rows(), runs]).toEqual([1, [5]]);
    });

    it("are enqueued by several transactions at once", async () => {
      const { app, database, drop, jobs, work } = await setUp();
      await drop();
      const add = (n: number) => app.appContext(() => database.atomic(() => work.enqueue(n)));
      await Promise.all([add(1), add(2), app.appContext(() => work.enqueue(3)), jobs.list()]);
      expect((await jobs.list("waiting")).map(({ data }) => data).sort()).toEqual([1, 2, 3]);
    });

    it("are made again by a worker, which goes on, and by its schedules", async () => {
      const { app, drop, errors, jobs, runs, work } = await setUp();
      const ticks: number[] = [];
      jobs.schedule(uniqueName(), "* * * * * *", () => ticks.push(1));
      await jobs.work();
      await until(() => ticks.length > 0);
      await drop();
      await app.appContext(() => work.enqueue(1));
      const before = ticks.length;
      await until(() => runs.length === 1 && ticks.length > before + 1);
      expect(errors).toEqual([]);
    });

    it("are dropped within a run, whose end does no harm", async () => {
      const { app, drop, errors, jobs, runs, work } = await setUp();
      const fails = job<number>(uniqueName(), { retries: 1 }, async (n) => {
        runs.push(n);
        await drop();
        throw new Error("broken");
      });
      const fine = job<number>(uniqueName(), async (n) => {
        runs.push(n);
        await drop();
      });
      await jobs.work();
      await app.appContext(() => fails.enqueue(1));
      await until(() => runs.length === 1);
      await until(async () => (await jobs.list()).length === 0);
      await app.appContext(() => fine.enqueue(2));
      await until(() => runs.length === 2);
      await until(async () => (await jobs.list()).length === 0);
      await app.appContext(() => work.enqueue(3));
      await until(() => runs.length === 3);
      expect([runs, errors]).toEqual([[1, 2, 3], []]);
    });

    it("are seen in rolled-back tests", async () => {
      const { app, database, drop, jobs, runs, work } = await setUp();
      await drop();
      await database.beginTest();
      await app.appContext(() => work.enqueue(1));
      await app.appContext(() => database.atomic(() => work.enqueue(2)));
      await jobs.drain();
      await database.endTest();
      expect([runs.sort(), await jobs.list()]).toEqual([[1, 2], []]);
    });
  });
}
