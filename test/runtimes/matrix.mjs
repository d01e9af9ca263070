/*
 * Runs the feature app, from the packed package, by each compiler and on each runtime, and prints a table.
 *
 *     node test/runtimes/matrix.mjs         each tool and each runtime once
 *     node test/runtimes/matrix.mjs --all   all combinations
 *     node test/runtimes/matrix.mjs deno    the combinations whose name has a text
 *
 * A combination that is not whole has to be named in docs/runtimes.md, and in `exceptions` below.
 */
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, "../..");
const tools = join(here, "node_modules");
// Outside of any node_modules, where compilers and test runners look at nothing.
const work = await mkdtemp(join(tmpdir(), "flagon-matrix-"));
const words = process.argv.slice(2).filter((word) => word !== "--all");
const isWhole = process.argv.includes("--all") || words.length > 0;
const run = promisify(execFile);

const nodes = ["20", "22", "24", "26"];
const node = (version) => join(tools, `node-${version}/bin/node`);
const tool = (name) => join(tools, name);

/** The combinations that cannot run, with the reason. Each is a line of docs/runtimes.md. */
const exceptions = {
  "swc-node, cjs, standard": "the tool compiles the decorators of experimentalDecorators alone",
  "swc-node, esm, standard": "the tool compiles the decorators of experimentalDecorators alone",
  "vitest, esm, standard": "the tool leaves the decorators of the standard as they are",
  "vitest, cjs, standard": "the tool leaves the decorators of the standard as they are",
};

/** Combinations: a name, the module system, the decorators, whether it is in the short run, and a function that runs it. */
const cells = [
  ...nodes.flatMap((version) =>
    ["cjs", "esm"].flatMap((module) =>
      ["legacy", "standard"].map((decorators) => ({
        name: `node ${version}`,
        module,
        decorators,
        isShort: (module === "esm") === (Number(version) % 4 === 2) && (decorators === "legacy") === version < "23",
        run: async (folder) => {
          await compile(folder, module, decorators);
          return execute(node(version), ["out/main.js"], folder);
        },
      })),
    ),
  ),
  ...both("ts-node", ["cjs", "esm"], (folder, { module }) => {
    const loader =
      module === "cjs" ? ["-r", tool("ts-node/register/transpile-only")] : ["--loader", tool("ts-node/esm/transpile-only.mjs")];
    return execute(process.execPath, [...loader, "main.ts"], folder);
  }),
  ...both("tsx", ["esm", "cjs"], (folder) => execute(process.execPath, [tool("tsx/dist/cli.mjs"), "main.ts"], folder)),
  ...both("swc-node", ["cjs", "esm"], (folder, { module }) => {
    const loader = module === "cjs" ? ["-r", tool("@swc-node/register")] : ["--import", "@swc-node/register/esm-register"];
    return execute(process.execPath, [...loader, "main.ts"], folder);
  }),
  ...both("esbuild", ["esm", "cjs"], async (folder, { module, decorators }) => {
    const out = module === "esm" ? "bundle.mjs" : "bundle.cjs";
    await bundle(folder, "main.ts", out, module, decorators);
    return execute(process.execPath, [out], folder);
  }),
  ...both("vitest", ["esm", "cjs"], (folder) => test([tool("vitest/vitest.mjs"), "run", "--globals", "--root", folder], folder)),
  ...both("jest", ["cjs", "esm"], async (folder, { module, decorators }) => {
    const swc = {
      jsc: {
        parser: { syntax: "typescript", decorators: true },
        transform: decorators === "legacy" ? { legacyDecorator: true } : { decoratorVersion: "2022-03" },
        target: "es2022",
      },
      module: { type: module === "cjs" ? "commonjs" : "es6" },
    };
    const config = {
      transform: { "\\.ts$": [tool("@swc/jest"), swc] },
      moduleNameMapper: { "^(\\./.*)\\.js$": "$1" },
      testEnvironment: "node",
      ...(module === "esm" ? { extensionsToTreatAsEsm: [".ts"] } : {}),
    };
    await writeFile(join(folder, "jest.config.json"), JSON.stringify(config));
    const options = module === "esm" ? ["--experimental-vm-modules", "--no-warnings"] : [];
    return test([...options, tool("jest/bin/jest.js"), "--config", "jest.config.json", "--no-watchman"], folder);
  }),
  ...both("bun", ["esm", "cjs"], (folder) => execute(join(tools, ".bin/bun"), ["run", "main.ts"], folder)),
  ...both("deno", ["esm", "cjs"], async (folder, { module, decorators }) => {
    await compile(folder, module, decorators);
    return execute(join(tools, ".bin/deno"), ["run", "--allow-env", "--allow-read", "--allow-net", "--allow-sys", "out/main.js"], folder);
  }),
  ...both("workerd", ["esm"], (folder, { decorators }) => runWorker(folder, decorators, 'compatibilityDate = "2026-11-01"'), true),
  ...both("workerd of 2025-09-15", ["esm"], (folder, { decorators }) =>
    runWorker(folder, decorators, 'compatibilityDate = "2025-09-15", compatibilityFlags = ["nodejs_compat"]'),
  ),
];

function both(name, modules, action, isShort = false) {
  return modules.flatMap((module, index) =>
    ["legacy", "standard"].map((decorators) => ({
      name,
      module,
      decorators,
      isShort: isShort || (index === 0 && decorators === "legacy"),
      run: action,
    })),
  );
}

