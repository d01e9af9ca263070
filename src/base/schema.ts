import { andThen, type MaybePromise } from "./maybe-promise";

/** What Flagon asks of a schema: zod 4 and any other that follows Standard Schema (https://standardschema.dev) has it. */
export interface Schema<Output = unknown> {
  /** The interface of Standard Schema. */
  readonly "~standard": {
    /** Checks a value: gives `{ value }`, or `{ issues }`. */
    validate(value: unknown): unknown;
    /** The types of the schema; they exist for the compiler alone. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema takes. */
export type SchemaInput<Checked> = Checked extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : unknown;

/** One thing that a schema refused. */
export interface SchemaIssue {
  /** The keys that lead to the value. */
  readonly path: readonly PropertyKey[];
  /** What is wrong. */
  readonly message: string;
}

/** What checking a value gives: the schema's output, or why there is none. */
export type SchemaResult<Output> = { readonly value: Output } | { readonly issues: readonly SchemaIssue[] };

/** Checks a value; the result is there at once if the schema has no asynchronous parts. */
export function validate<Output>(schema: Schema<Output>, value: unknown): MaybePromise<SchemaResult<Output>> {
  return andThen<unknown, SchemaResult<Output>>(schema["~standard"].validate(value), (result) => toResult<Output>(result));
}

/**
 * Checks a value by a schema that answers at once.
 *
 * @throws {TypeError} If the schema has asynchronous parts.
 */
export function validateSync<Output>(schema: Schema<Output>, value: unknown): SchemaResult<Output> {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new TypeError("This schema has asynchronous refinements or transforms, which cannot be used here.");
  }
  return toResult<Output>(result);
}

function toResult<Output>(result: unknown): SchemaResult<Output> {
  if (hasIssues(result)) {
    return { issues: result.issues.map(toIssue) };
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

function toIssue(issue: unknown): SchemaIssue {
  const path: unknown = typeof issue === "object" && issue !== null && "path" in issue ? issue.path : undefined;
  const message: unknown = typeof issue === "object" && issue !== null && "message" in issue ? issue.message : undefined;
  return { path: Array.isArray(path) ? path.map(toKey) : [], message: String(message ?? "Invalid value.") };
}

/** A segment of a path is a key, or an object that holds one. */
function toKey(segment: unknown): PropertyKey {
  const key: unknown = typeof segment === "object" && segment !== null && "key" in segment ? segment.key : segment;
  return typeof key === "number" || typeof key === "symbol" ? key : String(key);
}
