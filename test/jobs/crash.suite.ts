import { once } from "node:events";
import { appendFileSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProject, project, start } from "../cli-project";
import { until } from "./jobs.suite";

const app = `
import { appendFileSync } from "node:fs";
import { Flagon } from "flagon";
import { Database, openLibsql, openPostgres } from "flagon/database";
import { Jobs, job } from "flagon/jobs";
const log = (text: string) => appendFileSync("log.txt", text + "\\n");
export const slow = job<number>("slow", { retries: 1 }, async (n) => {
  log("begin " + n);
  await new Promise((resolve) => setTimeout(resolve, process.env.FAST ? 1 : 60_000));
  log("end " + n);
});
export const quick = job<number>("quick", { retries: 20, backoff: 0.1 }, async (n) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  log("did " + n);
});
const app = new Flagon(__dirname, { static: null });
const { POSTGRES, ENGINE } = process.env;
if (ENGINE === undefined) {
  const { drizzle } = require(POSTGRES === undefined ? "drizzle-orm/libsql" : "drizzle-orm/node-postgres");
  app.use(new Database(drizzle({ client: POSTGRES === undefined ? openLibsql("file:app.db") : openPostgres(POSTGRES) })));
}
// A busy machine stops a process for a second. Its jobs would go to another worker, as if it had died.
app.use(new Jobs({ engine: ENGINE, lease: Number(process.env.LEASE ?? 4) }));
app.command("fill <name> <int:count>", async ({ name, count }) => {
  await app.ready();
  const kind = name === "slow" ? slow : quick;
  const add = async () => {
    for (let from = 0; from < (count as number); from += 100) {
      await Promise.all(Array.from({ length: Math.min(100, (count as number) - from) }, (_, n) => kind.enqueue(from + n)));
    }
  };
  await (ENGINE === undefined ? (app.extensions.database as Database).atomic(add) : add());
  await app.lifeCycle.stop(5000);
});
export default app;
`;

