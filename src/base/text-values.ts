/** The named types that a text can be converted to. */
export interface ValueTypes {
  /** The text as it is. */
  string: string;
  /** A whole number in decimal digits, within the safe integers. */
  int: number;
  /** A finite decimal number: no hexadecimal digits, no `Infinity`. */
  float: number;
  /** `true`, `1`, `yes` and `on`; or `false`, `0`, `no` and `off`, in any case. */
  boolean: boolean;
}

const yes: ReadonlySet<string> = new Set(["true", "1", "yes", "on"]);
const no: ReadonlySet<string> = new Set(["false", "0", "no", "off"]);
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const digits = /^[+-]?\d+$/;

/**
 * The one way in which Flagon reads text as a number or a boolean: in queries, forms, commands and settings.
 *
 * Each converter ignores blanks around the text, and returns `undefined` for text that is not of its type.
 */
export const textConverters: { readonly [Name in keyof ValueTypes]: (text: string) => ValueTypes[Name] | undefined } = {
  string: (text) => text,
  int: (text) => toFinite(text, digits, Number.isSafeInteger),
  float: (text) => {
    const value = toFinite(text, decimal, Number.isFinite);
    // Beyond the safe integers a number with digits only may be another one than was typed.
    return value === undefined || Math.abs(value) <= Number.MAX_SAFE_INTEGER || isTyped(text.trim(), value) ? value : undefined;
  },
  boolean: (text) => {
    const word = text.trim().toLowerCase();
    return yes.has(word) ? true : no.has(word) ? false : undefined;
  },
};

/**
 * Tells whether a number is the one that a text has: exactly, or as JavaScript writes the number, so that a number that is
 * shown comes back. A text with an exponent is taken as it is.
 */
function isTyped(text: string, value: number): boolean {
  const [, whole] = /^[+]?(-?\d+)(?:\.0*)?$/.exec(text) ?? [];
  // The longest finite number has 309 digits.
  return /e/i.test(text) || (whole !== undefined && whole.length <= 400 && (BigInt(whole) === BigInt(value) || whole === String(value)));
}

function toFinite(text: string, pattern: RegExp, isTaken: (value: number) => boolean): number | undefined {
  const trimmed = text.trim();
  if (!pattern.test(trimmed)) {
    return undefined;
  }
  const value = Number(trimmed);
  return isTaken(value) ? value : undefined;
}
