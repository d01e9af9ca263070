import { MailError } from "../base/errors";
import { refusePromise, refusePromises, silencePromises } from "../base/forgotten-await";
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

/** The fields with values of other libraries and of the app. */
const ownChecked: ReadonlySet<string> = new Set(["data", "signal", "ses"]);

/**
 * Refuses a field of a mail that does not exist, and a promise in place of a value.
 *
 * @throws {MailError} If the mail is no object, has such a field, or holds a promise.
 */
export function checkFields(message: unknown): void {
  refusePromise(message, "message of mail.send()", MailError);
  if (typeof message !== "object" || message === null) {
    throw new MailError(`mail.send() needs a mail, such as { to, subject, text }, but got ${describeGiven(message)}.`);
  }
  refuseUnknownFields(message, [...messageFields, ...libraryFields], "a mail");
  try {
    for (const [field, value] of Object.entries(message)) {
      refusePromise(value, `field '${field}' of a mail`, MailError);
      // The template itself refuses the promises in its data.
      if (!ownChecked.has(field)) {
        refusePromises(value, `field '${field}' of a mail`, MailError);
      }
    }
  } catch (error) {
    silencePromises(message);
    throw error;
  }
}
