import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Flagon, type FlagonOptions, request } from "flagon";
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { serve } from "../../src/server/production/serve";
import { createApp, waitUntil } from "../support";
import { openSocket, statuses } from "./raw-socket";

/** A folder of this file's own, for other processes write temporary files as well. */
const folder = mkdtempSync(join(tmpdir(), "flagon-ends-"));
vi.stubEnv("TMPDIR", folder);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const listFiles = () => readdirSync(tmpdir()).filter((name) => /^flagon-[\da-f-]{36}$/.test(name));
let filesBefore: string[] = [];

/** What an app has seen of its requests. */
interface Seen {
  started: number;
  tornDown: number;
  aborted: number;
  closed: number;
}

/** Serves an app as production does, with short times, and counts the beginnings and ends of its requests. */
async function serveCounted(config: FlagonOptions["config"] = {}) {
  const app = createApp({
    config: { testing: false, secretKey: "a key that is long enough", viewTimeout: 0.4, bodyTimeout: 0.4, shutdownTimeout: 2, ...config },
  });
  app.logger.level = "silent";
  const seen: Seen = { started: 0, tornDown: 0, aborted: 0, closed: 0 };
  app.beforeRequest(() => {
    seen.started++;
    request.signal.addEventListener("abort", () => seen.aborted++);
    return undefined;
  });
  app.teardownRequest(() => {
    seen.tornDown++;
  });
  app.route("/fast", () => "fast", { endpoint: "fast", methods: ["GET", "POST"] });
  app.route("/slow", () => wait(150).then(() => "slow"), { endpoint: "slow", methods: ["GET", "POST"] });
  app.route("/never", () => new Promise<string>(() => undefined), { endpoint: "never", methods: ["GET", "POST"] });
  app.route("/fails", () => Promise.reject(new Error("on purpose")), { endpoint: "fails", methods: ["GET", "POST"] });
  app.route("/form", async () => `${(await request.form()).size} fields`, { endpoint: "form", methods: ["POST"] });
  app.route("/text", async () => `${(await request.text()).length} characters`, { endpoint: "text", methods: ["POST"] });
  app.route(
    "/stream",
    async function* () {
      yield "a";
      await wait(150);
      yield "b";
    },
    { endpoint: "stream", methods: ["GET", "POST"] },
  );
  const port = await serveApp(app);
  return { app, port, seen };
}

