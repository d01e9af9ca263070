import { allOf, andThen, type MaybePromise } from "../base/maybe-promise";
import { type SchemaIssue, type SchemaResult, toIssues, validate } from "../base/schema";
import { listTextFormats } from "./checks";
import { Conversion, type LongText, type RefusedKind } from "./conversion";
import { convert } from "./convert";
import { emptyNode, formatName, isBlank, type NameNode } from "./field-names";
import { type FormSchema, findField, findSent } from "./form-schema";
import { isEnglishOfZod, isWritten, readMessage } from "./own-messages";
import { placeInSets } from "./set-issues";
import { unwrap } from "./unwrap";
import { listValues, readDefinition, readInners, type ZodSchema } from "./zod";

/** The result of a check: data or issues. */
export type FormResult = { readonly data: unknown } | { readonly issues: readonly FieldIssue[] };

/** An issue of a field, or of the whole form if the name is empty. */
export interface FieldIssue {
  /** The name of the field, as it is sent. */
  readonly name: string;
  /** The schema of the field. */
  readonly schema: ZodSchema | undefined;
  /** zod's code of the issue; or `required`, `choice`, `unsafe_url`, `unsafe_email` or `nul`, which the form finds itself. */
  readonly code: string;
  /** The message of the schema, or Flagon's for programs. */
  readonly message: string;
  /** Whether the author of the schema wrote the message. */
  readonly isOwn: boolean;
  /** The issue as the schema reported it. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The message of a required field that was left empty. */
const requiredMessage = "This field is required.";
const noDetails: Readonly<Record<string, unknown>> = {};

/** Converts and checks sent values. The result is there at once if no schema has asynchronous parts. */
export function checkForm(schema: FormSchema, node: NameNode, conversion: Conversion = new Conversion()): MaybePromise<FormResult> {
  if (schema.whole !== undefined) {
    const value = convert(schema.whole, node, [], conversion);
    return andThen(validate(schema.whole, value), (result) => explainResult(schema, result, conversion, node));
  }
  const checks: MaybePromise<SchemaResult<unknown>>[] = [];
  for (const [name, field] of schema.fields) {
    const value = convert(field, node.children.get(name) ?? emptyNode, [name], conversion);
    checks.push(value === undefined && isExact(field) ? { value } : validate(field, value));
  }
  return andThen(allOf(checks), (results) => gather(schema, results, conversion, node));
}

/** Joins the result of the schema of a whole form with the wrong fields that its conversion has found. */
export function explainResult(schema: FormSchema, result: SchemaResult<unknown>, conversion: Conversion, sent: NameNode): FormResult {
  const issues = explain(schema, "issues" in result ? result.issues : [], conversion, sent);
  return issues.length === 0 && "value" in result ? { data: result.value } : { issues };
}

/** Tells whether a schema is `z.exactOptional()`, which takes the absence of its key alone, and not `undefined`. */
function isExact(schema: ZodSchema): boolean {
  const traits: unknown = Reflect.get(schema._zod, "traits");
  return traits instanceof Set && traits.has("$ZodExactOptional");
}

/** Gathers the results of the fields, in their order. */
function gather(schema: FormSchema, results: readonly SchemaResult<unknown>[], conversion: Conversion, sent: NameNode): FormResult {
  const data: Record<string, unknown> = {};
  const issues: SchemaIssue[] = [];
  let index = 0;
  for (const name of schema.fields.keys()) {
    const result = results[index++];
    if (result !== undefined && "issues" in result) {
      issues.push(...result.issues.map((issue) => ({ ...issue, path: [name, ...issue.path] })));
    } else if (result?.value !== undefined) {
      data[name] = result.value;
    }
  }
  const errors = issues.length === 0 && conversion.isClean ? [] : explain(schema, issues, conversion, sent);
  return errors.length === 0 ? { data } : { issues: errors };
}

/**
 * Lists the issues by field. A field that was left empty has one issue only, unless its author wrote another message;
 * so has a field whose value is none of its choices.
 */
function explain(schema: FormSchema, issues: readonly SchemaIssue[], conversion: Conversion, sent: NameNode): FieldIssue[] {
  const { missing, blank, unchosen, refused, long } = conversion;
  const errors: FieldIssue[] = [];
  const explained = new Set<string>();
  const add = (name: string, field: ZodSchema | undefined, code: string, message: string): void => {
    const own = field && readOwn(field, code);
    errors.push({ name, schema: field, code, message: own ?? message, isOwn: own !== undefined, details: noDetails });
    explained.add(name);
  };
  const found = placeInSets(schema, issues, sent, conversion)
    .flatMap((issue) => openUnion(issue, sent))
    .map((issue) => toIssue(schema, issue));
  const owned = new Set(found.filter(({ isOwn }) => isOwn).map(({ name }) => name));
  for (const issue of found) {
    const { name } = issue;
    if ([...unchosen].some((other) => name === other || name.startsWith(`${other}[`))) {
      continue;
    }
    if (!issue.isOwn && issue.schema !== undefined && (missing.has(name) || blank.has(name))) {
      if (!explained.has(name) && !owned.has(name)) {
        add(name, issue.schema, "required", requiredMessage);
      }
      continue;
    }
    errors.push(issue);
    explained.add(name);
  }
  for (const name of missing) {
    const field = explained.has(name) ? undefined : findField(schema, name)?.schema;
    // A form requires a text even if its schema allows the empty one. Any other schema accepted the absence on purpose.
    if (field !== undefined && isText(field)) {
      add(name, field, "required", requiredMessage);
    }
  }
  for (const name of unchosen) {
    add(name, findField(schema, name)?.schema, "choice", "Choose one of the options.");
  }
  for (const [name, kind] of refused) {
    if (!explained.has(name) && !isInSet(schema, name, explained)) {
      const [code, message] = refusals[kind];
      add(name, findField(schema, name)?.schema, code, message);
    }
  }
  for (const [name, text] of long) {
    if (!explained.has(name)) {
      errors.push({ name, schema: findField(schema, name)?.schema, ...explainLength(text) });
    }
  }
  return errors;
}

/** Tells whether an issue of an item stands at its set already. */
function isInSet(schema: FormSchema, name: string, explained: ReadonlySet<string>): boolean {
  const set = name.replace(/\[\d+\]$/, "");
  const found = set !== name && explained.has(set) ? findField(schema, set) : undefined;
  return found !== undefined && unwrap(found.schema).core._zod.def.type === "set";
}

/** Reads the message that the author of a schema wrote for an issue which the form finds itself. */
function readOwn(schema: ZodSchema, code: string): string | undefined {
  const { core } = unwrap(schema);
  const { type } = core._zod.def;
  const errors = [readDefinition(schema, "error"), readDefinition(core, "error")];
  const read = (all: readonly unknown[], issue: object): string | undefined =>
    all.map((error) => readMessage(error, issue)).find((message) => message !== undefined);
  switch (code) {
    case "required":
      return read(errors, { code: "invalid_type", expected: type, input: undefined });
    case "choice":
      return type === "enum" || type === "literal" ? read(errors, { code: "invalid_value", values: listValues(core) }) : undefined;
    case "unsafe_url":
    case "unsafe_email": {
      const format = code === "unsafe_url" ? "url" : "email";
      const stated = listTextFormats(core).filter((check) => check.format === format);
      return read([...stated.map((check) => check.error), ...errors], { code: "invalid_format", format, origin: "string" });
    }
    default:
      return undefined;
  }
}

/** The codes and the messages for programs of the texts that a form refuses itself. */
const refusals: Readonly<Record<RefusedKind, readonly [code: string, message: string]>> = {
  url: ["unsafe_url", "Invalid URL"],
  email: ["unsafe_email", "Invalid email address"],
  nul: ["nul", "Invalid text: it has a NUL character"],
  boolean: ["invalid_type", "Invalid input: expected boolean, received string"],
};

/** Explains that a text is too long, by the message that its author wrote for it. */
function explainLength({ check, most, text }: LongText): Omit<FieldIssue, "name" | "schema"> {
  const isExact = check.check === "length_equals";
  const details = { code: "too_big", origin: "string", maximum: most, inclusive: true, ...(isExact ? { exact: true } : {}), input: text };
  const message = readMessage(check.error, details);
  return message !== undefined
    ? { code: "too_big", message, isOwn: true, details }
    : { code: "too_big", message: `Too big: expected string to have <=${most} characters`, isOwn: false, details };
}

/**
 * Replaces the issue of a union by those of the option that the visitor probably meant: the only one that is not about
 * empty values, the one whose kind of value was sent, or the one that lacks the fewest fields.
 */
function openUnion(issue: SchemaIssue, sent: NameNode): readonly SchemaIssue[] {
  const errors = issue.issue?.code === "invalid_union" ? issue.issue.errors : undefined;
  const options = Array.isArray(errors) ? errors.map(toIssues).filter((option) => option.length > 0 && !option.some(isAboutEmpty)) : [];
  const close = options.filter((option) => option.every(({ path, issue: inner }) => path.length > 0 || !otherTypes.has(inner?.code)));
  const countLacking = (option: readonly SchemaIssue[]): number =>
    option.filter(({ path }) => path.length > 0 && isLacking(sent, [...issue.path, ...path])).length;
  const [only] =
    options.length === 1 ? options : close.sort((left, right) => countLacking(left) - countLacking(right) || left.length - right.length);
  return only === undefined ? [issue] : only.flatMap((inner) => openUnion({ ...inner, path: [...issue.path, ...inner.path] }, sent));
}

/** Tells whether nothing was sent for a field. */
function isLacking(sent: NameNode, path: readonly PropertyKey[]): boolean {
  const node = findSent(sent, { keys: path });
  return node === undefined || isBlank(node);
}

/** The codes of the issues of values that an option was not meant for. */
const otherTypes: ReadonlySet<unknown> = new Set(["invalid_type", "invalid_value", "invalid_union", "invalid_format", "unrecognized_keys"]);

function isAboutEmpty({ issue, path }: SchemaIssue): boolean {
  const values = Array.isArray(issue?.values) ? issue.values : [issue?.expected === "null" || issue?.expected === "undefined" ? "" : false];
  return path.length === 0 && values.every((value: unknown) => value === "" || value === null || value === undefined);
}

function toIssue(form: FormSchema, { path, message, issue }: SchemaIssue): FieldIssue {
  const name = formatName(path);
  const schema = name === "" ? undefined : findField(form, name)?.schema;
  const details = issue ?? noDetails;
  const [ofKey] = details.code === "invalid_key" ? toIssues(details.issues) : [];
  if (ofKey !== undefined && !isEnglishOfZod(ofKey.message, { code: "custom", ...ofKey.issue })) {
    return { name, schema, code: "invalid_key", message: ofKey.message, isOwn: true, details };
  }
  const code = typeof details.code === "string" ? details.code : "custom";
  const isOwn = code === "custom" ? message !== "Invalid input" : isWritten(schema, message, { ...details, code });
  return { name, schema, code, message, isOwn, details };
}

function isText(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  return core._zod.def.type === "string" || (core._zod.def.type === "union" && readInners(core, "options").every(isText));
}
