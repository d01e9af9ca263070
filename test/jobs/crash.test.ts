import { once } from "node:events";
import { appendFileSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openLibsql } from "flagon/database";
import { describe, expect, it } from "vitest";
import { createProject, project, start } from "../cli-project";
import { until } from "./suite";

const app = `
import { appendFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/libsql";
import { Flagon } from "flagon";
import { Database, openLibsql } from "flagon/database";
import { Jobs, job } from "flagon/jobs";
const log = (text: string) => appendFileSync("log.txt", text + "\\n");
export const slow = job<number>("slow", { retries: 1 }, async (n) => {
  log("begin " + n);
  await new Promise((resolve) => setTimeout(resolve, process.env.FAST ? 1 : 60_000));
  log("end " + n);
});
export const quick = job<number>("quick", async (n) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  log("did " + n);
});
const app = new Flagon(__dirname, { static: null });
app.use(new Database(drizzle(openLibsql("file:app.db"))));
app.use(new Jobs({ lease: 1 }));
app.command("fill <name> <int:count>", async ({ name, count }) => {
  const database = app.extensions.database as Database;
  await database.atomic(async () => {
    for (let n = 0; n < (count as number); n++) await (name === "slow" ? slow : quick).enqueue(n);
  });
});
export default app;
`;

function createJobsProject() {
  const root = createProject({ "app.ts": app, "log.txt": "" });
  for (const name of ["drizzle-orm", "@libsql"]) {
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  }
  const lines = () => readFileSync(join(root, "log.txt"), "utf8").split("\n").filter(Boolean);
  const fill = async (name: string, count: number) => {
    const { child, output } = start(root, ["fill", name, String(count)]);
    const [code] = (await once(child, "exit")) as [number];
    expect([code, output()]).toEqual([0, ""]);
  };
  return { root, lines, fill };
}

describe("flagon jobs work", () => {
  it("runs the job of a killed worker again when its claim expires, as one attempt", async () => {
    const { fill, lines, root } = createJobsProject();
    await fill("slow", 1);
    const first = start(root, ["jobs", "work"]);
    await until(() => lines().includes("begin 0"), 30_000);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    const second = start(root, ["jobs", "work"], { FAST: "1" });
    await until(() => lines().includes("end 0"), 30_000);
    expect(lines()).toEqual(["begin 0", "begin 0", "end 0"]);
    second.child.kill("SIGTERM");
    const [code] = (await once(second.child, "exit")) as [number];
    expect(code).toBe(0);
    const client = openLibsql(`file:${join(root, "app.db")}`);
    expect((await client.execute("select state, attempt from flagon_jobs")).rows.map((row) => ({ ...row }))).toEqual([
      { state: "done", attempt: 2 },
    ]);
    client.close();
  });

  it("runs each of 10,000 jobs at least once, and only those of killed workers twice", async () => {
    const { fill, lines, root } = createJobsProject();
    await fill("quick", 10_000);
    const first = start(root, ["jobs", "work", "--concurrency", "50"]);
    await until(() => lines().length > 500, 60_000);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    appendFileSync(join(root, "log.txt"), "\n");
    const second = start(root, ["jobs", "work", "--concurrency", "50"]);
    const third = start(root, ["jobs", "work", "--concurrency", "50"]);
    await until(() => new Set(lines()).size === 10_000, 120_000);
    for (const { child } of [second, third]) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    expect(lines().length).toBeLessThanOrEqual(10_000 + 50);
  }, 240_000);
});
