// Measures what one `process.nextTick()` costs after a quiet garbage collection, with and without the kept tick of
// src/server/node/tuning/tick-shape.ts: `npm run build && node bench/ticks.mjs`. A ratio near 1 means that the trick is
// no longer needed. With `--quick` it only shows that everything runs.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { median } from "./harness/statistics.mjs";

const file = fileURLToPath(import.meta.url);
const [mode] = process.argv.slice(2).filter((word) => word !== "--quick");
const isQuick = process.argv.includes("--quick");
const flags = isQuick ? ["--quick"] : [];

/** Runs a million ticks (50,000 with `--quick`), a thousand at a time, and returns the nanoseconds for one. */
async function measureTicks() {
  const rounds = isQuick ? 50 : 1000;
  const start = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => {
      let left = 1000;
      const tick = () => (--left === 0 ? resolve() : process.nextTick(tick));
      process.nextTick(tick);
    });
  }
  return Number(process.hrtime.bigint() - start) / (rounds * 1000);
}

if (mode === undefined) {
  const measure = (how) =>
    median((isQuick ? [1] : [1, 2, 3]).map(() => Number(spawnSync(process.execPath, [file, how, ...flags], { encoding: "utf8" }).stdout)));
  const [without, kept] = [measure("without"), measure("with")];
  console.log(
    `Node ${process.versions.node}: ${without.toFixed(0)} ns without, ${kept.toFixed(0)} ns with one kept tick, ratio ${(without / kept).toFixed(2)}`,
  );
} else {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc");
  if (mode === "with") {
    createRequire(file)("../dist/server/node/tuning/tick-shape.js").keepTickShape();
  }
  await measureTicks();
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  console.log(await measureTicks());
}
