import { MailError } from "../base/errors";

/** Characters that end a header, and NUL. */
const breaking = /[\r\n\0]/;
/** A text in the notation of RFC 2047, in which a header writes characters beyond ASCII. Readers decode it, some of them at any place. */
const encodedWord = /=\?[!->@-~]+\?[bq]\?[^?]*\?=/i;

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

/** The marks that turn the order of letters around: `a\u202efdp.exe` is shown as `aexe.pdf`. */
const overrides = /[\u202d\u202e]/;
/** The most characters of such a text: with its header it must fit into a line (RFC 5322, section 2.1.1). */
const longestPlain = 900;

/**
 * Checks a name, an address or the field of a file, whose text readers must not take for another one.
 *
 * @throws {MailError} If it holds a line break, a NUL, a mark that turns letters around, or an encoded word of RFC 2047, which readers,
 * and servers behind the first one, would decode to another name or address; and if it is longer than 900 characters.
 */
export function checkPlain(text: string, field: string): string {
  if (encodedWord.test(text)) {
    throw new MailError(
      `The field '${field}' of a mail holds an encoded word, such as =?utf-8?q?text?=, which readers would show as another text. Give the decoded text.`,
    );
  }
  if (overrides.test(text)) {
    throw new MailError(
      `The field '${field}' of a mail holds a mark that turns the order of letters around (U+202D or U+202E), so that readers would show another text. Remove it.`,
    );
  }
  if (text.length > longestPlain) {
    throw new MailError(`The field '${field}' of a mail has ${text.length} characters. It may have ${longestPlain}.`);
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
 * Encodes the text of a header that looks like an encoded word of RFC 2047, so that readers show it as it is, or that has a word which
 * is longer than a line may be (RFC 5322, section 2.1.1). nodemailer encodes any other text where that is needed.
 */
export function toHeaderText(text: string): string | PreparedHeader {
  // A text beyond ASCII is encoded whole.
  if ((!encodedWord.test(text) && !/\S{900}/.test(text)) || !/^[\t -~]*$/.test(text)) {
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
