import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { createProject, run } from "../cli-project";

const project = join(__dirname, "../..");

/** Returns the code blocks of a page. */
function readBlocks(page: string): readonly string[] {
  const text = readFileSync(join(project, "docs", page), "utf8");
  return [...text.matchAll(/^```ts.*\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
}

/** The matchers of the examples, for a program without a test runner. */
const matchers = `
const assert = require("node:assert");
const holds = (value: unknown, part: unknown): boolean =>
  typeof part === "object" && part !== null
    ? Object.entries(part).every(([key, one]) => holds(Reflect.get(Object(value), key), one))
    : value === part;
const expect = (value: unknown) => ({
  toEqual: (other: unknown) => assert.deepEqual(value, other),
  toMatchObject: (other: object) => assert.ok(holds(value, other), JSON.stringify(value)),
});
`;

const start = `
${matchers}
import app from "./app";
app.config.update({ testing: true, secretKey: "a key for the examples" });
app.logger.level = "silent";
const client = app.testClient();
`;

it.each([
  {
    page: "database.md",
    files: {},
    check: () => `
import { sql } from "drizzle-orm";
import { database } from "./app";
async function main() {
  await database.current.run(sql\`create table posts (id integer primary key autoincrement, title text not null unique)\`);
  const post = () => client.post("/posts/new", { form: { title: "First" } });
  assert.equal((await post()).status, 303);
  const again = await post();
  assert.equal(again.status, 422);
  assert.match(await again.text(), /There is such a post\\./);
  assert.deepEqual(await (await client.get("/")).json(), { titles: ["First"], pages: 1 });
  assert.equal((await client.get("/?page=2")).status, 404);
}
`,
  },
  {
    page: "jobs.md",
    files: {},
    check: (blocks: readonly string[]) => `
import type { Jobs } from "flagon/jobs";
import { sendWelcome } from "./app";
const jobs = app.extensions.jobs as Jobs;
const asked: string[] = [];
globalThis.fetch = async (url) => {
  asked.push(String(url));
  return new Response();
};
async function main() {
  ${blocks.at(-1)}
  assert.deepEqual(asked, ["https://mail.example.com/welcome/3"]);
}
`,
  },
  {
    page: "mail.md",
    files: { "templates/mail/welcome.eta": "<p>Hello, <%= it.name %>!</p>", "templates/mail/welcome.txt.eta": "Hello, <%= it.name %>!" },
    check: (blocks: readonly string[]) => `
import { mail } from "./app";
async function main() {
  ${blocks.at(-1)}
  expect(mail.outbox[0]).toMatchObject({ html: "<p>Hello, Ann!</p>", text: "Hello, Ann!" });
}
`,
  },
])("the examples of $page run", async ({ check, files, page }) => {
  const blocks = readBlocks(page);
  const exported = page === "jobs.md" ? "\nexport { sendWelcome };\n" : "";
  const root = createProject({
    ...files,
    "app.ts": `${blocks[0]}${exported}`,
    "check.ts": `${start}${check(blocks)}
main()
  .then(() => client.close())
  .then(() => console.log("all is right"));
`,
  });
  for (const name of ["drizzle-orm", "@libsql", "nodemailer", "croner"]) {
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  }
  const program = run(root, [join(project, "node_modules/ts-node/dist/bin.js"), "--transpileOnly", "check.ts"], {
    DATABASE_URL: ":memory:",
  });
  await program.hear("all is right", 50_000);
});
