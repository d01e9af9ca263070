import { MailError } from "../base/errors";
import { Markup } from "../base/html";
import { describeGiven } from "../base/unknown-options";
import { readAddress } from "./addresses";
import { readAttachments } from "./attachments";
import { refuseUnknownFields } from "./fields";
import { checkLine, checkPlain, readText } from "./header-text";
import type { CalendarEvent, DeliveryNotices, LibraryFields, ListLink, SentFields } from "./message";

type Reader<Name extends keyof LibraryFields> = (value: unknown, field: string, allowsFiles: boolean) => SentFields[Name];

const events = ["never", "success", "failure", "delay"] as const;

const readers: { readonly [Name in keyof Required<LibraryFields>]: Reader<Name> } = {
  sender: (value, field) => readAddress(value, field),
  inReplyTo: (value, field) => checkMessageId(value, field),
  references: (value, field) =>
    (typeof value === "string" ? value.trim().split(/ +/) : readArray(value, field)).map((id) => checkMessageId(id, field)),
  priority: (value, field) => readChoice(value, ["high", "normal", "low"], field),
  list: readList,
  icalEvent: readEvent,
  alternatives: (value, field, allowsFiles) => readAttachments(value, allowsFiles, field),
  watchHtml: readMarkup,
  amp: readMarkup,
  dsn: readNotices,
  envelope: readEnvelope,
  textEncoding: (value, field) => readChoice(value, ["quoted-printable", "base64"], field),
  xMailer: (value, field) => (value === false ? value : checkPlain(readText(value, field), field)),
  attachDataUrls: readSwitch,
  requireTLSExtensionEnabled: readSwitch,
  ses: (value, field) => readObject(value, field),
};

/** The names of the fields of nodemailer that a mail may have. */
export const libraryFields: readonly string[] = Object.keys(readers);

/**
 * Checks the fields of nodemailer that a mail has.
 *
 * @throws {MailError} If one holds a line break, or is none of its values.
 */
export function readLibraryFields(message: object, allowsFiles: boolean): SentFields {
  const read: Record<string, unknown> = {};
  for (const [name, reader] of Object.entries(readers)) {
    const value: unknown = Reflect.get(message, name);
    if (value !== undefined && value !== null) {
      read[name] = reader(value, name, allowsFiles);
    }
  }
  return read;
}

/**
 * Checks the id of a message, and puts it into its angle brackets (RFC 5322, section 3.6.4).
 *
 * @throws {MailError} If it is none.
 */
export function checkMessageId(value: unknown, field: string): string {
  const id = checkPlain(readText(value, field), field)
    .trim()
    .replace(/^<(.*)>$/, "$1");
  if (!/^[!-;=?-~]+@[!-;=?-~]+$/.test(id) || id.length > 900) {
    throw new MailError(
      `The field '${field}' of a mail holds '${id.slice(0, 100)}', which is no id of a message, such as <3fa1@example.com>.`,
    );
  }
  return `<${id}>`;
}

function readList(value: unknown, field: string): NonNullable<SentFields["list"]> {
  const links: Record<string, ListLink | readonly (ListLink | readonly ListLink[])[]> = {};
  for (const [name, given] of Object.entries(readObject(value, field))) {
    if (!/^[a-z][a-z-]*$/i.test(name)) {
      throw new MailError(`The field '${field}' of a mail has the name '${name.replace(/[\r\n\0]/g, "?")}', which no header can have.`);
    }
    const place = `${field}.${name}`;
    if (given !== undefined && given !== null) {
      links[name] = Array.isArray(given)
        ? given.map((one) => (Array.isArray(one) ? one.map((link) => readLink(link, place)) : readLink(one, place)))
        : readLink(given, place);
    }
  }
  return links;
}

function readLink(value: unknown, field: string): ListLink {
  if (typeof value === "string") {
    return checkUrl(value, field);
  }
  const link = readObject(value, field);
  refuseUnknownFields(link, ["url", "comment"], `'${field}' of a mail`);
  const url = checkUrl(Reflect.get(link, "url"), `${field}.url`);
  const comment: unknown = Reflect.get(link, "comment") ?? undefined;
  return comment === undefined ? { url } : { url, comment: checkPlain(readText(comment, `${field}.comment`), `${field}.comment`) };
}

