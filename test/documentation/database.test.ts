import { execFile } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createProject } from "../cli-project";
import { project, readPages } from "./pages";

it("docs/database.md: the tests of 'Test it' are rolled back, with the page's own app and configuration", async () => {
  const { blocks = [], text = "" } = readPages().find(({ path }) => path === "docs/database.md") ?? {};
  const line = text.split("\n").indexOf("## Test it");
  const app = blocks.find(({ language }) => language === "ts")?.code ?? "";
  const [hooks, config] = blocks.filter((block) => block.line > line);
  const tests = `
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import app, { database } from "./app";
beforeAll(() => database.migrate());
${hooks?.code}
for (const round of [1, 2]) {
  it("begins without rows " + round, async () => {
    const client = app.testClient();
    expect(await (await client.get("/")).json()).toEqual({ titles: [], pages: 1 });
    expect((await client.post("/posts/new", { form: { title: "x" } })).status).toBe(303);
    expect((await client.post("/posts/new", { form: { title: "x" } })).status).toBe(422);
    expect(await (await client.get("/")).json()).toEqual({ titles: ["x"], pages: 1 });
  });
}
`;
  const root = createProject({
    "app.ts": app,
    "app.test.ts": tests,
    "vitest.config.mts": config?.code ?? "",
    "migrations/meta/_journal.json": JSON.stringify({
      version: "7",
      dialect: "sqlite",
      entries: [{ idx: 0, version: "6", when: 1, tag: "0000_posts", breakpoints: true }],
    }),
    "migrations/0000_posts.sql": "create table posts (id integer primary key autoincrement, title text not null unique);",
  });
  for (const name of ["drizzle-orm", "@libsql"]) {
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  }
  const { stdout } = await promisify(execFile)(process.execPath, [join(project, "node_modules/vitest/vitest.mjs"), "run"], {
    cwd: root,
    env: { ...process.env, FLAGON_SECRET_KEY: "a key for tests" },
  });
  expect(stdout).toMatch(/Tests .*2 passed/);
});
