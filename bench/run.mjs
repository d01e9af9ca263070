/*
 * Compares Flagon with its peers: CPU time a request, as ratios, from one interleaved run.
 *
 *     npm run bench             the whole run; writes bench/RESULTS.md
 *     npm run bench -- --quick  only shows that everything runs
 *
 * Each server is a process of its own, held to one core where `taskset` is there; the load comes from the other.
 */
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import ts from "typescript";

const quick = process.argv.includes("--quick");
const rounds = quick ? 1 : 7;
const seconds = quick ? 0.5 : 2;
const folder = fileURLToPath(new URL(".", import.meta.url));
const servers = { "node:http by hand": "node-http.mjs", Flagon: "flagon.ts", Fastify: "fastify.mjs", Hono: "hono.mjs" };
const workloads = { "plain text": "/", "JSON with an <int> parameter": "/users/42" };
const compared = [
  "content-type",
  "content-length",
  "x-content-type-options",
  "referrer-policy",
  "x-frame-options",
  "content-security-policy",
  "cross-origin-opener-policy",
];

const hasTaskset = cpus().length > 1 && succeeds("taskset", ["--version"]);
if (hasTaskset) {
  execFileSync("taskset", ["-cp", "1", String(process.pid)], { stdio: "ignore" });
}

let running = {};
const sections = [];
for (const node of listNodes()) {
  for (const [name, file] of Object.entries(servers)) {
    running[name] = await start(node, file);
  }
  try {
    await checkEqualWork();
    sections.push(format(node, await measure()));
  } finally {
    for (const { child } of Object.values(running)) {
      child.kill();
    }
    running = {};
  }
}
report(sections);

/** Lists the versions of Node to measure on: the one that runs this, and the newer one that is installed beside the peers. */
function listNodes() {
  const newer = `${folder}node_modules/node/bin/node`;
  return [process.execPath, newer].filter((path) => succeeds(path, ["--version"]));
}

async function start(node, file) {
  const child = fork(file.endsWith(".ts") ? compile(file) : `${folder}servers/${file}`, [], {
    cwd: folder,
    execPath: node,
    env: { ...process.env, NODE_ENV: "production" },
  });
  if (hasTaskset) {
    execFileSync("taskset", ["-cap", "0", String(child.pid)], { stdio: "ignore" });
  }
  const [{ port }] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`The server '${file}' ended with ${code} before it listened.`))),
  ]);
  return { child, origin: `http://127.0.0.1:${port}` };
}

/** Compiles a server as one would for production, beside its source, where git does not see it. */
function compile(file) {
  const { outputText } = ts.transpileModule(readFileSync(`${folder}servers/${file}`, "utf8"), {
    compilerOptions: { module: ts.ModuleKind.Node16, target: ts.ScriptTarget.ES2022, experimentalDecorators: true, esModuleInterop: true },
  });
  const output = `${folder}servers/${file.replace(".ts", ".compiled.cjs")}`;
  writeFileSync(output, outputText);
  return output;
}

/** Fails when an answer differs from the hand-written server's: ratios of unequal work mean nothing. */
async function checkEqualWork() {
  for (const path of Object.values(workloads)) {
    const answers = {};
    for (const [name, { origin }] of Object.entries(running)) {
      const response = await fetch(origin + path);
      answers[name] = JSON.stringify([
        response.status,
        await response.text(),
        compared.map((header) => normalize(response.headers.get(header))),
      ]);
    }
    const expected = answers["node:http by hand"];
    for (const [name, answer] of Object.entries(answers)) {
      if (answer !== expected) {
        throw new Error(`${name} answers ${path} with\n  ${answer}\nand not with\n  ${expected}`);
      }
    }
  }
}

/** Fastify adds a charset to JSON, which means nothing there; the case of one means nothing anywhere. */
function normalize(value) {
  return value?.toLowerCase().replace(/^(application\/json); charset=utf-8$/, "$1");
}

async function measure() {
  const samples = {};
  for (let round = -1; round < rounds; round++) {
    for (const [workload, path] of Object.entries(workloads)) {
      // The order turns from round to round, so that what the machine does beside this hits all alike.
      const names = Object.keys(running);
      const turned = names.map((_, index) => names[(index + round + names.length) % names.length]);
      for (const name of turned) {
        const sample = await load(running[name], path);
        if (round >= 0) {
          samples[workload] ??= {};
          samples[workload][name] ??= [];
          samples[workload][name].push(sample);
        }
      }
    }
  }
  return samples;
}

async function load({ child, origin }, path) {
  const before = await readCpu(child);
  const result = await autocannon({ url: origin + path, connections: 32, pipelining: 4, duration: seconds });
  const after = await readCpu(child);
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${origin}${path} failed: ${result.non2xx} wrong answers, ${result.errors} errors`);
  }
  return { cpu: (after - before) / result.requests.total, rate: result.requests.total / result.duration };
}

async function readCpu(child) {
  child.send("cpu");
  const [{ cpu }] = await once(child, "message");
  return cpu;
}

function format(node, samples) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  const lines = [];
  for (const [workload, byName] of Object.entries(samples)) {
    lines.push("", `## Node ${version}: ${workload}`, "");
    lines.push("| server | CPU time a request | ratio to node:http | requests a second |", "| --- | --- | --- | --- |");
    for (const [name, list] of Object.entries(byName)) {
      const ratios = list.map(({ cpu }, index) => byName["node:http by hand"][index].cpu / cpu);
      const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
      const cpu = quantile(
        list.map((sample) => sample.cpu),
        0.5,
      ).toFixed(1);
      const rate = Math.round(
        quantile(
          list.map((sample) => sample.rate),
          0.5,
        ),
      ).toLocaleString("en");
      lines.push(`| ${name} | ${cpu} µs | ${middle} (${low} to ${high}) | ${rate} |`);
    }
  }
  return lines;
}

function report(sections) {
  const text = `${[
    "# Results",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, one core for the server${hasTaskset ? "" : " (not pinned)"}, ${rounds} interleaved rounds of ${seconds} s. Peers: ${listPeers()}.`,
    "",
    "All servers send the same status, body and headers, which is checked before the run. CPU time is the server process's own, user and system.",
    "The ratio is the CPU time of the hand-written server to this one's in the same round: 1 is as cheap, more is cheaper. Medians, with the",
    "middle half of the rounds. Flagon keeps its request context and sends its default headers, as it does for its users.",
    ...sections.flat(),
  ].join("\n")}\n`;
  console.log(text);
  if (!quick) {
    writeFileSync(`${folder}RESULTS.md`, text);
  }
}

function listPeers() {
  const { dependencies } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  return ["fastify", "hono", "@hono/node-server"].map((name) => `${name} ${dependencies[name]}`).join(", ");
}

function quantile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.round((sorted.length - 1) * share)];
}

function succeeds(command, args) {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
