import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { drizzle } from "drizzle-orm/libsql";
import { Flagon, html, route } from "flagon";
import { Database, openLibsql } from "flagon/database";
import { Jobs } from "flagon/jobs";
import { Mail, type MailMessage, type MailOptions } from "flagon/mail";
import { SMTPServer } from "smtp-server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { writeFiles } from "../support";

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: string;
}

/** A server of SMTP that answers as it is told. */
async function startServer(
  answer: { recipient?: (address: string) => number | null; data?: (count: number) => number | null } = {},
  options: object = {},
) {
  const received: Received[] = [];
  let count = 0;
  const fail = (code: number) => Object.assign(new Error("refused"), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    ...options,
    onRcptTo: ({ address }, _, callback) => {
      const code = answer.recipient?.(address) ?? null;
      callback(code === null ? null : fail(code));
    },
    onData: (stream, { envelope }, callback) => {
      let source = "";
      stream.on("data", (chunk: Buffer) => (source += chunk.toString("latin1")));
      stream.on("end", () => {
        count++;
        const code = answer.data?.(count) ?? null;
        if (code === null || code === 0) {
          received.push({
            from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
            to: envelope.rcptTo.map(({ address }) => address),
            source,
          });
        }
        if (code === 0) {
          // The connection is lost although the mail has arrived.
          for (const connection of server.connections) {
            Reflect.get(Object(connection), "_socket").destroy();
          }
          return;
        }
        callback(code === null ? null : fail(code));
      });
    },
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { received, url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` };
}

function createApp(options: Partial<MailOptions> = {}, config: object = { testing: true }, files: Record<string, string> = {}) {
  const root = writeFiles({
    "templates/mail/welcome.eta":
      '<% layout("mail/layout") %><p>Hello, <%= it.name %>!</p><p><a href="<%= urlFor("confirm", { id: 3 }, { external: true }) %>">Confirm</a></p>',
    "templates/mail/layout.eta": "<html><head><style>p { color: red }</style></head><body><%~ it.body %></body></html>",
    "templates/mail/text.eta": "<p>HTML</p>",
    "templates/mail/text.txt.eta": "Hello, <%= it.name %>\n\n.\nBye\n",
    ...files,
  });
  const app = new Flagon(root, { static: null, config: { secretKey: "a key for tests", serverName: "shop.example", ...config } });
  app.logger.level = "silent";
  app.route("/confirm/<int:id>", () => "", { endpoint: "confirm" });
  const mail = new Mail({ from: "Shop <shop@example.com>", ...options });
  app.use(mail);
  return { app, mail };
}

/** Decodes the encoded words of a header (RFC 2047). */
function decodeWords(text: string): string {
  const joined = text.replace(/\r\n[ \t]/g, " ").replace(/\?=\s+=\?/g, "?==?");
  return joined.replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_, kind: string, content: string) =>
    kind.toLowerCase() === "b"
      ? Buffer.from(content, "base64").toString("utf8")
      : decodeURIComponent(
          content
            .replaceAll("_", " ")
            .replaceAll("%", "%25")
            .replace(/=([\dA-F]{2})/gi, "%$1"),
        ),
  );
}

const basic: MailMessage = { to: "ann@example.com", subject: "Hello", text: "Hi" };

describe("mail.send()", () => {
  it("renders templates with links of the app's own host, and a text of the HTML", async () => {
    const { app, mail } = createApp();
    class Views {
      @route("/")
      async index() {
        await mail.send({ to: "Ann <ann@example.com>", subject: "Welcome", template: "mail/welcome", data: { name: "<Ann & Bo>" } });
        return {};
      }
    }
    app.register(Views);
    await app.testClient().get("http://evil.example/");
    const [sent] = mail.outbox;
    expect(sent).toMatchObject({ subject: "Welcome", to: [{ name: "Ann", address: "ann@example.com" }], from: { name: "Shop" } });
    expect(sent?.html).toContain("<p>Hello, &lt;Ann &amp; Bo&gt;!</p>");
    expect(sent?.html).toContain('href="http://shop.example/confirm/3"');
    expect(sent?.text).toBe("Hello, <Ann & Bo>!\n\nConfirm (http://shop.example/confirm/3)");
    expect(sent?.id).toMatch(/^<[\da-f-]{36}@shop\.example>$/);
  });

  it("takes the HTML of the tag, escaped, with a text made of it", async () => {
    const { mail } = createApp();
    await mail.send({ to: "ann@example.com", subject: "Hello", html: html`<p>Hello, ${"<Ann>"}</p>` });
    expect(mail.outbox[0]).toMatchObject({ html: "<p>Hello, &lt;Ann&gt;</p>", text: "Hello, <Ann>" });
  });

  it.each([
    ["<p>Hi</p><a href=https://shop.example/c?a=1&amp;b=2>Confirm</a>", "Hi\n\nConfirm (https://shop.example/c?a=1&b=2)"],
    ["<a href='https://shop.example/'>Shop</a><!-- <p>draft</p> --> now", "Shop (https://shop.example/) now"],
    ["<!--[if mso]><table><tr><td>Outlook</td></tr></table><![endif]--><p>All</p>", "All"],
    [
      "<p>&copy; M&uuml;ller &amp; S&Oslash;N&nbsp;&ndash; 5&euro;&hellip; &#x201e;&#65;&rdquo; &AMP; &unknown;</p>",
      "© Müller & SØN – 5€… „A” & &unknown;",
    ],
  ])("makes the text of %s", async (html, text) => {
    const { mail } = createApp();
    await mail.send({ to: "ann@example.com", subject: "Hello", html });
    expect(mail.outbox[0]?.text).toBe(text);
  });

  it("takes the text from its own template, without escaping, with its line breaks", async () => {
    const { mail } = createApp();
    await mail.send({ ...basic, text: undefined, template: "mail/text", data: { name: "<Ann & Bo>" } } as never);
    expect(mail.outbox[0]).toMatchObject({ html: "<p>HTML</p>", text: "Hello, <Ann & Bo>\n\n.\nBye" });
  });

  it.each<[string, Partial<MailMessage>]>([
    ["to", { to: "a@example.com\r\nBcc: evil@x.example" }],
    ["to name", { to: { name: "Ann\r\nBcc: evil@x.example", address: "a@example.com" } }],
    ["subject", { subject: "Hi\nBcc: evil@x.example" }],
    ["subject NUL", { subject: "Hi\0" }],
    ["from", { from: "a@example.com\nX: y" }],
    ["reply", { replyTo: "a@example.com\r" }],
    ["header value", { headers: { "X-Campaign": "a\r\nBcc: evil@x.example" } }],
    ["header name", { headers: { "X-A\r\nBcc": "b" } }],
    ["own header", { headers: { Bcc: "evil@x.example" } }],
    ["own header", { headers: { "message-ID": "x" } }],
    ["filename", { attachments: [{ filename: "a\r\nX: y", content: "" }] }],
    ["list", { to: "a@example.com, b@example.com" }],
    ["list", { to: "a@example.com; b@example.com" }],
    ["list", { to: "Ann <a@example.com>, Bo <b@example.com>" }],
    ["group", { to: "friends: a@example.com;" }],
    ["none", { to: "" }],
    ["none", { to: [] }],
    ["none", { to: "ann" }],
    ["none", { to: "ann@" }],
    ["none", { to: "@example.com" }],
    ["none", { to: "a b@example.com" }],
    ["file", { attachments: [{ path: "/etc/passwd" }] }],
    ["URL", { attachments: [{ href: "http://127.0.0.1/" }] }],
    ["raw", { attachments: [{ raw: "x" } as never] }],
    ["content", { attachments: [{ content: { path: "/etc/passwd" } as never }] }],
    ["content with a pipe", { attachments: [{ content: { path: "/etc/passwd", pipe: true } as never }] }],
    ["text", { text: { path: "/etc/passwd" } as never }],
    ["html", { html: { href: "http://127.0.0.1/" } as never }],
    ["subject", { subject: ["Hi"] as never }],
    ["name with an encoded word", { to: { name: "=?utf-8?q?Admin?=", address: "a@example.com" } }],
    ["name with an encoded line break", { replyTo: { name: "Bo =?us-ascii?B?DQpCY2M6IGE=?= X", address: "a@example.com" } }],
    ["quoted name", { to: '"=?UTF-8?Q?a b?=" <a@example.com>' }],
    ["address with an encoded word", { to: "=?utf-8?q?evil=40x.example=3e?=@example.com" }],
    ["filename with an encoded word", { attachments: [{ filename: "=?utf-8?q?run.exe?= a.txt", content: "" }] }],
    ["attachment", { attachments: [{ content: "", contentDisposition: "inline\r\nX: y" } as never] }],
    ["header of an attachment", { attachments: [{ content: "", headers: { "X-A": "a\r\nX: y" } } as never] }],
  ])("refuses %s that holds more than it may", async (_, part) => {
    const { mail } = createApp();
    await expect(mail.send({ ...basic, ...part })).rejects.toMatchObject({ code: "MAIL" });
    expect(mail.outbox).toEqual([]);
  });

  it("takes names with commas and quotes as names, and domains of other scripts", async () => {
    const { mail } = createApp();
    await mail.send({
      ...basic,
      to: [{ name: 'Ann, "the" <boss>', address: "ann@bücher.example" }, '"Doe, Jo" <jo@example.com>', '"a,b"@example.com'],
    });
    expect(mail.outbox[0]?.to).toEqual([
      { name: 'Ann, "the" <boss>', address: "ann@xn--bcher-kva.example" },
      { name: "Doe, Jo", address: "jo@example.com" },
      { name: "", address: '"a,b"@example.com' },
    ]);
    await expect(mail.send({ to: "ann@example.com", subject: "x" })).rejects.toThrow(/needs a content/);
  });

  it("sends by SMTP: blind copies in no header, text with dots, files", async () => {
    const { received, url } = await startServer();
    const { app, mail } = createApp({ transport: url }, {});
    await mail.send({
      to: [{ name: "Jörg, 🎉", address: "ann@example.com" }],
      cc: "cc@example.com",
      bcc: "hidden@example.com",
      subject: "Grüße 🎉 an alle, die diese sehr lange Zeile lesen und sich an ihr freuen",
      text: "First\n.\nLast",
      attachments: [{ filename: "Überblick.txt", content: "ü" }],
      headers: { "X-Campaign": "spring" },
    });
    const [mailed] = received;
    expect(mailed?.to).toEqual(["ann@example.com", "cc@example.com", "hidden@example.com"]);
    expect(mailed?.source).not.toMatch(/hidden@example\.com/);
    expect(mailed?.source).toMatch(/^X-Campaign: spring\r$/m);
    expect(mailed?.source).toContain("First\r\n.\r\nLast");
    expect(mail.outbox).toEqual([]);
    await app.lifeCycle.stop(1000);
  });

  it("writes any name and subject so that readers see it unchanged: long, in all scripts, with emoji", async () => {
    const { received, url } = await startServer();
    const { mail } = createApp({ transport: url }, {});
    const names = [
      "Ελένη Παπαδοπούλου",
      "山田太郎",
      "محمد",
      "👩🏽‍🚀 ".repeat(30).trim(),
      'O\'Neil, "Jo" <x>',
      "a".repeat(300),
      " ".repeat(3),
    ];
    for (const name of names) {
      await mail.send({
        ...basic,
        to: { name, address: "ann@example.com" },
        subject: name,
        attachments: [{ filename: `${name}.txt`, content: "x" }],
      });
    }
    for (const [index, name] of names.entries()) {
      const source = Buffer.from(received[index]?.source ?? "", "latin1").toString("utf8");
      const [head = ""] = source.split("\r\n\r\n");
      expect(head.split("\r\n").every((line) => line.length <= 998)).toBe(true);
      const subject = /^Subject:([\s\S]*?)\r\n(?![ \t])/m.exec(head)?.[1] ?? "";
      expect(decodeWords(subject).trim()).toBe(name.trim());
      expect(received[index]?.to).toEqual(["ann@example.com"]);
    }
  });

  it("writes a subject that looks like an encoded word so that readers do not decode it", async () => {
    const { received, url } = await startServer();
    const { mail } = createApp({ transport: url }, {});
    const subjects = [
      "=?utf-8?q?x?=",
      "Re: =?utf-8?q?=0D=0ABcc:_evil@x.example?= there",
      "=?ISO-8859-1?B?QWRtaW4=?= =?utf-8?q?two words?=",
      `How to decode =?utf-8?q?=70?= ${"long ".repeat(60)}end`,
      "=?utf-8?q?x?= é",
      "=?utf-8?x?",
      "1 =? 2 ?= 3",
    ];
    for (const subject of subjects) {
      await mail.send({ ...basic, subject, headers: { "X-Topic": subject } });
    }
    for (const [index, subject] of subjects.entries()) {
      const [head = ""] = (received[index]?.source ?? "").split("\r\n\r\n");
      expect(head.split("\r\n").every((line) => line.length <= 78)).toBe(true);
      for (const name of ["Subject", "X-Topic"]) {
        const value = new RegExp(`^${name}: ([\\s\\S]*?)\\r\\n(?![ \\t])`, "m").exec(`${head}\r\n`)?.[1] ?? "";
        expect(decodeWords(value)).toBe(subject);
      }
      expect(received[index]?.to).toEqual(["ann@example.com"]);
    }
  });

  it("asks the server before it sends to an address beyond ASCII", async () => {
    const plain = await startServer({}, { hideSMTPUTF8: true });
    const { mail } = createApp({ transport: plain.url }, {});
    await expect(mail.send({ ...basic, to: ["ann@example.com", "jörg@example.com"] })).rejects.toMatchObject({
      code: "MAIL",
      name: "PermanentError",
      message: expect.stringContaining("jörg@example.com was not sent: the server takes no address"),
    });
    expect(plain.received).toEqual([]);
    await mail.send({ ...basic, to: "jörg@example.com".replace("ö", "oe") });
    const able = await startServer({}, { hideSMTPUTF8: false });
    const other = createApp({ transport: able.url }, {});
    await other.mail.send({ ...basic, to: "jörg@example.com" });
    expect([plain.received.length, able.received.map(({ to }) => to)]).toEqual([1, [["jörg@example.com"]]]);
  });

  it("keeps blind copies out of every transport, and what would add a header out of the mail", async () => {
    const sent: string[] = [];
    const transport = {
      name: "own",
      sendMail: async (message: object) => {
        const { createTransport } = require("nodemailer");
        const { message: stream } = await createTransport({ streamTransport: true, buffer: true }).sendMail(message);
        sent.push(String(stream));
        return {};
      },
    };
    const { mail } = createApp({ transport }, {});
    await mail.send({ ...basic, bcc: "hidden@example.com" });
    expect(sent[0]).toContain("To: ann@example.com");
    expect(sent[0]).not.toContain("hidden");
    for (const odd of [{ messageId: "x\r\nBcc: evil@x.example" }, { list: { help: "a\r\nX: y" } }, { raw: "Bcc: evil@x.example" }]) {
      await expect(mail.send({ ...basic, ...odd } as MailMessage)).rejects.toMatchObject({ code: "MAIL" });
    }
    expect(sent).toHaveLength(1);
  });

  it("gives up a server that takes the connection and never answers", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const { mail } = createApp({ transport: `smtp://127.0.0.1:${port}/?greetingTimeout=200` }, {});
    await expect(mail.send(basic)).rejects.toMatchObject({ code: "MAIL" });
    silent.close();
  });

  it("reports the refusal of the server, with the recipients", async () => {
    const { received, url } = await startServer({ recipient: (address) => (address.startsWith("no") ? 550 : null) });
    const { mail } = createApp({ transport: url }, {});
    await expect(mail.send({ ...basic, to: ["ann@example.com", "no@example.com"] })).rejects.toMatchObject({
      code: "MAIL",
      rejected: ["no@example.com"],
    });
    expect(received.map(({ to }) => to)).toEqual([["ann@example.com"]]);
    await expect(mail.send({ ...basic, to: "no@example.com" })).rejects.toMatchObject({ code: "MAIL", name: "PermanentError" });
    const away = createApp({ transport: "smtp://127.0.0.1:1" }, {});
    await expect(away.mail.send(basic)).rejects.toMatchObject({ code: "MAIL" });
  });
});

