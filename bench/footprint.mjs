/*
 * What a framework costs before it does anything: start-up, memory, room on the disk, and time of the compiler.
 *
 *     npm --prefix bench run footprint             the whole run; writes bench/FOOTPRINT.md
 *     npm --prefix bench run footprint -- --quick  only shows that everything runs
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "./harness/load.mjs";
import { leaveFirstCore, listGroups, readMemory, start, stop } from "./harness/servers.mjs";
import { median } from "./harness/statistics.mjs";
import { prepare, workloads } from "./harness/workloads.mjs";

const quick = process.argv.includes("--quick");
const rounds = quick ? 1 : 9;
const routes = quick ? 20 : 500;
const project = fileURLToPath(new URL("..", import.meta.url));
leaveFirstCore();

const lines = [
  "# Footprint",
  "",
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, Node ${process.version}. \`npm --prefix bench run footprint\` makes this page.`,
  "",
  "## Start-up and memory",
  "",
  "The servers of [the results](RESULTS.md), each with 500 routes and all that its twelve workloads need: from the start of the process to its first answer, the median of",
  `${rounds}; memory before and after some seconds of load with the page of 50 rows.`,
  "",
  "| server | first answer | memory at rest | after load |",
  "| --- | --- | --- | --- |",
  ...(await measureServers()),
  "",
  "## Room on the disk",
  "",
  ...measureInstallation(),
  "",
  "## Time of the compiler",
  "",
  ...(await measureTypes()),
];
console.log(lines.join("\n"));
if (!quick) {
  writeFileSync(new URL("FOOTPRINT.md", import.meta.url), `${lines.join("\n")}\n`);
}

async function measureServers() {
  const [{ servers }] = listGroups();
  const page = workloads.find(({ path }) => path === "/page");
  const times = Object.fromEntries(servers.map(({ name }) => [name, []]));
  const memory = {};
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const begun = performance.now();
      const running = await start(server);
      await (await fetch(running.origin)).text();
      times[server.name].push(performance.now() - begun);
      if (round === 0) {
        const atRest = readMemory(running);
        await load(await prepare(page, running.origin), running, quick ? 0.3 : 3);
        memory[server.name] = [atRest, readMemory(running)];
      }
      await stop(running);
    }
  }
  return servers.map(({ name }) => {
    const [atRest, after] = memory[name].map((size) => `${Math.round(size)} MB`);
    return `| ${name} | ${Math.round(median(times[name]))} ms | ${atRest} | ${after} |`;
  });
}

/** The package with all that it depends on, as npm installs it. */
function measureInstallation() {
  const paths = execFileSync("npm", ["ls", "--omit=dev", "--omit=peer", "--all", "--parseable"], { cwd: project, encoding: "utf8" })
    .trim()
    .split("\n")
    .slice(1);
  const own = measureFolder(join(project, "dist"));
  const others = paths.reduce((sum, path) => sum + measureFolder(path), 0);
  return [`Flagon itself ${toMegabytes(own)}, with types and source maps; its ${paths.length} dependencies ${toMegabytes(others)}.`];
}

function measureFolder(folder) {
  return readdirSync(folder, { recursive: true }).reduce((sum, file) => {
    const state = statSync(join(folder, file));
    return sum + (state.isFile() ? state.size : 0);
  }, 0);
}

function toMegabytes(bytes) {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Compiles a project of many routes, each of which is checked against its method, and the same without decorators. */
async function measureTypes() {
  const folder = await mkdtemp(join(tmpdir(), "flagon-types-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(project, join(folder, "node_modules/flagon"));
  symlinkSync(join(project, "node_modules/@types"), join(folder, "node_modules/@types"));
  const options = {
    module: "nodenext",
    target: "es2022",
    strict: true,
    noEmit: true,
    experimentalDecorators: true,
    skipLibCheck: true,
    types: ["node"],
  };
  const rows = [];
  for (const [title, source] of [
    [`${routes} routes`, createSource(true)],
    ["the same methods without decorators", createSource(false)],
    [`${2 * routes} routes, each with three links to others by \`urlFor(Class, "method")\``, createLinkedSource()],
  ]) {
    writeFileSync(join(folder, "app.ts"), source);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["app.ts"] }));
    const runs = Array.from({ length: quick ? 1 : 3 }, () => {
      const output = execFileSync(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "--extendedDiagnostics"], {
        cwd: folder,
        encoding: "utf8",
      });
      const read = (name) => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(output)?.[1]);
      return { check: read("Check time"), total: read("Total time"), instantiations: read("Instantiations"), memory: read("Memory used") };
    });
    const middle = (key) => median(runs.map((run) => run[key]));
    rows.push(
      `| ${title} | ${middle("check").toFixed(2)} s | ${middle("total").toFixed(2)} s | ${middle("instantiations").toLocaleString("en")} | ${Math.round(middle("memory") / 1000)} MB |`,
    );
  }
  await rm(folder, { recursive: true });
  return ["| project | check | in all | instantiations | memory |", "| --- | --- | --- | --- | --- |", ...rows];
}

function createSource(isDecorated) {
  const controllers = Array.from({ length: Math.ceil(routes / 20) }, (_, controller) => {
    const methods = Array.from({ length: 20 }, (_, index) => {
      const decorator = isDecorated ? `  @route("/c${controller}/m${index}/<int:id>/<name>")\n` : "";
      return `${decorator}  m${index}({ id, name }: { id: number; name: string }) { return { id: id + 1, name: name.trim() }; }`;
    });
    return `class C${controller} {\n${methods.join("\n")}\n}\napp.register(C${controller});`;
  });
  return `import { Flagon, route } from "flagon";\nexport const app = new Flagon(__dirname);\nexport const used = route;\n${controllers.join("\n")}\n`;
}

/** Controllers of ten views, each of which links to three others. */
function createLinkedSource() {
  const controllers = routes / 5;
  const link = (seed) => `urlFor(C${(seed * 7919) % controllers}, "m${(seed * 31) % 10}", { id })`;
  const classes = Array.from({ length: controllers }, (_, controller) => {
    const methods = Array.from({ length: 10 }, (_, index) => {
      const seed = controller * 10 + index;
      return `  @route("/c${controller}/m${index}/<int:id>")\n  m${index}({ id }: { id: number }) { return { links: [${link(seed + 1)}, ${link(seed + 2)}, ${link(seed + 3)}] }; }`;
    });
    return `class C${controller} {\n${methods.join("\n")}\n}\napp.register(C${controller});`;
  });
  return `import { Flagon, route, urlFor } from "flagon";\nexport const app = new Flagon(__dirname);\n${classes.join("\n")}\n`;
}
