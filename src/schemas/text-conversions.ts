import { textConverters } from "../base/text-values";

/** A decimal number in parts. */
const decimalParts = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
const maxDigits = 1000;

/** A decimal number as its digits, without zeros around them, and the power of ten of the last digit. */
interface Decimal {
  readonly sign: string;
  readonly digits: string;
  readonly exponent: number;
}

/**
 * Reads text as a number. Returns `undefined` for text that is no decimal number. The same holds for text that
 * JavaScript would change: a whole number beyond 2⁵³ that is not exact, a number that is too large, or one so small
 * that it becomes 0.
 */
export function toNumber(text: string): number | undefined {
  const value = textConverters.float(text);
  if (value === undefined || (value !== 0 && Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
    return value;
  }
  const typed = readDecimal(text);
  const kept = readDecimal(String(value));
  const isSame = typed !== undefined && typed.digits === kept?.digits && (value === 0 || typed.exponent === kept.exponent);
  return isSame ? value : undefined;
}

/** Reads text as a whole number of any size, up to 1,000 digits. `5.0` and `1e3` are whole numbers too. */
export function toBigInt(text: string): bigint | undefined {
  const decimal = readDecimal(text);
  if (decimal === undefined || decimal.exponent < 0 || decimal.digits.length + decimal.exponent > maxDigits) {
    return undefined;
  }
  const value = BigInt(`${decimal.digits}${"0".repeat(decimal.exponent)}`);
  return decimal.sign === "-" ? -value : value;
}

function readDecimal(text: string): Decimal | undefined {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = decimalParts.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (whole === "" && fraction === "") {
    return undefined;
  }
  const significant = digits.replace(/0+$/, "");
  return significant === ""
    ? { sign, digits: "0", exponent: 0 }
    : { sign, digits: significant, exponent: Number(exponent) - fraction.length + digits.length - significant.length };
}

/**
 * Completes the time of a text such as `10:00` to a precision: 0 adds seconds, 3 milliseconds. Browsers leave out zeros.
 * With the precision -1, seconds that are 0 are taken away.
 */
export function completeTime(text: string, precision: number): string {
  const [, start, seconds = "00", fraction = ""] = /^(.*?\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(text) ?? [];
  if (start === undefined) {
    return text;
  }
  if (precision < 0) {
    return Number(seconds) === 0 && Number(fraction) === 0 ? start : text;
  }
  const digits = fraction.replace(/0+$/, "").padEnd(precision, "0");
  return `${start}:${seconds}${digits === "" ? "" : `.${digits}`}`;
}
