const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Parses a date, or a date with a time, of ISO 8601. A time without a zone is one of UTC, wherever the server is.
 *
 * @param text Such as `2026-02-28`, `2026-02-28T10:00` or `2026-02-28T10:00:00.5+01:00`.
 * @returns The date, or `undefined` for other text and for days and times that do not exist, such as `2026-02-31`.
 */
export function parseIsoDate(text: string): Date | undefined {
  const match = pattern.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00", zone] = match;
  const dayStart = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(dayStart.getTime()) || dayStart.getUTCDate() !== Number(day)) {
    return undefined;
  }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return undefined;
  }
  const normalized = text.replace(" ", "T").toUpperCase();
  const date = new Date(match[4] === undefined || zone !== undefined ? normalized : `${normalized}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
