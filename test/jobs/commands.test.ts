import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProject, flagon, project, start } from "../cli-project";
import { until } from "./jobs.suite";

const app = `
import { appendFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/libsql";
import { command, Flagon, readToken, route, signToken } from "flagon";
import { Database, openLibsql } from "flagon/database";
import { Jobs, job, schedule } from "flagon/jobs";
import { LoginManager } from "flagon/login";
import { Mail } from "flagon/mail";
const log = (text: string) => appendFileSync("log.txt", text + "\\n");
const mail = new Mail({ from: "shop@example.com", transport: process.env.MAIL_URL });
const invite = async (name: string) => {
  const token = signToken(name, { purpose: "invite", expiresIn: 60 });
  await mail.send({ to: name + "@example.com", subject: "Welcome", text: "Come in:\\u001b[2J https://example.com/in/" + token });
};
export const hello = job<string>("hello", { retries: 0 }, invite);
export const slow = job<number>("slow", async (n, { signal }) => {
  log("begin " + n);
  await new Promise((resolve) => setTimeout(resolve, n * 1000));
  log("end " + n);
});
export const stray = job<number>("stray", () => void Promise.reject(new Error("not awaited")));
class Views {
  @route("/login") login() { return ""; }
  @command("invite <name>") invite({ name }: { name: string }) { return invite(name); }
  @command("read <token>") read({ token }: { token: string }) { return String(readToken(token, { purpose: "invite" })); }
  @command("add <name> <data>") async add({ name, data }: { name: string; data: string }) {
    await ({ hello, slow, stray } as Record<string, { enqueue(data: unknown): Promise<string> }>)[name]!.enqueue(JSON.parse(data));
  }
  @schedule("0 3 * * *") nightly() { log("nightly"); }
}
const app = new Flagon(__dirname, { static: null });
app.use(new Database(drizzle({ client: openLibsql("file:app.db") }), { seed: () => invite("seed") }));
app.use(new Jobs());
app.use(mail);
app.use(new LoginManager({ loadUser: () => null, loginView: "login" }));
app.register(Views);
export default app;
`;
const production = { NODE_ENV: "production", FLAGON_SECRET_KEY: "a key that is long enough for production" };
/** The test runner's own name of the environment is none of a developer's. */
const development = { NODE_ENV: "" };

function createJobsProject(hasKey: boolean): string {
  const root = createProject({ "app.ts": app, "log.txt": "" });
  for (const name of ["drizzle-orm", "@libsql", "nodemailer", "croner"]) {
    symlinkSync(join(project, "node_modules", name), join(root, "node_modules", name));
  }
  if (hasKey) {
    mkdirSync(join(root, ".flagon"));
    writeFileSync(join(root, ".flagon", "secret-key"), "the key of the development server\n");
  }
  return root;
}

const readLog = (root: string) => readFileSync(join(root, "log.txt"), "utf8").split("\n").filter(Boolean);

describe("commands of a project in development", () => {
  it("run jobs with the key of the development server, and show mails without a transport", async () => {
    const root = createJobsProject(true);
    for (const [words, name] of [
      [["jobs", "run", "hello", '"ann"'], "ann"],
      [["invite", "bob"], "bob"],
      [["db", "seed"], "seed"],
    ] as const) {
      const { code, stderr } = await flagon(root, words, development);
      expect([code, stderr.split("\n").slice(0, 4)]).toEqual([
        0,
        ["* A mail that is not sent, because there is no transport:", `   To: ${name}@example.com`, "   Subject: Welcome", ""],
      ]);
      const [, token = ""] = /Come in:\\x1b\[2J https:\/\/example\.com\/in\/(\S+)/.exec(stderr) ?? [];
      const { stdout } = await flagon(root, ["read", token], { FLAGON_SECRET_KEY: "the key of the development server" });
      expect(stdout).toBe(name);
    }
  }, 120_000);

  it("make that key for a job if there is none, but not in production", async () => {
    const root = createJobsProject(false);
    const refused = await flagon(root, ["jobs", "run", "hello", '"ann"'], { NODE_ENV: "production" });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("no secret key")]);
    expect(existsSync(join(root, ".flagon"))).toBe(false);
    const made = await flagon(root, ["jobs", "run", "hello", '"ann"'], development);
    expect([made.code, made.stdout, made.stderr]).toEqual([0, "Done.", expect.stringContaining("To: ann@example.com")]);
    expect(existsSync(join(root, ".flagon/secret-key"))).toBe(true);
    expect((await flagon(root, ["jobs", "run", "hello", '"ann"'], production)).stderr).toContain("There is no transport for mails");
    const nightly = await flagon(root, ["jobs", "run", "schedule:Views.nightly"], development);
    expect([nightly.code, readLog(root)]).toEqual([0, ["nightly"]]);
  }, 120_000);

  it("let a worker with that key show mails", async () => {
    const root = createJobsProject(true);
    expect((await flagon(root, ["add", "hello", '"ann"'], development)).code).toBe(0);
    const worker = start(root, ["jobs", "work"], development);
    await worker.hear("To: ann@example.com");
    worker.child.kill("SIGTERM");
    expect(await once(worker.child, "exit")).toEqual([0, null]);
  }, 120_000);
});

