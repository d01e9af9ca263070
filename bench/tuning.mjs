// Measures a page of plain text with and without one of the tricks in src/server/node/tuning:
// `npm run build && node bench/tuning.mjs empty-requests`. A gain within a few percent of 0 means that the trick is no longer needed.
// One process differs from the next by up to 20 %, so the median is of 40. With `--quick` it only shows that everything runs.
import { spawn } from "node:child_process";
import { Agent, createServer, get } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { median } from "./harness/statistics.mjs";

const file = fileURLToPath(import.meta.url);
const [trick, mode] = process.argv.slice(2).filter((word) => word !== "--quick");
const isQuick = process.argv.includes("--quick");
const requests = isQuick ? 1000 : 20_000;
const rounds = isQuick ? 1 : 40;
const require = createRequire(file);
const without = {
  "empty-requests": { emptyRequestOptions: {}, skipEmptyBody: () => undefined },
};

/** Serves a page by an app, and prints its port, and the CPU time of the process whenever it is asked. */
function serve() {
  const path = require.resolve(`../dist/server/node/tuning/${trick}.js`);
  if (mode === "without") {
    require.cache[path] = { id: path, filename: path, loaded: true, exports: without[trick], children: [], paths: [] };
  }
  const { Flagon } = require("../dist/index.js");
  const app = new Flagon(fileURLToPath(new URL(".", import.meta.url)), { static: null });
  app.route("/", () => "hello", { endpoint: "hello" });
  const { emptyRequestOptions } = require(path);
  const server = createServer(emptyRequestOptions ?? {}, app.handler).listen(0, "127.0.0.1", () => process.send(server.address().port));
  process.on("message", () => process.send(process.cpuUsage()));
}

/** Returns the microseconds of CPU time for one request. */
async function measure(how) {
  const child = spawn(process.execPath, [file, trick, how], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const receive = () => new Promise((resolve) => child.once("message", resolve));
  const port = await receive();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const ask = () =>
    new Promise((resolve, reject) => {
      get({ agent, port, host: "127.0.0.1" }, (response) => response.resume().once("end", resolve)).once("error", reject);
    });
  const load = async (count) => {
    let left = count;
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (left-- > 0) {
          await ask();
        }
      }),
    );
  };
  const usage = async () => {
    child.send("usage");
    const { system, user } = await receive();
    return system + user;
  };
  await load(requests / 4);
  const before = await usage();
  await load(requests);
  const spent = (await usage()) - before;
  agent.destroy();
  child.kill();
  return spent / requests;
}

if (mode !== undefined) {
  serve();
} else if (without[trick] === undefined) {
  console.error(`Name a trick: ${Object.keys(without).join(" or ")}.`);
  process.exitCode = 2;
} else {
  const results = { with: [], without: [] };
  for (let round = 0; round < rounds; round++) {
    for (const how of round % 2 === 0 ? ["with", "without"] : ["without", "with"]) {
      results[how].push(await measure(how));
    }
  }
  const [on, off] = [median(results.with), median(results.without)];
  console.log(
    `Node ${process.versions.node}: ${off.toFixed(1)} µs without, ${on.toFixed(1)} µs with ${trick}, gain ${(100 * (1 - on / off)).toFixed(1)} %`,
  );
}
