import { FlagonError } from "../../base/errors";
import { didYouMean } from "../../base/suggestion";
import { textConverters, type ValueTypes } from "../../base/text-values";
import { describeGiven, refuseUnknown } from "../../base/unknown-options";
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

const typeOptions = Object.keys({ type: true, default: true } satisfies Record<keyof NamedTypeOptions | keyof DefaultOption, true>);

/** Refuses options that no reader of text has. Python's `get(name, default)` is a common mistake. */
function checkTypeOptions(options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new FlagonError(
      `The second argument of get() is an object, such as { default: 1 } or { type: "int" }, but got ${describeGiven(options)}.`,
    );
  }
  refuseUnknown(options, typeOptions, "get()");
}

/** Converts a text, or gives `undefined` for one that is not of the type. */
function convertText(text: string, { type = "string" }: TypeOptions): unknown {
  if (typeof type === "string") {
    if (!Object.hasOwn(textConverters, type)) {
      const names = Object.keys(textConverters);
      throw new FlagonError(
        `There is no type '${type}' to convert text to.${didYouMean(type, names) || ` The types are: ${names.join(", ")}; or give a function, such as Number.`}`,
      );
    }
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
  checkTypeOptions(options);
  const value = text === undefined ? undefined : convertText(text, options);
  return value === undefined ? (options.default ?? null) : value;
}

/** Converts texts. Leaves out those that are not of the type. */
export function convertTexts(texts: readonly string[], options: TypeOptions): unknown[] {
  checkTypeOptions(options);
  return texts.map((text) => convertText(text, options)).filter((value) => value !== undefined);
}

/**
 * Converts a text that must be there.
 *
 * @throws {BadRequest} If it is missing or does not convert.
 */
export function requireValue(text: string | null, name: string, options: TypeOptions): unknown {
  checkTypeOptions(options);
  if (text === null) {
    throw new BadRequest(`The request lacks the parameter '${name}'.`);
  }
  const value = convertText(text, options);
  if (value === undefined) {
    throw new BadRequest(`The parameter '${name}' of the request has a value that is not taken.`);
  }
  return value;
}
