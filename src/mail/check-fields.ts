import { MailError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { describeGiven } from "../base/unknown-options";
import { refuseUnknownFields } from "./fields";
import { libraryFields } from "./library-fields";
import type { LibraryFields, MailMessage } from "./message";

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
  messageId: true,
  date: true,
  signal: true,
} satisfies Record<Exclude<keyof MailMessage, keyof LibraryFields>, true>);

/**
 * Refuses a field of a mail that does not exist.
 *
 * @throws {MailError} If the mail is no object, or has such a field.
 */
export function checkFields(message: unknown): void {
  refusePromise(message, "message of mail.send()", MailError);
  if (typeof message !== "object" || message === null) {
    throw new MailError(`mail.send() needs a mail, such as { to, subject, text }, but got ${describeGiven(message)}.`);
  }
  refuseUnknownFields(message, [...messageFields, ...libraryFields], "a mail");
}
