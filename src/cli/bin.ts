#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runCommandLine } from "./program";

const { version }: { version: string } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
void runCommandLine(process.argv.slice(2), resolve(process.cwd()), version).then((exitCode) => {
  process.exitCode = exitCode;
});
