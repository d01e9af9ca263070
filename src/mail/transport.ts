import { ConfigError, MailError } from "../base/errors";
import { lazily } from "../base/lazily";
import { PermanentError } from "../jobs/message";
import { toHeaderText } from "./header-text";
import type { NamedAddress, SentMail } from "./message";

/** The part of a transport of nodemailer that is used here. */
export interface MailTransport {
  /**
   * Sends a message of nodemailer.
   *
   * @param message The message.
   */
  sendMail(message: object): Promise<unknown>;
  /** Closes the connections, when the app stops. */
  close?(): void;
}

/** The functions of nodemailer that Flagon uses. They have types here, since the declarations of nodemailer are no dependency. */
interface Nodemailer {
  createTransport(options: unknown, defaults?: object): MailTransport;
}

const loadNodemailer = lazily((): Nodemailer => require("nodemailer"));

/** The time limits of a connection to a server, in milliseconds, if the URL sets none. */
const limits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 };

/**
 * Opens a transport.
 *
 * @param given A URL such as `"smtps://user:password@mail.example.com"`, the options of nodemailer, or a transport of it.
 * @throws {ConfigError} If the URL is none of SMTP, or cannot be read.
 */
export function openTransport(given: string | object): MailTransport {
  if (isTransport(given)) {
    return given;
  }
  if (typeof given === "object") {
    // A transport of another package, of which nodemailer makes one, keeps its class.
    const isPlugin = "send" in given && typeof given.send === "function";
    return loadNodemailer().createTransport(isPlugin ? given : { ...limits, ...given });
  }
  if (typeof given !== "string" || !/^smtps?:\/\/[^/]/i.test(given)) {
    throw new ConfigError("The transport of Mail must be a URL that begins with smtp:// or smtps://, or a transport of nodemailer.");
  }
  const url = readUrl(given);
  for (const [name, value] of Object.entries(limits)) {
    if (!url.searchParams.has(name)) {
      url.searchParams.set(name, String(value));
    }
  }
  return loadNodemailer().createTransport(url.href);
}

/** Reads the URL. An error does not show it: it holds a password. */
function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || /@/.test(`${url.pathname}${url.hash}`)) {
    throw new ConfigError(
      "The URL of Mail's transport cannot be read. Write signs such as #, / and % of the user and the password by encodeURIComponent(), and the port as a number up to 65535.",
    );
  }
  return url;
}

/** The part of a connection of nodemailer that Flagon uses. */
interface SmtpConnection {
  on(event: "error", listener: (error: Error) => void): unknown;
  connect(connected: (error?: Error) => void): void;
  close(): void;
}

const loadConnection = lazily((): (new (options: object) => SmtpConnection) => require("nodemailer/lib/smtp-connection"));

/**
 * Asks a server of SMTP whether it takes addresses with characters beyond ASCII before the `@` (SMTPUTF8, RFC 6531).
 *
 * nodemailer sends such an address to any server, which may deliver the mail to another one. Other mails ask nothing.
 *
 * @throws {PermanentError} If it does not.
 */
async function checkInternational(transport: MailTransport, addresses: readonly string[]): Promise<void> {
  const international = addresses.filter((address) => /[\x80-\uffff]/.test(address));
  const smtp = Object(Reflect.get(transport, "transporter"));
  if (international.length === 0 || !/^SMTP\b/.test(String(smtp.name))) {
    return;
  }
  const connection = new (loadConnection())(Object(smtp.options));
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on("error", reject);
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    const extensions: unknown = Reflect.get(connection, "_supportedExtensions");
    if (Array.isArray(extensions) && !extensions.includes("SMTPUTF8")) {
      throw new PermanentMailError(
        `The mail to ${international.join(", ")} was not sent: the server takes no address with characters beyond ASCII before the @.`,
      );
    }
  } finally {
    connection.close();
  }
}

/**
 * Sends a mail to the server.
 *
 * @throws {MailError} If the server refuses it for now, or refuses some of the recipients; the error names them.
 * @throws {PermanentError} If the server refuses it for good (5xx).
 */
export async function deliver(
  transport: MailTransport,
  mail: SentMail,
  only: ReadonlySet<string> | null,
  signal?: AbortSignal,
): Promise<unknown> {
  const { alternatives, attachments, bcc, cc, date, envelope, from, headers, html, id, replyTo, subject, text, to, ...rest } = mail;
  const all = envelope?.to ?? [...to, ...cc, ...bcc].map(({ address }) => address);
  const recipients = all.filter((address) => only === null || only.has(address));
  const sender = envelope?.from ?? from.address;
  const failed: string[] = [];
  for (const { content, filename } of attachments) {
    if (typeof content === "object" && "once" in content) {
      content.once("error", () => failed.push(`the attachment '${filename ?? "without a name"}' cannot be read: `));
    }
  }
  let result: unknown;
  try {
    await checkInternational(transport, [sender, ...recipients]);
    result = await transport.sendMail({
      ...rest,
      ...(signal === undefined ? {} : { signal }),
      from,
      to,
      cc,
      ...(replyTo.length === 0 ? {} : { replyTo }),
      // The envelope names the recipients of blind copies. No header names them.
      envelope: { from: sender, to: recipients },
      subject: toHeaderText(subject),
      ...(html === null ? {} : { html }),
      text,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toHeaderText(value)])),
      attachments: attachments.map((attachment) => ({ ...attachment })),
      ...(alternatives === undefined ? {} : { alternatives: alternatives.map((one) => ({ ...one })) }),
      messageId: id,
      date,
    });
  } catch (cause) {
    throw explain(cause, mail, recipients, failed[0]);
  }
  const rejected: unknown = Reflect.get(Object(result), "rejected");
  if (Array.isArray(rejected) && rejected.length > 0) {
    throw new PartialRefusal(rejected.map((one) => addressOf(one)));
  }
  return result;
}

