import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProject, flagon, start, until } from "../cli-project";
import { findPort } from "../support";

const app = (body: string) => `
import { Flagon } from "flagon";
const app = new Flagon(__dirname, { static: null, config: { secretKey: "long enough for the server to start" } });
const say = (text: string) => process.stdout.write(\`\${text} \${process.pid}\\n\`);
app.route("/", () => "hello", { endpoint: "index" });
app.route("/slow", async () => { await new Promise((resolve) => setTimeout(resolve, 400)); return "slow"; }, { endpoint: "slow" });
${body}
export default app;
`;

describe("serve", () => {
  it("starts before it listens, and stops after the requests in flight", async () => {
    const root = createProject({
      "app.ts": app(
        `app.onStart(() => say("started")); app.onStop(async () => { say("stopped-a"); }); app.onStop(() => say("stopped-b"));`,
      ),
    });
    const port = await findPort();
    const { child, output } = start(root, ["serve", "--port", String(port)]);
    await until(`http://127.0.0.1:${port}/`, "hello");
    expect(output()).toContain("started");
    const slow = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text());
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill("SIGTERM");
    expect(await slow).toBe("slow");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    expect(output()).toMatch(/"path":"\/slow".*stopped-b.*stopped-a/s);
  });

  it("prints one line if the start fails, exits with 1, and stops the started resources", async () => {
    const root = createProject({
      "app.ts": app(
        `app.onStart(() => say("started")); app.onStop(() => say("stopped")); app.onStart(() => { throw new Error("no database\\nat all"); });`,
      ),
    });
    const { code, stderr, stdout } = await flagon(root, ["serve", "--port", "0"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^started \d+\nstopped \d+$/);
    expect(stderr.split("\n")).toHaveLength(1);
    expect(stderr).toContain("did not start: no database at all");
    const run = await flagon(root, ["run", "--no-reload", "--port", "0"]);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("did not start: no database at all")]);
    const many = await flagon(root, ["serve", "--port", "0", "--workers", "2"]);
    expect([many.code, many.stderr.split("\n").length]).toEqual([1, 1]);
  });

  it("stops the started resources if the port is in use, or if the workers do not start", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const port = String((other.address() as AddressInfo).port);
    const root = createProject({
      "app.ts": app(
        `app.onStart(() => say("started"), { once: process.env.ONCE === "1" }); app.onStop(async () => { say("stopped"); });
         if (process.env.BROKEN === "1") app.onStart(() => { throw new Error("no database"); });`,
      ),
    });
    const cases: [string[], Record<string, string>, RegExp][] = [
      [["serve", "--port", port], {}, /is in use/],
      [["run", "--no-reload", "--port", port], {}, /is in use/],
      [["serve", "--port", port, "--workers", "2"], { ONCE: "1" }, /is in use/],
      [["serve", "--port", "0", "--workers", "2"], { ONCE: "1", BROKEN: "1" }, /no database/],
    ];
    for (const [words, env, reason] of cases) {
      const { code, stderr, stdout } = await flagon(root, words, env);
      expect([words, code, stdout.replace(/ \d+/g, "")]).toEqual([words, 1, "started\nstopped"]);
      expect(stderr).toMatch(reason);
    }
  });

  it("runs the start functions in each worker, and those with 'once' in the primary", async () => {
    const root = createProject({
      "app.ts": app(
        `app.onStart(() => say("once"), { once: true }); app.onStop(() => say("once-stopped")); app.onStart(() => say("each")); app.onStop(() => say("each-stopped"));`,
      ),
    });
    const port = await findPort();
    const { child, hear, output } = start(root, ["serve", "--port", String(port), "--workers", "2"]);
    await hear("in 2 workers");
    await until(`http://127.0.0.1:${port}/`, "hello");
    const count = (word: string) => [...output().matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map(([, pid]) => Number(pid));
    while (count("each").length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(count("once")).toEqual([child.pid]);
    expect(count("once-stopped")).toEqual([child.pid]);
    expect(count("each").sort()).toEqual(count("each-stopped").sort());
    expect(new Set(count("each")).size).toBe(2);
  });

  it.each([["run --no-reload"], ["serve"], ["serve --workers 2"]])(
    "ends at a signal while a start hangs, and stops the resources that have started: %s",
    async (command) => {
      const hangs = `app.onStart(() => say("started")); app.onStop(() => say("stopped"));
      app.onStart(() => { say("hanging"); return new Promise((resolve) => setTimeout(resolve, 100_000)); });`;
      const { child, hear, output } = start(createProject({ "app.ts": app(hangs) }), [...command.split(" "), "--port", "0"]);
      const exited = once(child, "exit");
      await hear("hanging");
      child.kill("SIGTERM");
      expect(await exited).toEqual([0, null]);
      expect(output()).toMatch(/stopped \d/);
    },
  );

  it("calls a thrown value that is no error by its content", async () => {
    const root = createProject({ "app.ts": app("app.onStart(async () => { throw process.env.TEXT ?? Object.create(null); });") });
    const serve = await flagon(root, ["serve", "--port", "0"]);
    expect([serve.code, serve.stderr.split("\n").length]).toEqual([1, 1]);
    expect(serve.stderr).toContain("did not start: it threw [Object: null prototype] {}, which is no error.");
    const run = await flagon(root, ["run", "--no-reload", "--port", "0"], { TEXT: "no database" });
    expect([run.code, run.stderr]).toEqual([1, expect.stringMatching(/did not start: no database$/)]);
  });

  it.each([["run --no-reload"], ["serve"]])("stops after a view whose client has left, and after teardown: %s", async (command) => {
    const body = `app.onStop(() => say("stopped"));
      app.route("/begin", async () => { say("begun"); await new Promise((resolve) => setTimeout(resolve, 600)); say("viewed"); return ""; }, { endpoint: "begin" });
      app.teardownRequest(async () => { await new Promise((resolve) => setTimeout(resolve, 200)); say("torn"); });`;
    const port = await findPort();
    const { child, hear, output } = start(createProject({ "app.ts": app(body) }), [...command.split(" "), "--port", String(port)]);
    const exited = once(child, "exit");
    await until(`http://127.0.0.1:${port}/`, "hello");
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /begin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await hear("begun");
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(output()).toMatch(/viewed \d+[\s\S]*torn \d+[\s\S]*stopped \d/);
  });

  it("stops what a primary has started if a signal comes meanwhile", async () => {
    const body = `app.onStart(() => say("started"), { once: true }); app.onStop(() => say("stopped"));
      app.onStart(() => { say("hanging"); return new Promise((resolve) => setTimeout(resolve, 100_000)); }, { once: true });`;
    const { child, hear, output } = start(createProject({ "app.ts": app(body) }), ["serve", "--workers", "2", "--port", "0"]);
    const exited = once(child, "exit");
    await hear("hanging");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(output()).toMatch(/stopped \d/);
  });

  it("lets workers finish if a terminal or systemd signals them as well as the primary", async () => {
    const body =
      'app.onStart(() => say("each")); app.onStop(async () => { await new Promise((resolve) => setTimeout(resolve, 300)); say("stopped"); });';
    const { child, hear, output } = start(createProject({ "app.ts": app(body) }), ["serve", "--workers", "2", "--port", "0"]);
    const exited = once(child, "exit");
    await hear("in 2 workers");
    const pids = () => [...output().matchAll(/The worker (\d+) listens/g)].map(([, pid]) => Number(pid));
    while (pids().length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGINT");
    for (const pid of pids()) {
      process.kill(pid, "SIGINT");
    }
    expect(await exited).toEqual([0, null]);
    expect([...output().matchAll(/^stopped \d+$/gm)]).toHaveLength(2);
  });

  it("waits for background work in development, stops the app, and ends though the app has left a timer", async () => {
    const body = `app.onStop(async () => { say("stopped"); }); setInterval(() => undefined, 1000);
      app.route("/work", () => { app.background(async () => { await new Promise((resolve) => setTimeout(resolve, 1500)); say("worked"); }); return "begun"; }, { endpoint: "work" });`;
    const port = await findPort();
    const { child, output } = start(createProject({ "app.ts": app(body) }), ["run", "--no-reload", "--port", String(port)]);
    const exited = once(child, "exit");
    await until(`http://127.0.0.1:${port}/work`, "begun");
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
    expect(output()).toMatch(/worked \d+[\s\S]*stopped \d/);
  });

  it("answers the health path with 503 while a check fails", async () => {
    const root = createProject({
      "app.ts": app(
        `let isDown = false; app.route("/break", () => { isDown = true; return ""; }, { endpoint: "break" });
         app.healthCheck("warehouse", () => { if (isDown) throw new Error("closed"); });`,
      ),
    });
    const port = await findPort();
    const { hear } = start(root, ["serve", "--port", String(port), "--health", "/healthz"]);
    await until(`http://127.0.0.1:${port}/healthz`, "ok");
    await fetch(`http://127.0.0.1:${port}/break`);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect([answer.status, await answer.text()]).toEqual([503, "failed: warehouse\n"]);
    await hear("The health check 'warehouse' failed.");
  });

  it("answers the health path with 503 on a kept connection while it stops", async () => {
    const port = await findPort();
    const { child, hear } = start(createProject({ "app.ts": app("") }), ["serve", "--port", String(port), "--health", "/healthz"]);
    const exited = once(child, "exit");
    await until(`http://127.0.0.1:${port}/healthz`, "ok");
    const socket = connect(port, "127.0.0.1");
    const ask = async () => {
      socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      const [answer] = (await once(socket, "data")) as [Buffer];
      return String(answer);
    };
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok\n$/);
    child.kill("SIGTERM");
    await hear("Stopping the app");
    expect(await ask()).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*stopping\n$/i);
    expect(await exited).toEqual([0, null]);
  });
});