async function serveApp(app: Flagon): Promise<number> {
  const running = serve(app, { port: 0 });
  if (running === undefined) {
    throw new Error("The app is not served here.");
  }
  const signals = ["SIGTERM", "SIGINT", "SIGHUP", "uncaughtException"].map(
    (name) => [name, process.listeners(name as "SIGTERM").at(-1)] as const,
  );
  onTestFinished(async () => {
    for (const [name, listener] of signals) {
      if (listener !== undefined) {
        process.off(name, listener);
      }
    }
    await running.stop();
  });
  await waitUntil(() => running.server.listening);
  const address = running.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const head = (method: string, path: string, headers = "") => `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const file = `--B\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n${"x".repeat(1_500_000)}`;
const multipart = "Content-Type: multipart/form-data; boundary=B\r\n";

/** The bodies that requests begin with: what comes at once, out of how much. */
const bodies: Readonly<Record<string, (path: string) => string>> = {
  "no body": (path) => head("GET", path),
  "a short body": (path) => `${head("POST", path, "Content-Length: 5\r\n")}a=b&c`,
  "a part of a body": (path) => `${head("POST", path, "Content-Length: 900000\r\n")}${"x".repeat(100_000)}`,
  "a part of a chunked body": (path) => `${head("POST", path, "Transfer-Encoding: chunked\r\n")}5\r\nabcde\r\n`,
  "a part of an upload": (path) => `${head("POST", path, `${multipart}Content-Length: 9000000\r\n`)}${file}`,
};
const paths = ["/fast", "/slow", "/never", "/fails", "/form", "/text", "/stream"];

/** Begins a request with a body to each path, each to an app of its own, all at the same time. */
async function startAll(name: string, run: (bytes: string) => Promise<void>): Promise<void> {
  await Promise.all(
    paths.filter((path) => name !== "no body" || !["/form", "/text"].includes(path)).map((path) => run(bodies[name]?.(path) ?? "")),
  );
  await waitUntil(() => listFiles().length <= filesBefore.length);
  expect(listFiles()).toEqual(filesBefore);
}

/** Waits until all requests that have begun are torn down, and expects that each was, once. */
async function expectEnds(seen: Seen): Promise<void> {
  await waitUntil(() => seen.started > 0 && seen.tornDown >= seen.started);
  await wait(250);
  expect(seen.tornDown).toBe(seen.started);
}

beforeEach(() => {
  filesBefore = listFiles();
});

afterEach(() => {
  expect(listFiles()).toEqual(filesBefore);
});

describe("a request is torn down once, and leaves no file,", () => {
  it.each(Object.keys(bodies))("when its client leaves after %s", (name) =>
    startAll(name, async (bytes) => {
      const { port, seen } = await serveCounted();
      const connection = openSocket(port);
      connection.write(bytes);
      await waitUntil(() => seen.started > 0);
      await wait(30);
      connection.socket.resetAndDestroy();
      await expectEnds(seen);
    }),
  );

  it.each(Object.keys(bodies))("when its client leaves while it waits behind another request, after %s", (name) =>
    startAll(name, async (bytes) => {
      const { port, seen } = await serveCounted();
      const connection = openSocket(port);
      connection.write(head("GET", "/slow"));
      connection.write(bytes);
      await waitUntil(() => seen.started > 1);
      await wait(30);
      connection.socket.resetAndDestroy();
      await expectEnds(seen);
      expect(seen.started).toBe(2);
    }),
  );

  it.each(Object.keys(bodies))("when its client stays and waits, after %s", (name) =>
    startAll(name, async (bytes) => {
      const { port, seen } = await serveCounted();
      const connection = openSocket(port);
      connection.write(bytes);
      const received = await connection.until(/^HTTP\/1\.1 /, 3000);
      expect(statuses(received)).toHaveLength(1);
      connection.socket.end();
      await connection.closed();
      await expectEnds(seen);
    }),
  );
});

describe("a request that takes too long", () => {
  it("is answered with 503 when its view is silent, and its signal is aborted", async () => {
    const { port, seen } = await serveCounted();
    const connection = openSocket(port);
    const start = performance.now();
    connection.write(head("GET", "/never"));
    const received = await connection.closed();
    expect(received).toMatch(/^HTTP\/1\.1 503 /);
    expect(received.toLowerCase()).toMatch(/retry-after: 30\r\n/);
    expect(received.toLowerCase()).toMatch(/x-content-type-options: nosniff\r\n/);
    expect(performance.now() - start).toBeGreaterThan(390);
    await expectEnds(seen);
    expect(seen.aborted).toBe(1);
  });

  it("is answered with 408 when its body makes no progress, by the app's own error handler", async () => {
    const { app, port, seen } = await serveCounted();
    app.errorHandler(408, () => "too slow for this app");
    const connection = openSocket(port);
    connection.write(`${head("POST", "/form", `${multipart}Content-Length: 9000000\r\n`)}${file}`);
    const received = await connection.closed();
    expect(received).toMatch(/^HTTP\/1\.1 408 [\s\S]*too slow for this app/);
    await expectEnds(seen);
  });

  it("has time for a slow body: the view's time counts from the end of the body", async () => {
    const { port, seen } = await serveCounted();
    const connection = openSocket(port);
    connection.write(head("POST", "/text", "Content-Length: 2000\r\n"));
    for (let piece = 0; piece < 20; piece++) {
      await wait(60);
      connection.write("x".repeat(100));
    }
    expect(await connection.until(/characters/)).toMatch(/^HTTP\/1\.1 200 [\s\S]*2000 characters$/);
    connection.socket.end();
    await expectEnds(seen);
    expect(seen.aborted).toBe(0);
  });

  it("has the time limits of its route", async () => {
    const app = createApp({ config: { testing: false, secretKey: "a key that is long enough", viewTimeout: 0.2 } });
    app.logger.level = "silent";
    app.route("/", () => wait(600).then(() => "in time"), { endpoint: "long", viewTimeout: 5 });
    app.route("/short", () => wait(600).then(() => "late"), { endpoint: "short" });
    const port = await serveApp(app);
    const connection = openSocket(port);
    connection.write(head("GET", "/"));
    expect(await connection.until(/in time/)).toMatch(/^HTTP\/1\.1 200 /);
    connection.write(head("GET", "/short"));
    expect(statuses(await connection.closed())).toEqual([200, 503]);
  });

  it.each([{ viewTimeout: 0 }, { viewTimeout: Number.NaN }, { bodyTimeout: -1 }])("refuses the limits %j", (times) => {
    expect(() => createApp().route("/", () => "", { endpoint: "x", ...times })).toThrow(/a number of seconds above 0/);
    expect(() => createApp({ config: times })).toThrow(/a number of seconds above 0/);
  });
});

describe("request.signal", () => {
  it.each(["GET", "POST"])("is aborted for code that reads it after the client has left, by %s", async (method) => {
    const { app, port, seen } = await serveCounted({ viewTimeout: 5 });
    const answers: boolean[] = [];
    const view = async () => {
      await request.text();
      await wait(100);
      answers.push(request.signal.aborted);
      return "";
    };
    app.route("/late", view, { endpoint: "late", methods: ["GET", "POST"] });
    const connection = openSocket(port);
    connection.write(method === "GET" ? head("GET", "/late") : `${head("POST", "/late", "Content-Length: 3\r\n")}abc`);
    await waitUntil(() => seen.started > 0);
    connection.socket.resetAndDestroy();
    await waitUntil(() => answers.length > 0);
    expect(answers).toEqual([true]);
  });

  it("is not aborted by the end of an answered request", async () => {
    const { port, seen } = await serveCounted();
    const connection = openSocket(port);
    connection.write(head("GET", "/fast").repeat(5));
    await connection.until(/(fast[\s\S]*){5}$/);
    connection.socket.end();
    await expectEnds(seen);
    expect([seen.started, seen.aborted]).toEqual([5, 0]);
  });
});
