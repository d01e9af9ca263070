import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createProject, start, until } from "../cli-project";
import { findPort } from "../support";

const kinds = {
  "an error in a timer": 'setTimeout(() => { throw new Error("out of hand"); }, 1)',
  "a rejection that nobody awaits": 'void Promise.reject(new Error("out of hand"))',
  "an event 'error' without a listener": 'setTimeout(() => new (require("node:events"))().emit("error", new Error("out of hand")), 1)',
  "a thrown text": 'setTimeout(() => { throw "out of hand"; }, 1)',
};

const app = (fault: string) => `const { Flagon } = require("flagon");
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key that is long enough" } });
app.route("/", () => "hello", { endpoint: "index" });
app.route("/slow", async () => { await wait(600); return "slow"; }, { endpoint: "slow" });
app.route("/fault", () => { ${fault}; return "begun"; }, { endpoint: "fault" });
app.onStop(() => { process.stdout.write("stopped\\n"); });
module.exports = app;
`;

describe.each(["serve", "run"])("flagon %s", (command) => {
  it.each(Object.entries(kinds))("logs %s, finishes the requests in flight, and exits with 1", async (_, fault) => {
    const root = createProject({ "app.js": app(fault) });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const words = [command, "--app", "app.js", "--port", String(port), ...(command === "run" ? ["--no-reload"] : [])];
    const { child, output } = start(root, words);
    await until(origin, "hello");
    const slow = fetch(`${origin}/slow`).then((response) => response.text());
    await wait(100);
    expect(await (await fetch(`${origin}/fault`)).text()).toBe("begun");
    const ended = once(child, "exit");
    expect(await slow).toBe("slow");
    expect(await ended).toEqual([1, null]);
    expect(output()).toContain("Nothing caught an error, so the process ends.");
    expect(output()).toContain("out of hand");
    expect(output()).toContain("stopped");
    if (command === "serve") {
      const lines = output()
        .split("\n")
        .filter((line) => line.startsWith("{"));
      const fatal = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ level }) => level === 60);
      expect(fatal).toHaveLength(1);
      expect(JSON.stringify(fatal[0])).toContain("out of hand");
    }
    await expect(fetch(origin)).rejects.toThrow("fetch failed");
  });
});

describe.each(["serve", "run"])("flagon %s", (command) => {
  it("goes on after an answer to a client in a promise that nobody awaits", async () => {
    const load = "const load = async () => { const data = await require('flagon').request.json(); return data; }; load()";
    const root = createProject({
      "app.js": app(load).replace('{ endpoint: "fault" }', '{ endpoint: "fault", methods: ["POST"] }'),
    });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const words = [command, "--app", "app.js", "--port", String(port), ...(command === "run" ? ["--no-reload"] : [])];
    const { hear } = start(root, words);
    await until(origin, "hello");
    const init = { method: "POST", body: "{", headers: { "content-type": "application/json" } };
    expect(await (await fetch(`${origin}/fault`, init)).text()).toBe("begun");
    await hear("A promise failed, and nobody awaited it: The body of the request is not valid JSON.");
    expect(await (await fetch(origin)).text()).toContain("hello");
  });
});

describe("flagon serve --workers", () => {
  it("replaces a worker that ends by an error that nothing caught, and finishes its requests", async () => {
    const root = createProject({ "app.js": app(kinds["an error in a timer"]) });
    const port = await findPort();
    const origin = `http://127.0.0.1:${port}`;
    const { child, hear, output } = start(root, ["serve", "--app", "app.js", "--port", String(port), "--workers", "2"]);
    await until(origin, "hello");
    const slow = Array.from({ length: 10 }, () => fetch(`${origin}/slow`).then((response) => response.text()));
    await wait(100);
    await fetch(`${origin}/fault`);
    expect(await Promise.all(slow)).toEqual(Array.from({ length: 10 }, () => "slow"));
    await hear("ended (1); another one takes its place");
    expect(output().split("Nothing caught an error")).toHaveLength(2);
    await until(origin, "hello");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
