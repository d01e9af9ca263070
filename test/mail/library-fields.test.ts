import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Flagon, html } from "flagon";
import { Jobs } from "flagon/jobs";
import { Mail, type MailMessage, type MailOptions } from "flagon/mail";
import { describe, expect, it, onTestFinished } from "vitest";

const basic = { to: "ann@example.com", subject: "Hello", text: "Hi" };

function createMail(transport?: MailOptions["transport"], config: object = { testing: true }) {
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests", serverName: "shop.example", ...config } });
  app.logger.level = "silent";
  const mail = new Mail({ from: "Shop <shop@example.com>", transport });
  app.use(mail);
  return { app, mail };
}

/** A server that keeps each command and the mail, and knows notices of deliveries. */
async function startServer() {
  const lines: string[] = [];
  const server = createServer((socket) => {
    let isData = false;
    let rest = "";
    socket.write("220 ready\r\n");
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      const all = (rest + chunk.toString("latin1")).split("\r\n");
      rest = all.pop() ?? "";
      for (const line of all) {
        lines.push(line);
        if (isData) {
          isData = line !== ".";
          socket.write(isData ? "" : "250 taken\r\n");
        } else {
          isData = line === "DATA";
          socket.write(/^EHLO/.test(line) ? "250-ready\r\n250 DSN\r\n" : isData ? "354 go on\r\n" : "250 ok\r\n");
        }
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { lines, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const all = {
  sender: "Bo <bo@example.com>",
  inReplyTo: "first@example.com",
  references: ["<first@example.com>", "second@example.com"],
  priority: "high",
  list: {
    unsubscribe: ["https://shop.example/off?a=1,2", "off@shop.example"],
    id: { url: "news.shop.example", comment: "News (weekly)" },
  },
  icalEvent: { method: "REQUEST", content: "BEGIN:VCALENDAR\r\nEND:VCALENDAR" },
  alternatives: [{ contentType: "text/x-web-markdown", content: "**Hi**" }],
  watchHtml: html`<b>${"<watch>"}</b>`,
  amp: "<!doctype html><html ⚡4email></html>",
  dsn: { id: "mail 1", return: "headers", notify: ["failure", "delay"], recipient: "rfc822;bo@example.com" },
  envelope: { from: "bounces+3@shop.example" },
  textEncoding: "base64",
  xMailer: "Shop 1.0",
  messageId: "own@shop.example",
  date: "2026-02-28T10:00:00Z",
} satisfies Partial<MailMessage>;

describe("the fields of nodemailer", () => {
  it.each(["send", "sendLater"] as const)("reach the server by %s()", async (method) => {
    const { lines, url } = await startServer();
    const { app, mail } = createMail(url, {});
    const jobs = new Jobs();
    app.use(jobs);
    await app.appContext(() => mail[method]({ ...basic, ...all }));
    await jobs.drain();
    const source = lines.join("\n").replace(/\n[ \t]+/g, " ");
    expect(source).toContain("MAIL FROM:<bounces+3@shop.example> RET=HDRS ENVID=mail+201");
    expect(source).toContain("RCPT TO:<ann@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bo@example.com");
    for (const line of [
      "Sender: Bo <bo@example.com>",
      "In-Reply-To: <first@example.com>",
      "References: <first@example.com> <second@example.com>",
      "X-Priority: 1 (Highest)",
      "Importance: High",
      "List-Unsubscribe: <https://shop.example/off?a=1%2C2>",
      "List-Unsubscribe: <mailto:off@shop.example>",
      'List-ID: "News (weekly)" <news.shop.example>',
      "X-Mailer: Shop 1.0",
      "Message-ID: <own@shop.example>",
      "Date: Sat, 28 Feb 2026 10:00:00 +0000",
      "Content-Type: text/x-web-markdown",
      "Content-Type: text/watch-html; charset=utf-8",
      "Content-Type: text/x-amp-html; charset=utf-8",
      "Content-Type: text/calendar; charset=utf-8; method=REQUEST",
    ]) {
      expect(source.toLowerCase()).toContain(line.toLowerCase());
    }
    expect(source).toContain("<b>&lt;watch&gt;</b>");
  });

  it("are in the outbox of a test", async () => {
    const { mail } = createMail();
    await mail.send({ ...basic, ...all, envelope: { to: ["bo@example.com"] } });
    expect(mail.outbox[0]).toMatchObject({
      id: "<own@shop.example>",
      date: new Date("2026-02-28T10:00:00Z"),
      sender: { name: "Bo", address: "bo@example.com" },
      inReplyTo: "<first@example.com>",
      references: ["<first@example.com>", "<second@example.com>"],
      priority: "high",
      envelope: { to: ["bo@example.com"] },
      icalEvent: { method: "REQUEST", content: expect.stringContaining("VCALENDAR") },
      watchHtml: "<b>&lt;watch&gt;</b>",
    });
  });

  it("send to the recipients of the envelope alone, if it names some", async () => {
    const { lines, url } = await startServer();
    await createMail(url, {}).mail.send({ ...basic, bcc: "cy@example.com", envelope: { to: "bo@example.com" } });
    expect(lines.filter((line) => line.startsWith("RCPT"))).toEqual(["RCPT TO:<bo@example.com>"]);
    expect(lines.join("\n")).toMatch(/^To: ann@example\.com$/m);
  });

  const crlf = "x\r\nBcc: evil@x.example";
  it.each<[string, object]>([
    ["the sender", { sender: `Bo <bo@example.com>\r\nBcc: evil@x.example` }],
    ["the name of the sender", { sender: { name: crlf, address: "bo@example.com" } }],
    ["an id", { messageId: "<a@b>\r\nBcc: evil@x.example" }],
    ["the answered id", { inReplyTo: "<a@b>\nBcc: evil@x.example" }],
    ["one of the references", { references: ["<a@b>", "<c@d>\r\nBcc: evil@x.example"] }],
    ["references as a text", { references: "<a@b>\r\n<c@d>" }],
    ["a link", { list: { help: "https://x.example\r\nBcc: evil@x.example" } }],
    ["the comment of a link", { list: { help: { url: "https://x.example", comment: crlf } } }],
    ["a name of a list", { list: { "help: x\r\nBcc": "evil@x.example" } }],
    ["the method of an event", { icalEvent: { content: "x", method: crlf } }],
    ["the file of an event", { icalEvent: { content: "x", filename: crlf } }],
    ["the type of an alternative", { alternatives: [{ content: "x", contentType: "text/x\r\nBcc: evil@x.example" }] }],
    ["the program", { xMailer: crlf }],
    ["the id of notices", { dsn: { id: crlf } }],
    ["the recipient of notices", { dsn: { recipient: crlf } }],
    ["the envelope", { envelope: { from: "a@b.example>\r\nRCPT TO:<evil@x.example" } }],
    ["a recipient of the envelope", { envelope: { to: ["a@b.example", "evil@x.example\r\nDATA"] } }],
  ])("hold no line break: %s", async (_, part) => {
    const { mail } = createMail();
    await expect(mail.send({ ...basic, ...part } as MailMessage)).rejects.toMatchObject({ code: "MAIL" });
    expect(mail.outbox).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ["a misspelt one", { prioritty: "high" }, /no field 'prioritty' of a mail\. Did you mean 'priority'\?/],
    ["one of no name at all", { whatever: 1 }, /no field 'whatever' of a mail\. There are: to, cc, /],
    ["an attachment's", { attachments: [{ content: "x", inline: true }] }, /no field 'inline' of an attachment\. There are: filename, /],
    [
      "one that replaces all checks",
      { raw: "Bcc: evil@x.example" },
      /'raw' of nodemailer is none of a mail\. It would replace the checked headers/,
    ],
    ["one of the transport", { dkim: { privateKey: "x" } }, /'dkim' of nodemailer is none of a mail\. Give it to the transport/],
    ["a priority", { priority: "urgent" }, /'priority' of a mail must be one of 'high', 'normal', 'low', but got 'urgent'/],
    ["an id", { inReplyTo: "no id" }, /'inReplyTo' of a mail holds 'no id', which is no id of a message/],
    ["a date", { date: "yesterday" }, /'date' of a mail must be a date/],
    ["a list that is none", { list: "https://x.example" }, /'list' of a mail must be an object/],
    ["a link that needs a code", { list: { help: "https://x.example/a b" } }, /'list.help' of a mail holds .* Escape it by encodeURI\(\)/],
    ["a notice", { dsn: { notify: "sometimes" } }, /'dsn.notify' of a mail must be one of 'never', 'success'/],
    ["a notice beside none", { dsn: { notify: ["never", "delay"] } }, /has 'never', which stands alone/],
    ["an event from a file", { icalEvent: { path: "/etc/passwd" } }, /no field 'path' of 'icalEvent' of a mail/],
    ["an alternative from a file", { alternatives: [{ path: "/etc/passwd" }] }, /has 'path', which reads a file or a URL/],
    ["a form from a file", { amp: { path: "/etc/passwd" } }, /'amp' of a mail must be a text/],
    ["an envelope for nobody", { envelope: { to: [] } }, /'envelope.to' of a mail names no recipient/],
    ["a switch", { attachDataUrls: "yes" }, /'attachDataUrls' of a mail must be true or false/],
  ])("are refused with a reason: %s", async (_, part, message) => {
    const { mail } = createMail();
    await expect(mail.send({ ...basic, ...part } as MailMessage)).rejects.toThrow(message);
    expect(mail.outbox).toEqual([]);
  });

  it("end a mail by a signal, by send() alone", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { app, mail } = createMail(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
    app.use(new Jobs());
    const begun = performance.now();
    await expect(mail.send({ ...basic, signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ code: "MAIL" });
    expect(performance.now() - begun).toBeLessThan(5000);
    const later = app.appContext(() => mail.sendLater({ ...basic, signal: AbortSignal.timeout(100) }));
    await expect(later).rejects.toThrow(/takes no signal/);
  });
});
