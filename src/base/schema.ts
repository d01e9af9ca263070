import { checkSchema } from "./foreign-schema";
import { mayAwait } from "./may-await";
import { andThen, isPromise, type MaybePromise } from "./maybe-promise";

/** A schema of zod 4, or of any other library that follows Standard Schema (https://standardschema.dev). */
export interface Schema<Output = unknown> {
  /** The interface of Standard Schema. */
  readonly "~standard": {
    /** Checks a value: gives `{ value }`, or `{ issues }`. */
    validate(value: unknown): unknown;
    /** The types of the schema; they exist for the compiler alone. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** The type of the values that a schema takes. */
export type SchemaInput<Checked> = Checked extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : unknown;

/** One thing that a schema refused. */
export interface SchemaIssue {
  /** The keys that lead to the value. */
  readonly path: readonly PropertyKey[];
  /** The problem. */
  readonly message: string;
  /** The issue as the schema reported it: zod's has a code and bounds. */
  readonly issue?: Readonly<Record<string, unknown>>;
}

/** The result of checking a value: the schema's output, or the issues. */
export type SchemaResult<Output> = { readonly value: Output } | { readonly issues: readonly SchemaIssue[] };

/**
 * Checks a value. The result is no promise if the schema has no functions of the app.
 *
 * Each refinement runs once, and an error of one rejects the result. zod's own `validate` first tries a schema without
 * awaiting. If a part is asynchronous, it runs all of it again, and leaves the first promise unhandled.
 */
export function validate<Output>(schema: Schema<Output>, value: unknown): MaybePromise<SchemaResult<Output>> {
  return andThen<unknown, SchemaResult<Output>>(parse(schema, value), (result) => toResult<Output>(result));
}

function parse(schema: Schema, value: unknown): unknown {
  checkSchema(schema, "The schema");
  if (canParseAsync(schema) && mayAwait(schema)) {
    return schema.safeParseAsync(value).then((result) => (result.success ? { value: result.data } : { issues: result.error.issues }));
  }
  return schema["~standard"].validate(value);
}

/** A schema of zod 4. */
interface AsyncSchema extends Schema {
  safeParseAsync(
    value: unknown,
  ): Promise<
    { readonly success: true; readonly data: unknown } | { readonly success: false; readonly error: { readonly issues: unknown } }
  >;
}

function canParseAsync(schema: Schema): schema is AsyncSchema {
  return "_zod" in schema && "safeParseAsync" in schema && typeof schema.safeParseAsync === "function";
}

/**
 * Checks a value by a schema that answers at once.
 *
 * @throws {TypeError} If the schema has asynchronous parts.
 */
export function validateSync<Output>(schema: Schema<Output>, value: unknown): SchemaResult<Output> {
  checkSchema(schema, "The schema");
  if (isAsynchronous(schema, value)) {
    throw new TypeError("This schema has asynchronous refinements or transforms, which cannot be used here.");
  }
  const result = schema["~standard"].validate(value);
  if (isPromise(result)) {
    result.catch(() => undefined);
    throw new TypeError("This schema answers asynchronously, so it cannot be used here.");
  }
  return toResult<Output>(result);
}

/** Tells whether a schema of zod awaits for a value. Rejections of its refinements are caught. */
function isAsynchronous(schema: Schema, value: unknown): boolean {
  if (!canParseAsync(schema) || !mayAwait(schema) || !canRun(schema)) {
    return false;
  }
  const result = schema._zod.run({ value, issues: [] }, { async: true });
  if (isPromise(result)) {
    result.catch(() => undefined);
    return true;
  }
  return false;
}

function canRun(schema: object): schema is { _zod: { run(payload: object, context: object): unknown } } {
  const internals: unknown = "_zod" in schema ? schema._zod : undefined;
  return typeof internals === "object" && internals !== null && "run" in internals && typeof internals.run === "function";
}

function toResult<Output>(result: unknown): SchemaResult<Output> {
  if (hasIssues(result)) {
    return { issues: toIssues(result.issues) };
  }
  if (hasValue<Output>(result)) {
    return result;
  }
  throw new TypeError("The schema gave neither a value nor issues, so it does not follow Standard Schema.");
}

function hasIssues(result: unknown): result is { readonly issues: readonly unknown[] } {
  return typeof result === "object" && result !== null && "issues" in result && Array.isArray(result.issues);
}

function hasValue<Output>(result: unknown): result is { readonly value: Output } {
  return typeof result === "object" && result !== null && "value" in result;
}

/** Reads the issues of a schema's library; anything that is not a list holds none. */
export function toIssues(issues: unknown): readonly SchemaIssue[] {
  return Array.isArray(issues) ? issues.map(toIssue) : [];
}

function toIssue(issue: unknown): SchemaIssue {
  const path: unknown = typeof issue === "object" && issue !== null && "path" in issue ? issue.path : undefined;
  const message: unknown = typeof issue === "object" && issue !== null && "message" in issue ? issue.message : undefined;
  return {
    path: Array.isArray(path) ? path.map(toKey) : [],
    message: String(message ?? "Invalid value."),
    ...(isRecord(issue) ? { issue } : {}),
  };
}

/** A segment of a path is a key, or an object that holds one. */
function toKey(segment: unknown): PropertyKey {
  const key: unknown = typeof segment === "object" && segment !== null && "key" in segment ? segment.key : segment;
  return typeof key === "number" || typeof key === "symbol" ? key : String(key);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