describe("a command", () => {
  it("fails if its promise never settles, and nothing keeps the process", async () => {
    const root = createProject({
      "app.js": `
        const { Flagon } = require("flagon");
        const { Jobs, job } = require("flagon/jobs");
        const app = new Flagon(__dirname, { static: null });
        app.use(new Jobs());
        job("endless", () => new Promise(() => undefined));
        app.command("hang", () => new Promise(() => undefined));
        module.exports = app;`,
    });
    for (const words of [["jobs", "run", "endless"], ["hang"]]) {
      expect(await flagon(root, words, development)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`The command '${words.join(" ")}' has not ended`),
      });
    }
  }, 60_000);
});

describe("flagon jobs work", () => {
  it.each([
    ["production", production],
    ["a process with a key of its own", { ...development, FLAGON_SECRET_KEY: "a key of its own that is long enough" }],
  ])(
    "does not start in %s without a transport of the mails",
    async (_, environment) => {
      const root = createJobsProject(false);
      const { code, stderr, stdout } = await flagon(root, ["jobs", "work"], environment);
      expect([code, stdout, stderr]).toEqual([
        1,
        "",
        expect.stringMatching(/^There is no transport for mails\. Give Mail one: .* MAIL_URL=smtps:\/\//),
      ]);
    },
    60_000,
  );

  it("ends with 1 at the second signal, as the log says, and with 0 after the first", async () => {
    const root = createJobsProject(true);
    await flagon(root, ["add", "slow", "60"], development);
    const impatient = start(root, ["jobs", "work"], development);
    await until(() => readLog(root).length === 1, 60_000);
    impatient.child.kill("SIGTERM");
    await impatient.hear("(SIGTERM): its jobs have 10 s to finish. A second signal ends it at once.");
    impatient.child.kill("SIGTERM");
    expect(await once(impatient.child, "exit")).toEqual([1, null]);
    await flagon(root, ["add", "slow", "2"], development);
    const patient = start(root, ["jobs", "work"], development);
    await until(() => readLog(root).includes("begin 2"), 60_000);
    patient.child.kill("SIGINT");
    expect(await once(patient.child, "exit")).toEqual([0, null]);
    expect(patient.output()).toContain("Stopped the worker of the app");
    expect(readLog(root)).toEqual(["begin 60", "begin 2", "end 2"]);
  }, 120_000);

  it("goes on while the database is emptied by a command", async () => {
    const root = createJobsProject(true);
    const worker = start(root, ["jobs", "work"], development);
    await worker.hear("Runs the jobs of the app");
    mkdirSync(join(root, "migrations/meta"), { recursive: true });
    writeFileSync(join(root, "migrations/meta/_journal.json"), '{"version":"7","dialect":"sqlite","entries":[]}');
    expect(await flagon(root, ["db", "reset"], development)).toMatchObject({ code: 0, stdout: expect.stringContaining("Emptied.") });
    expect((await flagon(root, ["add", "slow", "0"], development)).code).toBe(0);
    await until(() => readLog(root).includes("end 0"), 30_000);
    expect(worker.output()).not.toContain("could not be read");
  }, 120_000);

  it("ends with 1 after an error that nothing caught, once the jobs that run have ended", async () => {
    const root = createJobsProject(true);
    await flagon(root, ["add", "slow", "3"], development);
    const worker = start(root, ["jobs", "work"], development);
    await until(() => readLog(root).includes("begin 3"), 60_000);
    await flagon(root, ["add", "stray", "1"], development);
    expect(await once(worker.child, "exit")).toEqual([1, null]);
    expect([worker.output(), readLog(root)]).toEqual([
      expect.stringContaining("Nothing caught an error, so the process ends. Jobs that run finish first."),
      ["begin 3", "end 3"],
    ]);
  }, 120_000);
});
