import { textConverters, type ValueTypes } from "../../base/text-values";
import { BadRequest } from "../exceptions/client-errors";

export type { ValueTypes } from "../../base/text-values";

/** Options for reading text as one of the named types. */
export interface NamedTypeOptions<Name extends keyof ValueTypes = keyof ValueTypes> {
  /** The type of the result. Default: `"string"`. */
  readonly type?: Name;
}

/** Options for converting text by a function. */
export interface ConversionOptions<Value = unknown> {
  /** Converts it; throws, or gives `undefined` or `NaN`, for one that it does not take. */
  readonly type: (text: string) => Value;
}

/** The result for text that is missing or does not convert. */
export interface DefaultOption<Default = unknown> {
  /** The value. */
  readonly default: Default;
}

/** Options for reading text. */
export type TypeOptions = (NamedTypeOptions | ConversionOptions) & Partial<DefaultOption>;

/** Converts a text, or gives `undefined` for one that is not of the type. */
function convertText(text: string, { type = "string" }: TypeOptions): unknown {
  if (typeof type === "string") {
    return textConverters[type](text);
  }
  try {
    const value = type(text);
    return Number.isNaN(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** Converts a text, or gives the default, else `null`, for one that is missing or not of the type. */
export function convertOrDefault(text: string | undefined, options: TypeOptions): unknown {
  const value = text === undefined ? undefined : convertText(text, options);
  return value === undefined ? (options.default ?? null) : value;
}

/** Converts texts. Leaves out those that are not of the type. */
export function convertTexts(texts: readonly string[], options: TypeOptions): unknown[] {
  return texts.map((text) => convertText(text, options)).filter((value) => value !== undefined);
}

/**
 * Converts a text that must be there.
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
