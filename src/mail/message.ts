import { domainToASCII } from "node:url";
import { MailError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import type { Markup } from "../base/html";
import { findSlip } from "../base/suggestion";
import { describeGiven } from "../base/unknown-options";

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
  for (const name of Object.keys(message)) {
    const meant = messageFields.includes(name) ? undefined : findSlip(name, messageFields);
    if (meant !== undefined) {
      throw new MailError(`There is no field '${name}' of a mail. Did you mean '${meant}'?`);
    }
  }
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

/** Characters that end a header, and NUL. */
const breaking = /[\r\n\0]/;
/** A text in the notation of RFC 2047, in which a header writes characters beyond ASCII. Readers decode it, some of them at any place. */
const encodedWord = /=\?[!->@-~]+\?[bq]\?[^?]*\?=/i;
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
  "content-type",
  "mime-version",
]);
/** The fields of an attachment that hold its content. They reach no header. */
const contentFields = new Set(["content", "path", "href", "raw"]);
const listFields = ["to", "cc", "bcc", "replyTo"] as const;

/**
 * Checks a text that goes into a header.
 *
 * @throws {MailError} If it holds a line break or NUL, by which a client could add headers and recipients.
 */
export function checkLine(text: string, field: string): string {
  if (breaking.test(text)) {
    throw new MailError(`The field '${field}' of a mail holds a line break or a NUL. Remove it: a header is one line.`);
  }
  return text;
}

/**
 * Checks a name, an address or the field of a file, whose text readers must not take for another one.
 *
 * @throws {MailError} If it holds a line break, a NUL, or an encoded word of RFC 2047. Readers, and servers behind the first one, would
 * decode that to another name or address.
 */
function checkPlain(text: string, field: string): string {
  if (encodedWord.test(text)) {
    throw new MailError(
      `The field '${field}' of a mail holds an encoded word, such as =?utf-8?q?text?=, which readers would show as another text. Give the decoded text.`,
    );
  }
  return checkLine(text, field);
}

/** A header that is written as it is. */
export interface PreparedHeader {
  /** Lets nodemailer write the value as it is. */
  readonly prepared: true;
  /** The value, folded. */
  readonly value: string;
}

/**
 * Encodes the text of a header that looks like an encoded word of RFC 2047, so that readers show it as it is. nodemailer encodes any
 * other text where that is needed.
 */
