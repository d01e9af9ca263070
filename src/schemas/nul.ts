import type { Conversion, Path } from "./conversion";
import { formatName } from "./field-names";

/**
 * Notes a text with a NUL, or a value that has one inside. No browser sends it from a typed field, and databases cut or refuse such
 * a text. A query keeps it.
 *
 * @param value The converted value.
 * @param path The keys that lead to it.
 * @param conversion Collects the wrong fields.
 */
export function noteNul(value: unknown, path: Path, conversion: Conversion): void {
  if (conversion.source !== "query" && holdsNul(value)) {
    conversion.addRefused(formatName(path), "nul");
  }
}

function holdsNul(value: unknown): boolean {
  if (typeof value === "string") {
    return value.includes("\0");
  }
  if (Array.isArray(value)) {
    return value.some(holdsNul);
  }
  const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain && Object.entries(value).flat().some(holdsNul);
}

/** Returns a text as a page shows it: browsers read a NUL in HTML as the replacement character, or drop it. */
export function showNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}
