import { convertText, requireValue, type TypeAndDefault, type TypeOptions, type ValueOf, type ValueType } from "./typed-values";

/**
 * The parameters of a query: the web's `URLSearchParams`, which can also convert what it gives.
 *
 * @example
 * ```ts
 * const page = request.query.get("page", { type: "int", default: 1 });
 * ```
 */
export class Query extends URLSearchParams {
  /** Returns the first value of a name, or `null`; converted, or the default if it is missing or does not convert. */
  override get(name: string): string | null;
  override get<const Type extends ValueType = "string", Default = null>(
    name: string,
    options: TypeAndDefault<Type, Default>,
  ): ValueOf<Type> | Default;
  override get(name: string, options: TypeAndDefault<ValueType, unknown> = {}): unknown {
    const text = super.get(name);
    const value = text === null ? undefined : convertText(text, options.type ?? "string");
    return value === undefined ? (options.default ?? null) : value;
  }

  /** Returns every value of a name; converted, without those that do not convert. */
  override getAll(name: string): string[];
  override getAll<const Type extends ValueType>(name: string, options: TypeOptions<Type>): ValueOf<Type>[];
  override getAll(name: string, { type = "string" }: TypeOptions<ValueType> = {}): unknown[] {
    return super
      .getAll(name)
      .map((text) => convertText(text, type))
      .filter((value) => value !== undefined);
  }

  /**
   * Returns the first value of a name, which has to be there.
   *
   * @throws {BadRequest} If it is missing or does not convert.
   */
  require<const Type extends ValueType = "string">(name: string, { type }: TypeOptions<Type> = {}): ValueOf<Type> {
    return requireValue(super.get(name), name, type);
  }
}
