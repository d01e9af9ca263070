import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { Flagon } from "flagon";
import { Mail, type MailOptions } from "flagon/mail";
import { createTransport } from "nodemailer";
import { SMTPServer } from "smtp-server";
import { describe, expect, it, onTestFinished } from "vitest";

const basic = { to: "ann@example.com", subject: "Hello", text: "Hi" };

function createMail(transport: MailOptions["transport"], config: object = {}) {
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests", serverName: "shop.example", ...config } });
  app.logger.level = "silent";
  const mail = new Mail({ from: "Shop <shop@example.com>", transport });
  app.use(mail);
  return { app, mail };
}

/** Sends a mail, and returns the error. */
async function fail(transport: MailOptions["transport"], message: object = {}): Promise<Error> {
  const { mail } = createMail(transport);
  return mail.send({ ...basic, ...message }).then(
    () => expect.unreachable("the mail was sent"),
    (error: Error) => error,
  );
}

async function startServer(options: object = {}) {
  const server = new SMTPServer({ authOptional: true, disabledCommands: ["STARTTLS"], ...options });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.server.address() as AddressInfo).port;
}

async function startSocket(answer: (socket: Socket) => void) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const refuse = (responseCode: number, text: string) => (_: unknown, __: unknown, done: (error: Error) => void) =>
  done(Object.assign(new Error(text), { responseCode }));

describe("a transport of nodemailer", () => {
  it("is any: its options, a transport, and one of another package, which is a class", async () => {
    class Own {
      readonly name = "own";
      readonly version = "1";
      readonly sent: unknown[] = [];

      send({ data }: { data: { subject: unknown } }, done: (error: null, result: object) => void) {
        this.sent.push(data.subject);
        done(null, {});
      }
    }
    const own = new Own();
    for (const transport of [own, { jsonTransport: true }, createTransport({ streamTransport: true }), { streamTransport: true }]) {
      await createMail(transport).mail.send(basic);
    }
    expect(own.sent).toEqual(["Hello"]);
  });

  it.each(["", null, undefined])("is none if it is %j: development has the preview, and production does not start", async (transport) => {
    const { mail } = createMail(transport, { debug: true });
    await mail.send(basic);
    expect(mail.outbox).toHaveLength(1);
    const { app } = createMail(transport);
    app.lifeCycle.mode = "serve";
    await expect(app.ready()).rejects.toThrow(/no transport for mails/);
  });
});

describe("the URL of the transport", () => {
  it.each([
    "smtps://user:sec#ret@mail.example.com",
    "smtps://user:sec/ret@mail.example.com",
    "smtp://user:12/sec@mail.example.com",
    "smtp://user:secret@mail.example.com:99999",
    "https://user:secret@mail.example.com",
    "smtp:///user:secret",
    " ",
  ])("is refused at the start if it cannot be read, and not shown: %s", async (url) => {
    const { app } = createMail(url);
    const error = await app.ready().then(
      () => expect.unreachable("it started"),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: "CONFIG" });
    expect(inspect(error)).not.toMatch(/sec|user:/);
  });
});

