import { MailError } from "../base/errors";
import { didYouMean } from "../base/suggestion";

/** Fields of nodemailer's messages that a mail cannot have, with the cure. */
const refused: ReadonlyMap<string, string> = new Map([
  ["raw", "It would replace the checked headers. Give 'html', 'text' and 'attachments', or send it by your own transport of nodemailer."],
  ["encoding", "Give 'textEncoding' for the texts of the mail."],
  ...["dkim", "auth", "normalizeHeaderKey", "maxRecipients", "disableFileAccess", "disableUrlAccess", "newline"].map(
    (name): [string, string] => [name, "Give it to the transport: new Mail({ from, transport: { host, … } })."],
  ),
]);

/**
 * Refuses a field that does not exist: a mail without its blind copies must not go out.
 *
 * @param place The thing that has the field, such as `"a mail"`.
 * @throws {MailError} If there is one. The message names the right field if one is close.
 */
export function refuseUnknownFields(value: object, known: readonly string[], place: string): void {
  const name = Object.keys(value).find((one) => !known.includes(one));
  if (name === undefined) {
    return;
  }
  const shown = name.replace(/[\p{Cc}\u2028\u2029]/gu, "?").slice(0, 100);
  const cure = place === "a mail" ? refused.get(name) : undefined;
  throw new MailError(
    cure === undefined
      ? `There is no field '${shown}' of ${place}.${didYouMean(name, known) || ` There are: ${known.join(", ")}.`}`
      : `The field '${shown}' of nodemailer is none of ${place}. ${cure}`,
  );
}
