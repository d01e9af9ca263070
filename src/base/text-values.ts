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
  float: (text) => toFinite(text, decimal, Number.isFinite),
  boolean: (text) => {
    const word = text.trim().toLowerCase();
    return yes.has(word) ? true : no.has(word) ? false : undefined;
  },
};

function toFinite(text: string, pattern: RegExp, isTaken: (value: number) => boolean): number | undefined {
  const trimmed = text.trim();
  if (!pattern.test(trimmed)) {
    return undefined;
  }
  const value = Number(trimmed);
  return isTaken(value) ? value : undefined;
}
