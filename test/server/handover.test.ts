import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connect as connectSecurely } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCertificate, createProject, start } from "../cli-project";
import { findPort, waitUntil } from "../support";
import { openSocket, type RawConnection } from "./raw-socket";

/** Milliseconds in which a busy machine starts or ends a few processes. */
const enough = 60_000;
const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const app = `const { Flagon, request } = require("flagon");
process.once("SIGTERM", () => process.stdout.write("told " + process.pid + "\\n"));
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => "<" + process.pid + ">", { endpoint: "index" });
app.route("/echo", async () => (await request.text()) + "<" + process.pid + ">", { endpoint: "echo", methods: ["POST"] });
module.exports = app;
`;

/** Serves the app by two workers on a port or a Unix socket, and waits until both listen. */
async function serve(place: readonly string[], more = "", shutdownTimeout = 90) {
  const root = createProject({ "app.js": app + more });
  const { child, hear, output } = start(root, ["serve", "--app", "app.js", "--workers", "2", ...place], {
    FLAGON_SHUTDOWN_TIMEOUT: String(shutdownTimeout),
  });
  const countListening = () => output().split(" listens.").length - 1;
  await waitUntil(() => countListening() === 2, enough);
  let rounds = 0;
  return {
    child,
    hear,
    output,
    root,
    /** Replaces the workers, and waits until the old ones have ended. */
    replace: async () => {
      child.kill("SIGHUP");
      rounds++;
      await waitUntil(() => output().split("All workers have been replaced").length - 1 === rounds, enough);
      await hear("All workers have been replaced");
    },
  };
}

/** Sends bytes, and returns the process that answers them in full with 200. */
async function ask(connection: RawConnection, bytes: string): Promise<string> {
  const { length } = connection.received();
  connection.write(bytes);
  await waitUntil(() => /<\d+>$/.test(connection.received().slice(length)), enough);
  const answer = connection.received().slice(length);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  return /<(\d+)>$/.exec(answer)?.[1] ?? "none";
}

