import { BadRequest } from "./client-errors";

/** The named types that a text can be converted to. */
interface ValueTypes {
  /** The text as it is. */
  string: string;
  /** A whole number, in decimal digits, that is safe to count with. */
  int: number;
  /** A number. */
  float: number;
  /** `true`, `1`, `yes` and `on`, or `false`, `0`, `no` and `off`. */
  boolean: boolean;
}

/** What a text is converted to: a named type, or a function, which throws or gives `undefined` or `NaN` for what it does not take. */
export type ValueType = keyof ValueTypes | ((text: string) => unknown);

/** The value that a type gives. */
export type ValueOf<Type extends ValueType> = Type extends keyof ValueTypes
  ? ValueTypes[Type]
  : Type extends (text: string) => infer Value
    ? Exclude<Value, undefined>
    : never;

/** How a text is read. */
export interface TypeOptions<Type extends ValueType> {
  /** What it is converted to. Default: `"string"`. */
  readonly type?: Type;
}

/** How a text is read, and what stands for one that is missing or does not convert. */
export interface TypeAndDefault<Type extends ValueType, Default> extends TypeOptions<Type> {
  /** What is given instead. Default: `null`. */
  readonly default?: Default;
}

const named: { readonly [Name in keyof ValueTypes]: (text: string) => ValueTypes[Name] | undefined } = {
  string: (text) => text,
  int: (text) => (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  float: (text) => (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined),
  boolean: toBoolean,
};

/** Converts a text, or gives `undefined` for one that is not of the type. */
export function convertText<Type extends ValueType>(text: string, type: Type): ValueOf<Type> | undefined;
export function convertText(text: string, type: ValueType): unknown {
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
export function requireValue<Type extends ValueType>(text: string | null, name: string, type: Type | undefined): ValueOf<Type>;
export function requireValue(text: string | null, name: string, type: ValueType = "string"): unknown {
  if (text === null) {
    throw new BadRequest(`The request lacks the parameter '${name}'.`);
  }
  const value = convertText(text, type);
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
