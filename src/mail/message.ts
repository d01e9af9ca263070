import { MailError } from "../base/errors";
import type { Markup } from "../base/html";
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

/** A link of a header such as `List-Unsubscribe`: a URL or an address, or one with a comment. */
export type ListLink = string | { readonly url: string; readonly comment?: string };

/** An event of a calendar. */
export interface CalendarEvent {
  /** The text of iCalendar. */
  readonly content: string | Uint8Array;
  /** The method, which must be the one in the text, such as `"REQUEST"`. Default: `"PUBLISH"`. */
  readonly method?: string;
  /** The name of the file. Default: `"invite.ics"`. */
  readonly filename?: string | false;
}

/** The notices that the server sends about the delivery (RFC 3461), if it knows them. */
export interface DeliveryNotices {
  /** An id, which the notices repeat. */
  readonly id?: string;
  /** The part of the mail that they hold. */
  readonly return?: "headers" | "full";
  /** The events of which they tell: `"never"`, or some of the others. */
  readonly notify?: DeliveryEvent | readonly DeliveryEvent[];
  /** The recipient that they name. */
  readonly recipient?: string;
}

/** An event of a delivery. */
export type DeliveryEvent = "never" | "success" | "failure" | "delay";

/** The fields of nodemailer's messages that Flagon checks and passes on. */
export interface LibraryFields {
  /** The address in the header `Sender`, if another one than `from` sends. */
  readonly sender?: Address | undefined;
  /** The id of the message that this one answers. */
  readonly inReplyTo?: string | undefined;
  /** The ids of the messages that this one belongs to. */
  readonly references?: string | readonly string[] | undefined;
  /** The priority. Default: `"normal"`, without a header. */
  readonly priority?: "high" | "normal" | "low" | undefined;
  /** The headers `List-…`: `{ unsubscribe: "https://example.com/unsubscribe" }`. */
  readonly list?: Readonly<Record<string, ListLink | readonly (ListLink | readonly ListLink[])[]>> | undefined;
  /** An event of a calendar: its text, or its parts. */
  readonly icalEvent?: string | Uint8Array | CalendarEvent | undefined;
  /** Further forms of the text, such as Markdown: `[{ contentType: "text/x-web-markdown", content }]`. */
  readonly alternatives?: readonly Attachment[] | undefined;
  /** The form for the Apple Watch. */
  readonly watchHtml?: string | Markup | undefined;
  /** The form of AMP for mails. */
  readonly amp?: string | Markup | undefined;
  /** The notices that the server sends about the delivery. */
  readonly dsn?: DeliveryNotices | undefined;
  /** The addresses for the server, if others than in the headers, such as one for mails that come back: `{ from: "bounces@example.com" }`. */
  readonly envelope?: { readonly from?: string; readonly to?: string | readonly string[] } | undefined;
  /** The coding of the texts. Default: the shorter one. */
  readonly textEncoding?: "quoted-printable" | "base64" | undefined;
  /** The header `X-Mailer`. Default: none. */
  readonly xMailer?: string | false | undefined;
  /** Whether images of the HTML with `data:` become files of the mail. Default: `false`. */
  readonly attachDataUrls?: boolean | undefined;
  /** Whether each server on the way must use TLS (RFC 8689). Default: `false`. */
  readonly requireTLSExtensionEnabled?: boolean | undefined;
  /** Options of Amazon's SES, for its transport alone. */
  readonly ses?: object | undefined;
}

/** The fields of nodemailer as they are passed on. */
export interface SentFields extends Omit<LibraryFields, "sender" | "icalEvent" | "watchHtml" | "amp" | "envelope" | "references"> {
  /** The address in the header `Sender`. */
  readonly sender?: NamedAddress;
  /** The ids of the messages that this one belongs to. */
  readonly references?: readonly string[];
  /** An event of a calendar. */
  readonly icalEvent?: CalendarEvent & { readonly content: string };
  /** The form for the Apple Watch. */
  readonly watchHtml?: string;
  /** The form of AMP for mails. */
  readonly amp?: string;
  /** The addresses for the server. */
  readonly envelope?: { readonly from?: string; readonly to?: readonly string[] };
}

/** A mail to send. Besides the fields of Flagon it has those of nodemailer. */
export interface MailMessage extends LibraryFields {
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
  /** The id of the message. Default: a random one of the app's own host. */
  readonly messageId?: string | undefined;
  /** The date in the header. Default: now. */
  readonly date?: Date | string | undefined;
  /** Ends the sending. Of `send()` alone: a job has its time limit. */
  readonly signal?: AbortSignal | undefined;
}

/** A mail as it is sent. */
export interface SentMail extends SentFields {
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
