import { textConverters } from "../base/text-values";
import { type MemberStyle, readJson, readWords } from "./environment";

/** The values that a setting takes, and their spelling in an environment variable. */
export interface SettingCheck {
  /** The values, as words that follow "must be". */
  readonly expected: string;
  /** Tells whether a value is one of them. */
  accepts(value: unknown): boolean;
  /** Reads a value from the text of an environment variable. Other text stays text, and `accepts` refuses it. */
  read(text: string): unknown;
  /** The names and values of the members of an object that variables set one by one. Default: camel case, and JSON. */
  readonly members?: MemberStyle;
}

/** `true` or `false`: in variables also 1, 0, yes, no, on, off, and nothing for `false`. */
export function yesOrNo({ orNull = false }: { orNull?: boolean } = {}): SettingCheck {
  return {
    expected: `true or false${orNull ? ", or null" : ""}`,
    accepts: (value) => typeof value === "boolean" || (orNull && value === null),
    read: (text) => readBoolean(text) ?? (orNull && text === "null" ? null : text),
  };
}

/** Text that is not empty and matches a pattern. */
export function textLike(pattern: RegExp, expected: string): SettingCheck {
  return { expected, accepts: (value) => isText(value) && pattern.test(value), read: String };
}

/** Text or `null`. An empty variable gives `null`. */
export function textOrNull(pattern: RegExp = /./s, expected = "text, or null"): SettingCheck {
  return {
    expected,
    accepts: (value) => value === null || (isText(value) && pattern.test(value)),
    read: (text) => (isNothing(text) ? null : text),
  };
}

/** A list of texts that match a pattern: in variables JSON, or words with commas or blanks between them. */
export function listOf(pattern: RegExp, expected: string): SettingCheck {
  return {
    expected,
    accepts: (value) => Array.isArray(value) && value.every((item) => isText(item) && pattern.test(item)),
    read: readWords,
  };
}

/** One of several words; in variables in any case. */
export function oneOf(...choices: readonly string[]): SettingCheck {
  return {
    expected: `one of '${choices.join("', '")}'`,
    accepts: (value) => isText(value) && choices.includes(value),
    read: (text) => choices.find((choice) => choice.toLowerCase() === text.toLowerCase()) ?? text,
  };
}

/** A whole number with a minimum. */
export function wholeFrom(least: number, { orNull = false }: { orNull?: boolean } = {}): SettingCheck {
  return {
    expected: `a whole number from ${least}${orNull ? ", or null" : ""}`,
    accepts: (value) => isWholeFrom(value, least) || (orNull && value === null),
    read: (text) => textConverters.float(text) ?? (orNull && isNothing(text) ? null : text),
  };
}

/** A time in seconds, above 0; fractions are allowed. */
export function seconds(): SettingCheck {
  return { expected: "a number of seconds above 0", accepts: isTime, read: (text) => textConverters.float(text) ?? text };
}

/** The longest time of a timer, in seconds: Node's timers take 31 bits of milliseconds. */
const longestTime = 2_147_483;

/** Tells whether a value is a time in seconds that a timer can wait. */
export function isTime(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value <= longestTime;
}

/** Any value that a function accepts; in variables JSON or text. */
export function anyLike(expected: string, accepts: (value: unknown) => boolean, read: (text: string) => unknown = readJson): SettingCheck {
  return { expected, accepts, read };
}

/** Tells whether the text of a variable means `null`: the empty text and `null`. */
export function isNothing(text: string): boolean {
  return text.trim() === "" || text === "null";
}

/** Reads a boolean. The empty text is `false`. */
export function readBoolean(text: string): boolean | undefined {
  return text.trim() === "" ? false : textConverters.boolean(text);
}

/** Tells whether a value is a whole number, the minimum or more. */
export function isWholeFrom(value: unknown, least: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
