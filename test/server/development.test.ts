import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { app, createProject, flagon, project, run, start, until } from "../cli-project";
import { findPort } from "../support";

describe("flagon run", () => {
  it("restarts when code changes, survives a failed start, and ignores app.run()", async () => {
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
    await hear("The app has ended");
    await until(origin, "The app does not start");
    writeFileSync(join(root, "app.ts"), app("three"));
    await until(origin, "three");
    expect(output()).toContain("app.ts has changed, restarting");
    expect(output()).toContain("The app has ended. It restarts when a file changes");
    expect(output()).not.toContain("EADDRINUSE");
    child.kill("SIGTERM");
    await once(child, "exit");
    await expect(fetch(origin)).rejects.toThrow("fetch failed");
  });

  it("shows that an app that had started has ended, with its error, and restarts", async () => {
    const root = createProject({
      "app.ts": app("one", '@route("/fault") fault() { setTimeout(() => { throw new Error("out of hand"); }, 1); return "begun"; }'),
    });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const { hear } = start(root, ["run", "--port", String(port)]);
    await until(origin, "one");
    await until(`${origin}/fault`, "begun");
    await hear("The app has ended");
    await until(origin, "<h1>The app has ended</h1>");
    const page = await (await fetch(origin)).text();
    expect(page).toContain("out of hand");
    expect(page).not.toContain("does not start");
    writeFileSync(join(root, "app.ts"), app("two"));
    await until(origin, "two");
  });

  it("restarts when a file of environment variables changes", async () => {
    const root = createProject({
      "app.ts": app("x", '@route("/from") from() { return process.env.FROM_FILE ?? "none"; }'),
      ".env": "FROM_FILE=one",
    });
    const port = await findPort();
    start(root, ["run", "--port", String(port)]);
    await until(`http://127.0.0.1:${port}/from`, "one");
    writeFileSync(join(root, ".env"), "FROM_FILE=two");
    await until(`http://127.0.0.1:${port}/from`, "two");
  });

  it("restarts too if ts-node runs the app with debug on", async () => {
    const port = await findPort();
    const source = (text: string) => app(text).replace("port: 1", `port: ${port}, debug: true`);
    const root = createProject({ "app.ts": source("one") });
    const { child, hear } = run(root, [join(project, "node_modules/ts-node/dist/bin.js"), "--transpile-only", "app.ts"]);
    await until(`http://127.0.0.1:${port}`, "one");
    writeFileSync(join(root, "app.ts"), source("two"));
    await until(`http://127.0.0.1:${port}`, "two");
    await hear("app.ts has changed, restarting");
    child.kill("SIGTERM");
    await once(child, "exit");
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow("fetch failed");
  });

  it("reloads the page when a template changes, and after a restart", async () => {
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
    await until(origin, '<html><body>one<script src="/_flagon/reload.js"></script><script src="/_flagon/toolbar.js"');
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

  it("restarts when a migration changes, and not for tests and lock files", async () => {
    const root = createProject({
      "app.ts": `import { readFileSync } from "node:fs";\n${app("x", '@route("/sql") sql() { return text; }')}\nconst text = readFileSync(__dirname + "/migrations/0001.sql", "utf8") + readFileSync(__dirname + "/migrations/order", "utf8");`,
      "migrations/0001.sql": "one",
      "migrations/order": "-a",
      "app.test.ts": "",
    });
    const port = await findPort();
    const { output } = start(root, ["run", "--port", String(port)]);
    const url = `http://127.0.0.1:${port}/sql`;
    await until(url, "one-a");
    writeFileSync(join(root, "app.test.ts"), "// changed");
    writeFileSync(join(root, "package-lock.json"), "{}");
    await wait(500);
    expect(output()).not.toContain("has changed");
    writeFileSync(join(root, "migrations/0001.sql"), "two");
    await until(url, "two-a");
    writeFileSync(join(root, "migrations/order"), "-b");
    await until(url, "two-b");
  });

  it("finds the app that a file of variables names", async () => {
    const root = createProject({ "other.ts": app("other"), ".env": "FLAGON_APP=other.ts" });
    const port = await findPort();
    start(root, ["run", "--port", String(port)]);
    await until(`http://127.0.0.1:${port}`, "other");
  });

  it.each(["SIGINT", "SIGTERM"] as const)("exits on %s, with watched folders and a closed output", async (signal) => {
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
  });

  it("prints one line if the port is in use", async () => {
    const root = createProject({ "app.ts": app("x") });
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as AddressInfo;
    const { code, stderr } = await flagon(root, ["run", "--no-reload", "--port", String(port)]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`Port ${port} on 127.0.0.1 is in use by another program.`)]);
  });
});
