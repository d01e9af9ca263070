import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProject, flagon, project, start } from "../cli-project";
import { findPort, waitUntil } from "../support";

const app = `const { Flagon } = require("flagon");
const { Database, openLibsql } = require("flagon/database");
const { drizzle } = require("drizzle-orm/libsql");
const { sql } = require("drizzle-orm");
const app = new Flagon(__dirname, { static: null });
const secret = "scrypt$very-secret";
const database = new Database(drizzle(openLibsql(process.env.DATABASE_URL)), {
  seed: (db) => db.run(sql\`insert into notes (text) values (\${secret})\`),
});
app.use(database);
app.get("/", () => "started");
app.get("/notes", () => database.execute(sql\`select * from notes where text = \${secret}\`));
module.exports = app;
`;
const migration = "CREATE TABLE notes (id integer primary key, text text not null unique);\n";
const journal = JSON.stringify({
  version: "7",
  dialect: "sqlite",
  entries: [{ idx: 0, version: "6", when: 1, tag: "0000_notes", breakpoints: true }],
});

function create(
  files: Readonly<Record<string, string>> = { "migrations/meta/_journal.json": journal, "migrations/0000_notes.sql": migration },
) {
  const root = createProject({ "app.js": app, ...files });
  for (const name of ["drizzle-orm", "@libsql"]) {
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  }
  return root;
}

async function run(root: string, env: Record<string, string> = {}) {
  const port = String(await findPort());
  const running = start(root, ["run", "--port", port], env);
  await waitUntil(() => running.output().includes("Running on"), 20_000);
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: "application/json" } })).text();
  return { running, get };
}

describe("flagon run", () => {
  it("names pending migrations once, and the missing table of a request with its reason and its cure", async () => {
    const root = create();
    const { get, running } = await run(root);
    await waitUntil(() => running.output().includes("Not applied yet"), 10_000);
    expect(running.output().match(/WARN Not applied yet: '0000_notes'\. Run: npx flagon db migrate/g)).toHaveLength(1);
    expect(await get("/")).toBe("started");
    expect(await get("/notes")).toMatch(/"debug":"LibsqlError: SQLITE_ERROR: no such table: notes\\n\\nA migration speaks of 'notes'/);
    await waitUntil(() => running.output().includes("Exception on /notes"));
    expect(running.output()).toContain("A migration speaks of 'notes': apply what is pending by npx flagon db migrate.");
    expect(running.output()).not.toContain("very-secret");
  });

  it.each([
    ["without migrations", {}, {}],
    ["of an app whose database is away", undefined, { DATABASE_URL: "libsql://127.0.0.1:1" }],
  ])("starts %s, and says nothing of migrations", async (_, files, env) => {
    const { get, running } = await run(create(files), env);
    expect(await get("/")).toBe("started");
    expect(running.output()).not.toMatch(/migrat/);
  });
});

describe("flagon db", () => {
  it("shows no values of parameters, neither of a missing table nor of a second row", async () => {
    const root = create();
    const first = await flagon(root, ["db", "seed"]);
    expect(first).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^SQLITE_ERROR: no such table: notes\n[\s\S]*npx flagon db migrate/),
    });
    expect((await flagon(root, ["db", "migrate"])).stdout).toBe("Applied 0000_notes.");
    expect((await flagon(root, ["db", "seed"])).stdout).toBe("Filled.");
    const second = await flagon(root, ["db", "seed"]);
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^SQLITE_CONSTRAINT_?\w*: .*UNIQUE constraint failed: notes\.text\n/),
    });
    expect(first.stderr + second.stderr).not.toContain("very-secret");
  });
});
