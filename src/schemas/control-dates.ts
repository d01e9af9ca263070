import { parseIsoDate } from "./iso-date";

const day = 24 * 60 * 60_000;
const week = 7 * day;
/** A Monday: the first day of the first week of 2001. */
const monday = Date.UTC(2001, 0, 1);

/**
 * Parses the text of a control that sends a date, or a part of one. A month is its first day, a week its Monday, and a time is one
 * of 1 January 1970. All are in UTC.
 *
 * @param type The type of the control, such as `"month"`.
 * @param text Such as `2026-02` or `2026-W09`. Any control may also send a whole date.
 * @returns The date, or `undefined` for other text and for dates that do not exist.
 */
export function parseControlDate(type: unknown, text: string): Date | undefined {
  if (type === "month" && /^\d{4}-\d\d$/.test(text)) {
    return parseIsoDate(`${text}-01`);
  }
  if (type === "time" && /^\d\d:/.test(text)) {
    return parseIsoDate(`1970-01-01T${text}`);
  }
  return (type === "week" ? parseWeek(text) : undefined) ?? parseIsoDate(text);
}

function parseWeek(text: string): Date | undefined {
  const [, year = "", number = ""] = /^(\d{4})-W(\d\d)$/.exec(text) ?? [];
  // The fourth of January lies in the first week (ISO 8601).
  const first = startOfWeek(new Date(`${year}-01-04T00:00:00Z`));
  const date = new Date(first.getTime() + (Number(number) - 1) * week);
  return year !== "" && formatWeek(date) === text ? date : undefined;
}

/** Returns the Monday of the week of a date. */
export function startOfWeek(date: Date): Date {
  return new Date(date.getTime() - ((((date.getTime() - monday) % week) + week) % week));
}

/** Formats the week of a date, such as `2026-W09` (ISO 8601). */
export function formatWeek(date: Date): string {
  // The year of a week is that of its Thursday.
  const thursday = new Date(startOfWeek(date).getTime() + 3 * day);
  const first = new Date(thursday);
  first.setUTCMonth(0, 1);
  const number = Math.floor((thursday.getTime() - first.getTime()) / week) + 1;
  return `${String(thursday.getUTCFullYear()).padStart(4, "0")}-W${String(number).padStart(2, "0")}`;
}
