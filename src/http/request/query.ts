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

/**
 * The parameters of a query: the web's `URLSearchParams`, which can also convert its values.
 *
 * @example
 * ```ts
 * const page = request.query.get("page", { type: "int", default: 1 });
 * ```
 */
export class Query extends URLSearchParams {
  /** Returns the first value of a name, or `null`. */
  override get(name: string): string | null;
  /**
   * Returns the first value of a name, converted; or the default, else `null`, if it is missing or does not convert.
   *
   * @param options The `type` of the value, such as `"int"` or a function of the text, and the `default` for a missing or wrong one.
   */
  override get<const Name extends keyof ValueTypes>(name: string, options: NamedTypeOptions<Name>): ValueTypes[Name] | null;
  override get<Value>(name: string, options: ConversionOptions<Value>): Exclude<Value, undefined> | null;
  override get<const Name extends keyof ValueTypes = "string", Default = never>(
    name: string,
    options: NamedTypeOptions<Name> & DefaultOption<Default>,
  ): ValueTypes[Name] | Default;
  override get<Value, Default>(
    name: string,
    options: ConversionOptions<Value> & DefaultOption<Default>,
  ): Exclude<Value, undefined> | Default;
  override get(name: string, options?: TypeOptions): unknown {
    const value = super.get(name);
    return options === undefined ? value : convertOrDefault(value ?? undefined, options);
  }

  /** Returns every value of a name; converted, without those that do not convert. */
  override getAll(name: string): string[];
  override getAll<const Name extends keyof ValueTypes>(name: string, options: NamedTypeOptions<Name>): ValueTypes[Name][];
  override getAll<Value>(name: string, options: ConversionOptions<Value>): Exclude<Value, undefined>[];
  override getAll(name: string, options?: TypeOptions): unknown[] {
    const values = super.getAll(name);
    return options === undefined ? values : convertTexts(values, options);
  }

  /**
   * Returns the first value of a name, which must be there.
   *
   * @throws {BadRequest} If it is missing or does not convert.
   */
  require<const Name extends keyof ValueTypes = "string">(name: string, options?: NamedTypeOptions<Name>): ValueTypes[Name];
  require<Value>(name: string, options: ConversionOptions<Value>): Exclude<Value, undefined>;
  require(name: string, options: TypeOptions = {}): unknown {
    return requireValue(super.get(name), name, options);
  }
}
