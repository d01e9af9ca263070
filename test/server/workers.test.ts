import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { app, createProject, start, until } from "../cli-project";
import { findPort } from "../support";

describe("flagon serve --workers", () => {
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
});
