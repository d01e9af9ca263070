import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { blueprint, Flagon, route } from "flagon";
import { Mail, type MailMessage, type MailOptions } from "flagon/mail";
import { SMTPServer } from "smtp-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { writeFiles } from "../support";

function createMail(options: Partial<MailOptions> = {}, config: object = { testing: true }, files: Record<string, string> = {}) {
  const root = writeFiles({ "templates/mail/hello.eta": "<p>Hello</p>", ...files });
  const app = new Flagon(root, { config: { secretKey: "a key for tests", serverName: "shop.example", ...config } });
  app.logger.level = "silent";
  const mail = new Mail({ from: "Shop <shop@example.com>", ...options });
  app.use(mail);
  return { app, mail };
}

/** Starts a server of SMTP that keeps the sources of mails. */
async function startServer() {
  const sources: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, _, callback) => {
      let source = "";
      stream.on("data", (chunk: Buffer) => (source += chunk.toString("utf8")));
      stream.on("end", () => {
        sources.push(source);
        callback();
      });
    },
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { sources, url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}` };
}

/** Reads the addresses of a header as nodemailer reads them. */
const readAddresses: (text: string) => { name: string; address: string }[] = require("nodemailer/lib/addressparser");

function decodeWord(kind = "", content = ""): string {
  const bytes = /b/i.test(kind) ? Buffer.from(content, "base64").toString("latin1") : content.replaceAll("_", " ").replace(/=(..)/g, "%$1");
  return /b/i.test(kind) ? Buffer.from(bytes, "latin1").toString("utf8") : decodeURIComponent(bytes);
}

/** Passes a value as code without the compiler's checks does. */
const loose = <Type>(value: unknown): Type => value as Type;

const basic = { to: "ann@example.com", subject: "Hello", text: "Hi" };

describe("the fields of a mail", () => {
  it.each<[string, object, RegExp]>([
    ["bbc", { bbc: "bo@example.com" }, /no field 'bbc' of a mail. Did you mean 'bcc'\?/],
    ["replyto", { replyto: "bo@example.com" }, /Did you mean 'replyTo'\?/],
    ["atachments", { atachments: [] }, /Did you mean 'attachments'\?/],
    [
      "an attachment's name",
      { attachments: [{ fileName: "a.txt", content: "x" }] },
      /'fileName' of an attachment. Did you mean 'filename'\?/,
    ],
    ["a name that is no text", { to: { name: 5, address: "ann@example.com" } }, /'to.name' of a mail must be a text, but got number/],
    ["a template that is no text", { text: undefined, template: 5 }, /'template' of a mail must be a text/],
    ["headers in a Map", { headers: new Map([["X-A", "b"]]) }, /'headers' of a mail must be an object/],
    ["attachments that are no array", { attachments: { content: "x" } }, /must be an array/],
    ["an attachment that is none", { attachments: ["a.txt"] }, /must be an object/],
    ["an attachment without a content", { attachments: [{ filename: "a.txt" }] }, /needs a content: .* but has none/],
    ["an address that nobody awaited", { to: Promise.resolve("ann@example.com") }, /field 'to' of a mail is a promise\. Await it/],
    ["one of several", { cc: ["bo@example.com", Promise.resolve("x")] }, /member '1' of the field 'cc' of a mail is a promise/],
    ["a name", { to: { name: Promise.resolve("Ann"), address: "a@b.example" } }, /member 'name' of the field 'to' of a mail is a promise/],
    ["a sender", { from: Promise.resolve("x") }, /field 'from' of a mail is a promise/],
    ["a subject", { subject: Promise.resolve("x") }, /field 'subject' of a mail is a promise/],
    ["a text", { text: Promise.resolve("x") }, /field 'text' of a mail is a promise/],
    ["an HTML", { html: Promise.resolve("x") }, /field 'html' of a mail is a promise/],
    ["a date", { date: Promise.resolve(new Date()) }, /field 'date' of a mail is a promise/],
    ["headers", { headers: { "X-A": Promise.resolve("x") } }, /member 'X-A' of the field 'headers' of a mail is a promise/],
    ["data of a template", { text: undefined, template: "mail/hello", data: Promise.resolve({}) }, /field 'data' of a mail is a promise/],
    [
      "a content that nobody awaited",
      { attachments: [{ content: Promise.resolve("x") }, { content: Promise.resolve("y") }] },
      /member '0\.content' of the field 'attachments' of a mail is a promise\. Await it/,
    ],
    ["a content of another type", { attachments: [{ content: [1, 2] }] }, /got an array/],
    ["a media type with another header", { attachments: [{ content: "x", contentType: "text/plain; x=\u2028y" }] }, /is no media type/],
    ["a media type that is none", { attachments: [{ content: "x", contentType: "pdf" }] }, /is no media type/],
    ["a cid with a space", { attachments: [{ content: "x", cid: "a b" }] }, /has the cid 'a b'/],
    ["a header for blind copies", { headers: { "Resent-Bcc": "evil@x.example" } }, /a field of the message itself/],
    ["a header of the content", { headers: { "Content-Transfer-Encoding": "8bit" } }, /a field of the message itself/],
  ])("refuse %s", async (_, part, message) => {
    const { mail } = createMail();
    const sending = mail.send({ ...basic, ...part } as MailMessage);
    await expect(sending).rejects.toThrow(message);
    await expect(sending).rejects.toMatchObject({ code: "MAIL" });
    expect(mail.outbox).toEqual([]);
  });

  it("leave the process alone if a promise in them fails", async () => {
    const { mail } = createMail();
    const [subject, content] = [Promise.reject(new Error("lost")), Promise.reject(new Error("lost"))];
    await expect(mail.send(loose({ ...basic, subject, attachments: [{ content }] }))).rejects.toThrow(/field 'subject'/);
  });

  it("belong to a sender that is there", () => {
    expect(() => createMail({ from: loose(Promise.resolve("a@b.example")) })).toThrow(/option 'from' of Mail is a promise\. Await it/);
    expect(() => createMail({ transport: Promise.resolve({}) })).toThrow(/option 'transport' of Mail is a promise\. Await it/);
  });

  it.each([undefined, null, "ann@example.com"])("are needed: %s is no mail", async (message) => {
    const { mail } = createMail();
    await expect(mail.send(message as never)).rejects.toThrow(/mail\.send\(\) needs a mail, such as/);
  });

  it("may be undefined or null, where they are not needed", async () => {
    const { mail } = createMail();
    const empty = { cc: null, bcc: undefined, replyTo: null, headers: null, attachments: null, html: null, data: null };
    await mail.send({ ...basic, ...empty, headers: { "X-A": undefined } } as never);
    expect(mail.outbox[0]).toMatchObject({ cc: [], bcc: [], replyTo: [], headers: {}, attachments: [], html: null });
  });

  it("take a content in base64 as the bytes that it stands for", async () => {
    const { mail } = createMail();
    const attachment = { filename: "a.bin", content: "AAEC", encoding: "base64" };
    await mail.send({ ...basic, attachments: [attachment, { content: new Uint8Array([3]).buffer as never }] });
    expect(mail.outbox[0]?.attachments.map(({ content }) => content)).toEqual([Buffer.from([0, 1, 2]), Buffer.from([3])]);
  });

  it("have a text alone if there is only its template", async () => {
    const { mail } = createMail({}, { testing: true }, { "templates/mail/note.txt.eta": "Hi, <%= it.name %>" });
    await mail.send({ to: "ann@example.com", subject: "Hello", template: "mail/note", data: { name: "<Ann>" } });
    expect(mail.outbox[0]).toMatchObject({ html: null, text: "Hi, <Ann>" });
  });

  it("name the template of the mail in an error", async () => {
    const { mail } = createMail({}, { testing: true }, { "templates/mail/bad.eta": "<%= it.user.name %>" });
    await expect(mail.send({ to: "ann@example.com", subject: "x", template: "mail/bad" })).rejects.toThrow(/'mail\/bad' failed, line 1/);
    await expect(mail.send({ to: "ann@example.com", subject: "x", template: "mail/none" })).rejects.toThrow(/no template 'mail\/none'/);
    expect(mail.outbox).toEqual([]);
  });
});

describe("a header", () => {
  it.each(["\u2028", "\u2029", "\u0085", "\v", "\f", "\x1b", "\b", "\x7f"])(
    "is one line, whatever %j breaks elsewhere",
    async (character) => {
      const { sources, url } = await startServer();
      const { mail } = createMail({ transport: url }, {});
      const value = `a${character}Bcc: evil@x.example`;
      await mail.send({
        ...basic,
        to: { name: value, address: "ann@example.com" },
        subject: value,
        headers: { "X-A": value },
        attachments: [{ filename: value, content: "x" }],
      });
      const source = sources[0] ?? "";
      expect(source.split(/[\r\n\v\f\u0085\u2028\u2029]+/).filter((line) => /^Bcc:/i.test(line))).toEqual([]);
      expect(source).not.toContain(character);
      await expect(mail.send({ ...basic, to: `a${character}b@example.com` })).rejects.toMatchObject({ code: "MAIL" });
    },
  );

  it("has no line of more than 998 characters, for a word of any length", async () => {
    const { sources, url } = await startServer();
    const { mail } = createMail({ transport: url }, {});
    await mail.send({ ...basic, subject: "a".repeat(2500), headers: { "X-A": "b".repeat(2500) } });
    expect(Math.max(...(sources[0] ?? "").split("\r\n").map((line) => line.length))).toBeLessThan(999);
  });
});

describe("a name", () => {
  it.each(["Doe, Jo", 'Jo "the" Doe', "Jo <boss@x.example>", "Jo; Bo: Al", "Jö, Dø 🎉", "a@b.example", "Jo (boss)", "\\"])(
    "is one name to the readers of the mail: %s",
    async (name) => {
      const { sources, url } = await startServer();
      const { mail } = createMail({ transport: url }, {});
      await mail.send({
        ...basic,
        to: { name, address: "ann@example.com" },
        cc: "bo@example.com",
        replyTo: { name, address: "jo@example.com" },
      });
      for (const [field, address] of [
        ["To", "ann@example.com"],
        ["Reply-To", "jo@example.com"],
      ] as const) {
        const value = new RegExp(`^${field}: ([\\s\\S]*?)\\r\\n(?![ \\t])`, "m").exec(sources[0] ?? "")?.[1] ?? "";
        const [one, ...more] = readAddresses(value.replace(/\r\n/g, ""));
        const encoded = /^=\?UTF-8\?([BQ])\?(.*)\?=$/i.exec(one?.name ?? "");
        expect(more).toEqual([]);
        expect(one?.address).toBe(address);
        expect(encoded === null ? one?.name : decodeWord(encoded[1], encoded[2])).toBe(name);
      }
    },
  );
});

describe("an address", () => {
  it.each([
    ["a..b", "ann@x..example"],
    ["no first label", "ann@.example"],
    ["a star", "ann@*.example"],
    ["a mark that no reader shows", "ann@exa\u00admple.com"],
    ["a mark of direction", "ann\u202emoc@example.com"],
    ["a zero-width space", "ann@example.com\u200b"],
    ["half a character", "ann\ud83d@example.com"],
    ["an escape", "ann\x1b@example.com"],
    ["more than 254 bytes", `${"a".repeat(243)}@example.com`],
    ["a comment", "ann@example.com (Ann)"],
    ["a scheme", "mailto:ann@example.com"],
  ])("with %s is none", async (_, to) => {
    const { mail } = createMail();
    await expect(mail.send({ ...basic, to })).rejects.toMatchObject({ code: "MAIL" });
    await expect(mail.send({ ...basic, replyTo: { name: "Ann", address: to } })).rejects.toMatchObject({ code: "MAIL" });
  });

  it.each([
    ["  Ann <ann@example.com> ", "ann@example.com"],
    ["ann+tag@example.com", "ann+tag@example.com"],
    ["ann@[127.0.0.1]", "ann@[127.0.0.1]"],
    ["ann@[IPv6:::1]", "ann@[IPv6:::1]"],
    ["ann@BÜCHER.example", "ann@xn--bcher-kva.example"],
    ["👩‍🚀@example.com", "👩‍🚀@example.com"],
    ["ann@localhost", "ann@localhost"],
  ])("is taken as it is written: %s", async (to, address) => {
    const { mail } = createMail();
    await mail.send({ ...basic, to });
    expect(mail.outbox[0]?.to[0]?.address).toBe(address);
  });
});

describe("the id of a message", () => {
  it.each([
    ["shop.example:8000", /@shop\.example>$/],
    ["bücher.example", /@xn--bcher-kva\.example>$/],
    ["[::1]:5000", /@\[::1\]>$/],
    [null, /@example\.com>$/],
  ])("has the host of serverName %s, in ASCII", async (serverName, expected) => {
    const { mail } = createMail({}, { testing: true, serverName });
    expect((await mail.send(basic)).id).toMatch(expected);
  });
});

@blueprint("shop", { urlPrefix: "/shop", static: "shop/static", staticUrlPath: "/files" })
class Cart {
  @route("/")
  index() {
    return "";
  }
}

describe("an image of the static files", () => {
  const files = {
    "static/img/logo é.svg": "<svg/>",
    "static/.secret.svg": "no",
    "secret.svg": "no",
    "templates/mail/image.eta":
      '<img alt="Shop" src="<%= urlFor("static", { filename: "img/logo é.svg" }) %>"><img src="<%= it.source %>">',
  };

  it("is sent along in the mail, once, and shown in the preview", async () => {
    const { app, mail } = createMail({}, { debug: true }, files);
    const twice = '<img src="/static/img/logo%20%C3%A9.svg"><img class="b" src=\'/static/img/logo%20%C3%A9.svg\' alt="">';
    await mail.send({ ...basic, html: twice });
    const [sent] = mail.outbox;
    expect(sent?.attachments).toEqual([{ filename: "logo é.svg", content: Buffer.from("<svg/>"), cid: "1-logo--.svg@flagon" }]);
    expect(sent?.html).toBe('<img src="cid:1-logo--.svg@flagon"><img class="b" src="cid:1-logo--.svg@flagon" alt="">');
    const page = app.registry.developmentPages.get("/_flagon/mail")?.answer("/_flagon/mail/0");
    expect(page).toContain("data:image/svg+xml;base64,PHN2Zy8+");
    expect(page).not.toContain("cid:");
  });

  it.each([
    "/static/../secret.svg",
    "/static/%2e%2e/secret.svg",
    "/static/.secret.svg",
    "/static/missing.svg",
    "/static/%ff.svg",
    "https://other.example/static/img/logo.svg",
    "img/logo.svg",
  ])("is one that the app serves: %s stays as it is", async (source) => {
    const { mail } = createMail({}, { testing: true }, files);
    await mail.send({ to: "ann@example.com", subject: "x", template: "mail/image", data: { source } });
    expect(mail.outbox[0]?.html).toContain(`<img src="${source}">`);
    expect(mail.outbox[0]?.attachments).toHaveLength(1);
  });

  it("of a blueprint is sent along too, to readers that know multipart/related", async () => {
    const { sources, url } = await startServer();
    const { app, mail } = createMail({ transport: url }, {}, { ...files, "shop/static/cart.svg": "<svg>cart</svg>" });
    app.register(Cart);
    await mail.send({ ...basic, html: '<img src="/shop/files/cart.svg">' });
    expect(sources[0]).toContain("multipart/related");
    expect(sources[0]).toContain("Content-ID: <1-cart.svg@flagon>");
    expect(sources[0]).toContain('<img src="cid:1-cart.svg@flagon">');
  });
});

describe("an odd attachment", () => {
  it.each([
    ["../../etc/passwd", "passwd"],
    ["C:\\files\\a.txt", "a.txt"],
    ["résumé 🎉.pdf", "résumé 🎉.pdf"],
    ['a"b;c.txt', 'a"b;c.txt'],
  ])("has the name of its file alone: %s", async (given, filename) => {
    const { mail } = createMail();
    await mail.send({ ...basic, attachments: [{ filename: given, content: "x" }] });
    expect(mail.outbox[0]?.attachments[0]?.filename).toBe(filename);
  });

  it("may have no name", async () => {
    const { sources, url } = await startServer();
    await createMail({ transport: url }, {}).mail.send({ ...basic, attachments: [{ filename: "", content: "x" }, { content: "y" }] });
    expect(sources[0]?.match(/filename=\S+/g)).toEqual(["filename=attachment.bin", "filename=attachment.bin"]);
  });

  it("is named by the error if its stream fails, or its file is missing", async () => {
    const { url } = await startServer();
    const { mail } = createMail({ transport: url, allowFiles: true }, {});
    const content = new Readable({
      read() {
        this.destroy(new Error("the disk is away"));
      },
    });
    await expect(mail.send({ ...basic, attachments: [{ filename: "a.bin", content }] })).rejects.toThrow(
      /^The mail to ann@example\.com was not sent: the attachment 'a\.bin' cannot be read: the disk is away/,
    );
    await expect(mail.send({ ...basic, attachments: [{ path: "/none/a.txt" }] })).rejects.toThrow(/ENOENT.*'\/none\/a\.txt'/);
  });

  it.each([
    ["turns its name around", { attachments: [{ filename: "a\u202efdp.exe", content: "x" }] }, /turns the order of letters around/],
    ["has a name beyond a line", { attachments: [{ filename: "a".repeat(1000), content: "x" }] }, /has 1000 characters. It may have 900/],
    ["comes from a sender turned around", { from: { name: "a\u202eb", address: "a@b.example" } }, /turns the order of letters around/],
    ["goes to a name beyond a line", { to: { name: "n".repeat(5000), address: "a@b.example" } }, /'to' of a mail has 5000 characters/],
  ])("is refused if it %s", async (_, part, message) => {
    await expect(createMail().mail.send({ ...basic, ...part })).rejects.toThrow(message);
  });
});

describe("a body", () => {
  it.each([
    ["long lines", { text: "x".repeat(5000) }, /(?:x+=\r\n)+x+/],
    ["long lines beyond ASCII", { html: `<p>${"é".repeat(5000)}</p>` }, /text\/html/],
    ["dots alone on a line", { text: "a\n.\n..\nb" }, /a\r\n\.\r\n\.\.\r\nb/],
    ["nothing", { text: "" }, /text\/plain/],
  ])("may have %s", async (_, part, expected) => {
    const { sources, url } = await startServer();
    await createMail({ transport: url }, {}).mail.send({ ...basic, ...part });
    expect(sources[0]).toMatch(expected);
    expect(Math.max(...(sources[0] ?? "").split("\r\n").map((line) => line.length))).toBeLessThan(999);
  });
});
