import { once } from "node:events";
import { mkdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createProject, start, until } from "../cli-project";
import { findPort, writeFiles } from "../support";

/** The ways in which editors save a file. */
const saves: Readonly<Record<string, (path: string, text: string) => void>> = {
  "as it is": (path, text) => writeFileSync(path, text),
  "like VS Code and JetBrains, by a new file in its place": (path, text) => {
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  },
  "like vim, by a backup and a new file": (path, text) => {
    renameSync(path, `${path}~`);
    writeFileSync(path, text);
    unlinkSync(`${path}~`);
  },
};

const source = (module: string) => `import { Flagon, eventStream } from "flagon";
import { text } from "${module}";
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => "<html><body>" + text + "</body></html>", { endpoint: "home" });
app.route("/events", () => eventStream((send) => { send("hello"); return () => process.stderr.write("events stopped\\n"); }), { endpoint: "events" });
export default app;
`;
const text = (words: string) => `export const text = "${words}";\n`;

/** Starts an app whose page says the words of a module, and returns where that module lies. */
async function startApp(place: "own" | "coverage" | "outside" | "link") {
  const folder = { own: "lib", coverage: "coverage", outside: "../shared", link: "linked" }[place];
  const base = writeFiles({ "shared/words.ts": text("one") });
  const root = createProject({ "app.ts": source(`./${folder}/words`) });
  const shared = join(root, "..", "shared");
  if (place === "outside") {
    // The project lies in a folder of its own, beside the shared code.
    renameSync(root, join(base, "project"));
    symlinkSync(join(base, "project"), root);
  } else if (place === "link") {
    symlinkSync(join(base, "shared"), join(root, "linked"));
  } else {
    mkdirSync(join(root, folder));
    writeFileSync(join(root, folder, "words.ts"), text("one"));
  }
  const home = place === "outside" ? join(base, "project") : root;
  const file = place === "outside" || place === "link" ? join(base, "shared", "words.ts") : join(root, folder, "words.ts");
  const port = await findPort();
  const started = start(home, ["run", "--port", String(port)]);
  const origin = `http://127.0.0.1:${port}`;
  await until(origin, "one");
  return { ...started, file, origin, port, root: home, shared };
}

describe("flagon run restarts", { timeout: 240_000 }, () => {
  it.each(Object.entries(saves))("at each save of a file %s", async (_, save) => {
    const { file, origin } = await startApp("own");
    for (const words of ["two", "three", "four"]) {
      save(file, text(words));
      await until(origin, words);
      await wait(100);
    }
  });

  it.each(["coverage", "outside", "link"] as const)("when code in a folder changes: %s", async (place) => {
    const { file, origin } = await startApp(place);
    for (const [index, save] of Object.values(saves).entries()) {
      // The loaded files are told from time to time.
      await wait(600);
      save(file, text(`saved ${index}`));
      await until(origin, `saved ${index}`);
    }
  });

  it("when an ES module outside of the folder changes, also one that another one imports, or that does not compile", async () => {
    const base = writeFiles({
      "shared/package.json": '{ "type": "module" }',
      "shared/index.js": 'export { text } from "./inner/words.mjs";',
      "shared/inner/words.mjs": text("one"),
    });
    const root = createProject({
      "app.mjs": source(join(base, "shared/index.js")).replace("__dirname", "import.meta.dirname ?? process.cwd()"),
    });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    start(root, ["run", "--app", "app.mjs", "--port", String(port)]);
    await until(origin, "one");
    const file = join(base, "shared/inner/words.mjs");
    for (const [index, save] of Object.values(saves).entries()) {
      await wait(300);
      save(file, text(`saved ${index}`));
      await until(origin, `saved ${index}`);
    }
    writeFileSync(file, "export const text = ;");
    await until(origin, "The app does not start");
    writeFileSync(file, text("mended"));
    await until(origin, "mended");
    writeFileSync(join(base, "shared/index.js"), 'export const text = "from the index";');
    await until(origin, "from the index");
  });

  it("when an ES module outside of the folder changes that a view imports first", async () => {
    const base = writeFiles({ "shared/package.json": '{ "type": "module" }', "shared/late.js": text("one") });
    const file = join(base, "shared/late.js");
    const root = createProject({
      "app.js": `const { Flagon } = require("flagon");
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => process.env.SET_LATER ?? "ready", { endpoint: "home" });
app.route("/late", async () => { process.env.SET_LATER = "set"; return (await import(${JSON.stringify(file)})).text; }, { endpoint: "late" });
module.exports = app;
`,
    });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const { output } = start(root, ["run", "--port", String(port)]);
    await until(origin, "ready");
    await until(`${origin}/late`, "one");
    await until(origin, "set");
    for (const [index, save] of Object.values(saves).entries()) {
      const countRestarts = () => output().split("late.js has changed, restarting").length - 1;
      // The folder is watched a moment after the import.
      for (const before = countRestarts(); countRestarts() === before; await wait(2000)) {
        save(file, text(`saved ${index}`));
      }
      await until(`${origin}/late`, `saved ${index}`);
    }
  });

  it("and leaves the app's own child processes without messages about modules", async () => {
    const root = createProject({
      "worker.cjs": 'process.send({ env: Object.keys(process.env).filter((name) => name.startsWith("WATCH_")) });',
      "app.mjs": `import { fork } from "node:child_process";
import { Flagon } from "flagon";
const app = new Flagon(process.cwd(), { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => new Promise((resolve) => fork("worker.cjs").once("message", (message) => resolve(JSON.stringify(message)))), { endpoint: "home" });
export default app;
`,
    });
    const port = await findPort();
    start(root, ["run", "--app", "app.mjs", "--port", String(port)]);
    await until(`http://127.0.0.1:${port}`, '{"env":[]}');
  });

  it("after a mistake: the page shows the error, and reloads when the app runs again", async () => {
    const { file, origin } = await startApp("own");
    writeFileSync(file, "export const text = ;");
    await until(origin, "The app does not start");
    const page = await (await fetch(origin)).text();
    expect(page).toContain("words.ts");
    expect(page).toContain("/_flagon/reload.js");
    expect(await (await fetch(`${origin}/_flagon/reload.js`)).text()).toContain("EventSource");
    const events = await fetch(`${origin}/_flagon/reload`);
    writeFileSync(file, text("mended"));
    // The connection ends, and the browser asks the next server, whose boot is another.
    expect(await events.text()).toContain("event: boot");
    await until(origin, "mended");
  });

  it("at once with an open event stream, whose stop function runs", async () => {
    const { file, hear, origin } = await startApp("own");
    const response = await fetch(`${origin}/events`);
    const begun = performance.now();
    writeFileSync(file, text("two"));
    await response.text();
    await hear("events stopped");
    await until(origin, "two");
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});

describe("flagon run", () => {
  it("prints one line and exits if the port is in use", async () => {
    const { origin, port, root } = await startApp("own");
    const second = start(root, ["run", "--port", String(port)]);
    expect(await once(second.child, "exit")).toEqual([1, null]);
    expect(second.output().trim().split("\n")).toEqual([
      `Port ${port} on 127.0.0.1 is in use by another program. Stop that program, or choose another port: npx flagon run --port ${port + 1}.`,
    ]);
    expect(await (await fetch(origin)).text()).toContain("one");
    expect(readFileSync(join(root, "app.ts"), "utf8")).toContain("export default");
  });
});
