import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilePages, listLastStates, listParts, type Source } from "../documentation/compile";
import { listStates, parseSession, project, readPages, type State } from "../documentation/pages";

const execute = promisify(execFile);
const pages = readPages();
const states = listStates(pages);
const runs = states.filter(({ session }) => session !== undefined && parseSession(session).length > 0);
const tested = states.filter(({ files, session }) => session === undefined && [...files.keys()].some((file) => file.endsWith(".test.ts")));

/** The two module systems of Node, with the command line words of the loader that runs TypeScript in each. */
const systems = [
  { system: "cjs", type: "commonjs", extension: "cts", loader: ["--require", "ts-node/register/transpile-only"] },
  { system: "esm", type: "module", extension: "mts", loader: ["--import", "tsx"] },
] as const;

/** Changes a file as docs/installation.md says, so that it is an ES module. */
function toModule(text: string): string {
  return text
    .replace(/\b__dirname\b/g, "import.meta.dirname")
    .replace(/\brequire\.main === module\b/g, "process.argv[1] === import.meta.filename")
    .replace(/(from |import )"(\.\.?\/[^"]*)"/g, (whole, words: string, path: string) =>
      /\.m?js$/.test(path) ? whole : `${words}"${path}.js"`,
    );
}

/** Tells whether a block can only be an ES module: it awaits at its top, speaks of `import.meta`, or imports a module. */
function isModuleOnly(code: string): boolean {
  return /^(?:(?:export )?const [^\n]*= )?await |import\.meta|from "\.\/\w+\.m?js"/m.test(code);
}

/** Tells whether a block runs by itself. Others name values that only their reader has, or belong into a view or a test. */
function isRunnable({ code, isPart }: Source): boolean {
  return !isPart && !/^declare (?!module)/m.test(code) && !/from "vitest/.test(code);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function link(from: string, to: string): void {
  for (const name of readdirSync(from).filter((name) => !name.startsWith("."))) {
    if (name.startsWith("@")) {
      mkdirSync(join(to, name), { recursive: true });
      link(join(from, name), join(to, name));
    } else if (!existsSync(join(to, name))) {
      symlinkSync(join(from, name), join(to, name));
    }
  }
}

