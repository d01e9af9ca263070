import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findEndOfLife } from "../../src/cli/node-releases";
import { app, createProject, flagon, start } from "../cli-project";

describe("flagon", () => {
  it("lists routes, all or those with a text, also as JSON", async () => {
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
    expect(await flagon(root, ["greet"])).toMatchObject({
      code: 2,
      stderr: "The argument 'name' is missing.\n\nUsage: greet <name> [--loud]",
    });
    expect(await flagon(root, ["gret"])).toMatchObject({ code: 2, stderr: "There is no command 'gret'. Did you mean 'greet'?" });
  });

  it("finds an app by its file and name, and by a factory", async () => {
    const root = createProject({
      "other.ts": `import { Flagon } from "flagon";
export function createApp() { const app = new Flagon(__dirname, { name: "made" }); app.command("who", () => app.name); return app; }
export const second = new Flagon(__dirname, { name: "second" });
second.command("who", () => "second");`,
      "app.js": `const app = new (require("flagon").Flagon)(__dirname); app.command("who", () => "app.js"); module.exports = app;`,
      "factory.cjs": `module.exports = () => { const app = new (require("flagon").Flagon)(__dirname); app.command("who", () => "factory.cjs"); return app; };`,
      "module.mjs": `import { Flagon } from "flagon"; const app = new Flagon("."); app.command("who", () => "module.mjs"); export default app;`,
      "bare.mjs": `import { Flagon } from "flagon"; export const nothing = null, empty = Object.create(null), app = new Flagon("."); app.command("who", () => "bare.mjs");`,
      "two.ts": `import { Flagon } from "flagon"; export const a = new Flagon(__dirname); export const b = new Flagon(__dirname);`,
      "none.ts": "export const x = 1;",
      "broken.ts": "export const x = ;",
    });
    expect((await flagon(root, ["--app", "other.ts:createApp", "who"])).stdout).toBe("made");
    expect((await flagon(root, ["who", "--app", "other.ts:createApp"])).stdout).toBe("made");
    expect((await flagon(root, ["who", "--app=other.ts:createApp"])).stdout).toBe("made");
    expect((await flagon(root, ["-A", "other:second", "who"])).stdout).toBe("second");
    expect((await flagon(root, ["who"], { FLAGON_APP: "other.ts:createApp" })).stdout).toBe("made");
    for (const file of ["app.js", "factory.cjs", "module.mjs", "bare.mjs"]) {
      expect([file, (await flagon(root, ["--app", file, "who"])).stdout]).toEqual([file, file]);
    }
    expect(await flagon(root, ["--app", "two.ts", "routes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("exports several apps: a, b"),
    });
    expect(await flagon(root, ["--app", "none.ts", "routes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("exports no Flagon app"),
    });
    expect(await flagon(root, ["routes"], { FLAGON_APP: "missing.ts" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no file 'missing.ts'"),
    });
    expect(await flagon(createProject({}), ["run", "--port", "0"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no app in"),
    });
    expect(await flagon(createProject({}), ["routes"])).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no app in") });
    expect((await flagon(root, ["--app", "tow.ts", "routes"])).stderr).toContain("Did you mean 'two.ts'?");
    expect((await flagon(root, ["--app", "other.ts:secnod", "routes"])).stderr).toContain("Did you mean 'second'?");
    expect((await flagon(root, ["--app", ".", "routes"], { FLAGON_APP: "missing.ts" })).code).toBe(0);
    expect((await flagon(root, ["routes"], { FLAGON_APP: "" })).code).toBe(0);
    expect(await flagon(root, ["--app", "broken.ts", "routes"])).toMatchObject({ code: 1, stderr: expect.stringContaining("broken.ts") });
  });

  it("loads ES modules in TypeScript, by their package or their name", async () => {
    const source = (name: string) => `import { Flagon, route } from "flagon";
import { name } from "./name.mjs";
class Views { @route("/") index() { return "x"; } }
const app = new Flagon(import.meta.dirname, { static: null });
app.register(Views);
app.command("who", () => name + " ${name}");
export default await Promise.resolve(app);`;
    const root = createProject({
      "esm/package.json": '{ "type": "module" }',
      "esm/name.mts": 'export const name: string = "by";',
      "esm/app.ts": source("package"),
      "name.mts": 'export const name: string = "by";',
      "app.mts": source("name"),
    });
    const said = [await flagon(root, ["--app", "esm/app.ts", "who"]), await flagon(root, ["--app", "app.mts", "who"])];
    expect(said.map(({ stdout, code }) => [stdout, code])).toEqual([
      ["by package", 0],
      ["by name", 0],
    ]);
  });

  /** The answer of `flagon check --deploy` for a good app, which may warn of this line of Node. */
  const isOld = (findEndOfLife(process.versions.node) ?? new Date(8e15)) <= new Date();
  const good = isOld
    ? { code: 0, stdout: expect.stringMatching(/^Warning: Node .* gets no more security fixes since .*\n.*\nNothing is wrong\.$/) }
    : { code: 0, stdout: "Nothing is wrong." };

  it("lists settings that do not belong in production", async () => {
    const root = createProject({ "app.ts": app("x") });
    const bad = await flagon(root, ["check", "--deploy"]);
    expect([bad.code, bad.stdout]).toEqual([
      1,
      expect.stringMatching(/secret key is short[\s\S]*every Host header[\s\S]*No proxy[\s\S]*things are wrong/),
    ]);
    const env = {
      FLAGON_SECRET_KEY: "f3Zk0vXq8mT1yB6uWc9aJr5eHd2nLp7i",
      FLAGON_TRUSTED_HOSTS: '["example.com"]',
      FLAGON_TRUST_PROXY: "1",
    };
    expect(await flagon(root, ["check", "--deploy"], env)).toMatchObject(good);
    expect(await flagon(root, ["check", "--deploy"], { ...env, FLAGON_TRUST_PROXY: "0" })).toMatchObject(good);
    expect((await flagon(root, ["secret"])).stdout).toMatch(/^[\w-]{43}$/);
  });

  it("does not check sessions for a JSON service", async () => {
    const root = createProject({
      "app.ts": `import { Flagon } from "flagon"; const app = new Flagon(__dirname, { config: { trustedHosts: ["a.test"] } }); app.get("/", () => ({ a: 1 })); export default app;`,
    });
    expect(await flagon(root, ["check", "--deploy"])).toMatchObject(good);
    mkdirSync(join(root, "templates"));
    writeFileSync(join(root, "templates/page.eta"), "<p><%= it.text %></p>");
    expect(await flagon(root, ["check", "--deploy"])).toMatchObject(good);
    writeFileSync(join(root, "templates/new.eta"), "<%~ it.form.render() %>");
    expect((await flagon(root, ["check", "--deploy"])).stdout).toMatch(
      /There is no secret key, and the template 'new' seems to use the session or a form[\s\S]*No proxy is trusted/,
    );
  });

  it.each([
    ["a view", "app.post('/x', () => { session.set('user', 1); return {}; });"],
    ["a method", "class Posts { @route('/x') add() { flash('Saved.'); return {}; } } app.register(Posts);"],
    ["a hook", "app.get('/x', () => ({})); app.beforeRequest(() => { session.get('user'); });"],
    ["a token", "app.get('/x', () => ({ token: signToken({ a: 1 }, { purpose: 'x', expiresIn: 1 }) }));"],
  ])("checks the sessions of a service whose code uses one: %s", async (_, code) => {
    const root = createProject({
      "app.ts": `import { Flagon, flash, route, session, signToken } from "flagon"; const app = new Flagon(__dirname); ${code} export default app; export const used = [flash, route, session, signToken];`,
    });
    expect((await flagon(root, ["check", "--deploy"])).stdout).toMatch(/There is no secret key, and the code of .* seems to use/);
  });

  it("names the reason for which a server cannot listen", async () => {
    const root = createProject({
      "app.ts":
        'import { Flagon } from "flagon"; export default new Flagon(__dirname, { config: { secretKey: "long enough for the server" } });',
    });
    const cases = [
      [["serve", "--host", "999.1.1.1", "--port", "0"], "The address '999.1.1.1' is none of this machine (ENOTFOUND)"],
      [["run", "--no-reload", "--host", "192.0.2.1", "--port", "0"], "The address '192.0.2.1' is none of this machine (EADDRNOTAVAIL)"],
      [
        ["serve", "--workers", "2", "--host", "192.0.2.1", "--port", "0"],
        "The address '192.0.2.1' is none of this machine (EADDRNOTAVAIL)",
      ],
      [["serve", "--socket", "nowhere/app.sock"], "nowhere/app.sock' does not exist. Create it."],
    ] as const;
    for (const [words, reason] of cases) {
      const { code, stderr } = await flagon(root, words);
      expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
    }
  });

  it("warns at the start of a server of a missing folder of static files, and of a missing key", async () => {
    const root = createProject({
      "app.ts": `import { Flagon, session } from "flagon";
        const app = new Flagon(__dirname, { static: "asets" });
        app.get("/", () => String(session.get("user")));
        export default app;`,
    });
    const folder = "The folder 'asets' of static files does not exist";
    const key = "There is no secret key, and the code of the endpoint";
    for (const words of [["serve"], ["serve", "--workers", "2"], ["run", "--no-reload"]]) {
      const { child, hear, output } = start(root, [...words, "--port", "0"]);
      await hear(words[0] === "run" ? "Running on" : "Serving the app");
      expect(output().split(folder)).toHaveLength(2);
      expect(output().split(key)).toHaveLength(words[0] === "run" ? 1 : 2);
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    expect((await flagon(root, ["check", "--deploy"])).stdout).toContain(folder);
  });

  it("suggests a command for a mistyped one, also without an app", async () => {
    const empty = createProject({});
    expect(await flagon(empty, ["rnu"])).toMatchObject({ code: 2, stderr: "There is no command 'rnu'. Did you mean 'run'?" });
    expect(await flagon(empty, ["sevre", "--port", "1"])).toMatchObject({
      code: 2,
      stderr: "There is no command 'sevre'. Did you mean 'serve'?",
    });
    expect((await flagon(empty, ["frobnicate"])).stderr).toMatch(
      /^There is no command 'frobnicate' of Flagon, and no app that may have it\. There is no app in /,
    );
    const root = createProject({ "app.ts": app("x") });
    expect((await flagon(root, ["rotues"])).stderr).toBe("There is no command 'rotues'. Did you mean 'routes'?");
    writeFileSync(
      join(root, "own.ts"),
      'import { Flagon } from "flagon"; const app = new Flagon(__dirname); app.command("greet <name>", () => ""); export default app;',
    );
    expect((await flagon(root, ["-A", "own", "gret", "Ann"])).stderr).toBe("There is no command 'gret Ann'. Did you mean 'greet'?");
  });

  it("prints set-up errors in one line with their place, and other errors with their stack", async () => {
    const twice = `import { Flagon } from "flagon";
const app = new Flagon(__dirname);
app.get("/a", () => "1", { endpoint: "a" });
app.get("/a", () => "2", { endpoint: "b" });
export default app;`;
    const root = createProject({
      "app.ts": twice,
      "thrown.ts": 'throw new RangeError("mine");',
      "missing.ts": 'import "./nothing-here";',
      "made/x": "",
    });
    const { code, stderr } = await flagon(root, ["routes"]);
    expect([code, stderr.split("\n").at(-1)]).toEqual([1, expect.stringMatching(/^ {4}at app\.ts:\d+:\d+$/)]);
    expect(stderr).not.toMatch(/node_modules|code: '/);
    expect((await flagon(root, ["--app", "thrown.ts", "routes"])).stderr).toMatch(/RangeError: mine\n\s+at .*thrown\.ts/);
    expect((await flagon(root, ["--app", "missing.ts", "routes"])).stderr).toMatch(/^Cannot find module '\.\/nothing-here'/);
    expect((await flagon(root, ["new", "made"])).stderr).not.toMatch(/\n\s+at |code:/);
  });

  it("keeps a # inside of a value, and reads files with a byte-order mark", async () => {
    const print =
      'app.command("print", () => JSON.stringify(["A", "B", "C", "D", "E", "F", "G"].map((name) => process.env["X_" + name])));';
    const lines = [
      "X_A=first",
      "X_B=un#hash # comment",
      'X_C="a # b"',
      "X_D= # comment",
      "X_E=#fff",
      "export X_F='multi",
      "X_G=no",
      "line'",
    ];
    for (const encode of [
      (text: string) => `\ufeff${text}`,
      (text: string) => Buffer.from(`\ufeff${text}`, "utf16le"),
      (text: string) => text.replaceAll("\n", "\r\n"),
    ]) {
      const root = createProject({ "app.ts": `${app("x")}\n${print}` });
      writeFileSync(join(root, ".env"), encode(lines.join("\n")));
      const [a, b, c, d, e, f, g] = JSON.parse((await flagon(root, ["print"])).stdout);
      expect([a, b, c, d, e, f?.replaceAll("\r", ""), g]).toEqual(["first", "un#hash", "a # b", "", "#fff", "multi\nX_G=no\nline", null]);
    }
    expect(await flagon(createProject({ "app.ts": app("x") }), ["-e", "gone.env", "routes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no file 'gone.env'"),
    });
  });

  it("takes escaped quotes in values, and warns of a quote that is missing", async () => {
    const print = 'app.command("print", () => JSON.stringify(["A", "B", "C", "D", "E"].map((name) => process.env["X_" + name])));';
    const root = createProject({ "app.ts": `${app("x")}\n${print}` });
    const lines = ['X_A="say \\"hi\\" # \\\\ now" # note', 'X_B="C:\\dir\\"', 'X_C="a\\nb"', 'X_D="open', "X_E=lost", 'X_F="end"'];
    writeFileSync(join(root, ".env"), lines.join("\n"));
    const { stderr, stdout } = await flagon(root, ["print"]);
    expect(JSON.parse(stdout).slice(0, 3)).toEqual(['say "hi" # \\ now', "C:\\dir\\", "a\nb"]);
    expect(stderr).toMatch(/The value of 'X_D' in '.*\.env' holds the line of 'X_E'\. Is a quote missing at its end\?/);
  });

  it("refuses to overwrite a project, and unknown kinds", async () => {
    const root = createProject({ "made/file.txt": "x" });
    expect((await flagon(root, ["new", "made"])).stderr).toContain("is not empty");
    expect(await flagon(root, ["new", "other", "--kind", "big"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("minimal, site, api"),
    });
  });

  it("has a prompt with the app's context and its additions", async () => {
    const root = createProject({ "app.ts": `${app("x")}\napp.shellContextProcessor(() => ({ answer: 42 }));` });
    const { child, hear } = start(root, ["shell"], {}, "pipe");
    await hear("with the app 'tried' as 'app'");
    for (const [line, said] of [
      ["1 + answer", "43"],
      ["currentApp.name", "'tried'"],
      ['(await (await client.get("/")).text()).length', "27"],
      ['urlFor("slow")', "'/slow'"],
      ["request.path", "Working outside of request context"],
    ] as const) {
      child.stdin?.write(`${line}\n`);
      await hear(said);
    }
    child.stdin?.end();
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("has a prompt with the key for development, so that sessions work", async () => {
    const root = createProject({
      "app.ts": `import { Flagon, session } from "flagon"; const app = new Flagon(__dirname); app.get("/", () => String(session.set("a", 1))); export default app;`,
    });
    const { child, hear } = start(root, ["shell"], {}, "pipe");
    await hear("End with Ctrl+D.");
    child.stdin?.write('(await client.get("/")).status\n');
    await hear("200");
    child.stdin?.end();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(readFileSync(join(root, ".flagon/secret-key"), "utf8")).toMatch(/^[\w-]{43}\n$/);
  });

  it("prints the usage of the app's commands", async () => {
    const more = '@command("user add <name>", { description: "Adds." }) add({ name }: { name: string }) { return name; }';
    const root = createProject({ "app.ts": app("x", more) });
    const greet = "greet <name> [--loud]  Greets.";
    expect((await flagon(root, ["commands"])).stdout).toBe(`${greet}\nuser add <name>        Adds.`);
    for (const words of [
      ["greet", "--help"],
      ["--app", "app.ts", "greet", "Ann", "-h"],
      ["commands", "greet"],
    ]) {
      expect([words, await flagon(root, words)]).toEqual([words, { code: 0, stdout: greet, stderr: "" }]);
    }
    expect((await flagon(root, ["user", "--help"])).stdout).toBe("user add <name>  Adds.");
    expect(await flagon(root, ["gret", "--help"])).toMatchObject({ code: 2, stderr: "There is no command 'gret'. Did you mean 'greet'?" });
    expect((await flagon(root, ["serve", "--help"])).stdout).toContain("serves the app in production");
  });

  it("completes words for a shell", async () => {
    const root = createProject({ "app.ts": app("x") });
    const complete = async (...words: string[]) => (await flagon(root, ["complete", "--", ...words])).stdout.split("\n");
    expect(await complete("s")).toEqual(["serve", "shell", "secret"]);
    expect(await complete("g")).toEqual(["greet"]);
    expect(await complete("greet", "Ann", "-")).toEqual(["--loud"]);
    expect(await complete("new", "folder", "--kind", "")).toEqual(["minimal", "site", "api", "app"]);
    expect(await complete("--app", "app.ts", "routes", "--")).toEqual(["--sort", "--json"]);
    expect(await complete("routes", "--sort", "m")).toEqual(["methods"]);
    expect(await complete("serve", "--port", "")).toEqual([""]);
    expect(await flagon(root, ["completion", "csh"])).toMatchObject({ code: 2, stderr: expect.stringContaining("bash, zsh, fish") });
  });
});