/** The server accepted a mail for some of its recipients only. */
export class PartialRefusal extends MailError {
  /** @param rejected The addresses that it refused. */
  constructor(readonly rejected: readonly string[]) {
    super(`The server refused the mail for ${rejected.join(", ")}. The other recipients get it.`);
  }
}

/** Formats an address for people. */
export function formatAddress({ address, name }: NamedAddress): string {
  return name === "" ? address : `${name} <${address}>`;
}

/** The causes that have a cure, by the message of nodemailer or Node. */
const cures: readonly (readonly [cause: RegExp, cure: string])[] = [
  [/ENOTFOUND|EAI_AGAIN|EDNS|queryA/, "Check the host of the transport, such as MAIL_URL."],
  [/ECONNREFUSED/, "No server listens there: check host and port of the transport, such as MAIL_URL."],
  [
    /wrong version number|packet length too long/i,
    "The server does not begin with TLS: write smtp:// in place of smtps://, or the port for TLS, 465.",
  ],
  [
    /Greeting never received|ETIMEDOUT|timed? ?out/i,
    "The server is slow, the port is wrong (465 for smtps://, 587 for smtp://), or a firewall keeps it closed.",
  ],
  [
    /Invalid login|EAUTH|Missing credentials/i,
    "Check user and password of the transport. In a URL, signs such as @ and / are written by encodeURIComponent().",
  ],
  [/authentication required|\b530\b/i, "Give the transport a user and a password: smtps://user:password@host."],
  [
    /certificate|self-signed|altnames/i,
    "The name in the URL must be the one of the server's certificate, and its authority must be known (NODE_EXTRA_CA_CERTS).",
  ],
  [
    /STARTTLS: 4\d\d|Error initiating TLS/i,
    "The server offers TLS, and fails at it: take its port for TLS with smtps://, or tell its operator.",
  ],
  [/STARTTLS|requireTLS/i, "The server offers no TLS there: take its port for TLS with smtps://, or leave requireTLS out."],
  [/Invalid greeting/i, "No server of SMTP answers there: check host and port of the transport (465 for smtps://, 587 for smtp://)."],
  [
    /Connection closed|ECONNRESET|EPIPE|socket hang up|disconnected/i,
    "The server ended the connection: it may be busy, or refuse this machine. mail.sendLater() tries again.",
  ],
  [/(?:^|[\s:])4[25]\d[\s-]/, "The server asks for another try later, which mail.sendLater() makes."],
];

function explain(cause: unknown, mail: SentMail, recipients: readonly string[], place = ""): Error {
  if (cause instanceof PermanentMailError) {
    return cause;
  }
  const status = Number(Reflect.get(Object(cause), "responseCode"));
  const given = cause instanceof Error ? cause.message : String(cause);
  const reason = hideLinks(given, mail).replace(/\s+/g, " ").trim().slice(0, 500);
  const cure = cures.find(([pattern]) => pattern.test(given))?.[1];
  const text = `The mail to ${recipients.join(", ")} was not sent: ${place}${reason}${cure === undefined ? "" : `${/[.!?]$/.test(reason) ? "" : "."} ${cure}`}`;
  // The cause is logged as well, so it goes if the server has repeated a link of the mail.
  const options = hideLinks(given, mail) === given ? { cause } : {};
  return status >= 500 ? new PermanentMailError(text, options) : new MailError(text, options);
}

/** Hides links of the mail that a server repeats in its answer: they may hold a token. */
function hideLinks(reason: string, { html, text }: SentMail): string {
  return reason.replace(/https?:\/\/[^\s<>"')]+/gi, (link) => {
    const plain = link.replace(/[.,;:!?]+$/, "");
    const isOfMail = text.includes(plain) || (html ?? "").replaceAll("&amp;", "&").includes(plain);
    return isOfMail ? "(a link of the mail)" : link;
  });
}

/** A refusal for good. As a job, the mail is not tried again. */
class PermanentMailError extends PermanentError {
  readonly code = "MAIL";
}

function addressOf(value: unknown): string {
  return typeof value === "object" && value !== null && "address" in value ? String(value.address) : String(value);
}

function isTransport(value: unknown): value is MailTransport {
  return typeof value === "object" && value !== null && "sendMail" in value && typeof value.sendMail === "function";
}
