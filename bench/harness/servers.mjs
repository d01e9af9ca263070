/*
 * The servers that are compared, each a process of its own on a core of its own.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const folder = fileURLToPath(new URL("..", import.meta.url));
const bun = `${folder}node_modules/.bin/bun`;
const newerNode = `${folder}node_modules/node/bin/node`;
const forms = ["page with session read and flash", "form POST, valid", "form POST, refused and shown again"];
const streams = ["upload of 10 MB", "server-sent events, 1,000 clients"];

/** The groups of servers, each measured in a run of its own; the first of a group is what the others are compared to. */
export function listGroups() {
  const node = (path) => ({
    title: `Node ${versionOf(path)}`,
    reference: "node:http by hand",
    servers: [
      { name: "node:http by hand", command: [path, "servers/node-http.mjs"] },
      { name: "Flagon", command: [path, compile("flagon.ts")] },
      { name: "Fastify", command: [path, "servers/fastify.mjs"] },
      { name: "Hono", command: [path, "servers/hono-node.mjs"] },
      { name: "Express", command: [path, "servers/express.mjs"] },
      { name: "Koa", command: [path, "servers/koa.mjs"] },
      { name: "NestJS on Fastify", command: [path, compile("nest.ts")] },
      ...(Number.parseInt(versionOf(path).slice(1), 10) >= 24 ? [{ name: "AdonisJS", command: [path, "servers/adonis.mjs"] }] : []),
    ],
  });
  const newest = succeeds(newerNode, ["--version"]) ? newerNode : process.execPath;
  return [
    node(process.execPath),
    { ...node(newest), title: `Databases, by drizzle on Node ${versionOf(newest)}`, hasDatabases: true },
    ...(succeeds(newerNode, ["--version"]) ? [node(newerNode)] : []),
    ...(succeeds(bun, ["--version"])
      ? [
          {
            title: `Bun ${versionOf(bun)}`,
            reference: "Flagon",
            servers: [
              { name: "Flagon", command: [bun, compile("flagon.ts")] },
              { name: "Hono", command: [bun, "servers/hono-bun.mjs"] },
              { name: "Elysia", command: [bun, "servers/elysia.mjs"], skips: [...forms, ...streams] },
            ],
          },
          {
            title: `Databases, by drizzle on Bun ${versionOf(bun)}`,
            reference: "Flagon",
            hasDatabases: true,
            servers: [
              { name: "Flagon", command: [bun, compile("flagon.ts")] },
              { name: "Hono", command: [bun, "servers/hono-bun.mjs"] },
            ],
          },
        ]
      : []),
    ...(succeeds("gunicorn", ["--version"]) && succeeds("/usr/bin/python3", ["-c", "import flask_wtf"])
      ? [
          {
            title: "Python: Flask with gunicorn, beside Flagon",
            reference: "Flagon",
            servers: [
              { name: "Flagon", command: [process.execPath, compile("flagon.ts")] },
              {
                name: "Flask",
                command: [
                  "gunicorn",
                  "--workers",
                  "1",
                  "--worker-class",
                  "gthread",
                  "--threads",
                  "32",
                  "--keep-alive",
                  "30",
                  "--bind",
                  "127.0.0.1:5790",
                  "--chdir",
                  "servers",
                  "flask_app:app",
                ],
                port: 5790,
                skips: [...forms.slice(1), ...streams],
              },
            ],
          },
        ]
      : []),
  ];
}

function versionOf(program) {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
}

/** Whether a process can be held to one core. */
export const canPin = cpus().length > 1 && succeeds("taskset", ["--version"]);

/** Holds this process, from which the load comes, to another core than the servers'. */
export function leaveFirstCore() {
  if (canPin) {
    execFileSync("taskset", ["-acp", "1", String(process.pid)], { stdio: "ignore" });
  }
}

/** Starts a server on the first core, unless it may have all of them, and waits until it listens. */
export async function start({ command, environment, name, port }, isPinned = canPin) {
  const [program, ...words] = isPinned ? ["taskset", "-c", "0", ...command] : command;
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const listening = new Promise((resolve) => {
    const hear = (chunk) => {
      said = (said + chunk).slice(-5000);
      const found =
        /^listening (\d+)$/m.exec(said)?.[1] ?? (port !== undefined && /Listening at|Serving the app/.test(said) ? port : undefined);
      if (found !== undefined) {
        resolve(Number(found));
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
  });
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with ${code} before it listened:\n${said}`)));
  const found = await Promise.race([listening, ended]);
  ended.catch(() => undefined);
  child.once("exit", (code) => (code === null ? undefined : console.error(`${name} ended with ${code}:\n${said}`)));
  return { name, child, origin: `http://127.0.0.1:${found}`, port: found };
}

/** Ends a server. */
export async function stop({ child }) {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Whether the kernel keeps the times of threads, to the nanosecond; its other clock ticks 100 times a second. */
const hasThreadTimes = Number(read("/proc/self/schedstat").split(" ")[0]) > 0;

/**
 * Begins to count the CPU time of a server and its children, user and system, in microseconds.
 *
 * @returns Tells how much they have used since. Of a thread that has ended meanwhile it is not known.
 */
export function countCpu({ child }) {
  const before = readTimes(child);
  return () => [...readTimes(child)].reduce((sum, [id, time]) => sum + time - (before.get(id) ?? 0), 0);
}

/** Reads the time that each thread has used; that of each process, where threads have none. */
function readTimes({ pid }) {
  return new Map(listTree(pid).flatMap((id) => (hasThreadTimes ? readThreadTimes(id) : [[id, readTicks(id)]])));
}

function readThreadTimes(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const [nanoseconds] = read(`/proc/${pid}/task/${task}/schedstat`).split(" ");
    return nanoseconds === "" ? [] : [[task, Number(nanoseconds) / 1000]];
  });
}

function readTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The memory that a server and its children hold, in MB. */
export function readMemory({ child }) {
  return listTree(child.pid).reduce((sum, pid) => {
    const [, kilobytes = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return sum + Number(kilobytes) / 1024;
  }, 0);
}

function listTree(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).trim().split(" ").filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => listTree(child))];
}

/** Reads what the kernel says of a thread, which may have ended since it was listed; `""` when it says nothing. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") {
      return "";
    }
    throw error;
  }
}

/** Compiles a server as one would for production, beside its source, where git does not see it. */
function compile(file) {
  const { outputText } = ts.transpileModule(readFileSync(`${folder}servers/${file}`, "utf8"), {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: file === "nest.ts",
      esModuleInterop: true,
    },
  });
  const output = `servers/${file.replace(".ts", ".compiled.cjs")}`;
  writeFileSync(folder + output, outputText);
  return output;
}

/** Tells whether a program is there and ends well. */
export function succeeds(command, args) {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