describe("a mail that cannot be sent", () => {
  it.each<[string, object, string, RegExp]>([
    ["the server is busy", { onConnect: (_: unknown, done: (e: Error) => void) => refuse(421, "busy")(_, _, done) }, "MailError", /421/],
    ["the sender comes later", { onMailFrom: refuse(450, "later") }, "MailError", /450 later/],
    ["the box is full", { onRcptTo: refuse(552, "full") }, "PermanentError", /552 full/],
    ["there is no such box", { onRcptTo: refuse(550, "unknown") }, "PermanentError", /550 unknown/],
    ["a user is needed", { authOptional: false }, "PermanentError", /Give the transport a user and a password/],
  ])("says so in a line if %s", async (_, options, name, message) => {
    const error = await fail(`smtp://127.0.0.1:${await startServer(options)}`);
    expect(error).toMatchObject({ code: "MAIL", name, message: expect.stringMatching(message) });
    expect(error.message).toMatch(/^The mail to ann@example\.com was not sent: [^\n]+$/);
  });

  it("says the cure, and no password", async () => {
    const port = await startServer();
    const closed = await startSocket((socket) => socket.destroy());
    const strict = await startServer({ authOptional: false, onAuth: refuse(535, "wrong") });
    const cases: [string, RegExp][] = [
      [`smtp://user:secret@127.0.0.1:${strict}`, /535 wrong\. Check user and password/],
      [`smtps://user:secret@127.0.0.1:${port}`, /does not begin with TLS: write smtp:\/\/ in place of smtps:\/\//],
      [`smtp://user:secret@127.0.0.1:${port}?requireTLS=true`, /offers no TLS there/],
      ["smtp://user:secret@127.0.0.1:1", /ECONNREFUSED 127\.0\.0\.1:1\. No server listens there: check host and port/],
      ["smtp://user:secret@mail.invalid", /Check the host of the transport/],
      [`smtp://user:secret@127.0.0.1:${await startSocket(() => undefined)}?greetingTimeout=100`, /The server is slow, the port is wrong/],
      [`smtp://user:secret@127.0.0.1:${closed}`, /closed unexpectedly/],
    ];
    for (const [url, message] of cases) {
      const error = await fail(url);
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain("\n");
      expect(inspect(error, { depth: 9 })).not.toContain("secret");
    }
  });

  it("hides its links in the answer of the server, which goes to logs and lists, and keeps those of the server", async () => {
    const text = "Open https://shop.example/reset/3/token?a=1&b=2 now.";
    const said = "blocked: https://shop.example/reset/3/token?a=1&b=2, see https://help.example/550";
    const error = await fail(`smtp://127.0.0.1:${await startServer({ onRcptTo: refuse(550, said) })}`, { text });
    expect(error.message).toContain("blocked: (a link of the mail) see https://help.example/550");
    expect(inspect(error, { depth: 9 })).not.toContain("token");
  });
});

describe("the preview", () => {
  it("keeps the address of a mail while older ones go, and 100 of them", async () => {
    const { app, mail } = createMail(undefined, { debug: true });
    const page = app.registry.developmentPages.get("/_flagon/mail");
    for (let number = 0; number < 1000; number++) {
      await mail.send({ ...basic, subject: `number ${number}` });
    }
    expect(mail.outbox).toHaveLength(100);
    expect(page?.answer("/_flagon/mail/999")).toContain("<h1>number 999</h1>");
    expect(page?.answer("/_flagon/mail/900")).toContain("<h1>number 900</h1>");
    expect(page?.answer("/_flagon/mail/899")).toBeUndefined();
    expect(page?.answer("/_flagon/mail")).toContain('<a href="/_flagon/mail/999">number 999</a>');
  });

  it("shows the sender, all recipients, and those of blind copies apart", async () => {
    const { app, mail } = createMail(undefined, { debug: true });
    const [cc, bcc, replyTo] = ["cc@example.com", { name: "<b>Bo</b>", address: "bcc@example.com" }, "reply@example.com"];
    await mail.send({ ...basic, cc, bcc, replyTo, attachments: [{ filename: "<i>.txt", content: "x" }] });
    const shown = app.registry.developmentPages.get("/_flagon/mail")?.answer("/_flagon/mail/0") ?? "";
    const rows = [...shown.matchAll(/<th scope="row">(.*?)<\/th><td>(.*?)<\/td>/g)].map(([, name, value]) => `${name}: ${value}`);
    expect(rows.filter((row) => !row.startsWith("Date"))).toEqual([
      "From: Shop &lt;shop@example.com&gt;",
      "To: ann@example.com",
      "Cc: cc@example.com",
      "Bcc: &lt;b&gt;Bo&lt;/b&gt; &lt;bcc@example.com&gt;",
      "Reply to: reply@example.com",
      "Attachments: &lt;i&gt;.txt",
    ]);
  });

  it("keeps no more than 32 MiB of files, and the latest mail in any case", async () => {
    const { mail } = createMail(undefined, { debug: true });
    const attachments = [{ filename: "a.bin", content: Buffer.alloc(15 * 1024 * 1024) }];
    for (let number = 0; number < 4; number++) {
      await mail.send({ ...basic, attachments });
    }
    expect(mail.outbox).toHaveLength(2);
    await mail.send({ ...basic, attachments: [{ filename: "a.bin", content: Buffer.alloc(40 * 1024 * 1024) }] });
    expect(mail.outbox).toHaveLength(1);
    const { mail: tested } = createMail(undefined, { testing: true });
    for (let number = 0; number < 4; number++) {
      await tested.send({ ...basic, attachments });
    }
    expect(tested.outbox).toHaveLength(4);
  });
});
