/** The schemes of links that a visitor may have written. */
const safeSchemes: ReadonlySet<string> = new Set(["http", "https", "mailto", "tel"]);

/**
 * Returns a URL for a link or an image if it cannot run a script: one without a scheme, or with `http`, `https`, `mailto`
 * or `tel`. Any other gives `"#"`.
 *
 * Browsers remove blanks and control characters at the ends of a URL, and line breaks and tabs in it (URL Standard, section
 * 4.4): so does this.
 *
 * @param url The URL, as a visitor may have written it. `null` and `undefined` give the empty string.
 */
export function safeUrl(url: unknown): string {
  if (url === null || url === undefined) {
    return "";
  }
  const text = String(url)
    .replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, "")
    .replace(/[\t\n\r]/g, "");
  const scheme = /^([^/?#:]*):/.exec(text)?.[1];
  return scheme === undefined || safeSchemes.has(scheme.toLowerCase()) ? text : "#";
}
