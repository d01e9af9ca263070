import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { connect as connectSecurely } from "node:tls";
import { describe, expect, it } from "vitest";
import { createCertificate, createProject, start, until } from "../cli-project";
import { findPort } from "../support";
import { openSocket } from "./raw-socket";

/** Seconds that the server gives to requests in flight, and milliseconds that mean at once in comparison, also on a busy machine. */
const grace = 90;
const atOnce = 45_000;

const app = `const { Flagon, eventStream, request } = require("flagon");
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const say = (text) => process.stdout.write("<" + text + ">\\n");
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => "hello", { endpoint: "index" });
app.route("/pushed", () => eventStream((send) => { const timer = setInterval(() => send({ data: "x" }), 50); return () => { clearInterval(timer); say("pushed stopped"); }; }), { endpoint: "pushed" });
app.route("/silent", () => eventStream(() => () => say("silent stopped")), { endpoint: "silent" });
app.route("/generated", () => eventStream((async function* () { try { for (;;) { yield { data: "x" }; await wait(50); } } finally { say("generated stopped"); } })()), { endpoint: "generated" });
app.route("/waiting", () => eventStream((async function* () { try { await wait(100_000); yield { data: "x" }; } finally { say("waiting stopped"); } })()), { endpoint: "waiting" });
app.route("/slow-stop", () => eventStream(() => async () => { await wait(200); say("slow-stop stopped"); }), { endpoint: "slowStop" });
app.route("/large", () => { say("large asked"); return "x".repeat(20_000_000); }, { endpoint: "large" });
app.route("/pieces", async function* () { for (let count = 0; count < 20; count++) { yield "x"; await wait(100); } }, { endpoint: "pieces" });
app.teardownRequest(() => say("torn down " + request.path));
module.exports = app;
`;

/** Serves the app in a process of its own. `exited` hears its end from the start on. */
async function serve() {
  const root = createProject({ "app.js": app });
  const port = await findPort();
  const started = start(root, ["serve", "--app", "app.js", "--port", String(port)], { FLAGON_SHUTDOWN_TIMEOUT: String(grace) });
  const exited = once(started.child, "exit");
  await until(`http://127.0.0.1:${port}/`, "hello");
  /** Tells the server to stop, and waits until it takes no more connections. */
  const stop = async (): Promise<void> => {
    started.child.kill("SIGTERM");
    while (!(await isRefused(port))) {
      await wait(20);
    }
  };
  return { ...started, exited, port, stop };
}

/** Tells whether nobody listens on a port. */
async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const isThere = await new Promise((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
  socket.destroy();
  return isThere === false;
}

describe("a server that is told to stop", { timeout: 180_000 }, () => {
  const words = {
    serve: ["serve", "--app", "app.js"],
    "serve with workers": ["serve", "--app", "app.js", "--workers", "2"],
    run: ["run", "--no-reload"],
    "run that restarts": ["run"],
  };

  it.each(Object.entries(words))("says when it stops, and when it has stopped, once each: flagon %s", async (_, command) => {
    const root = createProject({ "app.js": app });
    const port = await findPort();
    const { child, output } = start(root, [...command, "--port", String(port)]);
    const exited = once(child, "exit");
    await until(`http://127.0.0.1:${port}/`, "hello");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    const lines = output().split("\n");
    expect([lines.filter((line) => /Stopping\b/.test(line)).length, lines.filter((line) => /Stopped\b/.test(line)).length]).toEqual([1, 1]);
  });
});

describe("flagon serve, when it stops,", { timeout: 180_000 }, () => {
  it.each(["pushed", "silent", "generated", "slow-stop"])("ends event streams at once, and runs their stop function: /%s", async (name) => {
    const { child, exited, hear, output, port } = await serve();
    const connections = Array.from({ length: 5 }, () => openSocket(port));
    for (const connection of connections) {
      connection.write(`GET /${name} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
    await Promise.all(connections.map((connection) => connection.until(/\r\n\r\n/, atOnce)));
    const begun = performance.now();
    child.kill("SIGTERM");
    const ends = await Promise.all(connections.map((connection) => connection.closed(atOnce)));
    for (const received of ends) {
      // A whole end of the chunks: the browser reconnects, and no proxy reports an error.
      expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n0\r\n\r\n$/);
    }
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(atOnce);
    await hear(`<${name} stopped>`);
    expect(output().split(`<${name} stopped>`)).toHaveLength(6);
    expect(output().split(`<torn down /${name}>`)).toHaveLength(6);
  });

  it("does not wait for a generator of events that waits for another promise", async () => {
    const { child, exited, port } = await serve();
    const connection = openSocket(port);
    connection.write("GET /waiting HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.until(/\r\n\r\n/, atOnce);
    const begun = performance.now();
    child.kill("SIGTERM");
    expect(await connection.closed(atOnce)).toMatch(/\r\n0\r\n\r\n$/);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(atOnce);
  });

  it.each([
    ["nothing was ever sent", ""],
    ["a request was answered", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ])("does not wait for connections on which %s", async (_, bytes) => {
    const { child, exited, port } = await serve();
    const connection = openSocket(port);
    connection.write(bytes);
    await once(connection.socket, "connect");
    if (bytes !== "") {
      await connection.until(/hello$/, atOnce);
    }
    const begun = performance.now();
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(atOnce);
    await connection.closed(atOnce);
  });

  it("does not wait for connections of TLS that send nothing, before their handshake or after it", async () => {
    const root = createProject({ "app.js": app });
    await createCertificate(root);
    const port = await findPort();
    const words = ["serve", "--app", "app.js", "--port", String(port), "--cert", "cert.pem", "--key", "key.pem"];
    const { child, hear } = start(root, words, { FLAGON_SHUTDOWN_TIMEOUT: String(grace) });
    const exited = once(child, "exit");
    await hear("Serving the app");
    const raw = openSocket(port);
    const secure = connectSecurely({ port, host: "127.0.0.1", rejectUnauthorized: false });
    secure.on("error", () => undefined);
    await once(secure, "secureConnect");
    const begun = performance.now();
    child.kill("SIGTERM");
    await once(secure, "close");
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(atOnce);
    await raw.closed(atOnce);
  });

  it("sends an answer whole to a client that reads slowly", async () => {
    const { exited, hear, port, stop } = await serve();
    const connection = openSocket(port);
    connection.socket.pause();
    connection.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    await hear("<large asked>");
    await stop();
    // Idle connections are closed meanwhile.
    await wait(2000);
    connection.socket.resume();
    const received = await connection.closed(atOnce);
    expect(received.length - received.indexOf("\r\n\r\n") - 4).toBe(20_000_000);
    expect(await exited).toEqual([0, null]);
  });

  it("waits for a stream that ends by itself, and no longer", async () => {
    const { child, exited, port } = await serve();
    const connection = openSocket(port);
    connection.write("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.until(/\r\n\r\n/, atOnce);
    const begun = performance.now();
    child.kill("SIGTERM");
    expect(await connection.closed(atOnce)).toMatch(/(?:1\r\nx\r\n){20}0\r\n\r\n$/);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(atOnce);
  });

  it("answers a request whose head it has in part", async () => {
    const { exited, port, stop } = await serve();
    const connection = openSocket(port);
    connection.write("GET / HTTP/1.1\r\nHo");
    await stop();
    // Idle connections are closed meanwhile.
    await wait(2000);
    connection.write("st: x\r\n\r\n");
    expect(await connection.closed(atOnce)).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*hello$/i);
    expect(await exited).toEqual([0, null]);
  });
});
