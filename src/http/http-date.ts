/** Parses a date of a header (RFC 9110, section 5.6.7), or gives `null`. */
export function parseHttpDate(text: string | null | undefined): Date | null {
  const time = text === null || text === undefined || !/^[A-Z][a-z]{2,8}[, ]/.test(text) ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time);
}

/** Formats a date for a header. */
export function formatHttpDate(date: Date): string {
  return date.toUTCString();
}
