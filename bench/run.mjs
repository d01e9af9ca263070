/*
 * Compares Flagon with its peers: CPU time a request, as ratios, from interleaved rounds.
 *
 *     npm run bench                        the whole run; writes bench/RESULTS.md
 *     npm run bench -- --quick             only shows that everything runs, and that all servers do equal work
 *     npm run bench -- --only Bun --workload form --server Flagon,Hono
 *     npm run bench -- --only v24 --workload "not found" --warm-up 6
 *
 * Each server is a process of its own, held to one core where `taskset` is there; the load comes from the other. It needs Linux.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createDatabases } from "./harness/databases.mjs";
import { checkEqualWork, readAnswer } from "./harness/equal-work.mjs";
import { load } from "./harness/load.mjs";
import { formatGroup, writeResults } from "./harness/report.mjs";
import { leaveFirstCore, listGroups, start, stop } from "./harness/servers.mjs";
import { takeTurns } from "./harness/statistics.mjs";
import { listDatabaseWorkloads, prepare, workloads } from "./harness/workloads.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    workload: { type: "string", default: "" },
    server: { type: "string", default: "" },
    passes: { type: "string" },
    rounds: { type: "string" },
    "warm-up": { type: "string" },
  },
});
// One and the same program is faster or slower by how it happens to lie in memory, so that each pass starts the servers anew.
const passes = Number(options.passes ?? (options.quick ? 1 : 3));
const rounds = Number(options.rounds ?? (options.quick ? 1 : 6));
const seconds = options.quick ? 0.4 : 0.25;
/** How long a server works at each workload before it is measured at any, in seconds: what is measured is one that has been up for a while. */
const warmUp = Number(options["warm-up"] ?? (options.quick ? 0 : 1));
const isWhole =
  !options.quick && options.only === "" && options.workload === "" && options.server === "" && options["warm-up"] === undefined;

leaveFirstCore();
makeStaticFiles();

const sections = [];
for (const group of listGroups().filter(({ title }) => title.includes(options.only))) {
  const samples = {};
  for (let pass = 0; pass < passes; pass++) {
    await runPass(group, samples);
  }
  sections.push(formatGroup(group, samples));
  console.log(sections.at(-1).join("\n"));
}
if (isWhole) {
  writeResults(sections, { passes, rounds, seconds, warmUp });
}

/** Starts the servers of a group, measures them, and ends them. */
async function runPass(group, samples) {
  const servers = [];
  const databases = group.hasDatabases ? await createDatabases() : undefined;
  try {
    const chosen = options.server.split(",");
    for (const server of group.servers.filter(({ name }) => options.server === "" || chosen.includes(name) || name === group.reference)) {
      servers.push({ ...server, ...(await start({ ...server, environment: databases?.environment() })) });
    }
    await measure(group, servers, samples, databases === undefined ? workloads : databases.kinds.flatMap(listDatabaseWorkloads));
  } finally {
    await Promise.all(servers.map(stop));
    await databases?.close();
  }
}

async function measure(group, servers, samples, all) {
  const tasks = [];
  for (const workload of all.filter(({ name }) => name.includes(options.workload))) {
    const able = servers.filter(({ skips = [] }) => !skips.includes(workload.name));
    const requests = new Map();
    const answers = {};
    for (const server of able) {
      requests.set(server, await prepare(workload, server.origin));
      answers[server.name] = await readAnswer(requests.get(server), server);
    }
    checkEqualWork(answers, group.reference, workload);
    samples[workload.name] ??= Object.fromEntries(able.map(({ name }) => [name, []]));
    tasks.push({ able, requests, byName: samples[workload.name], scale: workload.isLong && !options.quick ? 2 : 1 });
  }
  if (warmUp > 0) {
    for (const { able, requests } of tasks) {
      for (const server of able) {
        await load(requests.get(server), server, warmUp);
      }
    }
  }
  for (const { able, requests, byName, scale } of tasks) {
    for (let round = warmUp > 0 ? -1 : 0; round < rounds / scale; round++) {
      for (const server of takeTurns(able, round)) {
        const sample = await load(requests.get(server), server, seconds * scale);
        if (round >= 0) {
          byName[server.name].push(sample);
        }
      }
    }
  }
}

function makeStaticFiles() {
  const folder = fileURLToPath(new URL("generated/static", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/10k.txt`, "All work and no play makes a dull file.\n".repeat(256));
  writeFileSync(`${folder}/1m.bin`, Buffer.alloc(1024 * 1024, 170));
}
