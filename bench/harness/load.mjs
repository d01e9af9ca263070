/*
 * The load: many requests from this process, which is on another core than the servers.
 */
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import autocannon from "autocannon";
import { eventInterval } from "../servers/shared.mjs";
import { countCpu } from "./servers.mjs";

/** Measures a server for some seconds: CPU time an answer in microseconds, and answers a second. */
export async function load(workload, server, seconds) {
  const rest = stayAwake();
  try {
    return await (workload.isStream ? listen(workload, server, seconds) : send(workload, server, seconds));
  } finally {
    rest();
  }
}

/** Keeps this process from ever sleeping: a server would pay for waking it with each answer, and the more, the longer it took. */
function stayAwake() {
  let isAwake = true;
  const turn = () => (isAwake ? setImmediate(turn) : undefined);
  turn();
  return () => {
    isAwake = false;
  };
}

/** Sends the next request of a connection once the answer is there, as browsers and proxies do. */
async function send({ body, connections = 32, headers, method, name, path, status }, server, seconds) {
  const readCpu = countCpu(server);
  const result = await autocannon({
    url: server.origin + path,
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    connections,
    duration: seconds,
    // It ends with the first sample that it takes after that time.
    sampleInt: Math.min(seconds, 1) * 1000,
  });
  const cpu = readCpu();
  const wrong = Object.keys(result.statusCodeStats).filter((code) => Number(code) !== status);
  if (wrong.length > 0 || result.errors > 0) {
    throw new Error(`'${name}' failed on ${server.name}: answers ${wrong.join(", ")}, ${result.errors} errors`);
  }
  if (result.requests.total === 0) {
    // The machine had other work: an answer needs more time.
    return send({ body, connections, headers, method, name, path, status }, server, seconds * 2);
  }
  return { cpu: cpu / result.requests.total, rate: result.requests.total / result.duration };
}

/**
 * Opens 1,000 streams, and counts events once all are open: for twice the time, and as long as all streams send equally often,
 * since they send at about the same moments.
 */
async function listen({ path }, server, seconds) {
  let events = 0;
  const sockets = Array.from({ length: 1000 }, () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      for (let index = chunk.indexOf("data:"); index >= 0; index = chunk.indexOf("data:", index + 5)) {
        events++;
      }
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${server.origin.slice(7)}\r\nAccept: text/event-stream\r\n\r\n`);
    return socket;
  });
  await wait(1500);
  const [readCpu, counted, begun] = [countCpu(server), events, performance.now()];
  await wait(Math.ceil((seconds * 2000) / eventInterval) * eventInterval);
  const [cpu, heard, time] = [readCpu(), events - counted, (performance.now() - begun) / 1000];
  for (const socket of sockets) {
    socket.destroy();
  }
  await wait(300);
  if (heard < 1000) {
    throw new Error(`${server.name} sent only ${heard} events to 1,000 clients in ${time.toFixed(1)} s.`);
  }
  return { cpu: cpu / heard, rate: heard / time };
}