async function execute(command, args, cwd) {
  const { stdout } = await run(command, args, { cwd, timeout: 120_000 });
  const line = stdout.split("\n").find((text) => text.startsWith("MISTAKES"));
  return line === undefined ? [`It said: ${stdout.slice(0, 300)}`] : JSON.parse(line.slice("MISTAKES".length));
}

async function test(args, cwd) {
  await run(process.execPath, args, { cwd, timeout: 120_000, env: { ...process.env, NODE_ENV: "test" } }).catch((error) => {
    throw new Error(`${error.stdout}${error.stderr}`);
  });
  return [];
}

async function compile(folder, module, decorators) {
  const args = [join(project, "node_modules/typescript-7/bin/tsc"), "--noCheck", "--outDir", "out", "--rootDir", ".", "-p", "."];
  await run(process.execPath, args, { cwd: folder });
  return [module, decorators];
}

function bundle(folder, entry, out, module, decorators) {
  const raw = JSON.stringify({ compilerOptions: { experimentalDecorators: decorators === "legacy" } });
  return run(
    join(tools, ".bin/esbuild"),
    [
      entry,
      "--bundle",
      "--platform=node",
      `--format=${module}`,
      "--target=node20",
      `--outfile=${out}`,
      `--tsconfig-raw=${raw}`,
      "--log-level=error",
    ],
    { cwd: folder },
  );
}

async function runWorker(folder, decorators, compatibility) {
  await run(process.execPath, [join(work, "node_modules/flagon/dist/cli/bin.js"), "build"], { cwd: folder });
  await bundle(folder, "worker.ts", "worker.js", "esm", decorators);
  await bundle(folder, "drive.ts", "drive.mjs", "esm", decorators);
  await mkdir(join(folder, "assets"));
  await cp(join(folder, "static"), join(folder, "assets/static"), { recursive: true });
  const port = await findPort();
  await writeFile(
    join(folder, "worker.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
     const config :Workerd.Config = (
       services = [ (name = "main", worker = .worker), (name = "assets", disk = "assets") ],
       sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ] );
     const worker :Workerd.Worker = (
       modules = [ (name = "worker.js", esModule = embed "worker.js") ],
       bindings = [ (name = "ASSETS", service = "assets") ],
       ${compatibility} );`,
  );
  const server = spawn(join(tools, ".bin/workerd"), ["serve", "worker.capnp"], { cwd: folder, stdio: "ignore" });
  try {
    const ask = (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init });
    for (let round = 0; round < 200; round++) {
      if (
        await ask("/").then(
          () => true,
          () => false,
        )
      ) {
        break;
      }
      await wait(100);
    }
    const { drive } = await import(join(folder, "drive.mjs"));
    return await drive(ask);
  } finally {
    server.kill();
  }
}

async function findPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Unpacks the package beside the projects: its dependencies are those of this project. */
async function install() {
  await mkdir(join(work, "node_modules/flagon"), { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], { cwd: project, maxBuffer: 1e8 });
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
  await run("tar", ["-xzf", join(work, filename), "-C", join(work, "node_modules/flagon"), "--strip-components=1"]);
  await symlink(join(project, "node_modules"), join(work, "node_modules/flagon/node_modules"));
  await symlink(join(project, "node_modules/zod"), join(work, "node_modules/zod"));
  // Its loader of ES modules is looked for beside the project.
  await symlink(tool("@swc-node"), join(work, "node_modules/@swc-node"));
}

async function prepare({ name, module, decorators }) {
  const folder = join(work, `${name} ${module} ${decorators}`.replaceAll(" ", "-"));
  await cp(join(here, "feature"), folder, { recursive: true });
  if (module === "cjs") {
    // CommonJS finds a file without its extension; most of its loaders do not find app.ts by app.js.
    for (const file of ["main.ts", "whole.test.ts"]) {
      const source = await readFile(join(folder, file), "utf8");
      await writeFile(join(folder, file), source.replaceAll(/"(\.\/\w+)\.js"/g, '"$1"'));
    }
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: module === "esm" ? "module" : "commonjs" }));
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        module: "nodenext",
        target: "es2022",
        experimentalDecorators: decorators === "legacy",
        types: [],
        skipLibCheck: true,
      },
      files: ["main.ts", "app.ts", "drive.ts", ...(name === "vitest" ? ["whole.test.ts"] : [])],
    }),
  );
  return folder;
}

await install();
const rows = [];
for (const cell of cells) {
  const name = `${cell.name}, ${cell.module}, ${cell.decorators}`;
  if (words.length > 0 ? !words.some((word) => name.includes(word)) : !isWhole && !cell.isShort) {
    continue;
  }
  const begun = performance.now();
  const mistakes = await cell.run(await prepare(cell), cell).catch((error) => [String(error.stderr || error.message || error).slice(-600)]);
  const isKnown = name in exceptions;
  const isRight = mistakes.length === 0 ? !isKnown : isKnown;
  rows.push({ name, isRight });
  const verdict = mistakes.length === 0 ? "whole" : isKnown ? `not: ${exceptions[name]}` : `BROKEN\n  ${mistakes.join("\n  ")}`;
  console.log(`${name.padEnd(28)} ${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${verdict}`);
}
const documentation = await readFile(join(project, "docs/runtimes.md"), "utf8");
for (const reason of Object.values(exceptions)) {
  if (!documentation.includes(reason)) {
    rows.push({ name: `docs/runtimes.md does not say: ${reason}`, isRight: false });
    console.log(rows.at(-1).name);
  }
}
await rm(work, { recursive: true, force: true });
process.exitCode = rows.length > 0 && rows.every(({ isRight }) => isRight) ? 0 : 1;
