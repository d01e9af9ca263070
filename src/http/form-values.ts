import { convertText, requireValue, type TypeAndDefault, type TypeOptions, type ValueOf, type ValueType } from "./typed-values";
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

  /** How many values there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** Returns the first value of a name, or `null`; of a text, converted, or the default if it is missing or does not convert. */
  get(name: string): FormValue | null;
  get<const Type extends ValueType = "string", Default = null>(
    name: string,
    options: TypeAndDefault<Type, Default>,
  ): ValueOf<Type> | Default;
  get(name: string, options?: TypeAndDefault<ValueType, unknown>): unknown {
    const value = this.#entries.find(([key]) => key === name)?.[1] ?? null;
    if (options === undefined) {
      return value;
    }
    const converted = typeof value === "string" ? convertText(value, options.type ?? "string") : undefined;
    return converted === undefined ? (options.default ?? null) : converted;
  }

  /**
   * Returns the first value of a name, which has to be there as text.
   *
   * @throws {BadRequest} If it is missing or does not convert.
   */
  require<const Type extends ValueType = "string">(name: string, { type }: TypeOptions<Type> = {}): ValueOf<Type> {
    return requireValue(this.getText(name), name, type);
  }

  /** Returns every value of a name. */
  getAll(name: string): FormValue[] {
    return this.#entries.filter(([key]) => key === name).map(([, value]) => value);
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
  *entries(): Generator<readonly [string, FormValue]> {
    yield* this.#entries;
  }

  /** Iterates over names and values. */
  [Symbol.iterator](): Generator<readonly [string, FormValue]> {
    return this.entries();
  }

  /** Calls a function with each value and its name. */
  forEach(callback: (value: FormValue, name: string) => void): void {
    for (const [name, value] of this.#entries) {
      callback(value, name);
    }
  }
}
