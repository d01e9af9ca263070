import { SetupError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { describeGiven, requireOptions } from "../base/unknown-options";

/**
 * The types that the variables of a rule give to a view, by the converter's name.
 *
 * Add your own by augmenting it: `declare module "flagon" { interface Converters { date: Date } }`.
 */
export interface Converters {
  /** Text of one segment. */
  string: string;
  /** A whole number. */
  int: number;
  /** A number with a decimal point. */
  float: number;
  /** Text that may hold slashes. */
  path: string;
  /** A UUID in its canonical form, in lower case. */
  uuid: string;
}

/** The arguments of a converter in a rule: `<int(min=1):n>` has `{ min: 1 }`, `<any(a,b):x>` has the list `["a", "b"]`. */
export interface ConverterArguments {
  /** The arguments without a name. */
  readonly list: readonly ConverterArgument[];
  /** The arguments with a name. */
  readonly named: Readonly<Record<string, ConverterArgument>>;
}

/** One argument of a converter. */
export type ConverterArgument = string | number | boolean | null;

/** The result of a converter's `parse` for text that its pattern takes, but that is no value: the rule does not match. */
export const noMatch: unique symbol = Symbol("flagon.noMatch");

/** Converts a variable of a rule from the text in a URL, and back to it. */
export interface Converter<Value = unknown> {
  /** The text that the variable takes, as the source of a regular expression without anchors or capture groups. */
  readonly regex: string;
  /** Converts decoded text to the value. Text stays as it is by default; `noMatch` answers 404. */
  parse?(text: string): Value | typeof noMatch;
  /** Converts a value to text, which is then percent-encoded. `String(value)` by default. */
  format?(value: Value): string;
  /** The order in which the variables at one place are tried: the lightest first. Default: 100; numbers have 50, `path` has 200. */
  readonly weight?: number;
  /** Whether the text may hold slashes. Found by a slash in `regex` by default. */
  readonly spans?: boolean;
  /** The JSON schema of the value, for an OpenAPI document. Default: a text that matches `regex`. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
}

/** A converter, or a function that makes one from the arguments in the rule. */
export type ConverterFactory = Converter | ((arguments_: ConverterArguments) => Converter);

const converterFields = Object.keys({
  regex: true,
  parse: true,
  format: true,
  weight: true,
  spans: true,
  jsonSchema: true,
} satisfies Record<keyof Converter, true>);

/**
 * Checks a converter of an app.
 *
 * @throws {SetupError} If it has no expression, or has a member that no converter has. An instance of a class can have more.
 */
export function checkConverter(converter: Converter, name: string): void {
  const isPlain = typeof converter !== "object" || converter === null || Object.getPrototypeOf(converter) === Object.prototype;
  if (isPlain) {
    requireOptions(converter, converterFields, `the converter '${name}'`, SetupError);
  }
  const { regex }: { readonly regex: unknown } = converter;
  if (typeof regex !== "string") {
    const cure = regex instanceof RegExp ? ` Write its source: ${JSON.stringify(regex.source.replace(/^\^|\$$/g, ""))}.` : "";
    throw new SetupError(
      `The converter '${name}' needs 'regex', the text of an expression, but got ${regex instanceof RegExp ? String(regex) : describeGiven(regex)}.${cure}`,
    );
  }
}

/** The converters that every app has. */
export const builtInConverters: ReadonlyMap<string, ConverterFactory> = new Map<string, ConverterFactory>([
  ["string", createString],
  ["int", createInt],
  ["float", createFloat],
  ["path", { regex: "[^/].*?", weight: 200, spans: true, jsonSchema: { type: "string" } }],
  [
    "uuid",
    {
      regex: "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
      parse: (text) => text.toLowerCase(),
      jsonSchema: { type: "string", format: "uuid" },
    },
  ],
  ["any", createAny],
]);

function createString({ named }: ConverterArguments): Converter {
  checkArguments("string", named, ["length", "minlength", "maxlength"]);
  const { length, minlength, maxlength } = named;
  const least = toCount("string", "minlength", minlength) ?? 1;
  const most = toCount("string", "maxlength", maxlength);
  const exact = toCount("string", "length", length);
  checkOrder("string", "minlength", least, "maxlength", most ?? least);
  const plain = exact === undefined && most === undefined && least === 1;
  return {
    regex: plain ? "[^/]+" : exact === undefined ? `[^/]{${least},${most ?? ""}}` : `[^/]{${exact}}`,
    jsonSchema: {
      type: "string",
      ...(plain ? {} : { minLength: exact ?? least }),
      ...(exact === undefined && most === undefined ? {} : { maxLength: exact ?? most }),
    },
  };
}

function createInt({ named }: ConverterArguments): Converter<number> {
  checkArguments("int", named, ["min", "max", "signed", "fixedDigits", "fixed_digits"]);
  const digits = toCount("int", "fixedDigits", named.fixedDigits ?? named.fixed_digits);
  const isInRange = createRange("int", named);
  return {
    regex: named.signed === true ? "-?[0-9]+" : "[0-9]+",
    weight: 50,
    jsonSchema: { type: "integer", ...describeRange(named) },
    parse(text) {
      const value = Number(text);
      const fits = Number.isSafeInteger(value) && isInRange(value) && (digits === undefined || text.length === digits);
      return fits ? value : noMatch;
    },
    format(value) {
      if (!Number.isSafeInteger(Number(value))) {
        throw new TypeError(`'${value}' is not a whole number`);
      }
      return String(value).padStart(digits ?? 0, "0");
    },
  };
}

function createFloat({ named }: ConverterArguments): Converter<number> {
  checkArguments("float", named, ["min", "max", "signed"]);
  const isInRange = createRange("float", named);
  return {
    regex: named.signed === true ? "-?[0-9]+\\.[0-9]+" : "[0-9]+\\.[0-9]+",
    weight: 50,
    jsonSchema: { type: "number", ...describeRange(named) },
    parse(text) {
      const value = Number(text);
      return Number.isFinite(value) && isInRange(value) ? value : noMatch;
    },
    format(value) {
      const number = Number(value);
      if (!Number.isFinite(number)) {
        throw new TypeError(`'${value}' is not a number`);
      }
      // Written with a point and without an exponent, so that the rule matches the URL that it built.
      const text = String(number).includes("e") ? number.toFixed(20).replace(/0+$/, "") : String(number);
      return /\.\d/.test(text) ? text : `${text.replace(/\.$/, "")}.0`;
    },
  };
}

function createAny({ list }: ConverterArguments): Converter {
  const choices = list.map(String);
  if (choices.length === 0) {
    throw new SetupError("The converter 'any' needs the texts it takes, such as <any(news,blog):section>.");
  }
  return {
    regex: choices.map(escapeRegex).join("|"),
    jsonSchema: { type: "string", enum: choices },
    format(value) {
      if (!choices.includes(String(value))) {
        throw new TypeError(`'${String(value)}' is none of '${choices.join("', '")}'`);
      }
      return String(value);
    },
  };
}

/** A number without a sign is never below 0. */
function describeRange({ min, max, signed }: ConverterArguments["named"]): Readonly<Record<string, unknown>> {
  const minimum = min ?? (signed === true ? undefined : 0);
  return { ...(minimum === undefined ? {} : { minimum }), ...(max === undefined ? {} : { maximum: max }) };
}

/** Escapes the special characters of regular expressions. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** Turns the capture groups of a converter's expression into plain groups, so that they do not count as variables. */
export function withoutCaptures(regex: string): string {
  return regex.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)/g, (found) => (found === "(" ? "(?:" : found));
}