/** Packs the package, installs it into a folder, and puts the packages beside it that the pages use. */
async function install(folder: string): Promise<void> {
  const { stdout } = await execute("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: project,
    maxBuffer: 1e8,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  write(join(folder, "package.json"), '{ "private": true }');
  const words = ["--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--prefer-offline"];
  await execute("npm", ["install", ...words, join(folder, filename)], { cwd: folder });
  link(join(project, "node_modules"), join(folder, "node_modules"));
  link(join(__dirname, "node_modules"), join(folder, "node_modules"));
}

describe("the examples of README and docs, against the packed package", () => {
  let root: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "flagon-packed-"));
    await install(root);
    for (const { extension, system, type } of systems) {
      const folder = join(root, system);
      const change = system === "esm" ? toModule : (text: string) => text;
      write(join(folder, "package.json"), JSON.stringify({ type }));
      const compilerOptions = { target: "es2022", module: "nodenext", rootDir: ".", experimentalDecorators: true };
      write(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      for (const { files, name } of states) {
        for (const [file, text] of files) {
          write(join(folder, name, file), /\.m?ts$/.test(file) ? change(text) : text);
        }
      }
      write(join(folder, "parts/settings.json"), '{ "databaseUrl": "file:app.db" }');
      write(join(folder, "parts/app.ts"), 'import { Flagon } from "flagon";\nexport default new Flagon(".");\n');
      write(
        join(folder, "parts/templates.mts"),
        'import type { Flagon } from "flagon";\nconst templates: Parameters<Flagon["addTemplates"]>[0] = {} as never;\nexport default templates;\n',
      );
      for (const { code, path } of pages.flatMap((page) => listParts(page, folder, extension))) {
        write(path, change(code));
      }
    }
    // Prisma writes its client once, and for CommonJS, as its page says. Its engine for migrations is not needed.
    const [prisma] = tested.filter(({ needs }) => needs.has("prisma"));
    const generated = join(root, "cjs", prisma?.name ?? "");
    await execute(process.execPath, [join(root, "node_modules/prisma/build/index.js"), "generate"], {
      cwd: generated,
      env: { ...process.env, CHECKPOINT_DISABLE: "1", PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    });
    for (const { name } of states.filter((state) => state.needs.has("prisma") && state !== prisma)) {
      cpSync(join(generated, "generated"), join(root, "cjs", name, "generated"), { recursive: true });
    }
  }, 300_000);

  afterAll(() => {
    rmSync(root, { recursive: true });
  });

  it("compile, as CommonJS and as ES modules", () => {
    const sources = systems.flatMap(({ extension, system }) => {
      const folder = join(root, system);
      const files = listLastStates(states)
        .filter(({ needs }) => system === "cjs" || !needs.has("prisma"))
        .flatMap(({ files, line, name, page }) =>
          [...files]
            .filter(([file]) => /\.m?ts$/.test(file))
            .map(([file, code]): Source => ({ path: join(folder, name, file), where: `${page}:${line}`, code })),
        );
      const all = [...files, ...pages.flatMap((page) => listParts(page, folder, extension))];
      return system === "esm"
        ? all.map((source) => ({ ...source, code: toModule(source.code) }))
        : all.filter(({ code }) => !isModuleOnly(code));
    });
    expect(compilePages(sources, root)).toEqual([]);
  }, 300_000);

  it.each(systems)(
    "run, as $type",
    async ({ extension, loader, system }) => {
      const folder = join(root, system);
      const plan = pages
        .flatMap((page) => listParts(page, folder, extension))
        .filter((source) => isRunnable(source) && (system === "esm" || !isModuleOnly(source.code)))
        .map(({ path, where }) => ({ file: path, where }));
      write(join(folder, "parts.json"), JSON.stringify(plan));
      const words = [...loader, join(__dirname, "run-parts.cjs"), join(folder, "parts.json"), system];
      const { stdout } = await execute(process.execPath, words, { cwd: folder, maxBuffer: 1e8 });
      expect(JSON.parse(stdout.slice(stdout.lastIndexOf("\n{") + 1))).toEqual({ wrong: [] });
      expect(plan.length).toBeGreaterThan(25);
    },
    120_000,
  );

  it.each(systems)(
    "answer as the page shows, as $type",
    async ({ loader, system }) => {
      const folder = join(root, system);
      const plan = runs.map(({ line, name, page, session = "" }) => ({
        line,
        page,
        file: join(folder, name, "app.ts"),
        exchanges: parseSession(session),
      }));
      write(join(folder, "plan.json"), JSON.stringify(plan));
      const words = [...loader, join(__dirname, "../documentation/run-sessions.cjs"), join(folder, "plan.json"), system];
      const { stdout } = await execute(process.execPath, words, { cwd: folder, maxBuffer: 1e8 });
      expect(JSON.parse(stdout.slice(stdout.lastIndexOf("\n{") + 1))).toEqual({ wrong: [] });
    },
    120_000,
  );

  it("pass the tests that they show", async () => {
    const include = tested.map(({ name }: State) => `cjs/${name}/**/*.test.ts`);
    // States share nothing but packages. So a process runs many of them, and loads the packages once.
    const test = { include, isolate: false, testTimeout: 30_000 };
    write(join(root, "vitest.config.mts"), `export default { test: ${JSON.stringify(test)} };`);
    const words = [join(project, "node_modules/vitest/vitest.mjs"), "run"];
    const result = await execute(process.execPath, words, { cwd: root }).catch((error: { stdout: string; stderr: string }) => error);
    expect(result.stdout + result.stderr).not.toMatch(/FAIL|failed/);
    expect(result.stdout).toMatch(/passed/);
  }, 180_000);
});
