import { BadRequest } from "../exceptions/client-errors";

/** The named types that a text can be converted to. */
export interface ValueTypes {
  /** The text as it is. */
  string: string;
  /** A whole number, in decimal digits, that is safe to count with. */
  int: number;
  /** A number. */
  float: number;
  /** `true`, `1`, `yes` and `on`, or `false`, `0`, `no` and `off`. */
  boolean: boolean;
}

/** How a text is read as one of the named types. */
export interface NamedTypeOptions<Name extends keyof ValueTypes = keyof ValueTypes> {
  /** What it is converted to. Default: `"string"`. */
  readonly type?: Name;
}

/** How a text is converted by a function. */
export interface ConversionOptions<Value = unknown> {
  /** Converts it; throws, or gives `undefined` or `NaN`, for one that it does not take. */
  readonly type: (text: string) => Value;
}

/** What is given for a text that is missing or does not convert. */
export interface DefaultOption<Default = unknown> {
  /** The value. */
  readonly default: Default;
}

/** How a text is read. */
export type TypeOptions = (NamedTypeOptions | ConversionOptions) & Partial<DefaultOption>;

const named: { readonly [Name in keyof ValueTypes]: (text: string) => ValueTypes[Name] | undefined } = {
  string: (text) => text,
  int: (text) => (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  float: (text) => (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined),
  boolean: toBoolean,
};

/** Converts a text, or gives `undefined` for one that is not of the type. */
export function convertText(text: string, { type = "string" }: TypeOptions): unknown {
  if (typeof type === "string") {
    return named[type](type === "string" ? text : text.trim());
  }
  try {
    const value = type(text);
    return Number.isNaN(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/**
 * Converts a text that has to be there.
 *
 * @throws {BadRequest} If it is missing or does not convert.
 */
export function requireValue(text: string | null, name: string, options: TypeOptions): unknown {
  if (text === null) {
    throw new BadRequest(`The request lacks the parameter '${name}'.`);
  }
  const value = convertText(text, options);
  if (value === undefined) {
    throw new BadRequest(`The parameter '${name}' of the request has a value that is not taken.`);
  }
  return value;
}

function toBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (["true", "1", "yes", "on"].includes(word)) {
    return true;
  }
  return ["false", "0", "no", "off"].includes(word) ? false : undefined;
}
