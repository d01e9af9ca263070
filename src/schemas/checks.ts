import { listChecks, remember, type ZodCheck, type ZodSchema } from "./zod";

/** Lists the formats that a text must have, such as `{ format: "email" }`. */
export function listTextFormats(schema: ZodSchema): readonly ZodCheck[] {
  return listChecks(schema).filter(({ check }) => check === "string_format");
}

/** Lists the checks of a text that come before any change of it: those that see the text as it is typed. */
export const listTypedChecks: (schema: ZodSchema) => readonly ZodCheck[] = remember((schema) => {
  const checks = listChecks(schema);
  const end = checks.findIndex(({ check }) => check === "overwrite");
  return end < 0 ? checks : checks.slice(0, end);
});

/** Finds the check that states the greatest length of a text as it is typed. */
export const findTypedMost: (schema: ZodSchema) => { readonly check: ZodCheck; readonly most: number } | undefined = remember((schema) => {
  const most = Math.min(...listCounts(listTypedChecks(schema), "maximum"));
  const check = listTypedChecks(schema).find((one) => listCounts([one], "maximum").includes(most));
  return check && { check, most };
});

/** Finds the least length, size or count that the checks allow. */
export function readLeast(schema: ZodSchema): number | undefined {
  return listCounts(listChecks(schema), "minimum").reduce<number | undefined>((most, count) => Math.max(most ?? count, count), undefined);
}

/** Lists the lengths, sizes or counts that checks state in one direction. */
export function listCounts(checks: readonly ZodCheck[], key: "minimum" | "maximum"): readonly number[] {
  return checks.flatMap((check) => {
    const count = check.check === "length_equals" ? check.length : check.check === "size_equals" ? check.size : check[key];
    return typeof count === "number" ? [count] : [];
  });
}

/** A bound of numbers or dates. */
export interface Bound {
  /** The bound itself. */
  readonly value: number | bigint | Date;
  /** Whether the bound itself is allowed. */
  readonly isInclusive: boolean;
}

/** Finds the strictest bound in one direction. */
export function readBound(schema: ZodSchema, kind: "greater_than" | "less_than"): Bound | undefined {
  const bounds = listChecks(schema)
    .filter(({ check }) => check === kind)
    .flatMap(({ value, inclusive }): readonly Bound[] =>
      typeof value === "number" || typeof value === "bigint" || value instanceof Date ? [{ value, isInclusive: inclusive === true }] : [],
    );
  return bounds.reduce<Bound | undefined>((strictest, bound) => {
    if (strictest === undefined) {
      return bound;
    }
    const isStricter = kind === "greater_than" ? bound.value > strictest.value : bound.value < strictest.value;
    return isStricter || (!isStricter && !(bound.value < strictest.value || bound.value > strictest.value) && !bound.isInclusive)
      ? bound
      : strictest;
  }, undefined);
}
