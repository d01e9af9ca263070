import { randomUUID } from "node:crypto";
import { domainToASCII } from "node:url";
import type { Extension, Flagon } from "../app";
import { ConfigError, MailError, SetupError, TemplateNotFound } from "../base/errors";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import { Markup } from "../base/html";
import { writeToTerminal } from "../base/terminal";
import { refuseUnknown } from "../base/unknown-options";
import { watchPromise } from "../base/watched-promise";
import { findAppContext, findRequestContext } from "../dispatch/context";
import { findOwnOrigin } from "../dispatch/own-origin";
import { runInAppContext } from "../dispatch/tear-down";
import { createScope } from "../dispatch/template-scope";
import { Job } from "../jobs/definition";
import { findJobs } from "../jobs/find-jobs";
import { largest } from "../jobs/message";
import type { Finding } from "../setup/registry";
import { readAddress, readRecipients } from "./addresses";
import { readAttachments } from "./attachments";
import { checkFields } from "./check-fields";
import { checkLine, readText } from "./header-text";
import { toText } from "./html-to-text";
import { inlineImages } from "./inline-images";
import { checkMessageId, readLibraryFields } from "./library-fields";
import { type Address, type Attachment, type MailMessage, type NamedAddress, readHeaders, type SentMail } from "./message";
import { Outbox } from "./outbox";
import { answerPreview, previewPath } from "./preview";
import { formatForTerminal } from "./terminal-preview";
import { deliver, formatAddress, type MailTransport, openTransport, PartialRefusal } from "./transport";

/** Options of `Mail`. */
export interface MailOptions {
  /** The sender of mails that name none, such as `"Shop <shop@example.com>"`. */
  readonly from: Address;
  /** A URL (`smtp://`, `smtps://`), the options of nodemailer, or a transport of it. Default: none, for development and tests. */
  readonly transport?: string | object | null | undefined;
  /** Whether attachments may read files and URLs by `path` and `href`. Default: `false`. */
  readonly allowFiles?: boolean;
}

const withoutTransport: Finding = {
  problem: "There is no transport for mails.",
  cure: "Give Mail one, such as process.env.MAIL_URL with smtps://user:password@host.",
};
const withoutServerName: Finding = {
  problem:
    "'serverName' is not set: a template of a mail cannot build a link to this app, because a visitor chooses the host of a request.",
  cure: "Set serverName, or FLAGON_SERVER_NAME=example.com, and FLAGON_PREFERRED_URL_SCHEME=https.",
};

const mailOptions = Object.keys({ from: true, transport: true, allowFiles: true } satisfies Record<keyof MailOptions, true>);

/**
 * Sends mails by nodemailer: from templates, later by jobs, to an outbox in tests and to a preview in development.
 *
 * @example
 * ```ts
 * export const mail = new Mail({ from: "Shop <shop@example.com>", transport: process.env.MAIL_URL });
 * app.use(mail);
 * await mail.send({ to: user.email, subject: "Welcome", template: "mail/welcome", data: { user } });
 * ```
 */
export class Mail implements Extension {
  /** The name under which `app.extensions` keeps it. */
  readonly name = "mail";
  /** The mails that a test, or development, has sent, the first first; 100 at most. */
  readonly outbox: SentMail[];
  readonly #kept = new Outbox();
  readonly #allowsFiles: boolean;
  /** The transport as it was given. An empty text, as of MAIL_URL= in a file of settings, is none. */
  readonly #given: string | object | undefined;
  readonly #from: NamedAddress;
  readonly #job: Job<QueuedMail>;
  #app: Flagon | undefined;
  #transport: MailTransport | undefined;

  /**
   * @param options The sender and the transport.
   * @throws {MailError} If the sender is no address.
   * @throws {SetupError} If there is an option that does not exist.
   */
  constructor(options: MailOptions) {
    if (typeof options !== "object" || options === null) {
      throw new SetupError('Mail needs a sender: new Mail({ from: "Shop <shop@example.com>", transport: process.env.MAIL_URL }).');
    }
    refuseUnknown(options, mailOptions, "new Mail()", SetupError);
    refusePromises(options.from, "option 'from' of Mail", MailError);
    refusePromise(options.transport, "option 'transport' of Mail", MailError);
    this.#allowsFiles = options.allowFiles ?? false;
    this.#given = options.transport === "" ? undefined : (options.transport ?? undefined);
    this.outbox = this.#kept.mails;
    this.#from = readAddress(options.from, "from");
    this.#job = new Job<QueuedMail>("flagon:mail", { retries: 8, backoff: 10 }, (queued) => this.#sendQueued(queued));
  }

