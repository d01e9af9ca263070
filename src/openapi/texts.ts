import { readPattern } from "../forms/format-patterns";
import { listCounts } from "../schemas/checks";
import { readChange, type TextChange } from "../schemas/text-changes";
import { listChecks, readDefinition, readInner, type ZodCheck, type ZodSchema } from "../schemas/zod";
import type { Direction } from "./direction";
import { allowBlanks, toPattern } from "./patterns";

/** The keywords that describe the checks of a text. */
export const textKeywords = ["minLength", "maxLength", "pattern", "allOf", "format", "contentEncoding"] as const;

/** Lists the checks of a text, or of a chain of texts by `pipe()`, in their order. Any other schema has none. */
export function listTextSteps(schema: ZodSchema): readonly ZodCheck[] | undefined {
  const { type } = schema._zod.def;
  if (type !== "pipe" || isCodec(schema)) {
    return type === "string" ? listChecks(schema) : undefined;
  }
  const sides = [readInner(schema, "in"), readInner(schema, "out")].map((side) => side && listTextSteps(side));
  return sides.every((steps) => steps !== undefined) ? sides.flat() : undefined;
}

/** Tells whether a function stands between both parts of a pipe, as in `z.codec()`. */
export function isCodec(pipe: ZodSchema): boolean {
  return typeof readDefinition(pipe, "transform") === "function";
}

/**
 * Describes the texts that checks take or give. A text that is changed on the way, as by `trim()`, is described as it is before the
 * change, or after it. Checks that no keyword can say so are left out.
 *
 * @param steps The checks and changes in their order.
 * @param known The format and the encoding that zod states.
 */
export function describeText(
  steps: readonly ZodCheck[],
  known: { readonly format?: unknown; readonly contentEncoding?: unknown },
  io: Direction,
): object {
  const changes = steps.map((step) => (step.check === "overwrite" ? readChange(step.tx) : undefined));
  const bounds = { least: 0, most: Number.POSITIVE_INFINITY };
  const trimmed = { least: 0, most: Number.POSITIVE_INFINITY };
  const patterns = new Set<string | undefined>();
  let hasFormat = true;
  for (const [index, step] of steps.entries()) {
    const between = new Set(io === "input" ? changes.slice(0, index) : changes.slice(index + 1));
    between.delete(undefined);
    narrow(io === "input" && between.has("trim") ? trimmed : bounds, step, between, io);
    if (step.check === "string_format") {
      patterns.add(describeFormat(step, between, io));
      hasFormat &&= between.size === 0 || (io === "output" && !between.has("other"));
      hasFormat &&= !exceedsFormat(step);
    }
  }
  patterns.add(describeTrimmed(trimmed));
  const sources = [...patterns].filter((source) => source !== undefined);
  const least = Math.max(bounds.least, trimmed.least);
  return {
    ...(least === 0 ? {} : { minLength: least }),
    ...(Number.isFinite(bounds.most) ? { maxLength: bounds.most } : {}),
    ...(hasFormat && known.format !== undefined && !uselessFormats.has(known.format) ? { format: known.format } : {}),
    ...(hasFormat && known.contentEncoding !== undefined ? { contentEncoding: known.contentEncoding } : {}),
    ...(sources.length === 1 ? { pattern: sources[0] } : {}),
    ...(sources.length > 1 ? { allOf: sources.map((pattern) => ({ pattern })) } : {}),
  };
}

/** The names of checks that zod states as formats, and formats that take less than the check. The pattern says the same in words of the standard. */
const uselessFormats: ReadonlySet<unknown> = new Set([
  "",
  "regex",
  "starts_with",
  "ends_with",
  "includes",
  "lowercase",
  "uppercase",
  "duration",
]);

/** Tells whether the pattern of an e-mail address takes addresses that the format of the standard does not have. */
function exceedsFormat({ format, pattern }: ZodCheck): boolean {
  return (
    format === "email" &&
    pattern instanceof RegExp &&
    ["\u00e4@example.com", '"a b"@example.com', "a@b"].some((address) =>
      new RegExp(pattern, pattern.flags.replace(/[gy]/g, "")).test(address),
    )
  );
}

interface Bounds {
  least: number;
  most: number;
}

/** Narrows the length, unless a change between the text and the check can turn a length that is taken into one that is not. */
function narrow(bounds: Bounds, step: ZodCheck, between: ReadonlySet<TextChange | undefined>, io: Direction): void {
  if (between.has("other")) {
    return;
  }
  const least = Math.max(...listCounts([step], "minimum"), 0);
  // Upper case can be longer, such as SS for \u00df.
  const keepsLeast = io === "input" ? !between.has("upper") || least === 1 : !between.has("trim");
  if (keepsLeast) {
    bounds.least = Math.max(bounds.least, least);
  }
  if (io === "input" || !between.has("upper")) {
    bounds.most = Math.min(bounds.most, ...listCounts([step], "maximum"));
  }
}

function describeFormat(step: ZodCheck, between: ReadonlySet<TextChange | undefined>, io: Direction): string | undefined {
  const regex = step.format === "url" ? undefined : readPattern(step);
  if (!(regex instanceof RegExp) || between.has("other")) {
    return undefined;
  }
  const more = [between.has("lower") || between.has("upper") ? "i" : "", step.format === "includes" ? "s" : ""];
  const pattern = toPattern(new RegExp(regex, [...new Set(regex.flags + more.join(""))].join("")));
  if (pattern === undefined || !between.has("trim")) {
    return pattern;
  }
  // A text of any other format has no blanks at its ends.
  return io === "input" ? allowBlanks(pattern) : uselessFormats.has(step.format) ? undefined : pattern;
}

/** The greatest count of repetitions that all engines of regular expressions take: RE2 refuses more. */
const mostRepetitions = 1000;

/** Describes a text by its length without the blanks at both ends. */
function describeTrimmed({ least, most }: Bounds): string | undefined {
  const hasMost = most <= mostRepetitions;
  if (!hasMost) {
    return least === 0 ? undefined : least === 1 || least > mostRepetitions ? "\\S" : `\\S[\\s\\S]{${least - 2},}\\S`;
  }
  if (most < 2) {
    return most < least ? "(?!)" : `^\\s*${most === 0 ? "" : least === 1 ? "\\S" : "\\S?"}\\s*$`;
  }
  const several = `[\\s\\S]{${Math.max(least - 2, 0)},${most - 2}}\\S`;
  const text = least > 1 ? `\\S${several}` : `\\S(?:${several})?`;
  return least > most ? "(?!)" : `^\\s*${least === 0 ? `(?:${text})?` : text}\\s*$`;
}
