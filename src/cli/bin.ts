#!/usr/bin/env node
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { explainOldNode } from "./node-version";
import { runCommandLine } from "./program";

const problem = explainOldNode(process.versions.node);
if (problem !== null) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
const { version }: { version: string } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
void runCommandLine(process.argv.slice(2), resolve(process.cwd()), version).then((exitCode) => {
  process.exitCode = exitCode;
  if (cluster.isWorker && exitCode !== 0) {
    // The channel to the primary would keep a worker whose app could not be loaded.
    process.exit();
  }
});
