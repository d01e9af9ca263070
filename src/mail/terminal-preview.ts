import type { SentMail } from "./message";
import { formatAddress } from "./transport";

/** Formats a mail that does not leave the machine for a developer's terminal: its recipients, its subject and its text, with all links. */
export function formatForTerminal({ attachments, bcc, cc, subject, text, to }: SentMail): string {
  const lines = [
    ["To", to.map(formatAddress).join(", ")],
    ["Cc", cc.map(formatAddress).join(", ")],
    ["Bcc", bcc.map(formatAddress).join(", ")],
    ["Subject", subject],
    ["Attachments", attachments.map(({ filename }) => filename ?? "without a name").join(", ")],
  ].filter(([, value]) => value !== "");
  const head = lines.map(([name, value]) => `   ${name}: ${value}`).join("\n");
  const body = text.replace(/^/gm, "   ");
  // A terminal obeys control characters, which a mail can have from a stranger.
  return ` * A mail that is not sent, because there is no transport:\n${head}\n\n${body}\n\n`.replaceAll(
    /(?!\n)\p{Cc}/gu,
    (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`,
  );
}
