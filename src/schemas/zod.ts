import type { Schema } from "../base/schema";

/**
 * Reads zod 4 schemas by their structure, never by `instanceof`: any copy of zod 4, and `zod/mini`, will do.
 */

/** A schema of zod 4. */
export interface ZodSchema<Output = unknown> extends Schema<Output> {
  /** Zod's own part; its `def` says what the schema is. */
  readonly _zod: {
    readonly def: { readonly type: string };
    readonly output: Output;
  };
}

/** A schema without what is wrapped around it, and what the wrappings say. */
export interface Unwrapped {
  /** The schema inside. */
  readonly core: ZodSchema;
  /** Whether the value may be left out: by `optional`, `default`, `prefault` or `catch`. */
  readonly isOptional: boolean;
  /** Whether the value may be `null`. */
  readonly isNullable: boolean;
  /** The value of `default`, if there is one. */
  readonly defaultValue: unknown;
  /** The data of `.meta()` and `.describe()`. The outermost goes first. */
  readonly meta: Readonly<Record<string, unknown>>;
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

/** Lists what the checks of a schema say; a format such as `z.email()` is a check of its own. */
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

const wrappers = new Set(["optional", "nullable", "default", "prefault", "catch", "nonoptional", "readonly", "success"]);

/** Takes off a schema what is wrapped around it, such as `optional` and `default`. */
export const unwrap: (schema: ZodSchema) => Unwrapped = remember((schema) => {
  let core = schema;
  /** The outermost wrapping decides. */
  let isOptional: boolean | undefined;
  let isNullable = false;
  let defaultValue: unknown;
  let meta = readMeta(schema);
  for (let inner = findInner(core); inner !== undefined; inner = findInner(core)) {
    const { type } = core._zod.def;
    if (type === "optional" || type === "default" || type === "prefault" || type === "catch" || type === "nonoptional") {
      isOptional ??= type !== "nonoptional";
    }
    isNullable ||= type === "nullable";
    if (type === "default" || type === "prefault") {
      defaultValue ??= readDefinition(core, "defaultValue");
    }
    core = inner;
    meta = { ...readMeta(core), ...meta };
  }
  return { core, isOptional: isOptional ?? false, isNullable, defaultValue, meta };
});

/** Keeps what is read of a schema, which never changes: forms ask for it with each request. */
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

/** Tells whether the author of a schema wrote messages of their own for it. */
export function hasOwnMessage(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  const messages = [readDefinition(schema, "error"), readDefinition(core, "error"), ...listChecks(core).map((check) => check.error)];
  return messages.some((message) => message !== undefined);
}

function findInner(schema: ZodSchema): ZodSchema | undefined {
  const { type } = schema._zod.def;
  if (wrappers.has(type)) {
    return readInner(schema, "innerType");
  }
  if (type === "lazy") {
    const getter = readDefinition(schema, "getter");
    const inner: unknown = typeof getter === "function" ? getter() : undefined;
    return isZodSchema(inner) ? inner : undefined;
  }
  if (type === "pipe") {
    // z.preprocess() is a pipe that begins with a transform: its second part describes the field.
    const input = readInner(schema, "in");
    return input?._zod.def.type === "transform" ? readInner(schema, "out") : input;
  }
  return undefined;
}

function readMeta(schema: ZodSchema): Readonly<Record<string, unknown>> {
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
