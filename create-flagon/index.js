#!/usr/bin/env node
const { spawnSync } = require("node:child_process");
const { dirname, join } = require("node:path");
const { createInterface } = require("node:readline/promises");

const kinds = ["site", "api", "app", "minimal"];

/** Asks for the folder and the kind, if no word was given and somebody is there to answer. */
async function ask() {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const folder = (await prompt.question("Folder (my-app): ")).trim() || "my-app";
    const kind = (await prompt.question(`Kind, one of ${kinds.join(", ")} (site): `)).trim() || "site";
    return [folder, "--kind", kind];
  } finally {
    prompt.close();
  }
}

async function main() {
  const words = process.argv.slice(2);
  const answers = words.length === 0 && process.stdin.isTTY ? await ask() : words;
  const manifest = require.resolve("flagon/package.json");
  const bin = join(dirname(manifest), require(manifest).bin.flagon);
  const { status } = spawnSync(process.execPath, [bin, "new", ...answers], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}

main();