describe("an address", () => {
  it.each(["example.com/evil", "example.com?x", "example.com#x", "example.com\\x", "%65xample.com", "0x7f.1", "1", "bücher.example/x"])(
    "is not sent to another host than it names: ann@%s",
    async (domain) => {
      const { mail } = createApp();
      await expect(mail.send({ ...basic, to: `ann@${domain}` })).rejects.toThrow(/The field 'to' of a mail holds 'ann@/);
      await expect(mail.send({ ...basic, bcc: { name: "Ann", address: `ann@${domain}` } })).rejects.toMatchObject({ code: "MAIL" });
      expect(mail.outbox).toEqual([]);
    },
  );
});

describe("the transport", () => {
  it("is needed in production, at the start", async () => {
    const { app, mail } = createApp({}, {});
    app.lifeCycle.mode = "serve";
    await expect(app.ready()).rejects.toMatchObject({ code: "CONFIG" });
    await expect(mail.send(basic)).rejects.toMatchObject({ code: "CONFIG" });
    expect(await app.registry.deploymentChecks.at(-1)?.()).toHaveLength(1);
    expect(() => new Mail({ from: "nobody" })).toThrow(/not one address/);
    const wrong = createApp({ transport: "https://example.com" }, {});
    await expect(wrong.app.ready()).rejects.toThrow(/begins with smtp/);
  });

  it("is warned of at the start in production if links of mails have no host", async () => {
    for (const [serverName, expected] of [
      [null, 1],
      ["example.com", 0],
    ] as const) {
      const { app } = createApp({ transport: "smtp://127.0.0.1:1" }, { serverName });
      const warned = vi.spyOn(app.logger, "warn").mockImplementation(() => undefined);
      app.lifeCycle.mode = "serve";
      await app.ready();
      expect(warned).toHaveBeenCalledTimes(expected);
      expect(await app.registry.deploymentChecks.at(-1)?.()).toHaveLength(expected);
      await app.lifeCycle.stop(1000);
    }
  });

  it("is not used in tests, and not needed in debug mode, which has a preview", async () => {
    const { app, mail } = createApp({}, { debug: true });
    const page = app.registry.developmentPages.get("/_flagon/mail");
    expect([page?.describe(), page?.answer("/_flagon/mail")]).toEqual([null, expect.stringContaining("No mail has been sent")]);
    await mail.send({
      ...basic,
      subject: "<b>",
      html: '<a href="https://shop.example/reset?a=1&amp;b=2">"Reset"</a><script>alert(1)</script>',
    });
    expect(page?.describe()).toBe("1 mail");
    expect(page?.answer("/_flagon/mail")).toContain('<a href="/_flagon/mail/0">&lt;b&gt;</a>');
    const shown = page?.answer("/_flagon/mail/0") ?? "";
    expect(shown).toContain('<iframe title="HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="&lt;base');
    expect(shown).toContain('<li><a href="https://shop.example/reset?a=1&amp;b=2"');
    expect(shown).not.toContain("<script>");
    expect(page?.answer("/_flagon/mail/7")).toBeUndefined();
    await mail.send({ ...basic, text: "Open https://shop.example/reset/a_b-c.d. Or write to us." });
    expect(page?.answer("/_flagon/mail/1")).toContain('<a href="https://shop.example/reset/a_b-c.d" ');
  });
});

describe("a mail that is too long for a job", () => {
  it.each([{ text: "x".repeat(70_000) }, { text: "x", attachments: [{ filename: "a.pdf", content: Buffer.alloc(60_000) }] }])(
    "is refused by sendLater(), with the cure",
    async (parts) => {
      const { app, mail } = createApp();
      await expect(app.appContext(() => mail.sendLater({ ...basic, ...parts }))).rejects.toThrow(
        /longer than 64 KiB .*Send it by a job of your own/,
      );
      await mail.send({ ...basic, ...parts });
      expect(mail.outbox).toHaveLength(1);
    },
  );
});

describe("mail.sendLater()", () => {
  const setUp = async (options: Partial<MailOptions> = {}, config: object = { testing: true }) => {
    const made = createApp(options, config);
    const database = new Database(drizzle({ client: openLibsql(":memory:") }));
    made.app.use(database);
    const jobs = new Jobs();
    made.app.use(jobs);
    await made.app.ready();
    onTestFinished(() => made.app.lifeCycle.stop(2000));
    return { ...made, database, jobs };
  };

  it("is in the outbox once its job has run, and not at all after a rollback", async () => {
    const { app, database, jobs, mail } = await setUp();
    await app.appContext(async () => {
      await mail.sendLater({ ...basic, attachments: [{ filename: "a.bin", content: new Uint8Array([0, 1, 2]).subarray(1) }] });
      await database
        .atomic(async () => {
          await mail.sendLater({ ...basic, subject: "never" });
          throw new Error("x");
        })
        .catch(() => undefined);
    });
    expect(mail.outbox).toEqual([]);
    await jobs.drain();
    expect(mail.outbox.map(({ subject }) => subject)).toEqual(["Hello"]);
    expect(mail.outbox[0]?.attachments[0]?.content).toEqual(Buffer.from([1, 2]));
    await expect(app.appContext(() => mail.sendLater({ ...basic, subject: "a\nb" }))).rejects.toMatchObject({ code: "MAIL" });
  });

  it("is retried with one message id after a temporary refusal, and not after a permanent one", async () => {
    const { received, url } = await startServer({
      data: (count) => (count === 1 ? 451 : null),
      recipient: (address) => (address.startsWith("no") ? 550 : null),
    });
    const { app, jobs, mail } = await setUp({ transport: url }, {});
    await app.appContext(async () => {
      await mail.sendLater(basic);
      await mail.sendLater({ ...basic, to: "no@example.com", text: "https://shop.example/reset/secret" });
    });
    await jobs.drain();
    expect(received).toHaveLength(1);
    const failed = await jobs.list("failed");
    expect([failed.length, failed[0]?.attempt]).toEqual([1, 1]);
    const { output } = await app.testCommands().invoke("jobs failed");
    expect(output).toContain("no@example.com");
    expect(output).not.toContain("secret");
  });

  it("has one message id in all tries, so that a mail that arrived although the connection was lost is known", async () => {
    const { received, url } = await startServer({ data: (count) => (count === 1 ? 0 : null) });
    const { app, jobs, mail } = await setUp({ transport: url }, {});
    await app.appContext(() => mail.sendLater(basic));
    await jobs.drain();
    const ids = received.map(({ source }) => /^Message-ID: (\S+)/im.exec(source)?.[1]);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  it("is retried only for the recipients that lack it", async () => {
    let asked = 0;
    const { received, url } = await startServer({
      recipient: (address) => {
        asked += address.startsWith("later") ? 1 : 0;
        return address.startsWith("later") && asked < 3 ? 450 : null;
      },
    });
    const { app, jobs, mail } = await setUp({ transport: url }, {});
    await app.appContext(() => mail.sendLater({ ...basic, to: ["ann@example.com", "later@example.com"] }));
    await jobs.drain();
    expect(received.map(({ to }) => to)[0]).toEqual(["ann@example.com"]);
    expect(received.flatMap(({ to }) => to).filter((address) => address === "ann@example.com")).toHaveLength(1);
    expect(received.at(-1)?.to).toEqual(["later@example.com"]);
  });
});
