import { MailError } from "../base/errors";
import { didYouMean } from "../base/suggestion";

/** Fields of nodemailer's messages and attachments that are close to names here. A mail leaves those of messages out. */
const foreign: ReadonlySet<string> = new Set([
  "sender",
  "inReplyTo",
  "references",
  "watchHtml",
  "icalEvent",
  "list",
  "alternatives",
  "envelope",
  "messageId",
  "date",
  "encoding",
  "textEncoding",
  "raw",
  "priority",
  "attachDataUrls",
  "headers",
  "httpHeaders",
  "contentDisposition",
  "contentTransferEncoding",
]);

/**
 * Refuses a field that is written almost as one that exists: a mail without its blind copies must not go out.
 *
 * @throws {MailError} If there is one. The message names the right field.
 */
export function refuseMisspelt(value: object, known: readonly string[], place: string): void {
  for (const name of Object.keys(value)) {
    const hint = known.includes(name) || foreign.has(name) ? "" : didYouMean(name, known);
    if (hint !== "") {
      throw new MailError(`There is no field '${name}' of ${place}.${hint}`);
    }
  }
}
