import type { Schema } from "../base/schema";

/** Reads zod 4 schemas by their structure, never by `instanceof`: any copy of zod 4 works, and `zod/mini`. */

/** A schema of zod 4. */
export interface ZodSchema<Output = unknown> extends Schema<Output> {
  /** Zod's own part; its `def` describes the schema. */
  readonly _zod: {
    readonly def: { readonly type: string };
    readonly output: Output;
    /** For the compiler alone. */
    readonly input?: unknown;
  };
}

/** Tells whether a value is a schema of zod 4. */
export function isZodSchema(value: unknown): value is ZodSchema {
  if (typeof value !== "object" || value === null || !("_zod" in value) || !("~standard" in value)) {
    return false;
  }
  const internals: unknown = value._zod;
  return typeof internals === "object" && internals !== null && "def" in internals;
}

/** Reads a property of a schema's definition. */
export function readDefinition(schema: ZodSchema, key: string): unknown {
  return Reflect.get(schema._zod.def, key);
}

/** Reads a schema from a schema's definition. */
export function readInner(schema: ZodSchema, key: string): ZodSchema | undefined {
  const inner = readDefinition(schema, key);
  return isZodSchema(inner) ? inner : undefined;
}

/** Reads a list of schemas from a schema's definition. */
export function readInners(schema: ZodSchema, key: string): readonly ZodSchema[] {
  const inners = readDefinition(schema, key);
  return Array.isArray(inners) ? inners.filter(isZodSchema) : [];
}

/** The definition of one check, such as `{ check: "max_length", maximum: 120 }`. */
export type ZodCheck = Readonly<Record<string, unknown>>;

/** Lists the definitions of a schema's checks; a format such as `z.email()` is a check of its own. */
export const listChecks: (schema: ZodSchema) => readonly ZodCheck[] = remember((schema) => {
  const checks = readDefinition(schema, "checks");
  const own: ZodCheck[] = readDefinition(schema, "check") === undefined ? [] : [{ ...schema._zod.def }];
  return [...own, ...(Array.isArray(checks) ? checks.filter(isZodCheck).map((check) => ({ ...check._zod.def })) : [])];
});

/** Returns the fields of an object schema, by name. */
export const readShape: (schema: ZodSchema) => ReadonlyMap<string, ZodSchema> = remember((schema) => {
  const shape = readDefinition(schema, "shape");
  return new Map(
    typeof shape === "object" && shape !== null
      ? Object.entries(shape).filter((entry): entry is [string, ZodSchema] => isZodSchema(entry[1]))
      : [],
  );
});

/**
 * Lists the values of an enum or of a literal. TypeScript's numeric enums also have their names as values, which do not
 * count. Any other schema has none.
 */
export function listValues(schema: ZodSchema): readonly unknown[] {
  const values = readDefinition(schema, "values");
  if (Array.isArray(values)) {
    return values;
  }
  const entries = readDefinition(schema, "entries");
  if (typeof entries !== "object" || entries === null) {
    return [];
  }
  const named = Object.entries(entries);
  const numbers = new Set(named.map(([, value]: [string, unknown]) => value).filter((value) => typeof value === "number"));
  return named.filter(([key]) => !numbers.has(Number(key))).map(([, value]: [string, unknown]) => value);
}

/** Lists the words of `z.stringbool()` for yes and no. */
export function listWords(schema: ZodSchema): readonly string[] {
  const words = readDefinition(schema, "words");
  return Array.isArray(words) ? words.filter((word) => typeof word === "string") : [];
}

/** Composes a schema that is only read: it takes every value. */
export function composeSchema({ meta = {}, ...def }: { type: string; meta?: object; [key: string]: unknown }): ZodSchema {
  const schema: ZodSchema & { meta(): object } = {
    _zod: { def, output: undefined },
    "~standard": { validate: (value) => ({ value }) },
    meta: () => meta,
  };
  return schema;
}

/** Computes a value once for each schema: schemas never change, and forms ask with each request. */
export function remember<Value>(read: (schema: ZodSchema) => Value): (schema: ZodSchema) => Value {
  const known = new WeakMap<ZodSchema, { readonly value: Value }>();
  return (schema) => {
    const found = known.get(schema);
    if (found !== undefined) {
      return found.value;
    }
    const value = read(schema);
    known.set(schema, { value });
    return value;
  };
}

/** Returns the schema of a `z.lazy()` that zod itself uses. Its function may create a new one each time. */
export const readLazy: (schema: ZodSchema) => ZodSchema | undefined = remember((schema) => {
  const getter = readDefinition(schema, "getter");
  const known: unknown = typeof getter === "function" ? Reflect.get(schema._zod, "innerType") : undefined;
  const inner: unknown = known ?? (typeof getter === "function" ? getter() : undefined);
  return isZodSchema(inner) ? inner : undefined;
});

/** Returns the words for yes and no of a codec from texts to booleans, such as `z.stringbool()`. */
export function readWords(codec: ZodSchema): readonly unknown[] {
  const encode = readDefinition(codec, "reverseTransform");
  if (readInner(codec, "out")?._zod.def.type !== "boolean" || typeof encode !== "function") {
    return [];
  }
  try {
    return [true, false].map((value): unknown => encode(value, { value, issues: [] })).filter((word) => typeof word === "string");
  } catch {
    return [];
  }
}

/** Returns the data of `.meta()` and `.describe()`. */
export function readMeta(schema: ZodSchema): Readonly<Record<string, unknown>> {
  const read: unknown = Reflect.get(schema, "meta");
  const meta: unknown = typeof read === "function" ? read.call(schema) : undefined;
  return typeof meta === "object" && meta !== null ? Object.fromEntries(Object.entries(meta)) : {};
}

function isZodCheck(check: unknown): check is { readonly _zod: { readonly def: object } } {
  return isObjectWith(check, "_zod") && isObjectWith(check._zod, "def") && typeof check._zod.def === "object" && check._zod.def !== null;
}

function isObjectWith<Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> {
  return typeof value === "object" && value !== null && key in value;
}
