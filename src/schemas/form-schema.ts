import { FormError } from "../base/errors";
import { allOf, andThen, type MaybePromise } from "../base/maybe-promise";
import { type SchemaIssue, type SchemaResult, validate } from "../base/schema";
import { convert, createEmptyFields, type EmptyFields } from "./convert";
import { createNode, formatName, type NameNode, parseName } from "./field-names";
import { type Alternative, findMember, readMembers } from "./members";
import { hasOwnMessage, isZodSchema, readInners, unwrap, type ZodSchema } from "./zod";

/** The schemas of a form: one for each field, and that of the whole, if there is one. */
export interface FormSchema {
  /** The fields. */
  readonly fields: ReadonlyMap<string, ZodSchema>;
  /** Of a union of objects: the fields that one option has alone. */
  readonly alternatives: readonly Alternative[];
  /** The schema of the object, or of the union, with its refinements across fields. */
  readonly whole: ZodSchema | undefined;
}

/** The result of a check: data or errors. */
export type FormResult = { readonly data: unknown } | { readonly errors: readonly FieldIssue[] };

/** An error of a field, or of the whole form if the name is empty. */
interface FieldIssue {
  /** The field's name, as it is sent. */
  readonly name: string;
  /** The text that the visitor reads. */
  readonly message: string;
}

/** Messages that replace Flagon's own. */
export interface FormMessages {
  /** Of one that is required and was left empty. Default: `"This field is required."`. A function is asked for each request. */
  readonly required?: string | (() => string);
}

/**
 * Reads what a form is made of.
 *
 * @throws {FormError} If it is neither an object schema of zod 4 nor an object of such schemas.
 */
export function readFormSchema(schema: object): FormSchema {
  if (isZodSchema(schema)) {
    const members = readMembers(schema);
    if (members === undefined) {
      const { core } = unwrap(schema);
      throw new FormError(`A form is defined by z.object(…), or a union of them, not by a schema of the kind '${core._zod.def.type}'.`);
    }
    return { ...members, whole: schema };
  }
  const fields = new Map<string, ZodSchema>();
  for (const [name, field] of Object.entries(schema)) {
    if (!isZodSchema(field)) {
      throw new FormError(
        `The field '${name}' of a form is not a schema of zod 4. If it is one of zod 3, upgrade the package: npm install zod@4.`,
      );
    }
    fields.set(name, field);
  }
  return { fields, alternatives: [], whole: undefined };
}

/** Finds the schema of a field, also of one inside another: `lines[0].amount`. */
export function findFieldSchema({ fields }: FormSchema, name: string): ZodSchema | undefined {
  const [first = "", ...rest] = parseName(name);
  return rest.reduce<ZodSchema | undefined>(
    (schema, key) => (schema === undefined ? undefined : findMember(schema, key)),
    fields.get(first),
  );
}

/** Converts and checks what was sent; the result is there at once if no schema has asynchronous parts. */
export function checkForm(schema: FormSchema, node: NameNode, messages: FormMessages = {}, isQuery = false): MaybePromise<FormResult> {
  const empty = createEmptyFields(isQuery);
  if (schema.whole !== undefined) {
    return andThen(validate(schema.whole, convert(schema.whole, node, [], empty)), (result) => {
      const errors = explain(schema, "issues" in result ? result.issues : [], empty, messages);
      return errors.length === 0 && "value" in result ? { data: result.value } : { errors };
    });
  }
  const checks: MaybePromise<SchemaResult<unknown>>[] = [];
  for (const [name, field] of schema.fields) {
    checks.push(validate(field, convert(field, node.children.get(name) ?? createNode(), [name], empty)));
  }
  return andThen(allOf(checks), (results) => gather(schema, results, empty, messages));
}

/** Gathers what the schemas of the fields say, in their order. */
function gather(schema: FormSchema, results: readonly SchemaResult<unknown>[], empty: EmptyFields, messages: FormMessages): FormResult {
  const data: Record<string, unknown> = {};
  const issues: SchemaIssue[] = [];
  let index = 0;
  for (const name of schema.fields.keys()) {
    const result = results[index++];
    if (result !== undefined && "issues" in result) {
      issues.push(...result.issues.map(({ path, message }) => ({ path: [name, ...path], message })));
    } else if (result?.value !== undefined) {
      data[name] = result.value;
    }
  }
  const errors = issues.length === 0 && empty.missing.size === 0 ? [] : explain(schema, issues, empty, messages);
  return errors.length === 0 ? { data } : { errors };
}

/** Says of each field what is wrong with it; of one left empty only that it is required, unless its schema says it otherwise. */
function explain(
  schema: FormSchema,
  issues: readonly SchemaIssue[],
  { missing, blank }: EmptyFields,
  messages: FormMessages,
): FieldIssue[] {
  const { required: text = "This field is required." } = messages;
  const required = typeof text === "string" ? text : text();
  const errors: FieldIssue[] = [];
  const explained = new Set<string>();
  for (const { path, message } of issues) {
    const name = formatName(path);
    const field = missing.has(name) || blank.has(name) ? findFieldSchema(schema, name) : undefined;
    if (field === undefined || hasOwnMessage(field)) {
      errors.push({ name, message });
    } else if (!explained.has(name)) {
      errors.push({ name, message: required });
    }
    explained.add(name);
  }
  for (const name of missing) {
    const field = explained.has(name) ? undefined : findFieldSchema(schema, name);
    // A form requires a text even if its schema allows the empty one. Any other schema accepted the absence on purpose.
    if (field !== undefined && isText(field)) {
      errors.push({ name, message: required });
    }
  }
  return errors;
}

function isText(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  return core._zod.def.type === "string" || (core._zod.def.type === "union" && readInners(core, "options").every(isText));
}
