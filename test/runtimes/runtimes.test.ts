import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const installed = join(__dirname, "node_modules");

async function run(command: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(command, [...args, "app.mjs"], { cwd: __dirname });
  return JSON.parse(stdout);
}

const functions = `import { Flagon } from "flagon";
const app = new Flagon(".", { static: null });
app.get("/hello/<name>", ({ name }: { name: string }) => \`Hello \${name}\`);
export default app;
if (process.argv[1]?.endsWith("app.ts")) {
  console.log(await (await app.fetch(new Request("http://localhost/hello/Ann"))).text());
}
`;

describe("an app of functions", () => {
  async function start(version: string, source: string, ...words: string[]): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "flagon-functions-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(__dirname, "../.."), join(folder, "node_modules/flagon"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "app.ts"), source);
    const result = await promisify(execFile)(join(installed, `node-${version}/bin/node`), words, { cwd: folder }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    rmSync(folder, { recursive: true });
    return `${result.stdout}${result.stderr}`;
  }

  it.each(["22", "24", "26"])("runs by Node %s itself, and by the command line", async (version) => {
    expect(await start(version, functions, "app.ts")).toContain("Hello Ann");
    expect(await start(version, functions, "node_modules/flagon/dist/cli/bin.js", "routes")).toContain("/hello/<name>");
  });

  it("gets an error with the cure if it has decorators", async () => {
    const source = 'import { route } from "flagon";\nclass Pages { @route("/") index() { return "x"; } }\nexport default Pages;';
    const said = await start("24", source, "node_modules/flagon/dist/cli/bin.js", "routes");
    expect(said).toContain("Node cannot load 'app.ts' by itself: it takes TypeScript without decorators");
  });
});

describe("a rolling restart", { timeout: 120_000 }, () => {
  const app = `const { Flagon } = require(${JSON.stringify(join(__dirname, "../../dist/index.js"))});
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.get("/", () => "<" + process.pid + ">");
module.exports = app;`;

  /** Sends a request on an open connection, and returns the process that answers, or the whole of another answer. */
  async function ask(socket: Socket): Promise<string> {
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = "";
    while (!/<\d+>$/.test(answer) && !socket.readableEnded && !socket.destroyed) {
      const [piece] = await Promise.race([once(socket, "data"), once(socket, "close").then(() => [""])]);
      answer += String(piece);
    }
    return /^HTTP\/1\.1 200 (?![\s\S]*connection: close)[\s\S]*<(\d+)>$/i.exec(answer)?.[1] ?? answer;
  }

  it.each(["20", "22", "24", "26"])("gives the idle connections to the new workers on Node %s", async (version) => {
    const folder = mkdtempSync(join(tmpdir(), "flagon-restart-"));
    writeFileSync(join(folder, "app.cjs"), app);
    const words = [join(__dirname, "../../dist/cli/bin.js"), "serve", "--app", "app.cjs", "--port", "0", "--workers", "2"];
    const child = spawn(join(installed, `node-${version}/bin/node`), words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += String(text)));
    child.stderr.on("data", (text: Buffer) => (said += String(text)));
    const hear = async (pattern: RegExp): Promise<void> => {
      for (const end = Date.now() + 60_000; !pattern.test(said) && Date.now() < end; ) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(said).toMatch(pattern);
    };
    try {
      await hear(/ listens\.[\s\S]* listens\./);
      await hear(/Serving the app/);
      const port = Number(/Serving the app .*?:(\d+)/.exec(said)?.[1]);
      const sockets = Array.from({ length: 12 }, () => connect(port, "127.0.0.1"));
      const before = await Promise.all(sockets.map(ask));
      child.kill("SIGHUP");
      await hear(/All workers have been replaced/);
      const after = await Promise.all(sockets.map(ask));
      expect(after.filter((pid) => !/^\d+$/.test(pid) || before.includes(pid))).toEqual([]);
      for (const socket of sockets) {
        socket.destroy();
      }
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      expect(await exited).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});

describe("one app", () => {
  it("answers on this Node as it should", async () => {
    expect(await run(process.execPath)).toEqual([
      [200, "text/html; charset=utf-8", null, "<p>A &lt; /page/A &lt; /page/x%20y</p>"],
      [422, "text/html; charset=utf-8", null, expect.stringContaining("This field is required.")],
      [303, "text/html; charset=utf-8", "/who", expect.any(String)],
      [200, "application/json", null, '{"name":"Bo","flashes":["Signed."],"host":"localhost"}'],
      [200, "text/html; charset=utf-8", null, "one /stream"],
      [200, "application/json", null, '[{"a":[1]},"application/json"]'],
      [404, "application/problem+json", null, expect.any(String)],
      [403, "text/html; charset=utf-8", null, expect.any(String)],
      [1, 2, 3].map((n) => `<p>${n} /page/${n} /page/x%20y</p>`),
      [200, null, 500_000, "0123", false],
      [206, "bytes 3-5/500000", 3, "345", false],
      [206, "bytes 499996-499999/500000", 4, "6789", false],
      ["text/event-stream; charset=utf-8", "data: /events\n\ndata: 2\n\n"],
      ["a", "b"].map((letter) => createHash("sha1").update(letter.repeat(3_000_000)).digest("hex")),
    ]);
  });

  it.each([
    ["Node 24", join(installed, "node-24/bin/node"), []],
    ["Node 26", join(installed, "node-26/bin/node"), []],
    ["Bun", join(installed, ".bin/bun"), ["run"]],
    ["Deno", join(installed, ".bin/deno"), ["run", "--allow-all"]],
  ])("answers on %s the same as on this Node", async (_, command, args) => {
    expect(await run(command, ...args)).toEqual(await run(process.execPath));
  });
});