function createRange(converter: string, { min, max, signed }: ConverterArguments["named"]): (value: number) => boolean {
  const least = toNumber(converter, "min", min) ?? Number.NEGATIVE_INFINITY;
  const most = toNumber(converter, "max", max) ?? Number.POSITIVE_INFINITY;
  checkOrder(converter, "min", least, "max", most);
  if (signed !== undefined && typeof signed !== "boolean") {
    throw new SetupError(`The argument 'signed' of the converter '${converter}' must be true or false, but got '${signed}'.`);
  }
  return (value) => value >= least && value <= most;
}

function checkOrder(converter: string, lower: string, least: number, upper: string, most: number): void {
  if (least > most) {
    throw new SetupError(
      `The argument '${lower}' of the converter '${converter}' is above '${upper}', so that it takes no value: ${least} and ${most}.`,
    );
  }
}

function toNumber(converter: string, name: string, value: ConverterArgument | undefined): number | undefined {
  if (value !== undefined && typeof value !== "number") {
    throw new SetupError(`The argument '${name}' of the converter '${converter}' must be a number, but got '${value}'.`);
  }
  return value;
}

function checkArguments(converter: string, named: ConverterArguments["named"], known: readonly string[]): void {
  const unknown = Object.keys(named).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new SetupError(`The converter '${converter}' has no argument '${unknown}'.${didYouMean(unknown, known)}`);
  }
}

function toCount(converter: string, name: string, value: ConverterArgument | undefined): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new SetupError(`The argument '${name}' of the converter '${converter}' must be a whole number, but got '${value}'.`);
  }
  return value;
}
