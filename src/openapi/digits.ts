import { type Bound, readBound } from "../schemas/checks";
import { listChecks, readDefinition, type ZodSchema } from "../schemas/zod";
import type { Direction } from "./direction";

const formatRanges: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** Describes a bigint as an integer that a number of JSON holds exactly, and as digits. */
export function describeBigint(schema: ZodSchema, io: Direction): readonly object[] {
  const [formatLeast, formatMost] = formatRanges[String(readDefinition(schema, "format"))] ?? [];
  const [low, high] = [readBound(schema, "greater_than"), readBound(schema, "less_than")];
  const least = findStrictest([readLimit(low, 1n), formatLeast], (left, right) => left > right);
  const most = findStrictest([readLimit(high, -1n), formatMost], (left, right) => left < right);
  const steps = listChecks(schema).flatMap(({ check, value }) => (check === "multiple_of" && typeof value === "bigint" ? [value] : []));
  const [step] = steps.map(Number).filter((value) => Number.isSafeInteger(value) && value > 0);
  const endings = steps.flatMap((value) => lastDigits[String(value)] ?? []).map((digits) => ({ pattern: `${digits}$` }));
  const { MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
  const bounds = {
    ...describeBound(low, "minimum", "exclusiveMinimum", least !== undefined && least >= 0n ? 0 : MIN_SAFE_INTEGER),
    ...describeBound(high, "maximum", "exclusiveMaximum", MAX_SAFE_INTEGER),
  };
  return [
    { type: "integer", format: "int64", ...(io === "input" ? bounds : {}), ...(step === undefined ? {} : { multipleOf: step }) },
    { type: "string", pattern: describeDigits(least, most), ...(endings.length === 0 ? {} : { allOf: endings }) },
  ];
}

/** The last digits of the multiples of a number. Those of others are not known by one digit. */
const lastDigits: Readonly<Record<string, string>> = { 2: "[02468]", 5: "[05]", 10: "0" };

/** Returns the least or the greatest number that a bound takes. */
function readLimit(bound: Bound | undefined, next: bigint): bigint | undefined {
  return typeof bound?.value === "bigint" ? bound.value + (bound.isInclusive ? 0n : next) : undefined;
}

function findStrictest(limits: readonly (bigint | undefined)[], isStricter: (left: bigint, right: bigint) => boolean): bigint | undefined {
  return limits.reduce((found, limit) => (limit === undefined || (found !== undefined && isStricter(found, limit)) ? found : limit));
}

/** Describes a bound of integers. One that a number of JSON does not hold exactly is left to the digits. */
function describeBound(bound: Bound | undefined, inclusive: string, exclusive: string, fallback: number): object {
  return typeof bound?.value === "bigint" && Number.isSafeInteger(Number(bound.value))
    ? { [bound.isInclusive ? inclusive : exclusive]: Number(bound.value) }
    : { [inclusive]: fallback };
}

/**
 * Writes the pattern of the whole numbers of a range as text: digits, also with zeros before them, and `-0`.
 *
 * @param least The least number; `undefined` for any.
 * @param most The greatest number; `undefined` for any.
 */
export function describeDigits(least: bigint | undefined, most: bigint | undefined): string {
  if (least === undefined && most === undefined) {
    return "^-?\\d+$";
  }
  const hasZero = (least === undefined || least <= 0n) && (most === undefined || most >= 0n);
  if (least === 0n && most === undefined) {
    return "^(?:\\d+|-0+)$";
  }
  const positive = listRange(least === undefined || least < 1n ? 1n : least, most);
  const negative = listRange(most === undefined || most > -1n ? 1n : -most, least === undefined ? undefined : -least);
  const options = [
    ...(hasZero ? ["-?0+"] : []),
    ...(positive.length === 0 ? [] : [`0*${join(positive)}`]),
    ...(negative.length === 0 ? [] : [`-0*${join(negative)}`]),
  ];
  // A range of no number takes no text.
  return options.length === 0 ? "(?!)" : `^${join(options)}$`;
}

function join(options: readonly string[]): string {
  return options.length === 1 ? options.join("") : `(?:${options.join("|")})`;
}

/** Lists the patterns of the numbers of a range from 1 on, without zeros before them. */
function listRange(least: bigint, most: bigint | undefined): readonly string[] {
  if (most !== undefined && most < least) {
    return [];
  }
  const [low, high] = [String(least), most === undefined ? undefined : String(most)];
  if (high !== undefined && high.length === low.length) {
    return listSameLength(low, high);
  }
  const isWhole = /^10*$/.test(low);
  const from = isWhole ? low.length - 1 : low.length;
  const lower = isWhole ? [] : listSameLength(low, "9".repeat(low.length));
  if (high === undefined) {
    return [...lower, `[1-9]${from === 0 ? "\\d*" : `\\d{${from},}`}`];
  }
  const isFull = /^9+$/.test(high);
  const to = isFull ? high.length - 1 : high.length - 2;
  const upper = isFull ? [] : listSameLength(`1${"0".repeat(high.length - 1)}`, high);
  return [...lower, ...(from > to ? [] : [`[1-9]${repeat(from, to)}`]), ...upper];
}

/** Lists the patterns of the numbers between two numbers of as many digits. */
function listSameLength(low: string, high: string): readonly string[] {
  if (low === "" || low === high) {
    return [low];
  }
  const [first, last] = [Number(low[0]), Number(high[0])];
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (first === last) {
    return listSameLength(lowRest, highRest).map((rest) => `${first}${rest}`);
  }
  const isLowWhole = /^0*$/.test(lowRest);
  const isHighWhole = /^9*$/.test(highRest);
  const start = isLowWhole ? first : first + 1;
  const end = isHighWhole ? last : last - 1;
  return [
    ...(isLowWhole ? [] : listSameLength(lowRest, "9".repeat(lowRest.length)).map((rest) => `${first}${rest}`)),
    ...(start > end ? [] : [`${start === end ? start : `[${start}-${end}]`}${repeat(lowRest.length, lowRest.length)}`]),
    ...(isHighWhole ? [] : listSameLength("0".repeat(highRest.length), highRest).map((rest) => `${last}${rest}`)),
  ];
}

function repeat(least: number, most: number): string {
  if (most === 0) {
    return "";
  }
  return least === most ? (least === 1 ? "\\d" : `\\d{${least}}`) : `\\d{${least},${most}}`;
}
