import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProject, start, until } from "../cli-project";
import { findPort, waitUntil } from "../support";
import { countConnections, freeze, type Load, listWorkers, startLoad } from "./load";
import { startNginx } from "./nginx";

/** How many rolling restarts each test makes; `RESTARTS=100 npm run test:services` makes more. */
const restarts = Number(process.env.RESTARTS ?? 10);
const kills = Number(process.env.KILLS ?? 20);

const app = `const { Flagon, request } = require("flagon");
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough", trustProxy: 1, trustedHosts: ["example.com"] } });
app.route("/", async () => {
  const body = request.method === "POST" ? await request.text() : "";
  await new Promise((resolve) => setTimeout(resolve, 5));
  return process.pid + " " + body + " end";
}, { endpoint: "index", methods: ["GET", "POST"] });
app.logger.level = process.send === undefined ? "info" : "warn";
module.exports = app;
`;

/** Milliseconds in which a busy machine starts or ends a few processes. */
const enough = 60_000;
/** Milliseconds after which a worker that listens counts as healthy. */
const healthy = 1000;

/** Serves the app by two workers. */
async function serve() {
  const root = createProject({ "app.js": app });
  const port = await findPort();
  const started = start(root, ["serve", "--app", "app.js", "--port", String(port), "--workers", "2", "--health", "/healthz"]);
  const pid = started.child.pid ?? 0;
  /** Lists the workers that are there and listen. */
  const listListening = () => listWorkers(pid).filter((worker) => started.output().includes(`The worker ${worker} listens.`));
  /** Waits until two workers listen, and have listened for so long that they count as healthy. */
  const untilTwo = async (): Promise<void> => {
    await waitUntil(() => listListening().length === 2, enough);
    expect(listListening()).toHaveLength(2);
    await wait(healthy + 1);
  };
  await until(`http://127.0.0.1:${port}/healthz`, "ok");
  await untilTwo();
  return { ...started, root, port, pid, untilTwo };
}

function ask(target: Parameters<typeof startLoad>[0]): Load {
  const load = startLoad({ path: "/", headers: { host: "example.com" }, host: "127.0.0.1", ...target });
  onTestFinished(() => load.stop());
  return load;
}

describe("a worker that is killed under load", () => {
  it(
    `costs at most what it had in hand, at each of ${kills} kills`,
    async () => {
      const { pid, port, untilTwo } = await serve();
      const load = ask({ port });
      let inHand = 0;
      for (let count = 0; count < kills; count++) {
        await untilTwo();
        // Every fourth time both are killed, so that nobody listens for a while.
        for (const worker of listWorkers(pid).slice(0, count % 4 === 3 ? 2 : 1)) {
          await freeze(worker);
          inHand += countConnections(worker, port);
          process.kill(worker, "SIGKILL");
          // A process that was killed is in the list for a moment.
          await waitUntil(() => !listWorkers(pid).includes(worker), enough);
        }
      }
      await untilTwo();
      await load.stop();
      const lost = [...load.lost.values()].reduce((sum, value) => sum + value, 0);
      process.stdout.write(`${kills} kills: ${load.asked} asked, ${lost} lost, ${inHand} in hand\n`);
      expect([...load.lost.keys()]).not.toContain("ECONNREFUSED");
      expect([...load.lost.keys()]).not.toContain("time-out");
      expect(lost).toBeLessThanOrEqual(inHand);
      expect(load.asked).toBeGreaterThan(kills * 20);
    },
    60_000 + kills * 60_000,
  );
});

describe("rolling restarts under load", () => {
  it.each(["directly", "through the documented nginx"])(
    `lose no request %s, at ${restarts} of them`,
    async (way) => {
      const { child, output, pid, port, root } = await serve();
      const load = ask(way === "directly" ? { port } : await startNginx(root, port).then(({ ca, front }) => ({ port: front, ca })));
      const done = () => output().split("All workers have been replaced").length - 1;
      for (let count = 1; count <= restarts; count++) {
        const before = listWorkers(pid);
        child.kill("SIGHUP");
        await waitUntil(() => done() >= count, 2 * enough);
        expect(done()).toBe(count);
        expect(listWorkers(pid).filter((worker) => before.includes(worker))).toEqual([]);
        expect(listWorkers(pid)).toHaveLength(2);
      }
      await load.stop();
      process.stdout.write(`${restarts} restarts ${way}: ${load.asked} asked, ${[...load.lost].join("; ") || "none"} lost\n`);
      expect([...load.lost]).toEqual([]);
      expect(load.asked).toBeGreaterThan(restarts * 50);
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
    },
    60_000 + restarts * 2 * enough,
  );
});
