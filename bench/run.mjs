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
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";

const quick = process.argv.includes("--quick");
const rounds = quick ? 1 : 9;
const seconds = quick ? 1 : 3;
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

const running = {};
for (const [name, file] of Object.entries(servers)) {
  running[name] = await start(file);
}
try {
  await checkEqualWork();
  const samples = await measure();
  report(samples);
} finally {
  for (const { child } of Object.values(running)) {
    child.kill();
  }
}

async function start(file) {
  const child = fork(`${folder}servers/${file}`, [], {
    cwd: folder,
    execArgv: file.endsWith(".ts") ? ["-r", createRequire(import.meta.url).resolve("ts-node/register")] : [],
    env: { ...process.env, NODE_ENV: "production", TS_NODE_PROJECT: `${folder}tsconfig.json` },
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

function report(samples) {
  const lines = [
    "# Results",
    "",
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus()[0].model.trim()}, one core for the server${hasTaskset ? "" : " (not pinned)"}; ${rounds} interleaved rounds of ${seconds} s.`,
    "",
    "All servers send the same status, body and headers, which is checked before the run. CPU time is the server process's own, user and system.",
    "The ratio is the CPU time of the hand-written server to this one's in the same round: 1 is as cheap, more is cheaper. Medians, with the",
    "middle half of the rounds.",
  ];
  for (const [workload, byName] of Object.entries(samples)) {
    lines.push(
      "",
      `## ${workload}`,
      "",
      "| server | CPU time a request | ratio to node:http | requests a second |",
      "| --- | --- | --- | --- |",
    );
    for (const [name, list] of Object.entries(byName)) {
      const ratios = list.map(({ cpu }, index) => byName["node:http by hand"][index].cpu / cpu);
      lines.push(
        `| ${name} | ${quantile(
          list.map(({ cpu }) => cpu),
          0.5,
        ).toFixed(
          1,
        )} µs | ${quantile(ratios, 0.5).toFixed(2)} (${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}) | ${Math.round(
          quantile(
            list.map(({ rate }) => rate),
            0.5,
          ),
        ).toLocaleString("en")} |`,
      );
    }
  }
  const text = `${lines.join("\n")}\n`;
  console.log(text);
  if (!quick) {
    writeFileSync(`${folder}RESULTS.md`, text);
  }
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
