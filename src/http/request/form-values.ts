import {
  type ConversionOptions,
  convertOrDefault,
  convertTexts,
  type DefaultOption,
  type NamedTypeOptions,
  requireValue,
  type TypeOptions,
  type ValueTypes,
} from "./text-types";
import type { UploadedFile } from "./upload";

/** One value of a submitted form: text, or an upload. */
export type FormValue = string | UploadedFile;

/**
 * The fields of a submitted form, read like the web's `FormData`.
 *
 * A name may come several times; the order of the body is kept.
 */
export class FormValues {
  readonly #entries: (readonly [string, FormValue])[];

  /** @param entries Names and values, in the order of the body. */
  constructor(entries: Iterable<readonly [string, FormValue]> = []) {
    this.#entries = [...entries];
  }

  /** The number of values. */
  get size(): number {
    return this.#entries.length;
  }

  /** Returns the first value of a name, or `null`. */
  get(name: string): FormValue | null;
  /**
   * Returns the first text of a name, converted; or the default, else `null`, if it is missing or does not convert.
   *
   * @param options The `type` of the value, such as `"int"` or a function of the text, and the `default` for a missing or wrong one.
   */
  get<const Name extends keyof ValueTypes>(name: string, options: NamedTypeOptions<Name>): ValueTypes[Name] | null;
  get<Value>(name: string, options: ConversionOptions<Value>): Exclude<Value, undefined> | null;
  get<const Name extends keyof ValueTypes = "string", Default = never>(
    name: string,
    options: NamedTypeOptions<Name> & DefaultOption<Default>,
  ): ValueTypes[Name] | Default;
  get<Value, Default>(name: string, options: ConversionOptions<Value> & DefaultOption<Default>): Exclude<Value, undefined> | Default;
  get(name: string, options?: TypeOptions): unknown {
    const value = this.#entries.find(([key]) => key === name)?.[1] ?? null;
    if (options === undefined) {
      return value;
    }
    return convertOrDefault(typeof value === "string" ? value : undefined, options);
  }

  /** Returns every value of a name; if options are given, the texts among them, converted, without those that do not convert. */
  getAll(name: string): FormValue[];
  getAll<const Name extends keyof ValueTypes>(name: string, options: NamedTypeOptions<Name>): ValueTypes[Name][];
  getAll<Value>(name: string, options: ConversionOptions<Value>): Exclude<Value, undefined>[];
  getAll(name: string, options?: TypeOptions): unknown[] {
    const values = this.#entries.filter(([key]) => key === name).map(([, value]) => value);
    return options === undefined
      ? values
      : convertTexts(
          values.filter((value) => typeof value === "string"),
          options,
        );
  }

  /**
   * Returns the first value of a name, which must be there as text.
   *
   * @throws {BadRequest} If it is missing or does not convert.
   */
  require<const Name extends keyof ValueTypes = "string">(name: string, options?: NamedTypeOptions<Name>): ValueTypes[Name];
  require<Value>(name: string, options: ConversionOptions<Value>): Exclude<Value, undefined>;
  require(name: string, options: TypeOptions = {}): unknown {
    return requireValue(this.getText(name), name, options);
  }

  /** Returns the first value of a name if it is text, or `null`. */
  getText(name: string): string | null {
    const value = this.get(name);
    return typeof value === "string" ? value : null;
  }

  /** Tells whether a name was sent. */
  has(name: string): boolean {
    return this.#entries.some(([key]) => key === name);
  }

  /** Iterates over names, one for each value. */
  *keys(): Generator<string> {
    for (const [key] of this.#entries) {
      yield key;
    }
  }

  /** Iterates over values. */
  *values(): Generator<FormValue> {
    for (const [, value] of this.#entries) {
      yield value;
    }
  }

  /** Iterates over names and values. */
  entries(): ArrayIterator<readonly [string, FormValue]> {
    return this.#entries.values();
  }

  /** Iterates over names and values. */
  [Symbol.iterator](): ArrayIterator<readonly [string, FormValue]> {
    return this.entries();
  }

  /** Calls a function with each value and its name. */
  forEach(callback: (value: FormValue, name: string) => void): void {
    for (const [name, value] of this.#entries) {
      callback(value, name);
    }
  }
}