describe("idle connections, when the workers are replaced,", { timeout: 240_000 }, () => {
  it("stay open, and the new workers answer on them, round after round", async () => {
    const port = await findPort();
    const { child, replace } = await serve(["--port", String(port)]);
    const connections = Array.from({ length: 40 }, () => openSocket(port));
    await Promise.all(connections.map(({ socket }) => once(socket, "connect")));
    // Half of them have had a request before, and half have not.
    let before = await Promise.all(connections.map((connection, index) => (index % 2 === 0 ? ask(connection, get) : "none")));
    for (let round = 0; round < 3; round++) {
      await replace();
      const post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
      const after = await Promise.all(connections.map((connection, index) => ask(connection, index % 3 === 0 ? post : get)));
      expect(after.filter((pid) => pid === "none" || before.includes(pid))).toEqual([]);
      before = after;
    }
    for (const { received } of connections) {
      expect(received()).not.toMatch(/connection: close/i);
    }
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });

  it("stay with their worker while a request is on its way, which is told that the connection closes", async () => {
    const port = await findPort();
    const { child, hear, replace } = await serve(["--port", String(port)]);
    const connection = openSocket(port);
    const old = await ask(connection, get);
    connection.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
    await wait(200);
    const replaced = replace();
    await hear(`told ${old}`);
    // Idle connections are given away meanwhile.
    await wait(1000);
    expect(await ask(connection, "bc")).toBe(old);
    expect(await connection.closed(enough)).toMatch(/connection: close\r\n[\s\S]*abc<\d+>$/i);
    await replaced;
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it("have the time of idle ones, not that of a head, and requests on them have all their times", async () => {
    const port = await findPort();
    const { child, replace } = await serve(["--port", String(port)]);
    const [idle, partial] = [openSocket(port), openSocket(port)];
    await Promise.all([ask(idle, get), ask(partial, get)]);
    await replace();
    partial.write("GET / HTTP/1.1\r\nHo");
    // A head has 15 seconds, and Node looks every 5 seconds.
    const refused = await partial.closed(enough);
    expect(refused).toMatch(/HTTP\/1\.1 408 [\s\S]*The request took too long to arrive\.\n?$/);
    await ask(idle, get);
    expect(idle.received()).not.toContain(" 408 ");
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it("stay open on a Unix socket too", async () => {
    const { child, replace, root } = await serve(["--socket", "app.sock"]);
    const connection = openSocket(join(root, "app.sock"));
    const old = await ask(connection, get);
    await replace();
    const young = await ask(connection, get);
    expect([old, young]).not.toContain("none");
    expect(young).not.toBe(old);
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it("stay with their worker if the head of a second request has begun to come", async () => {
    const port = await findPort();
    const { child, hear, replace } = await serve(["--port", String(port)]);
    const connection = openSocket(port);
    const old = await ask(connection, `${get}${get}`);
    connection.write("GET / HT");
    await wait(200);
    const replaced = replace();
    await hear(`told ${old}`);
    await wait(1000);
    expect(await ask(connection, "TP/1.1\r\nHost: x\r\n\r\n")).toBe(old);
    expect(await connection.closed(enough)).toMatch(/connection: close\r\n[\s\S]*<\d+>$/i);
    await replaced;
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it("go to another worker if the new one dies before it has them", async () => {
    const port = await findPort();
    // The first worker to get a connection dies of it.
    const fragile = `const { writeFileSync } = require("node:fs");
      process.on("message", (message) => {
        if (message === "flagon: connection") {
          try {
            writeFileSync(__dirname + "/died", "", { flag: "wx" });
          } catch {
            return;
          }
          process.kill(process.pid, "SIGKILL");
        }
      });`;
    const { child, output, replace } = await serve(["--port", String(port)], fragile);
    const connections = Array.from({ length: 60 }, () => openSocket(port));
    await Promise.all(connections.map((connection) => ask(connection, get)));
    await replace();
    expect(output()).toMatch(/ended \(SIGKILL\)/);
    for (const connection of connections) {
      connection.write(get);
    }
    const isAnswered = ({ received }: RawConnection) => received().split("HTTP/1.1 200 ").length === 3;
    const isOver = (connection: RawConnection) => isAnswered(connection) || connection.socket.destroyed || connection.socket.readableEnded;
    await waitUntil(() => connections.every(isOver), enough);
    // The worker that died had one connection, and perhaps the next one.
    expect(connections.filter((connection) => !isAnswered(connection)).length).toBeLessThanOrEqual(2);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it.each([
    ["has no channel to the primary", "process.send = undefined;"],
    ["cannot send", 'process.send = () => { throw new TypeError("This handle type cannot be sent"); };'],
    ["fails to send", 'process.send = (message, handle, options, end) => { end(new Error("no")); return false; };'],
    [
      "cannot stop reading",
      "Object.getPrototypeOf(process._getActiveHandles().find((one) => one.remoteAddress)?._handle ?? {}).readStop = undefined;",
    ],
  ])("are closed after a while by a worker that %s, and a request before is answered", async (_, cause) => {
    const port = await findPort();
    const breaks = `process.prependOnceListener("SIGTERM", () => { ${cause} });`;
    const { child, hear, replace } = await serve(["--port", String(port)], breaks, 15);
    const [busy, idle] = [openSocket(port), openSocket(port)];
    const old = await ask(busy, get);
    await ask(idle, get);
    const replaced = replace();
    await hear(`told ${old}`);
    await wait(2500);
    expect(await ask(busy, get)).toBe(old);
    expect(await busy.closed(enough)).toMatch(/connection: close\r\n[\s\S]*<\d+>$/i);
    await idle.closed(enough);
    await replaced;
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("are closed by a new worker that cannot take them, which serves on", async () => {
    const port = await findPort();
    const breaks = `const { Server } = require("node:net");
      Server.prototype.listen = ((listen) => function (...values) {
        return listen.apply(this, values).once("listening", () => { this._handle.onconnection = ((accept) => function (error, handle) {
          if (handle?.isTaken) throw new Error("This Node has another way.");
          return Reflect.apply(accept, this, [error, handle]);
        })(this._handle.onconnection); });
      })(Server.prototype.listen);
      process.prependListener("message", (message, handle) => { if (message === "flagon: connection") handle.isTaken = true; });`;
    const { child, replace } = await serve(["--port", String(port)], breaks);
    const connection = openSocket(port);
    await ask(connection, get);
    await replace();
    await connection.closed(enough);
    await ask(openSocket(port), get);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("flagon serve --workers", { timeout: 240_000 }, () => {
  it("lets replaced workers finish their requests if it stops meanwhile", async () => {
    const port = await findPort();
    const slow = `app.route("/slow", async () => {
        process.stdout.write("slow " + process.pid + "\\n");
        await new Promise((resolve) => setTimeout(resolve, 3000));
        return "<" + process.pid + ">";
      }, { endpoint: "slow" });`;
    const { child, hear } = await serve(["--port", String(port)], slow);
    const connections = Array.from({ length: 8 }, () => openSocket(port));
    const answers = connections.map((connection) => ask(connection, get.replace("/", "/slow")));
    await hear("slow ");
    await wait(200);
    child.kill("SIGHUP");
    await hear("told ");
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await Promise.all(answers)).toHaveLength(8);
    expect(await exited).toEqual([0, null]);
  });

  it("keeps idle connections of TLS that it cannot give away, so that the next request is answered", async () => {
    const port = await findPort();
    const root = createProject({ "app.js": app });
    await createCertificate(root);
    const words = ["serve", "--app", "app.js", "--workers", "2", "--port", String(port), "--cert", "cert.pem", "--key", "key.pem"];
    const { child, hear, output } = start(root, words, { FLAGON_SHUTDOWN_TIMEOUT: "20" });
    await waitUntil(() => output().split(" listens.").length === 3, enough);
    const connections = Array.from({ length: 6 }, () => connectSecurely({ port, host: "127.0.0.1", rejectUnauthorized: false }));
    const received = connections.map((connection) => {
      const pieces: string[] = [];
      connection.on("error", () => undefined).on("data", (piece: Buffer) => pieces.push(String(piece)));
      onTestFinished(() => void connection.destroy());
      return pieces;
    });
    const countAnswers = (times: number) => received.filter((pieces) => pieces.join("").split("HTTP/1.1 200 ").length > times).length;
    const askAll = async (times: number) => {
      for (const connection of connections) {
        connection.write(get);
      }
      await waitUntil(() => countAnswers(times) === connections.length, enough);
      expect(countAnswers(times)).toBe(connections.length);
    };
    await askAll(1);
    child.kill("SIGHUP");
    await waitUntil(() => output().split("told ").length === 3, enough);
    await wait(5000);
    await askAll(2);
    expect(received.every((pieces) => /connection: close/i.test(pieces.join("")))).toBe(true);
    await hear("All workers have been replaced");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