/** A service that can be killed and started again. */
export interface CrashingService {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Creates a project with jobs. */
async function createJobsProject(prepare: () => Promise<Record<string, string>>) {
  const environment = await prepare();
  const root = createProject({ "app.ts": app, "log.txt": "" });
  for (const name of ["drizzle-orm", "@libsql", "pg", "bullmq", "redis"]) {
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  }
  const lines = () => readFileSync(join(root, "log.txt"), "utf8").split("\n").filter(Boolean);
  const fill = async (name: string, count: number) => {
    const { child, output } = start(root, ["fill", name, String(count)], environment);
    const [code] = (await once(child, "exit")) as [number];
    expect([code, output()]).toEqual([0, ""]);
  };
  const work = (...words: string[]) => start(root, ["jobs", "work", ...words], environment);
  const workFast = () => start(root, ["jobs", "work"], { ...environment, FAST: "1" });
  return { environment, root, lines, fill, work, workFast };
}

async function end(...workers: readonly ReturnType<typeof start>[]) {
  for (const { child } of workers) {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
  }
}

/**
 * Kills workers.
 *
 * @param kind Where jobs are kept.
 * @param prepare Gives the environment of an app with jobs of its own.
 * @param readJobs Reads the state and the attempts of all jobs of a project.
 */
export function describeCrashes(
  kind: string,
  prepare: () => Promise<Record<string, string>>,
  readJobs?: (root: string, environment: Record<string, string>) => Promise<readonly object[]>,
): void {
  describe(`flagon jobs work, with jobs in ${kind}`, () => {
    it("runs the job of a killed worker again when its claim expires", async () => {
      const { environment, fill, lines, root, work, workFast } = await createJobsProject(prepare);
      await fill("slow", 1);
      const first = work();
      await until(() => lines().includes("begin 0"), 60_000);
      first.child.kill("SIGKILL");
      await once(first.child, "exit");
      const second = workFast();
      await until(() => lines().includes("end 0"), 60_000);
      expect(lines()).toEqual(["begin 0", "begin 0", "end 0"]);
      await end(second);
      // It counts as an attempt.
      expect((await readJobs?.(root, environment)) ?? [{ state: "done", attempt: 2 }]).toEqual([{ state: "done", attempt: 2 }]);
    }, 120_000);

    it("gives up a job that ends its worker in each of its runs, until a retry by hand", async () => {
      const { environment, fill, lines, root, work, workFast } = await createJobsProject(prepare);
      await fill("slow", 1);
      for (let run = 1; run <= 2; run++) {
        const worker = work();
        await until(() => lines().filter((line) => line === "begin 0").length === run, 60_000);
        worker.child.kill("SIGKILL");
        await once(worker.child, "exit");
      }
      const list = async (...words: string[]) => {
        const { child, output } = start(root, ["jobs", ...words], environment);
        await once(child, "exit");
        return output();
      };
      const last = workFast();
      await until(async () => (await list("failed")).includes("The worker ended during"), 60_000);
      expect(lines()).toEqual(["begin 0", "begin 0"]);
      const [id = ""] = (await list("failed")).split("  ");
      await list("retry", id);
      await until(() => lines().includes("end 0"), 60_000);
      await end(last);
      expect(await list("failed")).toContain("There are none.");
    }, 120_000);

    it("ends after the setting shutdownTimeout, and gives back a job that does not, at no attempt", async () => {
      const { environment, fill, lines, root } = await createJobsProject(prepare);
      await fill("slow", 1);
      const worker = start(root, ["jobs", "work"], { ...environment, FLAGON_SHUTDOWN_TIMEOUT: "1" });
      await until(() => lines().includes("begin 0"), 60_000);
      const begun = performance.now();
      await end(worker);
      expect(performance.now() - begun).toBeLessThan(8000);
      expect(worker.output()).toContain("Jobs that did not end in time are given back: 1 (slow)");
      const list = start(root, ["jobs", "list"], environment);
      await once(list.child, "exit");
      expect(list.output()).toMatch(/^[\w-]+ {2}waiting .* slow {2}0\n$/);
      expect(lines()).toEqual(["begin 0"]);
    }, 120_000);

    it("runs each of 10,000 jobs at least once, and only those of killed workers twice", async () => {
      const { fill, lines, root, work } = await createJobsProject(prepare);
      await fill("quick", 10_000);
      const first = work("--concurrency", "50");
      await until(() => lines().length > 500, 60_000);
      first.child.kill("SIGKILL");
      await once(first.child, "exit");
      appendFileSync(join(root, "log.txt"), "\n");
      const died = new Set(lines());
      const others = [work("--concurrency", "50"), work("--concurrency", "50")];
      await until(() => new Set(lines()).size === 10_000, 120_000);
      await end(...others);
      const all = lines();
      const seen = new Set<string>();
      const twice = all.filter((line) => seen.size === seen.add(line).size);
      expect(twice.filter((line) => !died.has(line))).toEqual([]);
      expect(twice.length).toBeLessThanOrEqual(50);
    }, 240_000);
  });
}

/** Kills the service that keeps the jobs. */
export function describeRestarts(kind: string, prepare: () => Promise<Record<string, string>>, service: CrashingService): void {
  describe(`flagon jobs work, with jobs in ${kind} that ends,`, () => {
    it("goes on after the restart, loses nothing, and runs nothing twice", async () => {
      const { environment, fill, lines, root } = await createJobsProject(prepare);
      await fill("quick", 500);
      const worker = start(root, ["jobs", "work", "--concurrency", "5"], { ...environment, LEASE: "30" });
      await until(() => lines().length > 50, 60_000);
      await service.kill();
      await service.restart();
      // A job that the service gave away while it ended reached no worker: it runs once its claim has expired.
      await until(() => new Set(lines()).size === 500, 120_000);
      await end(worker);
      expect(lines()).toHaveLength(500);
    }, 240_000);

    it("ends after a signal while the service is away", async () => {
      const { environment, fill, lines, root } = await createJobsProject(prepare);
      await fill("slow", 1);
      const worker = start(root, ["jobs", "work"], { ...environment, FLAGON_SHUTDOWN_TIMEOUT: "1" });
      await until(() => lines().length === 1, 60_000);
      await service.kill();
      const begun = performance.now();
      await end(worker);
      expect(performance.now() - begun).toBeLessThan(12_000);
      await service.restart();
    }, 120_000);
  });
}
