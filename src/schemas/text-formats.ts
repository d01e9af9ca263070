import { listTextFormats } from "./checks";
import { isHarmless } from "./text-changes";
import { listChecks, remember, type ZodCheck, type ZodSchema } from "./zod";

/** The text formats that have a control of their own, which checks them. */
export type CheckedFormat = "email" | "url";

/** Characters that URLs ignore at their start and in their scheme. */
const ignored = "[\\x00-\\x20\\x7f-\\xa0]*";
const unsafeSchemes = ["javascript", "data", "vbscript"];
const unsafeScheme = `${ignored}(?:${unsafeSchemes.map((scheme) => [...scheme].join(ignored)).join("|")})${ignored}:`;
const startsUnsafe = new RegExp(`^${unsafeScheme}`, "i");

/** The source of a pattern that refuses URLs with a scheme that runs code. */
export const safeUrlPattern: string = `(?!(?i:${unsafeSchemes.join("|")}):)[\\s\\S]*`;

/**
 * Finds the format of a text that a control of its own checks: `email` or `url`. A text that is changed before its format
 * is checked has none, except by trimming, by changes of case and by normalizing, which make no difference to browsers.
 */
export function findCheckedFormat(schema: ZodSchema): CheckedFormat | undefined {
  for (const check of listChecks(schema)) {
    if (check.check === "overwrite" && !isHarmless(check.tx)) {
      return undefined;
    }
    if (check.format === "url" || (check.format === "email" && !isInternational(check))) {
      return check.format;
    }
  }
  return undefined;
}

/**
 * Returns the format of a text that is refused although its schema takes it. It is a URL with a scheme that browsers
 * run as code, unless the schema states a `protocol`. Or it is an e-mail address with a host that browsers refuse, such
 * as `a@b-.com`.
 */
export function findRefused(schema: ZodSchema, text: string): CheckedFormat | undefined {
  const format = findGuarded(schema);
  if (format === undefined) {
    return undefined;
  }
  return format === "url" ? (startsUnsafe.test(text) ? "url" : undefined) : isBrowserEmail(text.trim()) ? undefined : "email";
}

/** Finds the format for which texts can be refused although the schema takes them. */
const findGuarded: (schema: ZodSchema) => CheckedFormat | undefined = remember((schema) =>
  listTextFormats(schema).some(({ format, protocol }) => format === "url" && !(protocol instanceof RegExp))
    ? "url"
    : findCheckedFormat(schema) === "email"
      ? "email"
      : undefined,
);

/** Tells whether browsers take an e-mail address (HTML, section 4.10.5.1.5). */
function isBrowserEmail(text: string): boolean {
  const host = text.slice(text.lastIndexOf("@") + 1);
  return /^[\w.!#$%&'*+/=?^`{|}~-]+@/.test(text) && host.split(".").every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i.test(label));
}

/** Tells whether a format takes addresses that the control of browsers refuses, such as `z.regexes.unicodeEmail`. */
function isInternational({ pattern }: ZodCheck): boolean {
  return (
    pattern instanceof RegExp &&
    ["\u00e4@example.com", '"a b"@example.com'].some((text) => new RegExp(pattern, pattern.flags.replace(/[gy]/g, "")).test(text))
  );
}
