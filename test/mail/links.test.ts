import { Flagon, urlFor } from "flagon";
import { Jobs, job } from "flagon/jobs";
import { Mail } from "flagon/mail";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { uniqueName } from "../jobs/jobs.suite";
import { runForTest } from "../server/development-server";
import { writeFiles } from "../support";

const template = '<a href="<%= urlFor("confirm", { id: 3 }, { external: true }) %>">Confirm</a>';

function setUp(config: object, transport?: object) {
  const app = new Flagon(writeFiles({ "templates/mail/link.eta": template }), {
    static: null,
    config: { secretKey: "a key for tests", ...config },
  });
  app.logger.level = "silent";
  const mail = new Mail({ from: "shop@example.com", ...(transport === undefined ? {} : { transport }) });
  const jobs = new Jobs();
  app.use(mail);
  app.use(jobs);
  app.route("/confirm/<int:id>", () => "", { endpoint: "confirm" });
  const send = () => mail.send({ to: "ann@example.com", subject: "Hello", template: "mail/link" });
  const work = job(uniqueName(), { retries: 0 }, async () => void (await send()));
  jobs.schedule("nightly", "0 3 * * *", async () => void (await send()));
  const hrefs = () => mail.outbox.map(({ html }) => /href="([^"]*)"/.exec(html ?? "")?.[1]);
  return { app, mail, jobs, send, work, hrefs };
}

describe("a link of a mail that a job or a schedule renders", () => {
  it.each<[object, string]>([
    [{}, "http://localhost"],
    [{ preferredUrlScheme: "https" }, "https://localhost"],
    [{ trustedHosts: [".shop.example"] }, "http://shop.example"],
    [{ serverName: "shop.example:8080", preferredUrlScheme: "https" }, "https://shop.example:8080"],
  ])("has the host of the test client in tests with %j", async (config, origin) => {
    const { app, hrefs, jobs, work } = setUp({ testing: true, ...config });
    await app.appContext(() => work.enqueue(undefined));
    await jobs.drain();
    await jobs.run("schedule:nightly", {});
    expect(hrefs()).toEqual([`${origin}/confirm/3`, `${origin}/confirm/3`]);
    const links: string[] = [];
    const build = job(uniqueName(), () => void links.push(urlFor("confirm", { id: 3 }, { external: true })));
    await app.appContext(() => build.enqueue(undefined));
    await jobs.drain();
    expect(links).toEqual([`${origin}/confirm/3`]);
    expect((await app.testClient().get(links[0] ?? "")).status).toBe(200);
  });

  it("has the address of the development server in development", async () => {
    const { app, hrefs, jobs } = setUp({});
    const origin = `http://127.0.0.1:${await runForTest(app)}`;
    await jobs.run("schedule:nightly", {});
    expect(hrefs()).toEqual([`${origin}/confirm/3`]);
    expect((await fetch(hrefs()[0] ?? "")).status).toBe(200);
  });

  it("has the usual address of the development server in a process beside it", async () => {
    const { hrefs, jobs } = setUp({ debug: true });
    await jobs.run("schedule:nightly", {});
    expect(hrefs()).toEqual(["http://127.0.0.1:5000/confirm/3"]);
  });

  it("is an error in production that names the setting, and a warning at the start of a server or a worker", async () => {
    for (const mode of ["serve", "work"] as const) {
      const { app, jobs } = setUp({}, { jsonTransport: true });
      const warn = vi.spyOn(app.logger, "warn");
      app.lifeCycle.mode = mode;
      await app.ready();
      onTestFinished(() => app.lifeCycle.stop(1000));
      expect(warn).toHaveBeenCalledWith(expect.stringContaining("Set serverName, or FLAGON_SERVER_NAME=example.com"));
      await expect(jobs.run("schedule:nightly", {})).rejects.toThrow(
        /outside of a request, or in a mail: .*Set the configuration's serverName/s,
      );
    }
  });
});

describe("flagon jobs work", () => {
  it("does not start in production without a transport of mails", async () => {
    const { app } = setUp({ serverName: "shop.example" });
    const { exitCode, output } = await app.testCommands().invoke("jobs work");
    expect([exitCode, output]).toEqual([1, expect.stringContaining("There is no transport for mails.")]);
  });
});

describe("drain()", () => {
  it("tells a test of a mail whose template fails", async () => {
    const { app, jobs, mail } = setUp({ testing: true });
    const broken = job(uniqueName(), { retries: 0 }, () => mail.send({ to: "ann@example.com", subject: "Hello", template: "mail/none" }));
    await app.appContext(() => broken.enqueue(undefined));
    const said = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => said.mockRestore());
    await jobs.drain();
    expect(said).toHaveBeenCalledWith(expect.stringMatching(/failed: .*mail\/none/));
    expect(mail.outbox).toEqual([]);
  });
});
