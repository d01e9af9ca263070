import { findExtension } from "../../http/files/media-type";
import type { FormIssue } from "../../schemas/form-messages";

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Formats a size in bytes for people: `5 MB`, also of 5 × 1024 × 1024; `1.5 kB`. */
export function formatSize(bytes: number, locale: string): string {
  for (let power = units.length - 1; power > 0; power--) {
    const base = [1024 ** power, 1000 ** power].find((unit) => bytes >= unit && bytes % unit === 0) ?? 1000 ** power;
    if (bytes >= base) {
      return formatUnit(bytes / base, power, locale);
    }
  }
  return formatUnit(bytes, 0, locale);
}

function formatUnit(count: number, power: number, locale: string): string {
  const unitDisplay = power === 0 ? "long" : "short";
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[power] ?? "byte",
    unitDisplay,
    maximumFractionDigits: 2,
    useGrouping: false,
  }).format(count);
}

/** Formats media types for people: `image/png, text/plain` is `PNG, TXT`. Unknown types stay as they are. */
export function formatFileTypes(types: string): string {
  const names = types.split(", ").map((type) => findExtension(type)?.toUpperCase() ?? type);
  return [...new Set(names)].join(", ");
}

/** Formats a number in a language, with all of its decimals. */
export function formatNumber(value: unknown, locale: string): string {
  return typeof value === "number" || typeof value === "bigint"
    ? new Intl.NumberFormat(locale, { maximumFractionDigits: 20, useGrouping: false }).format(value)
    : String(value);
}

const dayTypes: ReadonlySet<string> = new Set(["date", "month", "week"]);

/** Formats a date in a language for a control of a type: a day, a time, or both. */
export function formatDate(limit: unknown, locale: string, type: string): string {
  const date = limit instanceof Date ? limit : new Date(Number(limit));
  if (Number.isNaN(date.getTime())) {
    return String(limit);
  }
  const time = dayTypes.has(type) ? {} : ({ timeStyle: date.getTime() % 60_000 === 0 ? "short" : "medium" } as const);
  return new Intl.DateTimeFormat(locale, { ...(type === "time" ? {} : { dateStyle: "long" }), ...time, timeZone: "UTC" }).format(date);
}

/** Lists the names of the fields that a form does not have. */
export function listKeys({ details, text }: FormIssue): readonly string[] {
  return Array.isArray(details.keys) ? details.keys.map(String) : [text];
}