function checkUrl(value: unknown, field: string): string {
  const url = checkPlain(readText(value, field), field).trim();
  // Angle brackets end a link, and commas part them.
  if (!/^[!-~]+$/.test(url) || /[<>"]/.test(url)) {
    throw new MailError(
      `The field '${field}' of a mail holds '${url.slice(0, 100)}', which is no URL or address. Escape it by encodeURI().`,
    );
  }
  return url.replaceAll(",", "%2C");
}

function readEvent(value: unknown, field: string): CalendarEvent & { readonly content: string } {
  const isText = typeof value === "string" || value instanceof Uint8Array;
  const event = isText ? { content: value } : readObject(value, field);
  refuseUnknownFields(event, ["content", "method", "filename"], `'${field}' of a mail`);
  const given: unknown = Reflect.get(event, "content");
  const content = given instanceof Uint8Array ? Buffer.from(given).toString("utf8") : readText(given, `${field}.content`);
  const method: unknown = Reflect.get(event, "method") ?? undefined;
  const filename: unknown = Reflect.get(event, "filename") ?? undefined;
  if (method !== undefined && !/^[a-z-]{1,40}$/i.test(readText(method, `${field}.method`))) {
    throw new MailError(`The field '${field}.method' of a mail must be a method of iCalendar, such as "REQUEST".`);
  }
  return {
    content,
    ...(typeof method === "string" ? { method } : {}),
    ...(filename === undefined
      ? {}
      : { filename: filename === false ? filename : checkPlain(readText(filename, `${field}.filename`), `${field}.filename`) }),
  };
}

function readMarkup(value: unknown, field: string): string {
  return Markup.is(value) ? value.html : readText(value, field);
}

function readNotices(value: unknown, field: string): DeliveryNotices {
  const notices = readObject(value, field);
  refuseUnknownFields(notices, ["id", "return", "notify", "recipient", "ret", "envid", "orcpt"], `'${field}' of a mail`);
  const get = (...names: readonly string[]): unknown =>
    names.map((name) => Reflect.get(notices, name)).find((one) => (one ?? null) !== null);
  const [id, part, notify, recipient] = [get("id", "envid"), get("return", "ret"), get("notify"), get("recipient", "orcpt")];
  const told =
    notify === undefined ? [] : (Array.isArray(notify) ? notify : String(notify).split(",")).map((one) => String(one).trim().toLowerCase());
  const chosen = told.map((one) => readChoice(one, events, `${field}.notify`));
  if (chosen.includes("never") && chosen.length > 1) {
    throw new MailError(`The field '${field}.notify' of a mail has 'never', which stands alone.`);
  }
  const line = (text: unknown, name: string): string => checkLine(readText(text, `${field}.${name}`), `${field}.${name}`);
  const short = String(part).toLowerCase();
  return {
    ...(id === undefined ? {} : { id: line(id, "id") }),
    ...(part === undefined
      ? {}
      : { return: readChoice(short === "hdrs" ? "headers" : short === "body" ? "full" : short, ["headers", "full"], `${field}.return`) }),
    ...(chosen.length === 0 ? {} : { notify: chosen }),
    ...(recipient === undefined ? {} : { recipient: line(recipient, "recipient") }),
  };
}

function readEnvelope(value: unknown, field: string): NonNullable<SentFields["envelope"]> {
  const envelope = readObject(value, field);
  refuseUnknownFields(envelope, ["from", "to"], `'${field}' of a mail`);
  const from: unknown = Reflect.get(envelope, "from") ?? undefined;
  const to: unknown = Reflect.get(envelope, "to") ?? undefined;
  const all = to === undefined ? [] : (Array.isArray(to) ? to : [to]).map((one) => readAddress(one, `${field}.to`).address);
  if (to !== undefined && all.length === 0) {
    throw new MailError(`The field '${field}.to' of a mail names no recipient. Leave it out, and the mail goes to 'to', 'cc' and 'bcc'.`);
  }
  return { ...(from === undefined ? {} : { from: readAddress(from, `${field}.from`).address }), ...(to === undefined ? {} : { to: all }) };
}

function readChoice<const Choice extends string>(value: unknown, choices: readonly Choice[], field: string): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new MailError(
      `The field '${field}' of a mail must be one of '${choices.join("', '")}', but got ${typeof value === "string" ? `'${value.slice(0, 100)}'` : describeGiven(value)}.`,
    );
  }
  return found;
}

function readSwitch(value: unknown, field: string): boolean {
  if (typeof value !== "boolean") {
    throw new MailError(`The field '${field}' of a mail must be true or false, but got ${describeGiven(value)}.`);
  }
  return value;
}

function readObject(value: unknown, field: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map) {
    throw new MailError(`The field '${field}' of a mail must be an object, but got ${describeGiven(value)}.`);
  }
  return value;
}

function readArray(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new MailError(`The field '${field}' of a mail must be a text or an array of texts, but got ${describeGiven(value)}.`);
  }
  return value;
}
