/*
 * Tables of what was measured.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { canPin } from "./servers.mjs";
import { median, quantile } from "./statistics.mjs";

/** What people make of the numbers stands below this line, and stays. */
const readingTitle = "## What the numbers say";

/** Formats the tables of a group of servers: one row for each server of each workload. */
export function formatGroup({ reference, title }, samples) {
  const lines = [`## ${title}`, ""];
  for (const [workload, byName] of Object.entries(samples)) {
    lines.push(`### ${workload}`, "", `| server | CPU time | ratio to ${reference} | a second |`, "| --- | --- | --- | --- |");
    for (const [name, list] of Object.entries(byName)) {
      const ratios = list.map(({ cpu }, index) => byName[reference][index].cpu / cpu);
      const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
      const rate = Math.round(median(list.map((sample) => sample.rate))).toLocaleString("en");
      const cpu = median(list.map((sample) => sample.cpu));
      lines.push(
        `| ${name} | ${cpu < 1000 ? `${cpu.toFixed(1)} µs` : `${(cpu / 1000).toFixed(2)} ms`} | ${middle} (${low} to ${high}) | ${rate} |`,
      );
    }
    lines.push("");
  }
  return lines;
}

/** Writes the results of a whole run, and leaves what others have written below them. */
export function writeResults(sections, { passes, rounds, seconds, warmUp }) {
  const file = new URL("../RESULTS.md", import.meta.url);
  const text = [
    "# Results",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, one core for the server${canPin ? "" : " (not pinned)"}, ${passes} times ${rounds} interleaved rounds of ${seconds} s (for uploads ${rounds / 2} of ${seconds * 2} s, for events ${rounds / 2} of ${seconds * 4} s) after ${warmUp} s of each workload to warm up, each time with servers started anew. Peers: ${listPeers()}.`,
    "",
    "`npm run bench` makes this page. All servers of a table answer with the same status, the same body but for tokens and the wording of errors, and the same",
    "headers, which is checked before anything is measured. CPU time is the server's own, user and system, for one answer, or for one event; each connection sends one request at a time. The ratio is the CPU time of the",
    "table's first server to this one's in the same round: 1 is as cheap, more is cheaper. Medians, with the middle half of the rounds.",
    "",
    ...sections.flat(),
  ];
  const [, reading = ""] = existsSync(file) ? readFileSync(file, "utf8").split(readingTitle) : [];
  writeFileSync(file, `${text.join("\n").trimEnd()}\n${reading === "" ? "" : `\n${readingTitle}${reading}`}`);
}

function listPeers() {
  const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return ["fastify", "hono", "express", "koa", "@nestjs/core", "@adonisjs/core", "elysia"]
    .map((name) => `${name} ${dependencies[name]}`)
    .join(", ");
}
