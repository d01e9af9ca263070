import contentDisposition from "content-disposition";

/**
 * Formats the `Content-Disposition` header of a file (RFC 6266).
 *
 * A name beyond ASCII has two forms: one without accents for old clients, and the whole name in `filename*`.
 *
 * @param name The name under which the browser saves the file. The empty string states none.
 * @param isAttachment Whether the browser saves the file instead of showing it.
 */
export function formatDisposition(name: string, isAttachment: boolean): string {
  const type = isAttachment ? "attachment" : "inline";
  const whole = name.replace(/[\x00-\x1f\x7f]/g, "").replace(/\p{Surrogate}/gu, "\ufffd");
  if (whole === "") {
    return type;
  }
  const plain = whole
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^\x20-\x7e]/gu, "?");
  return contentDisposition(whole, { type, fallback: plain });
}
