import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { writeFiles } from "./support";

/** The root of this project. */
export const project = join(__dirname, "..");
/** The command line, as it is built. */
export const bin = join(project, "dist/cli/bin.js");

/** Writes a project that has installed the package: this one, or a copy of it. */
export function createProject(files: Record<string, string>, flagon: string = project): string {
  const root = writeFiles({
    "tsconfig.json": '{"compilerOptions":{"module":"nodenext","target":"es2022","rootDir":".","experimentalDecorators":true}}',
    ...files,
  });
  const modules = join(root, "node_modules");
  writeFileSync(join(root, "package.json"), "{}");
  mkdirSync(modules);
  symlinkSync(flagon, join(modules, "flagon"));
  for (const name of ["ts-node", "typescript", "zod", "@types", "vitest"]) {
    symlinkSync(join(project, "node_modules", name), join(modules, name));
  }
  return root;
}

/** Runs the command line until it ends. */
export async function flagon(root: string, words: readonly string[], env: Record<string, string> = {}) {
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
export function start(root: string, words: readonly string[], env: Record<string, string> = {}, input: "ignore" | "pipe" = "ignore") {
  return run(root, [bin, ...words], env, input);
}

/** Starts a program of Node's, and gathers what it says. */
export function run(root: string, words: readonly string[], env: Record<string, string> = {}, input: "ignore" | "pipe" = "ignore") {
  const child: ChildProcess = spawn(process.execPath, words, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: [input, "pipe", "pipe"],
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
  const hear = async (text: string, time = 60_000): Promise<void> => {
    for (const end = Date.now() + time; !output.includes(text) && Date.now() < end; ) {
      await wait(20);
    }
    expect(output).toContain(text);
  };
  return { child, hear, output: () => output };
}

/** Waits until a page says something. */
export async function until(url: string, expected: string | RegExp, time = 60_000): Promise<void> {
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

/** Writes `cert.pem` and `key.pem` for this machine into a folder. */
export async function createCertificate(folder: string): Promise<void> {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  await promisify(execFile)("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject, ...files]);
}

/** Reads a page by HTTPS from a server with the certificate of a folder. */
export async function getSecurely(folder: string, port: number, path: string): Promise<string> {
  const request = get({ host: "127.0.0.1", port, path, ca: readFileSync(join(folder, "cert.pem")), agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return (await response.toArray()).map(String).join("");
}

/** The source of an app whose pages say a text. */
export const app = (text: string, more = "") => `import { Flagon, route, command, currentApp } from "flagon";
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
