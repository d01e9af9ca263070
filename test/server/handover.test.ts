import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createProject, start } from "../cli-project";
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
async function serve(place: readonly string[]) {
  const root = createProject({ "app.js": app });
  const { child, hear, output } = start(root, ["serve", "--app", "app.js", "--workers", "2", ...place], {
    FLAGON_SHUTDOWN_TIMEOUT: "90",
  });
  const countListening = () => output().split(" listens.").length - 1;
  await waitUntil(() => countListening() === 2, enough);
  let rounds = 0;
  return {
    child,
    hear,
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
});
