import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createProject, start } from "../cli-project";
import { findPort, waitUntil } from "../support";

/** Milliseconds in which a busy machine starts or ends a few processes. */
const enough = 60_000;
/** Milliseconds after which a worker that listens counts as healthy. */
const healthy = 1000;

/** The source of an app that says its version, and the process that answers. */
const version = (name: string, more = "") => `const { Flagon } = require("flagon");
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => "${name} " + process.pid, { endpoint: "index" });
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

/** Serves an app by two workers, and waits until both listen. */
async function serve(source: string) {
  const root = createProject({ "app.js": source });
  const port = await findPort();
  const origin = `http://127.0.0.1:${port}`;
  const started = start(root, ["serve", "--app", "app.js", "--port", String(port), "--workers", "2"]);
  const count = (text: string) => started.output().split(text).length - 1;
  /** Lists the workers that have listened and are alive, in the order of their starts. */
  const listWorkers = () => [...started.output().matchAll(/The worker (\d+) listens\./g)].map(([, pid]) => Number(pid)).filter(isAlive);
  const untilTwo = async () => {
    await waitUntil(() => listWorkers().length === 2, enough);
    expect(listWorkers()).toHaveLength(2);
  };
  await started.hear("in 2 workers");
  await untilTwo();
  return {
    ...started,
    listWorkers,
    root,
    untilTwo,
    deploy: (text: string) => writeFileSync(join(root, "app.js"), text),
    /** Asks on a connection of its own for the version and the process that answer. */
    ask: async () => (await (await fetch(origin, { headers: { connection: "close" } })).text()).split(" "),
    /** Waits until the log has said something so many times. */
    hearTimes: async (text: string, times: number) => {
      await waitUntil(() => count(text) >= times, enough);
      expect(count(text)).toBe(times);
    },
    /** Kills a worker, unless it has ended, and waits until it is gone. */
    kill: async (pid = 0) => {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        expect(error).toMatchObject({ code: "ESRCH" });
      }
      await waitUntil(() => !isAlive(pid), enough);
    },
    /** Reads the milliseconds after which ended workers are replaced, in their order. */
    readDelays: () => [...started.output().matchAll(/another one takes its place in (\d+) ms/g)].map(([, delay]) => Number(delay)),
  };
}

describe("flagon serve --workers", { timeout: 240_000 }, () => {
  it("replaces a worker that is killed, and all of them on SIGHUP without losing a request", async () => {
    const { ask, child, hear, kill, listWorkers, output, untilTwo } = await serve(version("one"));
    const exited = once(child, "exit");
    const [, first = ""] = await ask();
    await kill(Number(first));
    await hear(`The worker ${first} ended (SIGKILL); another one takes its place`);
    await untilTwo();
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
    await waitUntil(() => seen.size > 0, enough);
    const before = listWorkers();
    child.kill("SIGHUP");
    await hear("All workers have been replaced");
    await waitUntil(() => listWorkers().some((pid) => seen.has(String(pid))), enough);
    isDone = true;
    await load;
    expect(failures).toBe(0);
    expect(listWorkers().filter((pid) => before.includes(pid))).toEqual([]);
    expect(listWorkers().some((pid) => seen.has(String(pid)))).toBe(true);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(listWorkers()).toEqual([]);
    expect(output()).not.toContain("did not start");
  });

  it("keeps new connections waiting while no worker is there", async () => {
    const { ask, kill, listWorkers, untilTwo } = await serve(version("one"));
    for (let round = 0; round < 3; round++) {
      await untilTwo();
      const old = listWorkers();
      await Promise.all(old.map(kill));
      const [name, pid] = await ask();
      expect(name).toBe("one");
      expect(old).not.toContain(Number(pid));
    }
  });

  it("lets connections wait for a second at most before the next start, though workers end again and again", async () => {
    const { kill, listWorkers, output, readDelays } = await serve(version("one"));
    for (let round = 0; round < 8; round++) {
      await waitUntil(() => listWorkers().length > 0, enough);
      const there = listWorkers();
      await Promise.all(there.map(kill));
      await waitUntil(() => there.every((pid) => output().includes(`The worker ${pid} ended`)), enough);
    }
    // The delays after which nobody listened, by the log.
    const listening = new Set<string>();
    const pauses: number[] = [];
    for (const [, pid = "", event, delay] of output().matchAll(/The worker (\d+) (listens|ended .*? in (\d+) ms)/g)) {
      if (event === "listens") {
        listening.add(pid);
      } else if (listening.delete(pid) && listening.size === 0) {
        pauses.push(Number(delay));
      }
    }
    expect(pauses.length).toBeGreaterThan(0);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1000);
    expect(Math.max(...readDelays())).toBeGreaterThanOrEqual(800);
  });

  it.each([
    ["cannot be read", "const x = ;"],
    ["throws an error when it is loaded", 'throw new Error("no");'],
    ["does not start", version("two", 'app.onStart(() => Promise.reject(new Error("no database")));')],
    ["ends itself", "process.exit(0);"],
  ])("keeps its workers if the new version %s, and takes the one after that", async (_, broken) => {
    const { ask, child, deploy, hear, hearTimes, listWorkers, untilTwo } = await serve(version("one"));
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
    await untilTwo();
    expect(listWorkers().filter((pid) => before.includes(pid))).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(new Set(answers.map(([name]) => name))).toEqual(new Set(["three"]));
  });

  it("stops during a replacement, without a word about the new version", async () => {
    const { child, listWorkers, output } = await serve(version("one"));
    const exited = once(child, "exit");
    const before = listWorkers();
    child.kill("SIGHUP");
    await wait(50);
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(before.filter(isAlive)).toEqual([]);
    expect(output()).not.toContain("did not start");
  });

  it("never has more workers than asked for, even if some are killed during a replacement", async () => {
    const { child, hearTimes, kill, listWorkers, untilTwo } = await serve(version("one"));
    for (const [round, delay] of [0, 50, 200].entries()) {
      await untilTwo();
      const [first, second] = listWorkers();
      child.kill("SIGHUP");
      await wait(delay);
      await kill(round === 1 ? second : first);
      await hearTimes("All workers have been replaced", round + 1);
      await untilTwo();
      // A worker too many would listen by now.
      await wait(1000);
      expect(listWorkers()).toHaveLength(2);
    }
    // SIGHUP while a worker of the place is on its way.
    await kill(listWorkers()[0]);
    await wait(150);
    child.kill("SIGHUP");
    await hearTimes("All workers have been replaced", 4);
    await untilTwo();
    await wait(1000);
    expect(listWorkers()).toHaveLength(2);
  });

  it("waits longer before each start of a worker that ends at once, for each of them, and forgets that", async () => {
    const crashing = 'if (require("node:fs").existsSync(__dirname + "/crash")) { process.exit(7); }';
    const { kill, listWorkers, readDelays, root, untilTwo } = await serve(version("one", crashing));
    const countDelays = (delay: number) => readDelays().filter((value) => value === delay).length;
    await wait(healthy + 1);
    writeFileSync(join(root, "crash"), "");
    await Promise.all(listWorkers().map(kill));
    await waitUntil(() => countDelays(800) > 0 && countDelays(400) === 2, enough);
    expect([100, 200, 400].map(countDelays)).toEqual([2, 2, 2]);
    rmSync(join(root, "crash"));
    await untilTwo();
    await wait(healthy + 1);
    const count = readDelays().length;
    await kill(listWorkers()[0]);
    await waitUntil(() => readDelays().length > count, enough);
    expect(readDelays().at(-1)).toBe(100);
  });
});
