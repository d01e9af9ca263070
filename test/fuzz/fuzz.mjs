// Sends mutated requests to a served app, over kept connections and pipelines, split at random places, and expects no answer
// from 500 (but 501 and 505), no crash, hang or desync, and nothing left behind: `npm run test:fuzz [requests] [seed]`.
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fuzzApp from "./app.cjs";
import { createRandom } from "./random.mjs";
import { makeRequest, mutate } from "./requests.mjs";
import { readResponses } from "./responses.mjs";

const count = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
const connections = 24;
const quietTime = 60;
const hangTime = 20_000;
const allowed = new Set([501, 505]);
const maxGrowth = 40 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const { app, counts, root } = fuzzApp.createApp();
const running = app.serve({ port: 0 });
await once(running.server, "listening");
const { port } = running.server.address();
const problems = [];
let sent = 0;
let answered = 0;

/** Sends the requests of one connection, and checks the answers. */
async function tryConnection(number) {
  const random = createRandom(seed * 1_000_003 + number);
  const { below, chance, pick } = random;
  const isPlain = chance(0.2);
  const requests = Array.from({ length: 1 + below(5) }, (_, index) => {
    const bytes = makeRequest(random, index, isPlain);
    return isPlain || chance(0.3) ? bytes : mutate(bytes, random);
  });
  const leaves = !isPlain && chance(0.1);
  if (leaves && chance(0.5)) {
    // The answers to all others wait behind this one.
    requests.unshift(Buffer.from("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    requests.push(makeRequest(random, requests.length, true, pick(["/file", "/static/file.txt", "/stream"])));
  }
  sent += requests.length;
  const bytes = Buffer.concat(requests);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const received = [];
  socket.on("data", (piece) => received.push(piece)).on("error", () => undefined);
  const closed = new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
  await once(socket, "connect");
  const stop = leaves && chance(0.7) ? below(bytes.length) : bytes.length;
  for (let place = 0; place < stop && !socket.destroyed; ) {
    const size = chance(0.5) ? bytes.length : 1 + below(400);
    socket.write(bytes.subarray(place, Math.min(stop, place + size)));
    place += size;
    if (chance(0.3)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  if (leaves) {
    await wait(below(60));
    socket.resetAndDestroy();
    return;
  }
  // A client that closes its half of the connection gets no answers that are still on their way.
  for (let size = -1; size !== received.length && !socket.destroyed; ) {
    size = received.length;
    await Promise.race([closed, wait(quietTime)]);
  }
  socket.end();
  const over = new AbortController();
  const isHung = await Promise.race([closed.then(() => false), wait(hangTime, true, { signal: over.signal }).catch(() => false)]);
  over.abort();
  socket.destroy();
  const { problem, responses } = readResponses(Buffer.concat(received));
  answered += responses.length;
  const tell = (text) => problems.push(`connection ${number}: ${text}\n${JSON.stringify(bytes.toString("latin1").slice(0, 600))}`);
  if (isHung) {
    tell(`hangs, with ${responses.length} answers`);
  }
  if (problem !== undefined) {
    tell(problem);
  }
  for (const { body, status } of responses) {
    if (body.includes(root) || body.includes(process.cwd()) || /\n\s+at \S.*:\d+:\d+/.test(body)) {
      tell(`tells a path or a stack: ${body.slice(0, 200)}`);
    }
    if (status >= 500 && !allowed.has(status)) {
      tell(`${status}: ${body.slice(0, 200)}`);
    }
  }
  if (responses.length > requests.length + (isPlain ? 0 : 200)) {
    tell(`${responses.length} answers to ${requests.length} requests`);
  }
  if (isPlain) {
    const numbers = responses.map((response) => response.number);
    // A request that is refused before the app's hooks has no number, and may close its connection.
    if (numbers.some((one, index) => one !== undefined && one !== index)) {
      tell(`answers out of step: ${numbers.join()}`);
    }
  }
}

/** Lists what hangs on the prototypes of all objects and lists. */
const listPrototypes = () => [Object.prototype, Array.prototype].map((one) => Reflect.ownKeys(one).map(String).join()).join(";");
const prototypes = listPrototypes();

const measure = async () => {
  for (let round = 0; round < 5; round++) {
    await wait(50);
    collectGarbage();
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    files: readdirSync(tmpdir()).filter((name) => /^flagon-[\da-f-]{36}$/.test(name)).length,
    timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
    memory: arrayBuffers + heapUsed,
  };
};

process.on("unhandledRejection", (error) => problems.push(`unhandled rejection: ${error?.stack}`));
let next = 0;
const run = async (until) => {
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (sent < until && problems.length < 5) {
        await tryConnection(next++);
      }
    }),
  );
  for (let round = 0; round < 100 && counts.ended < counts.started; round++) {
    await wait(50);
  }
};
await run(Math.ceil(count / 10));
const before = await measure();
await run(count);
await wait(500);
const after = await measure();
if (counts.ended !== counts.started) {
  problems.push(`${counts.started} requests began, ${counts.ended} were torn down`);
}
if (listPrototypes() !== prototypes) {
  problems.push(`a prototype was changed: ${listPrototypes()}`);
}
for (const name of ["descriptors", "files", "timers"]) {
  if (after[name] > before[name] + 3) {
    problems.push(`${name} left behind: ${before[name]} before, ${after[name]} after`);
  }
}
if (after.memory - before.memory > maxGrowth) {
  problems.push(`memory grew from ${before.memory} to ${after.memory} bytes`);
}
console.log(
  `${sent} requests on ${next} connections, seed ${seed}: ${answered} answers, ${counts.started} handled, ${problems.length} problems`,
);
for (const problem of problems.slice(0, 5)) {
  console.log(problem);
}
await running.stop();
rmSync(root, { recursive: true });
process.exit(problems.length === 0 ? 0 : 1);