  /** Adds the preview, and looks at the transport when the app is served. Called by `app.use()`. */
  install(app: Flagon): this {
    this.#app = app;
    app.registry.extensionJobs.push(this.#job);
    app.lifeCycle.add({ start: () => this.#start() });
    // Apart from the start: a command sends without it.
    app.lifeCycle.add({ stop: () => this.#transport?.close?.() });
    app.registry.developmentPages.set(previewPath, {
      answer: (target) => answerPreview(this.#kept, target),
      describe: () => (this.outbox.length === 0 ? null : `${this.outbox.length} ${this.outbox.length === 1 ? "mail" : "mails"}`),
    });
    app.registry.deploymentChecks.push(async () => [
      ...(this.#given === undefined ? [withoutTransport] : []),
      ...(app.config.serverName === null ? [withoutServerName] : []),
    ]);
    return this;
  }

  /**
   * Sends a mail, and waits until the server has taken it: 10 seconds for a connection, 30 for an answer.
   *
   * In tests (`config.testing`) it goes to the outbox alone; in debug mode without a transport as well, where `/_flagon/mail` shows it. A
   * command in development without a transport shows it in the terminal.
   *
   * @throws {MailError} If a field holds a line break or is no text, an address is none, or the server refuses it, or some of its recipients.
   */
  send(message: MailMessage): Promise<SentMail> {
    return watchPromise(this.#send(message), "mail.send()");
  }

  async #send(message: MailMessage): Promise<SentMail> {
    return this.#deliver(this.#compose(message), null, message.signal);
  }

  /**
   * Sends a mail by a job, which is tried again while the server is away. Inside of `@atomic` it is sent after the
   * commit.
   *
   * It is rendered at once, with the current request, and needs `flagon/jobs`. Attachments are texts and bytes alone.
   *
   * @returns The id of the job.
   * @throws {MailError} As `send()`, except for errors of the server.
   */
  sendLater(message: MailMessage): Promise<string> {
    return watchPromise(this.#sendLater(message), "mail.sendLater()");
  }

  async #sendLater(message: MailMessage): Promise<string> {
    const mail = this.#compose(message);
    if (message.signal !== undefined) {
      throw new MailError("A mail that is sent later takes no signal. Leave it out, or send it by mail.send().");
    }
    const { alternatives } = mail;
    // Values that JSON cannot hold are left out, or written as text.
    const text = JSON.stringify({
      ...mail,
      attachments: mail.attachments.map(pack),
      ...(alternatives === undefined ? {} : { alternatives: alternatives.map(pack) }),
    });
    if (Buffer.byteLength(text) > largest) {
      throw new MailError(
        `The mail is longer than ${largest / 1024} KiB with its attachments, so that no job can hold it. Send it by a job of your own, which gets the id of its content: job("invoice", async ({ id }) => { await mail.send({ … }); }).`,
      );
    }
    const queued: QueuedMail = JSON.parse(text);
    return findJobs("mail.sendLater()").enqueue(this.#job, queued, {});
  }

  #compose(message: MailMessage): SentMail {
    checkFields(message);
    const subject = checkLine(readText(message.subject, "subject"), "subject");
    const recipients = readRecipients(message);
    const from = message.from === undefined ? this.#from : readAddress(message.from, "from");
    const given = Markup.is(message.html) ? message.html.html : message.html;
    const rendered = this.#renderText(message);
    const html = given ?? this.#renderHtml(message, rendered !== null);
    if (html !== null) {
      readText(html, "html");
    }
    const text = message.text ?? rendered ?? (html === null ? null : toText(html));
    if (text === null) {
      throw new MailError("A mail needs a content: give 'template', 'html' or 'text'.");
    }
    return {
      ...readLibraryFields(message, this.#allowsFiles),
      id: message.messageId ? checkMessageId(message.messageId, "messageId") : `<${randomUUID()}@${this.#hostOf(from)}>`,
      from,
      ...recipients,
      subject,
      html,
      text: readText(text, "text"),
      headers: readHeaders(message.headers),
      attachments: readAttachments(message.attachments, this.#allowsFiles),
      date: readDate(message.date),
    };
  }

  /** The right side of message ids: the app's own host, or that of the sender. */
  #hostOf({ address }: NamedAddress): string {
    const name = this.#owner.config.serverName?.replace(/:\d+$/, "") ?? "";
    const sender = address.slice(address.lastIndexOf("@") + 1);
    return (name.startsWith("[") ? name : domainToASCII(name)) || sender;
  }

  #renderHtml({ data, template }: MailMessage, hasText: boolean): string | null {
    if (template === undefined) {
      return null;
    }
    const { templates } = this.#owner;
    return hasText && !templates.list().includes(template)
      ? null
      : String(this.#inContext(() => templates.render(template, data ?? {}, this.#scope())));
  }

  /** A text is not HTML, so its values are not escaped. */
  #renderText({ data, template, text }: MailMessage): string | null {
    if (template === undefined || (text !== undefined && text !== null)) {
      return null;
    }
    const { templates } = this.#owner;
    const name = `${readText(template, "template")}.txt`;
    try {
      return String(this.#inContext(() => templates.renderText(name, data ?? {}, this.#scope()))).trim();
    } catch (error) {
      if (error instanceof TemplateNotFound && !templates.list().includes(name)) {
        return null;
      }
      throw error;
    }
  }

  /**
   * Links lead to the app's own host, not to the one that a request names: a visitor chooses that. Without a configured name,
   * development and tests use the host of the request, or outside of one their own address.
   */
  #inContext(run: () => unknown): unknown {
    const app = this.#owner;
    const { debug, serverName, testing } = app.config;
    return serverName === null && (debug || testing) && findRequestContext() !== undefined
      ? run()
      : runInAppContext(app, run, findOwnOrigin(app));
  }

  #scope(): object {
    const context = findAppContext();
    if (context === undefined) {
      throw new SetupError("A mail was rendered without its app.");
    }
    return createScope(context);
  }

  /** Sends a mail, and returns it as it is sent. */
  async #deliver(composed: SentMail, only: ReadonlySet<string> | null, signal?: AbortSignal): Promise<SentMail> {
    const app = this.#owner;
    const { config, lifeCycle, logger } = app;
    const mail = await inlineImages(app, composed);
    if (config.testing || (this.#given === undefined && this.#isDevelopment)) {
      this.#kept.add(mail, config.testing);
      if (!config.testing && lifeCycle.isDevelopment) {
        writeToTerminal(formatForTerminal(mail));
      }
      return mail;
    }
    if (this.#given === undefined) {
      throw missingTransport();
    }
    this.#transport ??= openTransport(this.#given);
    if (config.debug) {
      this.#kept.add(mail, false);
    }
    await deliver(this.#transport, mail, only, signal);
    logger.info({ mail: mail.id, to: mail.to.map(formatAddress).length }, "Sent a mail");
    return mail;
  }

  async #sendQueued({ alternatives, attachments, date, only, ...rest }: QueuedMail): Promise<void> {
    const mail: SentMail = {
      ...rest,
      date: new Date(date),
      attachments: attachments.map(unpack),
      ...(alternatives === undefined ? {} : { alternatives: alternatives.map(unpack) }),
    };
    try {
      await this.#deliver(mail, only === undefined ? null : new Set(only));
    } catch (error) {
      if (!(error instanceof PartialRefusal)) {
        throw error;
      }
      // Recipients that have the mail must not get it twice, so a new job is only for the others.
      const again: QueuedMail = JSON.parse(JSON.stringify({ ...rest, alternatives, attachments, date, only: error.rejected }));
      if (only === undefined) {
        await findJobs("mail.sendLater()").enqueue(this.#job, again, { delay: 60 });
        return;
      }
      throw error;
    }
  }

  #start(): void {
    const { config, lifeCycle, logger } = this.#owner;
    const isProduction = !config.testing && !this.#isDevelopment && (lifeCycle.mode === "serve" || lifeCycle.mode === "work");
    if (this.#given === undefined && isProduction) {
      throw missingTransport();
    }
    if (config.serverName === null && isProduction) {
      logger.warn(`${withoutServerName.problem} ${withoutServerName.cure}`);
    }
    if (this.#given !== undefined && !config.testing) {
      this.#transport ??= openTransport(this.#given);
    }
  }

  get #isDevelopment(): boolean {
    const { config, lifeCycle } = this.#owner;
    return config.debug || lifeCycle.isDevelopment;
  }

  get #owner(): Flagon {
    if (this.#app === undefined) {
      throw new SetupError("Mail belongs to an app: app.use(mail).");
    }
    return this.#app;
  }
}

/** A file in the data of a job: its content is in base64. */
interface PackedFile {
  readonly content?: string;
  readonly filename?: string;
  readonly contentType?: string;
  readonly cid?: string;
}

/** A mail in the data of a job. */
interface QueuedMail extends Omit<SentMail, "date" | "attachments" | "alternatives"> {
  readonly date: string;
  readonly attachments: readonly PackedFile[];
  readonly alternatives?: readonly PackedFile[];
  /** The recipients that have not got it yet. If absent: all. */
  readonly only?: readonly string[];
}

function pack({ content, ...rest }: Attachment): PackedFile {
  if (content !== undefined && typeof content !== "string" && !Buffer.isBuffer(content)) {
    throw new MailError("A mail that is sent later cannot hold a stream. Give the content as text or bytes.");
  }
  return { ...rest, ...(content === undefined ? {} : { content: Buffer.from(content).toString("base64") }) };
}

function unpack({ content, ...rest }: PackedFile): Attachment {
  return { ...rest, ...(content === undefined ? {} : { content: Buffer.from(content, "base64") }) };
}

function readDate(given: Date | string | null | undefined): Date {
  const date = new Date(given ?? Date.now());
  if (Number.isNaN(date.getTime())) {
    throw new MailError("The field 'date' of a mail must be a date.");
  }
  return date;
}

function missingTransport(): ConfigError {
  return new ConfigError(
    'There is no transport for mails. Give Mail one: new Mail({ from, transport: process.env.MAIL_URL }) with MAIL_URL=smtps://user:password@host. Without one, mails are only shown: in the preview of "flagon run", or with FLAGON_DEBUG=true in the terminal.',
  );
}
