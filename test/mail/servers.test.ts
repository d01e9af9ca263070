import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Flagon } from "flagon";
import { Jobs } from "flagon/jobs";
import { Mail, type MailOptions } from "flagon/mail";
import { SMTPServer } from "smtp-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { findPort } from "../support";

const basic = { to: "ann@example.com", subject: "Hello", text: "Hi" };

function createMail(transport: MailOptions["transport"]) {
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests", serverName: "shop.example" } });
  app.logger.level = "silent";
  const mail = new Mail({ from: "Shop <shop@example.com>", transport });
  const jobs = new Jobs();
  app.use(mail);
  app.use(jobs);
  return { app, jobs, mail };
}

async function startServer(options: object = {}, port = 0) {
  const server = new SMTPServer({ authOptional: true, disabledCommands: ["STARTTLS"], ...options });
  server.on("error", () => undefined);
  server.listen(port, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.server.address() as AddressInfo).port;
}

/** A server that speaks by its own answers, the key of which is the first word of a command; `null` says nothing, `"close"` ends. */
async function startOwn(answers: Readonly<Record<string, string | null>>) {
  const server = createServer((socket: Socket) => {
    let isData = false;
    const say = (name: string, usual: string): void => {
      const answer = answers[name] === undefined ? usual : answers[name];
      if (answer === "close") {
        socket.destroy();
      } else if (answer !== null) {
        socket.write(`${answer}\r\n`);
      }
    };
    socket.on("error", () => undefined);
    say("GREETING", "220 ready");
    socket.on("data", (chunk) => {
      for (const line of chunk.toString("latin1").split("\r\n").filter(Boolean)) {
        if (isData) {
          if (answers.BODY === "close") {
            socket.destroy();
          }
          isData = line !== ".";
          if (!isData) {
            say("END", "250 taken");
          }
        } else {
          const name = line.split(" ", 1)[0] ?? "";
          isData = name === "DATA" && answers.DATA !== null;
          say(name, name === "DATA" ? "354 go on" : "250 ok");
        }
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function fail(transport: MailOptions["transport"], message: object = {}) {
  const begun = performance.now();
  const error = await createMail(transport)
    .mail.send({ ...basic, ...message })
    .then(
      () => expect.unreachable("the mail was sent"),
      (thrown: Error) => thrown,
    );
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(error.message).toMatch(/^The mail to [^\n]+$/);
  return error;
}

const short = "greetingTimeout=300&socketTimeout=300&connectionTimeout=1000";

describe("a server of mails that fails", () => {
  it.each<[string, Record<string, string | null>, RegExp]>([
    ["greets nobody", { GREETING: null }, /The server is slow/],
    ["stalls after EHLO", { EHLO: null, HELO: null }, /The server is slow/],
    ["stalls at the recipient", { RCPT: null }, /The server is slow/],
    ["stalls at DATA", { DATA: null }, /The server is slow/],
    ["stalls after the mail", { END: null }, /The server is slow/],
    ["closes at the recipient", { RCPT: "close" }, /The server ended the connection/],
    ["closes in the middle of the mail", { BODY: "close" }, /The server ended the connection/],
    ["closes after the mail", { END: "close" }, /The server ended the connection/],
    ["speaks another protocol", { GREETING: "HTTP/1.1 400 Bad Request" }, /No server of SMTP answers there/],
    ["refuses the mail for now", { END: "451 try later" }, /451 try later\. The server asks for another try/],
    ["is full", { END: "452 no space" }, /452 no space/],
    ["refuses the mail", { END: "554 spam" }, /554 spam/],
  ])("is named with the cure, in time: it %s", async (_, answers, message) => {
    const error = await fail(`smtp://127.0.0.1:${await startOwn(answers)}?${short}`);
    expect(error.message).toMatch(message);
    expect(error.name).toBe(answers.END?.startsWith("5") ? "PermanentError" : "MailError");
  });

  it("has a certificate that nobody knows, or of another name", async () => {
    const secure = await startServer({ secure: true });
    const starttls = await startServer({ disabledCommands: [] });
    for (const url of [`smtps://127.0.0.1:${secure}`, `smtps://localhost:${secure}`, `smtp://127.0.0.1:${starttls}`]) {
      const error = await fail(url);
      expect(error.message).toMatch(/certificate|altnames/i);
      expect(error.message).toMatch(/NODE_EXTRA_CA_CERTS/);
    }
  });

  it("offers STARTTLS and fails at it", async () => {
    const error = await fail(
      `smtp://127.0.0.1:${await startOwn({ EHLO: "250-ready\r\n250 STARTTLS", STARTTLS: "454 TLS not available" })}?${short}`,
    );
    expect(error.message).toMatch(/STARTTLS/);
    expect(error.message).not.toMatch(/offers no TLS/);
    expect(error.message).toMatch(/The server offers TLS, and fails at it/);
  });

  it("refuses a password once and for all, also as a job", async () => {
    const port = await startServer({
      authOptional: false,
      onAuth: (_: unknown, __: unknown, done: (error: Error) => void) => done(Object.assign(new Error("wrong"), { responseCode: 535 })),
    });
    const { app, jobs, mail } = createMail(`smtp://user:secret@127.0.0.1:${port}`);
    await app.appContext(() => mail.sendLater(basic));
    expect(await jobs.drain()).toBe(1);
    const [failed] = await jobs.list("failed");
    expect(failed).toMatchObject({ attempt: 1, error: expect.stringMatching(/Check user and password of the transport/) });
    expect(JSON.stringify(failed)).not.toContain("secret");
  });

  it.each<[string, Record<string, string | null>, number]>([
    ["greylisting", { RCPT: "451 come back later" }, 9],
    ["a closed connection", { END: "close" }, 9],
    ["a stalled one", { DATA: null }, 9],
    ["spam", { END: "554 spam" }, 1],
    ["an unknown box", { RCPT: "550 unknown" }, 1],
  ])("is tried again by sendLater() if that can help: %s", async (_, answers, runs) => {
    const { app, jobs, mail } = createMail(`smtp://127.0.0.1:${await startOwn(answers)}?socketTimeout=100`);
    await app.appContext(() => mail.sendLater(basic));
    expect(await jobs.drain()).toBe(runs);
    expect((await jobs.list("failed"))[0]).toMatchObject({ attempt: runs });
  });

  it("is away at first, and gets the mail once it is back", async () => {
    const port = await findPort();
    const { app, jobs, mail } = createMail(`smtp://127.0.0.1:${port}`);
    await app.ready();
    await app.appContext(() => mail.sendLater(basic));
    await jobs.drain();
    const [failed] = await jobs.list("failed");
    expect(failed?.error).toMatch(/ECONNREFUSED.*No server listens there/);
    await startServer({}, port);
    await jobs.retry(failed?.id ?? "");
    expect(await jobs.drain()).toBe(1);
    expect(await jobs.list("failed")).toEqual([]);
    await mail.send(basic);
  });

  it("refuses one of several recipients: the others get the mail, and the error names that one", async () => {
    const port = await startServer({
      onRcptTo: ({ address }: { address: string }, _: unknown, done: (error?: Error) => void) =>
        done(address.startsWith("no") ? Object.assign(new Error("unknown"), { responseCode: 550 }) : undefined),
    });
    const { app, jobs, mail } = createMail(`smtp://127.0.0.1:${port}`);
    const message = { ...basic, to: ["ann@example.com", "no@example.com"] };
    await expect(mail.send(message)).rejects.toMatchObject({ rejected: ["no@example.com"] });
    await app.appContext(() => mail.sendLater(message));
    // The refusal is for good, so the second job, for this recipient alone, is not tried again.
    expect(await jobs.drain()).toBe(2);
    expect((await jobs.list("failed")).map(({ attempt }) => attempt)).toEqual([1]);
  });
});
