import { MailError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import type { Markup } from "../base/html";
import { describeGiven } from "../base/unknown-options";
import { refuseMisspelt } from "./fields";
import { checkLine } from "./header-text";

/** An address with its name, which may hold commas and quotes. */
export interface NamedAddress {
  /** The name, or an empty text. */
  readonly name: string;
  /** The address, such as `"ann@example.com"`. */
  readonly address: string;
}

/** One address: `"ann@example.com"`, `"Ann <ann@example.com>"`, or name and address apart. Never a list: several are an array. */
export type Address = string | NamedAddress;

/** A file of a mail. */
export interface Attachment {
  /** The name that is shown. */
  readonly filename?: string;
  /** The content. */
  readonly content?: string | Uint8Array | NodeJS.ReadableStream;
  /** The media type. Default: by the name. */
  readonly contentType?: string;
  /** The id by which the HTML shows it: `<img src="cid:logo">`. */
  readonly cid?: string;
  /** A file of this machine; with the option `allowFiles` alone. */
  readonly path?: string;
  /** A URL that is fetched; with the option `allowFiles` alone. */
  readonly href?: string;
}

/** A mail to send. */
export interface MailMessage {
  /** The recipients. `to`, `cc` and `bcc` together name at least one. */
  readonly to?: Address | readonly Address[];
  /** The recipients of a copy, visible to all. */
  readonly cc?: Address | readonly Address[];
  /** The recipients of a blind copy. */
  readonly bcc?: Address | readonly Address[];
  /** The addresses that answers go to. Default: the sender. */
  readonly replyTo?: Address | readonly Address[];
  /** The sender. Default: the `from` of `Mail`. */
  readonly from?: Address;
  /** The subject, one line. */
  readonly subject: string;
  /** The template: `mail/welcome.eta` for HTML, and `mail/welcome.txt.eta` for text if there is one. */
  readonly template?: string;
  /** The data of the template. */
  readonly data?: object;
  /** The HTML, in place of a template: a text, or the result of {@link html}. */
  readonly html?: string | Markup;
  /** The text. Default: the text of the HTML, with its links. */
  readonly text?: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The files. */
  readonly attachments?: readonly Attachment[];
}

/** The fields of a mail. */
const messageFields: readonly string[] = Object.keys({
  to: true,
  cc: true,
  bcc: true,
  replyTo: true,
  from: true,
  subject: true,
  template: true,
  data: true,
  html: true,
  text: true,
  headers: true,
  attachments: true,
} satisfies Record<keyof MailMessage, true>);

/**
 * Refuses a misspelt field of a mail. Fields of other names are left out: nodemailer has more than a mail of Flagon's.
 *
 * @throws {MailError} If the mail is no object, or has a misspelt field.
 */
export function checkFields(message: unknown): void {
  refusePromise(message, "message of mail.send()", MailError);
  if (typeof message !== "object" || message === null) {
    throw new MailError(`mail.send() needs a mail, such as { to, subject, text }, but got ${describeGiven(message)}.`);
  }
  refuseMisspelt(message, messageFields, "a mail");
}

/** A mail as it is sent. */
export interface SentMail {
  /** The id of the message, in its angle brackets. */
  readonly id: string;
  /** The sender. */
  readonly from: NamedAddress;
  /** The recipients. */
  readonly to: readonly NamedAddress[];
  /** The recipients of a copy. */
  readonly cc: readonly NamedAddress[];
  /** The recipients of a blind copy. */
  readonly bcc: readonly NamedAddress[];
  /** The addresses that answers go to. */
  readonly replyTo: readonly NamedAddress[];
  /** The subject. */
  readonly subject: string;
  /** The HTML, or `null` for a mail of text alone. */
  readonly html: string | null;
  /** The text. */
  readonly text: string;
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** The files. */
  readonly attachments: readonly Attachment[];
  /** The time of sending. */
  readonly date: Date;
}

const headerName = /^[!-9;-~]+$/;
/** Headers that the message has by other names, or that belong to the transport. */
const ownHeaders = new Set([
  "to",
  "cc",
  "bcc",
  "from",
  "sender",
  "reply-to",
  "subject",
  "message-id",
  "date",
  "resent-bcc",
  "content-type",
  "content-transfer-encoding",
  "content-disposition",
  "content-id",
  "mime-version",
]);

/**
 * Checks further headers.
 *
 * @throws {MailError} If one is malformed, or a field of the message itself.
 */
export function readHeaders(headers: unknown): Readonly<Record<string, string>> {
  const read: Record<string, string> = {};
  if (headers === undefined || headers === null) {
    return read;
  }
  if (typeof headers !== "object" || Symbol.iterator in headers) {
    throw new MailError('The field \'headers\' of a mail must be an object of names and texts: { "X-Campaign": "spring" }.');
  }
  for (const [name, value] of Object.entries<unknown>({ ...headers })) {
    if (value === undefined) {
      continue;
    }
    if (!headerName.test(name) || typeof value !== "string") {
      throw new MailError(
        `A mail has the header '${name.replace(/[\r\n\0]/g, "?")}', which is malformed. Its name has letters, digits and dashes, its value is a text.`,
      );
    }
    if (ownHeaders.has(name.toLowerCase())) {
      throw new MailError(`A mail has the header '${name}', which is a field of the message itself. Set that.`);
    }
    read[name] = checkLine(value, name);
  }
  return read;
}
