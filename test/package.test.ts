import { execFile } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject } from "./cli-project";

const project = join(__dirname, "..");
// Inside node_modules, so that the package's own dependencies are found as they are installed.
const consumer = join(project, "node_modules/.cache/flagon-consumer");
const run = promisify(execFile);

/** Runs a program in the folder of a project that has installed the package. */
async function execute(command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(command, args, { cwd: consumer }).catch((error: { stdout: string; stderr: string }) => error);
  return (stdout + stderr).trim();
}

describe("the package", () => {
  let files: string[];

  beforeAll(async () => {
    await rm(consumer, { recursive: true, force: true });
    await mkdir(join(consumer, "node_modules"), { recursive: true });
    // Samples write their databases beside their code.
    const database = join(project, "samples/blog/package-test.db");
    await writeFile(database, "");
    const pack = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", consumer], { cwd: project });
    const { stdout } = await pack.finally(() => rm(database));
    const packed: unknown = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
    const [report] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as {
      filename: string;
      files: { path: string }[];
    }[];
    files = (report?.files ?? []).map(({ path }) => path);
    await mkdir(join(consumer, "node_modules/flagon"));
    await run("tar", ["-xzf", join(consumer, report?.filename ?? ""), "-C", join(consumer, "node_modules/flagon"), "--strip-components=1"]);
  });

  afterAll(async () => {
    await rm(consumer, { recursive: true, force: true });
  });

  it("contains the build, the licence and the README, and nothing else", () => {
    const outside = files.filter((path) => !/^(?:dist|docs|samples)\//.test(path));
    expect(outside.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    expect(files).toEqual(expect.arrayContaining(["docs/runtimes.md", "docs/configuration.md", "samples/blog.ts"]));
    expect(files.filter((path) => /\.db|\.flagon|^docs\/site/.test(path))).toEqual([]);
    // A map of a declaration leads to a source, which is not shipped.
    expect(files.filter((path) => path.endsWith(".d.ts.map"))).toEqual([]);
    expect(files).toContain("dist/index.mjs");
  });

  it("loads only packages that it declares", async () => {
    const manifest: Record<string, unknown> = JSON.parse(await readFile(join(project, "package.json"), "utf8"));
    const declared = ["dependencies", "peerDependencies"].flatMap((kind) => Object.keys(manifest[kind] ?? {}));
    const loaded = new Set<string>();
    for (const file of files.filter((path) => /^dist\/.*\.m?js$/.test(path) && !path.startsWith("dist/starter/"))) {
      const text = await readFile(join(consumer, "node_modules/flagon", file), "utf8");
      for (const [, name = ""] of text.matchAll(/(?:\b(?:require|import)\(|\bfrom )"((?:@[\w.-]+\/)?[\w-][\w.-]*)[/"]/g)) {
        loaded.add(name);
      }
    }
    expect(loaded).toContain("find-my-way");
    expect([...loaded].filter((name) => !declared.includes(name))).toEqual([]);
  });

  it("loads once for CommonJS and ES modules, with the same exports", async () => {
    await writeFile(
      join(consumer, "both.mjs"),
      `import { createRequire } from "node:module";
       import * as esm from "flagon";
       const cjs = createRequire(import.meta.url)("flagon");
       const names = Object.keys(cjs).filter((name) => name !== "__esModule").sort();
       console.log(esm.Flagon === cjs.Flagon, JSON.stringify(Object.keys(esm).filter((name) => !["default", "module.exports", "__esModule"].includes(name)).sort()) === JSON.stringify(names));
       const app = new esm.Flagon(import.meta.dirname ?? ".", { static: null });
       app.route("/", () => cjs.request.path, { endpoint: "x" });
       console.log(await (await app.testClient().get("/")).text());`,
    );
    expect(await execute(process.execPath, "both.mjs")).toBe("true true\n/");
  });

  it("runs the README's app by ts-node, with its tsconfig.json, types checked", async () => {
    const readMe = await readFile(join(project, "README.md"), "utf8");
    const find = (kind: string) => new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, "s").exec(readMe)?.[1] ?? "";
    await writeFile(join(consumer, "app.ts"), find("ts"));
    await writeFile(join(consumer, "tsconfig.json"), find("json"));
    await writeFile(
      join(consumer, "drive.cjs"),
      `const client = require("./app.ts").default.testClient();
       client.get("/").then((response) => response.text()).then((page) => console.log(page.includes('<label for="field-name">Name</label>')));
       client.get("/guests/1").then((response) => response.json()).then((guest) => console.log(JSON.stringify(guest)));`,
    );
    process.env.FLAGON_SECRET_KEY = "a key for tests";
    try {
      const output = await execute(process.execPath, "-r", join(project, "node_modules/ts-node/register"), "drive.cjs");
      expect(output.split("\n").sort()).toEqual(["true", '{"number":1,"name":null}']);
    } finally {
      delete process.env.FLAGON_SECRET_KEY;
    }
  });

  it.each(["minimal", "site", "api"])("makes a project of the kind %s, which type-checks and passes its tests", async (kind) => {
    const packed = join(consumer, "node_modules/flagon");
    const root = createProject({}, packed);
    const made = join(root, "made");
    const check = (...words: string[]) =>
      run(process.execPath, words, { cwd: existsSync(made) ? made : root }).catch((error: { stdout: string }) => error);
    expect((await check(join(packed, "dist/cli/bin.js"), "new", "made", "--kind", kind)).stdout).toContain("The project is in made:");
    symlinkSync(join(root, "node_modules"), join(made, "node_modules"));
    expect((await check(join(project, "node_modules/typescript/bin/tsc"), "--noEmit")).stdout).toBe("");
    expect((await check(join(project, "node_modules/vitest/vitest.mjs"), "run")).stdout).toMatch(/1 passed/);
    expect(JSON.parse(await readFile(join(made, "package.json"), "utf8"))).toMatchObject({
      name: "made",
      scripts: { dev: "flagon run" },
    });
  });

  it("loads no zod, and loads the packages for files, uploads and logs only when they are needed", async () => {
    const script =
      'require("flagon"); console.log(Object.keys(require.cache).filter((path) => /node_modules.(zod|drizzle-orm|@libsql|pg|bullmq|croner|redis|nodemailer|pino|@fastify)[\\/]/.test(path)).length)';
    expect(await execute(process.execPath, "-e", script)).toBe("0");
  });

  it("loads the core as one file", async () => {
    const script = 'require("flagon"); console.log(Object.keys(require.cache).filter((path) => /flagon.dist/.test(path)).length)';
    expect(Number(await execute(process.execPath, "-e", script))).toBeLessThan(5);
  });

  it.each(["typescript-5.9", "typescript", "typescript-7"])(
    "has types for both kinds of modules in %s, also augmented",
    async (compiler) => {
      const source = `import { Flagon, route, request, session } from "flagon";
      declare module "flagon" {
        interface Converters { date: Date }
        interface SessionData { userId: number }
      }
      class Views {
        @route("/on/<date:day>") on({ day }: { day: Date }) { return day.toISOString() + request.path; }
        // @ts-expect-error - the rule gives a number
        @route("/<int:id>") id({ id }: { id: string }) { return id; }
      }
      const userId: number | undefined = session.get("userId");
      export const app = new Flagon(".");
      app.register(Views);
      // @ts-expect-error - the registry is no part of the public type
      void [userId, app.registry];`;
      await writeFile(join(consumer, "esm.mts"), source);
      await writeFile(join(consumer, "cjs.cts"), source);
      const options = {
        module: "nodenext",
        target: "es2022",
        strict: true,
        noEmit: true,
        experimentalDecorators: true,
        skipLibCheck: false,
        types: ["node"],
        typeRoots: [join(project, "node_modules/@types")],
      };
      await writeFile(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["esm.mts", "cjs.cts"] }));
      expect(await execute(process.execPath, join(project, "node_modules", compiler, "bin/tsc"))).toBe("");
    },
  );
});
