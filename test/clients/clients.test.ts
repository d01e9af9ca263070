import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import api from "../../samples/api";
import { listen } from "../support";

const run = promisify(execFile);

/** Generates a client of `samples/api.ts`, compiles a program that uses it, and runs the program against the served app. */
async function runClient(tool: string, toArguments: (document: string, folder: string) => string[], program: string): Promise<unknown> {
  const folder = mkdtempSync(join(__dirname, "client-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { origin } = await listen(api.handler);
  const document = join(folder, "openapi.json");
  writeFileSync(document, await (await fetch(`${origin}/openapi.json`)).text());
  const bin = (name: string): string => join(__dirname, "node_modules/.bin", name);
  await run(bin(tool), toArguments(document, folder), { cwd: folder });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(__dirname, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "program.ts"), program);
  const options = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.ts"] }));
  await run(bin("tsc"), ["-p", folder]).catch((error: { stdout: string }) => expect(error.stdout).toBe(""));
  const { stdout } = await run(process.execPath, [join(folder, "program.js"), origin]);
  return JSON.parse(stdout);
}

const expected = {
  created: { title: "Mow", status: "open" },
  listed: true,
  missing: { status: 404, detail: "There is no task 999." },
  refused: ["title"],
};

describe("a client of the OpenAPI document", () => {
  it("by openapi-typescript and openapi-fetch compiles and talks to the app", async () => {
    const program = `
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const { data: task } = await client.POST("/api/tasks", { body: { title: "Mow", status: "open" } });
const { data: tasks } = await client.GET("/api/tasks", { params: { query: { status: "open", size: 50 } } });
const missing = await client.GET("/api/tasks/{id}", { params: { path: { id: 999 } } });
const refused = await client.POST("/api/tasks", { body: { title: "", status: "open" } });
console.log(JSON.stringify({
  created: { title: task?.title, status: task?.status },
  listed: tasks?.some(({ id }) => id === task?.id),
  missing: { status: missing.error?.status, detail: missing.error?.detail },
  refused: refused.error?.errors?.flatMap(({ path }) => path),
}));
declare const process: { readonly argv: readonly string[] };
`;
    expect(await runClient("openapi-typescript", (document, folder) => [document, "-o", join(folder, "api.ts")], program)).toEqual(
      expected,
    );
  });

  it("by swagger-typescript-api compiles and talks to the app", async () => {
    const program = `
import { Api, type HttpResponse, type Problem, Status } from "./api.js";

const client = new Api({ baseUrl: process.argv[2] ?? "" });
const { data: task } = await client.api.tasksCreate({ title: "Mow", status: Status.Open });
const { data: tasks } = await client.api.tasksList({ status: Status.Open, size: 50 });
const fail = (error: HttpResponse<unknown, Problem>): Problem => error.error;
const missing = await client.api.tasksShow(999).then(() => undefined, fail);
const refused = await client.api.tasksCreate({ title: "", status: Status.Open }).then(() => undefined, fail);
console.log(JSON.stringify({
  created: { title: task.title, status: task.status },
  listed: tasks.some(({ id }) => id === task.id),
  missing: { status: missing?.status, detail: missing?.detail },
  refused: refused?.errors?.flatMap(({ path }) => path),
}));
declare const process: { readonly argv: readonly string[] };
`;
    const toArguments = (document: string, folder: string): string[] => ["generate", "-p", document, "-o", folder, "-n", "api.ts"];
    expect(await runClient("swagger-typescript-api", toArguments, program)).toEqual(expected);
  });
});
