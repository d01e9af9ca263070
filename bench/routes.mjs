/*
 * Shows what a large table of rules costs: the time to match a path among 10 to 10,000 rules, as ratios to the smallest.
 *
 *     npm --prefix bench run routes             the whole run; writes bench/ROUTES.md
 *     npm --prefix bench run routes -- --quick  only shows that everything runs
 *
 * A quarter of the rules are static, a quarter have one variable, a quarter two, and a quarter a variable that spans slashes. Each
 * table is asked for as many different rules, ten of each kind, from all over it; the last column asks for 500 of each kind, which
 * a processor's caches no longer hold. The tables take turns in each round.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { Flagon } from "flagon";
import { median, takeTurns } from "./harness/statistics.mjs";

const quick = process.argv.includes("--quick");
const columns = [
  { title: "10 rules", size: 10, asked: 10 },
  { title: "100 rules", size: 100, asked: 10 },
  { title: "1,000 rules", size: 1000, asked: 10 },
  { title: "10,000 rules", size: 10_000, asked: 10 },
  { title: "10,000 rules, 500 asked for", size: 10_000, asked: 500 },
];
const rounds = quick ? 3 : 25;
const matches = quick ? 20_000 : 200_000;
const kinds = {
  "a static rule": { rule: (n) => `/static${n}/page`, path: (n) => `/static${n}/page` },
  "one <int> variable": { rule: (n) => `/one${n}/<int:id>`, path: (n) => `/one${n}/42` },
  "two variables": { rule: (n) => `/two${n}/<int:id>/by/<name>`, path: (n) => `/two${n}/7/by/ann` },
  "a <path> variable": { rule: (n) => `/path${n}/<path:rest>`, path: (n) => `/path${n}/a/b/c` },
  "no rule": { rule: undefined, path: (n) => `/none${n}/x` },
};
const anyHost = { host: "localhost" };

const names = Object.keys(kinds);
const tables = columns.map(createTable);
const times = Object.fromEntries(names.map((name) => [name, columns.map(() => [])]));
for (let round = -2; round < rounds; round++) {
  for (const name of names) {
    for (const index of takeTurns([...tables.keys()], round)) {
      const time = measure(tables[index], name);
      if (round >= 0) {
        times[name][index].push(time);
      }
    }
  }
}
report();

function createTable({ size, asked }) {
  const app = new Flagon(import.meta.dirname, { static: null });
  const ruled = names.filter((name) => kinds[name].rule !== undefined);
  const paths = Object.fromEntries(names.map((name) => [name, []]));
  for (let n = 0; n < size; n++) {
    const name = ruled[n % ruled.length];
    app.route(kinds[name].rule(n), () => "x", { endpoint: `view${n}` });
    paths[name].push(kinds[name].path(n));
    paths["no rule"].push(kinds["no rule"].path(n));
  }
  app.registry.routes.build();
  return { map: app.registry.routes, paths: Object.fromEntries(names.map((name) => [name, spread(paths[name], asked)])) };
}

/** Takes paths from all over a table, each a text of its own, as requests bring them; those of a small table come again. */
function spread(paths, asked) {
  const step = Math.max(1, Math.floor(paths.length / asked));
  return Array.from({ length: asked }, (_, index) => Buffer.from(paths[(index * step) % paths.length]).toString());
}

/** Returns the nanoseconds a match takes. */
function measure({ map, paths }, name) {
  const list = paths[name];
  const expected = kinds[name].rule === undefined ? "missing" : "found";
  const start = process.hrtime.bigint();
  for (let index = 0; index < matches; index++) {
    if (map.match("GET", list[index % list.length], anyHost).kind !== expected) {
      throw new Error(`${list[index % list.length]} is not ${expected}.`);
    }
  }
  return Number(process.hrtime.bigint() - start) / matches;
}

function report() {
  const lines = [
    "# Routes",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, Node ${process.version}, ${rounds} interleaved rounds of ${matches.toLocaleString("en")} matches.`,
    "",
    "Nanoseconds a match, by how many rules the table has; in brackets the ratio to the table of 10 in the same round. Medians. Each table is asked",
    "for ten rules of each kind, from all over it. The last column asks for 500 of each: what it costs more is the processor's, whose caches and",
    "branch predictor do not hold the code and the data of so many at once.",
    "",
    `| a path of | ${columns.map(({ title }) => title).join(" | ")} |`,
    `| --- |${" --- |".repeat(columns.length)}`,
  ];
  for (const name of names) {
    const cells = times[name].map((list) => {
      const ratios = list.map((time, round) => time / times[name][0][round]);
      return `${Math.round(median(list))} ns (${median(ratios).toFixed(2)})`;
    });
    lines.push(`| ${name} | ${cells.join(" | ")} |`);
  }
  const text = `${lines.join("\n")}\n`;
  console.log(text);
  if (!quick) {
    writeFileSync(fileURLToPath(new URL("ROUTES.md", import.meta.url)), text);
  }
}
