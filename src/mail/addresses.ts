import { domainToASCII } from "node:url";
import { MailError } from "../base/errors";
import { checkPlain, readText } from "./header-text";
import type { MailMessage, NamedAddress, SentMail } from "./message";

const listFields = ["to", "cc", "bcc", "replyTo"] as const;
/** The most bytes of an address (RFC 5321, section 4.5.3.1.3, without its angle brackets). */
const longest = 254;
/** Control characters, separators of lines, marks of direction, and halves of characters. Emoji have joiners. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/u;

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
    const name: unknown = "name" in value ? (value.name ?? "") : "";
    return { name: checkPlain(readText(name, `${field}.name`), field), address: checkAddress(value.address, field) };
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
  if (invisible.test(address)) {
    throw new MailError(
      `The field '${field}' of a mail holds '${toVisible(address.slice(0, 100))}', which has a character that nobody sees.`,
    );
  }
  const ascii = /^\[[\da-z.:-]+\]$/i.test(domain) ? domain : domainToASCII(domain);
  // It reads the text as the host of a URL: a path is left out, an escape is decoded, and 0x7f.1 becomes another host.
  if (
    !/^(?:\[.*\]|[\w-]+(?:\.[\w-]+)*\.?)$/.test(ascii) ||
    /[/\\?#%]/.test(domain) ||
    (isAscii(domain) && ascii.toLowerCase() !== domain.toLowerCase())
  ) {
    throw new MailError(`The field '${field}' of a mail holds '${address.slice(0, 100)}', whose domain is malformed.`);
  }
  const read = `${local}@${ascii}`;
  if (Buffer.byteLength(read) > longest) {
    throw new MailError(
      `The field '${field}' of a mail holds '${address.slice(0, 100)}…', which is longer than ${longest} bytes, the longest address.`,
    );
  }
  return read;
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function toVisible(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a1-\u00ff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
