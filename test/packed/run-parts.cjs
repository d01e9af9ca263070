// Loads modules one after another, and prints which of them fail.
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");

async function main() {
  const wrong = [];
  process.env.FLAGON_SECRET_KEY ??= "a key for the examples";
  process.env.FLAGON_RUN_PORT = "0";
  const load = process.argv[3] === "esm" ? (file) => import(pathToFileURL(file)) : require;
  for (const { file, where } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
    try {
      await load(file);
    } catch (error) {
      wrong.push(`${where} ${error.stack}`);
    }
  }
  console.log(`\n${JSON.stringify({ wrong })}`);
  // Servers and timers that examples start are not waited for.
  process.exit();
}

main();
