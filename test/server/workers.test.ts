import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createProject, start } from "../cli-project";
import { findPort, waitUntil } from "../support";

/** The source of an app that says its version, and prints the id of each of its processes. */
const version = (name: string, more = "") => `const { Flagon } = require("flagon");
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => "${name} " + process.pid, { endpoint: "index" });
app.onStart(() => { process.stdout.write("process " + process.pid + "\\n"); });
${more}
module.exports = app;
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Serves an app by two workers. */
async function serve(source: string) {
  const root = createProject({ "app.js": source });
  const port = await findPort();
  const origin = `http://127.0.0.1:${port}`;
  const started = start(root, ["serve", "--app", "app.js", "--port", String(port), "--workers", "2"]);
  await started.hear("in 2 workers");
  const listProcesses = () => [...started.output().matchAll(/^process (\d+)$/gm)].map(([, pid]) => Number(pid)).filter(isAlive);
  await waitUntil(() => listProcesses().length === 2);
  return {
    ...started,
    origin,
    deploy: (text: string) => writeFileSync(join(root, "app.js"), text),
    root,
    /** Lists the workers that are alive. */
    listWorkers: listProcesses,
    /** Asks on a connection of its own for the version and the process that answer. */
    ask: async () => (await (await fetch(origin, { headers: { connection: "close" } })).text()).split(" "),
    /** Waits until the log has said something so many times. */
    hearTimes: async (text: string, count: number) => {
      for (const end = Date.now() + 20_000; started.output().split(text).length - 1 < count && Date.now() < end; ) {
        await wait(20);
      }
      expect(started.output().split(text)).toHaveLength(count + 1);
    },
  };
}

/** Kills a worker, unless it has been replaced already. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    expect(error).toMatchObject({ code: "ESRCH" });
  }
}

// On a busy machine, signals and starts of processes can come in another order than the test asks for.
describe("flagon serve --workers", { retry: 2 }, () => {
  it("replaces a worker that is killed, and all of them on SIGHUP without losing a request", async () => {
    const { ask, child, hear, listWorkers, output } = await serve(version("one"));
    const exited = once(child, "exit");
    const [, first = ""] = await ask();
    process.kill(Number(first), "SIGKILL");
    await hear("another one takes its place");
    expect(output()).toContain(`The worker ${first} ended (SIGKILL)`);
    await waitUntil(() => listWorkers().length === 2);
    let isDone = false;
    let failures = 0;
    const seen = new Set<string>();
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isDone) {
          await ask().then(
            ([, pid = ""]) => seen.add(pid),
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
    expect(failures).toBe(0);
    expect([...seen].some((pid) => !before.has(pid))).toBe(true);
    child.kill("SIGTERM");
    await exited;
    expect(listWorkers()).toEqual([]);
  });

  it("keeps new connections waiting while no worker is there", async () => {
    const { ask, listWorkers } = await serve(version("one"));
    for (let round = 0; round < 3; round++) {
      await waitUntil(() => listWorkers().length === 2);
      const old = listWorkers();
      for (const pid of old) {
        process.kill(pid, "SIGKILL");
      }
      await waitUntil(() => !old.some(isAlive));
      const [name, pid] = await ask();
      expect(name).toBe("one");
      expect(old).not.toContain(Number(pid));
    }
  });

  it.each([
    ["cannot be read", "const x = ;"],
    ["throws an error when it is loaded", 'throw new Error("no");'],
    ["does not start", version("two", 'app.onStart(() => Promise.reject(new Error("no database")));')],
    ["ends itself", "process.exit(0);"],
  ])("keeps its workers if the new version %s, and takes the one after that", async (_, broken) => {
    const { ask, child, deploy, hear, hearTimes, listWorkers } = await serve(version("one"));
    const before = listWorkers();
    deploy(broken);
    child.kill("SIGHUP");
    await hear("The new version did not start");
    child.kill("SIGHUP");
    await hearTimes("The new version did not start", 2);
    expect(listWorkers()).toEqual(before);
    expect(await ask()).toContain("one");
    deploy(version("three"));
    child.kill("SIGHUP");
    await hear("All workers have been replaced");
    await waitUntil(() => listWorkers().length === 2);
    expect(listWorkers()).not.toEqual(expect.arrayContaining([before[0]]));
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(new Set(answers.map(([name]) => name))).toEqual(new Set(["three"]));
  });

  it("never has more workers than asked for, even if some are killed during a replacement", async () => {
    const { child, hearTimes, listWorkers } = await serve(version("one"));
    for (const [round, delay] of [0, 50, 200].entries()) {
      const [first = 0, second = 0] = listWorkers();
      child.kill("SIGHUP");
      await wait(delay);
      killIfThere(round === 1 ? second : first);
      await hearTimes("All workers have been replaced", round + 1);
      await wait(1000);
      expect(listWorkers()).toHaveLength(2);
    }
    // SIGHUP while a worker of the place is on its way.
    process.kill(listWorkers()[0] ?? 0, "SIGKILL");
    await wait(150);
    child.kill("SIGHUP");
    await hearTimes("All workers have been replaced", 4);
    await wait(1500);
    expect(listWorkers()).toHaveLength(2);
  });

  it("waits longer before each start of a worker that ends at once, for each of them, and forgets that", async () => {
    const crashing = 'if (require("node:fs").existsSync(__dirname + "/crash")) { setTimeout(() => process.exit(7), 100); }';
    const { listWorkers, output, root } = await serve(version("one", crashing));
    const readDelays = () => [...output().matchAll(/another one takes its place in (\d+) ms/g)].map(([, delay]) => Number(delay));
    writeFileSync(join(root, "crash"), "");
    await wait(1100);
    for (const pid of listWorkers()) {
      process.kill(pid, "SIGKILL");
    }
    for (const end = Date.now() + 20_000; readDelays().length < 6 && Date.now() < end; await wait(20));
    expect(
      readDelays()
        .slice(0, 6)
        .sort((left, right) => left - right),
    ).toEqual([100, 100, 200, 200, 400, 400]);
    rmSync(join(root, "crash"));
    for (const end = Date.now() + 20_000, stable = { since: 0 }; Date.now() < end; await wait(50)) {
      stable.since = listWorkers().length === 2 ? stable.since || Date.now() : 0;
      if (stable.since > 0 && Date.now() - stable.since > 2000) {
        break;
      }
    }
    const count = readDelays().length;
    process.kill(listWorkers()[0] ?? 0, "SIGKILL");
    await waitUntil(() => readDelays().length > count);
    expect(readDelays().at(-1)).toBe(100);
  });
});