export function toHeaderText(text: string): string | PreparedHeader {
  // A text beyond ASCII is encoded whole.
  if (!encodedWord.test(text) || !/^[\t -~]*$/.test(text)) {
    return text;
  }
  const words = (text.match(/[\s\S]{1,42}/g) ?? []).map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`);
  return { prepared: true, value: words.join("\r\n ") };
}

/**
 * Checks that a field is a text: of an object such as `{ path }`, nodemailer would send the file.
 *
 * @throws {MailError} If it is none.
 */
export function readText(value: unknown, field: string): string {
  if (typeof value !== "string") {
    throw new MailError(
      `The field '${field}' of a mail must be a text, but ${value === undefined ? "is missing" : `got ${value === null ? "null" : typeof value}`}.`,
    );
  }
  return value;
}

/**
 * Reads one address.
 *
 * @throws {MailError} If it is none, is a list, or holds a line break.
 */
export function readAddress(value: unknown, field: string): NamedAddress {
  if (typeof value === "string") {
    const found = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<>"]*?))\s*<([^<>]*)>\s*$/.exec(value);
    return found === null
      ? { name: "", address: checkAddress(value, field) }
      : {
          name: checkPlain((found[1]?.replace(/\\(.)/g, "$1") ?? found[2] ?? "").trim(), field),
          address: checkAddress(found[3] ?? "", field),
        };
  }
  if (typeof value === "object" && value !== null && "address" in value && typeof value.address === "string") {
    const name: unknown = "name" in value ? value.name : "";
    return { name: checkPlain(typeof name === "string" ? name : "", field), address: checkAddress(value.address, field) };
  }
  throw new MailError(
    `The field '${field}' of a mail needs an address, such as "ann@example.com" or { name: "Ann", address: "ann@example.com" }.`,
  );
}

/** Reads one address or an array of them. */
function readAddresses(value: unknown, field: string): readonly NamedAddress[] {
  return value === undefined || value === null ? [] : (Array.isArray(value) ? value : [value]).map((one) => readAddress(one, field));
}

/** Reads all fields of a mail that hold addresses. */
export function readRecipients(message: MailMessage): Pick<SentMail, "to" | "cc" | "bcc" | "replyTo"> {
  const [to = [], cc = [], bcc = [], replyTo = []] = listFields.map((field) => readAddresses(message[field], field));
  if (to.length + cc.length + bcc.length === 0) {
    throw new MailError("A mail needs a recipient: give 'to', 'cc' or 'bcc'.");
  }
  return { to, cc, bcc, replyTo };
}

/**
 * Checks further headers.
 *
 * @throws {MailError} If one is malformed, or a field of the message itself.
 */
export function readHeaders(headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    if (!headerName.test(name) || typeof value !== "string") {
      throw new MailError(
        `A mail has the header '${name.replace(/[\r\n\0]/g, "?")}', which is malformed. Its name has letters, digits and dashes, its value is a text.`,
      );
    }
    if (ownHeaders.has(name.toLowerCase())) {
      throw new MailError(`A mail has the header '${name}', which is a field of the message itself. Set that.`);
    }
    checkLine(value, name);
  }
  return { ...headers };
}

/**
 * Checks attachments.
 *
 * @throws {MailError} If one reads a file or a URL without the option `allowFiles`, or a name holds a line break.
 */
export function readAttachments(attachments: readonly Attachment[] | undefined, allowFiles: boolean): readonly Attachment[] {
  for (const attachment of attachments ?? []) {
    const reading = ["path", "href", "raw"].find((key) => Reflect.get(attachment, key) !== undefined);
    const content: unknown = attachment.content;
    const isIndirect =
      typeof content === "object" &&
      content !== null &&
      !Buffer.isBuffer(content) &&
      ("path" in content || "href" in content) &&
      typeof Reflect.get(content, "pipe") !== "function";
    if ((reading !== undefined || isIndirect) && !allowFiles) {
      throw new MailError(
        `An attachment has '${reading ?? "content"}', which reads a file or a URL. Give its content; or, if no visitor chooses it: new Mail({ allowFiles: true }).`,
      );
    }
    // Those of nodemailer that have no name here reach a header as well.
    for (const [key, value] of Object.entries(attachment)) {
      if (key === "headers") {
        readHeaders(value);
      } else if (!contentFields.has(key)) {
        checkPlain(String(value ?? ""), `attachments.${key}`);
      }
    }
  }
  return (attachments ?? []).map((attachment) => {
    const { content } = attachment;
    // Nodemailer knows the bytes of a Buffer alone.
    return content instanceof Uint8Array
      ? { ...attachment, content: Buffer.from(content.buffer, content.byteOffset, content.byteLength) }
      : attachment;
  });
}

function checkAddress(text: string, field: string): string {
  const address = checkPlain(text, field).trim();
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  const isQuoted = /^"(?:[^"\\]|\\.)+"$/.test(local);
  if (at < 1 || domain === "" || (!isQuoted && /[\s,;:<>()[\]\\"@]/.test(local)) || /[\s,;<>()@"]/.test(domain)) {
    throw new MailError(
      `The field '${field}' of a mail holds '${address.slice(0, 100)}', which is not one address. Give several as an array.`,
    );
  }
  const ascii = domain.startsWith("[") ? domain : domainToASCII(domain);
  // It reads the text as the host of a URL: a path is left out, an escape is decoded, and 0x7f.1 becomes another host.
  if (ascii === "" || /[/\\?#%]/.test(domain) || (/^[\0-\x7f]*$/.test(domain) && ascii !== domain.toLowerCase())) {
    throw new MailError(`The field '${field}' of a mail holds '${address.slice(0, 100)}', whose domain is malformed.`);
  }
  return `${local}@${ascii}`;
}
