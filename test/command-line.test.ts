import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findPort, writeFiles } from "./helpers";

const project = join(__dirname, "..");
const bin = join(project, "dist/cli/bin.js");

beforeAll(async () => {
  await promisify(execFile)("npm", ["run", "build"], { cwd: project });
});

/** Writes a project that has installed the package. */
function createProject(files: Record<string, string>): string {
  const root = writeFiles({
    "tsconfig.json": '{"compilerOptions":{"module":"nodenext","target":"es2022","rootDir":".","experimentalDecorators":true}}',
    ...files,
  });
  const modules = join(root, "node_modules");
  writeFileSync(join(root, "package.json"), "{}");
  mkdirSync(modules);
  symlinkSync(project, join(modules, "flagon"));
  for (const name of ["ts-node", "typescript", "zod", "@types", "vitest"]) {
    symlinkSync(join(project, "node_modules", name), join(modules, name));
  }
  return root;
}

async function flagon(root: string, words: readonly string[], env: Record<string, string> = {}) {
  const { stderr, stdout, code } = await promisify(execFile)(process.execPath, [bin, ...words], {
    cwd: root,
    env: { ...process.env, ...env },
  }).then(
    (result) => ({ ...result, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  return { code, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** Starts a command that goes on, and gathers what it says. */
function start(root: string, words: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [bin, ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout?.on("data", (text: Buffer) => (output += String(text)));
  child.stderr?.on("data", (text: Buffer) => (output += String(text)));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  /** Waits until it has said something. */
  const hear = async (text: string, time = 20_000): Promise<void> => {
    for (const end = Date.now() + time; !output.includes(text) && Date.now() < end; ) {
      await wait(20);
    }
    expect(output).toContain(text);
  };
  return { child, hear, output: () => output };
}

/** Waits until a page says something. */
async function until(url: string, expected: string | RegExp, time = 15_000): Promise<void> {
  let last = "";
  for (const end = Date.now() + time; Date.now() < end; await wait(25)) {
    last = await fetch(url, { headers: { connection: "close" } }).then(
      (response) => response.text(),
      (error: unknown) => String(error),
    );
    if (typeof expected === "string" ? last.includes(expected) : expected.test(last)) {
      return;
    }
  }
  throw new Error(`${url} did not say ${expected}, but: ${last}`);
}

const app = (text: string, more = "") => `import { Flagon, route, command, currentApp } from "flagon";
class Views {
  @route("/") index() { return "<html><body>${text}</body></html>"; }
  @route("/pid") pid() { return String(process.pid); }
  @route("/slow") async slow() { await new Promise((resolve) => setTimeout(resolve, 400)); return "slow"; }
  @command("greet <name>", { description: "Greets.", options: { loud: "boolean" } })
  greet({ name, loud }: { name: string; loud?: boolean }) { return (loud ? name.toUpperCase() : name) + " " + currentApp.name + " " + (process.env.FROM_FILE ?? ""); }
  ${more}
}
const app = new Flagon(__dirname, { name: "tried", config: { secretKey: "a key that is long enough" } });
app.register(Views);
app.run({ port: 1 });
export default app;
`;

describe("flagon", () => {
  it("lists routes, and those that hold a text, also as JSON", async () => {
    const root = createProject({ "app.ts": app("x") });
    const all = await flagon(root, ["routes"]);
    expect([all.code, all.stdout.split("\n").map((line) => line.trim().split(/\s{2,}/))]).toEqual([
      0,
      [
        ["Rule", "Methods", "Endpoint", "View", "Hooks"],
        expect.any(Array),
        ["/", "GET", "index", "Views.index", "0"],
        ["/pid", "GET", "pid", "Views.pid", "0"],
        ["/slow", "GET", "slow", "Views.slow", "0"],
      ],
    ]);
    const some = await flagon(root, ["routes", "pid", "--json"]);
    expect(JSON.parse(some.stdout)).toEqual([{ rule: "/pid", methods: "GET", endpoint: "pid", view: "Views.pid", host: "", hooks: 0 }]);
  });

  it("runs the app's own commands, with variables from files", async () => {
    const root = createProject({ "src/app.ts": app("x"), ".env": "FROM_FILE=env", ".flagonenv": "FROM_FILE=other" });
    expect(await flagon(root, ["greet", "Ann", "--loud"])).toEqual({ code: 0, stdout: "ANN tried env", stderr: "" });
    expect((await flagon(root, ["greet", "Ann"], { FROM_FILE: "real" })).stdout).toBe("Ann tried real");
    expect((await flagon(root, ["commands"])).stdout).toBe("greet <name> [--loud]  Greets.");
    expect(await flagon(root, ["greet"])).toMatchObject({ code: 2, stderr: "The argument 'name' is missing.\n\nUsage: greet <name>" });
    expect(await flagon(root, ["gret"])).toMatchObject({ code: 2, stderr: "There is no command 'gret'. Did you mean 'greet'?" });
  });

  it("finds an app by its file and name, and by a factory", async () => {
    const root = createProject({
      "other.ts": `import { Flagon } from "flagon";
export function createApp() { const app = new Flagon(__dirname, { name: "made" }); app.command("who", () => app.name); return app; }
export const second = new Flagon(__dirname, { name: "second" });
second.command("who", () => "second");`,
      "two.ts": `import { Flagon } from "flagon"; export const a = new Flagon(__dirname); export const b = new Flagon(__dirname);`,
      "none.ts": "export const x = 1;",
      "broken.ts": "export const x = ;",
    });
    expect((await flagon(root, ["--app", "other.ts:createApp", "who"])).stdout).toBe("made");
    expect((await flagon(root, ["-A", "other:second", "who"])).stdout).toBe("second");
    expect((await flagon(root, ["who"], { FLAGON_APP: "other.ts:createApp" })).stdout).toBe("made");
    expect(await flagon(root, ["--app", "two.ts", "routes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("exports several apps: a, b"),
    });
    expect(await flagon(root, ["--app", "none.ts", "routes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("exports no Flagon app"),
    });
    expect(await flagon(root, ["routes"])).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no app in") });
    expect(await flagon(root, ["--app", "broken.ts", "routes"])).toMatchObject({ code: 1, stderr: expect.stringContaining("broken.ts") });
  });

  it("says what is not to be in production", async () => {
    const root = createProject({ "app.ts": app("x") });
    const bad = await flagon(root, ["check", "--deploy"]);
    expect([bad.code, bad.stdout]).toEqual([
      1,
      expect.stringMatching(/secret key is short[\s\S]*Any host[\s\S]*No proxy[\s\S]*things are wrong/),
    ]);
    const env = {
      FLAGON_SECRET_KEY: "f3Zk0vXq8mT1yB6uWc9aJr5eHd2nLp7i",
      FLAGON_TRUSTED_HOSTS: '["example.com"]',
      FLAGON_TRUST_PROXY: "1",
    };
    expect(await flagon(root, ["check", "--deploy"], env)).toMatchObject({ code: 0, stdout: "Nothing is wrong." });
    expect((await flagon(root, ["secret"])).stdout).toMatch(/^[\w-]{43}$/);
  });

  it.each(["minimal", "site", "api"])("makes a project of the kind %s, which type-checks and passes its tests", async (kind) => {
    const root = createProject({});
    const made = await flagon(root, ["new", "made", "--kind", kind]);
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining("npm run dev")]);
    const folder = join(root, "made");
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, words, { cwd: folder }).catch((error: { stdout: string }) => error);
    expect((await run(join(project, "node_modules/typescript/bin/tsc"), "--noEmit")).stdout).toBe("");
    expect((await run(join(project, "node_modules/vitest/vitest.mjs"), "run")).stdout).toMatch(/1 passed/);
    expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({ name: "made", scripts: { dev: "flagon run" } });
    expect((await flagon(root, ["new", "made"])).stderr).toContain("is not empty");
  });
});

describe("flagon run", () => {
  it("starts anew when code changes, survives what cannot start, and ignores app.run()", async () => {
    const root = createProject({ "app.ts": app("one") });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const { child, hear, output } = start(root, ["run", "--port", String(port)]);
    await until(origin, "one");
    const begun = performance.now();
    writeFileSync(join(root, "app.ts"), app("two"));
    await until(origin, "two");
    expect(performance.now() - begun).toBeLessThan(10_000);
    writeFileSync(join(root, "app.ts"), "const x = ;");
    await until(origin, "fetch failed");
    await hear("The app has ended");
    writeFileSync(join(root, "app.ts"), app("three"));
    await until(origin, "three");
    expect(output()).toContain("app.ts has changed, starting anew");
    expect(output()).toContain("The app has ended; it is started again when a file changes");
    expect(output()).not.toContain("EADDRINUSE");
    child.kill("SIGTERM");
    await once(child, "exit");
    await expect(fetch(origin)).rejects.toThrow("fetch failed");
  });

  it("tells the browser when a template changes, and when the app is another one", async () => {
    const root = createProject({
      "app.ts": `import { Flagon, renderTemplate } from "flagon";
const app = new Flagon(__dirname, { config: { secretKey: "a key that is long enough" } });
app.route("/", () => renderTemplate("page"), { endpoint: "page" });
export default app;`,
      "templates/page.eta": "<html><body>one</body></html>",
    });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const { child } = start(root, ["run", "--port", String(port)]);
    await until(origin, '<html><body>one<script src="/_flagon/reload.js"></script></body></html>');
    expect(await (await fetch(`${origin}/_flagon/reload.js`)).text()).toContain("EventSource");
    const listen = async () => {
      const response = await fetch(`${origin}/_flagon/reload`);
      const reader = response.body?.getReader();
      let text = "";
      return async (expected: RegExp) => {
        while (!expected.test(text)) {
          const next = await reader?.read();
          if (next?.done !== false) {
            break;
          }
          text += Buffer.from(next.value).toString("utf8");
        }
        return expected.exec(text)?.[1] ?? null;
      };
    };
    const hear = await listen();
    const boot = await hear(/event: boot\ndata: ([\w-]{36})/);
    writeFileSync(join(root, "templates/page.eta"), "<html><body>two</body></html>");
    expect(await hear(/event: (change)/)).toBe("change");
    await until(origin, "two");
    writeFileSync(join(root, "app.ts"), `${readFileSync(join(root, "app.ts"), "utf8")}\n// changed\n`);
    await wait(1000);
    await until(origin, "two");
    expect(await (await listen())(/event: boot\ndata: ([\w-]{36})/)).not.toBe(boot);
    child.kill("SIGTERM");
    await once(child, "exit");
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends by itself on %s, though it watches folders and nobody reads what it says",
    async (signal) => {
      const root = createProject({ "app.ts": app("one"), "templates/a/page.eta": "a", "static/b/file.txt": "b" });
      const port = await findPort();
      const { child, hear } = start(root, ["run", "--no-reload", "--port", String(port)]);
      await hear("Running on");
      child.stdout?.destroy();
      child.stderr?.destroy();
      for (let count = 0; count < 3; count++) {
        await until(`http://127.0.0.1:${port}`, "one");
      }
      child.kill(signal);
      expect(await once(child, "exit")).toEqual([0, null]);
    },
  );

  it("says in a line that the port is in use", async () => {
    const root = createProject({ "app.ts": app("x") });
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as AddressInfo;
    const { code, stderr } = await flagon(root, ["run", "--no-reload", "--port", String(port)]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Port ${port} on 127.0.0.1 is in use by another program.`)]);
  });
});

describe("flagon serve", () => {
  it("loses none of fifty requests in flight when it is told to stop", async () => {
    const root = createProject({ "app.ts": app("x") });
    const port = await findPort();
    const { child, output } = start(root, ["serve", "--port", String(port), "--health", "/healthz"]);
    await until(`http://127.0.0.1:${port}/healthz`, "ok");
    const requests = Array.from({ length: 50 }, () => fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text()));
    await wait(150);
    child.kill("SIGTERM");
    expect(await Promise.all(requests)).toEqual(Array.from({ length: 50 }, () => "slow"));
    const [exitCode] = (await once(child, "exit")) as [number];
    expect(exitCode).toBe(0);
    const lines = output()
      .split("\n")
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(50);
    expect(lines[0]).toMatchObject({
      method: "GET",
      path: "/slow",
      status: 200,
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      remoteAddress: "127.0.0.1",
    });
  });

  it("replaces a worker that is killed, and all of them on SIGHUP without losing a request", async () => {
    const root = createProject({ "app.ts": app("x") });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const { child, hear, output } = start(root, ["serve", "--port", String(port), "--workers", "2"]);
    await until(`${origin}/pid`, /^\d+$/);
    const readPid = async () => (await fetch(`${origin}/pid`, { headers: { connection: "close" } })).text();
    const first = await readPid();
    process.kill(Number(first), "SIGKILL");
    await hear("another one takes its place");
    expect(output()).toContain(`The worker ${first} ended (SIGKILL)`);
    await until(`${origin}/pid`, /^\d+$/);
    let isDone = false;
    let failures = 0;
    const seen = new Set<string>();
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isDone) {
          await readPid().then(
            (pid) => seen.add(pid),
            () => failures++,
          );
        }
      }),
    );
    await wait(300);
    const before = new Set(seen);
    child.kill("SIGHUP");
    await hear("All workers have been replaced");
    await wait(300);
    isDone = true;
    await load;
    expect(output()).toContain("All workers have been replaced");
    expect(failures).toBe(0);
    expect([...seen].some((pid) => !before.has(pid))).toBe(true);
    child.kill("SIGTERM");
    await once(child, "exit");
  }, 60_000);

  it("refuses a short key and a broken setting in a line each", async () => {
    const root = createProject({ "app.ts": app("x") });
    const short = await flagon(root, ["serve"], { FLAGON_SECRET_KEY: "short" });
    expect([short.code, short.stderr]).toEqual([
      1,
      "The secret key is shorter than 16 characters, which can be guessed. Make one: npx flagon secret",
    ]);
    const broken = await flagon(root, ["serve"], { FLAGON_MAX_CONTENT_LENGTH: "lots" });
    expect([broken.code, broken.stderr]).toEqual([
      1,
      "The setting 'maxContentLength' (from FLAGON_MAX_CONTENT_LENGTH) is to be a whole number from 1, not 'lots'.",
    ]);
  });

  it("refuses a head that is too long, and keeps no trace of it", async () => {
    const root = createProject({ "app.ts": app("x") });
    const port = await findPort();
    start(root, ["serve", "--port", String(port)]);
    await until(`http://127.0.0.1:${port}/`, "x");
    const headers = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, "1"]));
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers })).status).toBe(431);
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers: { "x-a": "y".repeat(17_000) } })).status).toBe(431);
    expect(readdirSync(root)).not.toContain(".flagon");
  });
});
