/*
 * Shows how the cost of a request grows: with hooks, with connections, and what a second worker brings.
 *
 *     npm --prefix bench run scaling             the whole run; writes bench/SCALING.md
 *     npm --prefix bench run scaling -- --quick  only shows that everything runs
 *
 * Ratios are to the first column, of the same round; the columns take turns in each round. It needs Linux.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { load } from "./harness/load.mjs";
import { canPin, leaveFirstCore, start, stop } from "./harness/servers.mjs";
import { median, takeTurns } from "./harness/statistics.mjs";

const quick = process.argv.includes("--quick");
const rounds = quick ? 1 : 7;
const seconds = quick ? 0.3 : 1;
const cost = { read: ({ cpu }) => cpu, format: (cpu) => `${cpu.toFixed(1)} µs` };
const speed = { read: ({ rate }) => rate, format: (rate) => Math.round(rate).toLocaleString("en") };
const page = { method: "GET", headers: {}, status: 200 };

const workers = await measure(
  [1, 2].map((count, index) => ({
    title: `${count} worker${count === 1 ? "" : "s"}`,
    args: ["--workers", String(count), "--port", String(5792 + index)],
    port: 5792 + index,
    isPinned: false,
    workload: { ...page, name: "page", path: "/page" },
  })),
);
leaveFirstCore();
const hooks = await measure(
  [0, 1, 10, 100].map((count) => ({
    title: count === 0 ? "none" : `${count} before, ${count} after`,
    args: ["--hooks", String(count)],
    isPinned: canPin,
    workload: { ...page, name: "plain text", path: "/" },
  })),
);
const connections = await measure(
  [8, 32, 128, 512].map((count) => ({
    title: `${count} connections`,
    args: [],
    isPinned: canPin,
    workload: { ...page, name: "plain text", path: "/", connections: count },
  })),
);
report();

/** Measures each of several servers in turn. */
async function measure(columns) {
  const servers = [];
  try {
    for (const { args, isPinned, port, title } of columns) {
      servers.push(await start({ name: title, port, command: [process.execPath, "servers/scaling.mjs", ...args] }, isPinned));
    }
    await wait(500);
    const samples = columns.map(() => []);
    for (let round = quick ? 0 : -1; round < rounds; round++) {
      for (const index of takeTurns([...columns.keys()], round)) {
        const sample = await load(columns[index].workload, servers[index], seconds);
        if (round >= 0) {
          samples[index].push(sample);
        }
      }
    }
    return columns.map(({ title }, index) => ({ title, samples: samples[index] }));
  } finally {
    await Promise.all(servers.map(stop));
  }
}

function report() {
  const lines = [
    "# Scaling",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores of ${cpus()[0].model.trim()}, Node ${process.version}, ${rounds} interleaved rounds of ${seconds} s. \`npm --prefix bench run scaling\` makes this page.`,
    "",
    "In brackets the ratio to the first column in the same round. Medians.",
    "",
    "## Hooks, and connections",
    "",
    "CPU time of a request for plain text, on one core; the load comes from another. The hooks do nothing.",
    "",
    ...formatTable("hooks", hooks, cost),
    "",
    ...formatTable("connections", connections, cost),
    "",
    "## Workers",
    "",
    "Pages of 50 rows a second, where the servers share all cores with the load.",
    "",
    ...formatTable("workers", workers, speed),
  ];
  const text = `${lines.join("\n")}\n`;
  console.log(text);
  if (!quick) {
    writeFileSync(fileURLToPath(new URL("SCALING.md", import.meta.url)), text);
  }
}

function formatTable(title, columns, { read, format }) {
  const first = columns[0].samples.map(read);
  const cells = columns.map(({ samples }) => {
    const values = samples.map(read);
    return `${format(median(values))} (${median(values.map((value, round) => value / first[round])).toFixed(2)})`;
  });
  return [
    `| ${title} | ${columns.map((column) => column.title).join(" | ")} |`,
    `| --- |${" --- |".repeat(columns.length)}`,
    `| | ${cells.join(" | ")} |`,
  ];
}
