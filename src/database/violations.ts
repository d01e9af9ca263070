import { FormError } from "../base/errors";
import { describeGiven } from "../base/unknown-options";
import { watchPromise } from "../base/watched-promise";
import { type FormSchema, getField } from "../schemas/form-schema";
import { findDatabase } from "./database";
import { findOfError, messageOf } from "./engine";

/** The columns whose values a unique constraint has refused. */
export interface UniqueViolation {
  /** The columns, as the database names them; none for an index of an expression. */
  readonly columns: readonly string[];
  /** The name of the constraint or the index, if the database says it: Postgres does. */
  readonly constraint: string | null;
}

/** A form whose fields take errors. */
export interface ErrorTarget<Field extends string> {
  /**
   * Adds an error to a field.
   *
   * @param field The field, or `null` for the form itself.
   */
  addError(field: Field | null, message: string): void;
}

/**
 * Returns the columns whose values a unique constraint of libSQL or of Postgres refused; `null` for any other error.
 *
 * @param error The error that a statement threw.
 */
export function findUniqueViolation(error: unknown): UniqueViolation | null {
  if (findOfError(error, "code") === "23505" || codesOf(error).includes("23505")) {
    const detail = String(findDeep(error, "detail") ?? "");
    const constraint: unknown = findDeep(error, "constraint");
    // A visitor chooses the values, which stand behind the first ")=(".
    const [, columns = ""] = /^Key \((.*?)\)=\(/.exec(detail) ?? [];
    return { columns: splitColumns(columns), constraint: typeof constraint === "string" ? constraint : null };
  }
  const [, columns, index] = /UNIQUE constraint failed: (?:index '([^']+)'|(.+))$/m.exec(messageOf(error)) ?? [];
  if (columns === undefined && index === undefined) {
    return null;
  }
  return columns === undefined
    ? { columns: (index ?? "").split(", ").map((column) => column.split(".").at(-1)?.trim() ?? column), constraint: null }
    : { columns: [], constraint: columns };
}

/**
 * Runs a statement. If a unique constraint refuses it, the form's field gets an error.
 *
 * Inside of a transaction the statement has a savepoint, so that the transaction goes on.
 *
 * @param form The form.
 * @param messages The messages by field. A field belongs to the column of its name, in camelCase or snake_case, or to the constraint
 * of that name. If the database names no column, the name of the index has to hold that of the field. If no field fits, the error is thrown.
 * @param run Runs the statement.
 * @returns The result of the statement, or `undefined` if it was refused.
 * @throws {FormError} If the form has no field of a message, or a message is no text; before the statement runs.
 *
 * @example
 * ```ts
 * const [user] = (await refuseDuplicates(form, { name: "Somebody has this name." }, () => db.insert(users).values(form.data).returning())) ?? [];
 * ```
 */
export function refuseDuplicates<Field extends string, Result>(
  form: ErrorTarget<Field>,
  messages: Readonly<Partial<Record<Field, string>>>,
  run: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  return watchPromise(insert(form, messages, run), "refuseDuplicates()", { isAnswer: true });
}

async function insert<Field extends string, Result>(
  form: ErrorTarget<Field>,
  messages: Readonly<Partial<Record<Field, string>>>,
  run: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  checkMessages(form, messages);
  const database = findDatabase("refuseDuplicates()");
  try {
    return database.isAtomic ? await database.atomic(run) : await run();
  } catch (error) {
    const field = findField(findUniqueViolation(error), keysOf(messages));
    if (field === undefined) {
      throw error;
    }
    form.addError(field, messages[field] ?? "");
    return undefined;
  }
}

/** Refuses messages of fields that a form of Flagon does not have: they would never be shown. */
function checkMessages(form: object, messages: Readonly<Record<string, unknown>>): void {
  const schema: unknown = Reflect.get(form, "schema");
  for (const [field, message] of Object.entries(messages)) {
    if (isFormSchema(schema)) {
      getField(schema, field);
    }
    if (message !== undefined && typeof message !== "string") {
      throw new FormError(`The message of refuseDuplicates() for '${field}' must be a text, but got ${describeGiven(message)}.`);
    }
  }
}

function isFormSchema(value: unknown): value is FormSchema {
  return typeof value === "object" && value !== null && "fields" in value && value.fields instanceof Map;
}

/** Finds the field of a violation: by the name of a column, by a column inside of an expression, or else by the name of the index. */
function findField<Field extends string>(violation: UniqueViolation | null, fields: readonly Field[]): Field | undefined {
  const { columns = [], constraint = null } = violation ?? {};
  const inside = columns.flatMap((column) => column.match(/[\p{L}\p{N}_]+/gu) ?? []);
  const index = plain(constraint ?? "");
  return (
    fields.find((field) => [...columns, index].some((name) => plain(name) === plain(field))) ??
    fields.find((field) => inside.some((name) => plain(name) === plain(field))) ??
    // "username_key" belongs to the field 'username' rather than to 'name'.
    [...fields].sort((left, right) => right.length - left.length).find((field) => columns.length === 0 && index.includes(plain(field)))
  );
}

function keysOf<Field extends string>(messages: Readonly<Partial<Record<Field, string>>>): readonly Field[] {
  return Object.keys(messages).filter((key): key is Field => Object.hasOwn(messages, key));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Splits the list of columns that Postgres gives. Of an expression such as `lower(name)`, the column counts. */
function splitColumns(text: string): readonly string[] {
  const columns: string[] = [];
  let depth = 0;
  let last = 0;
  for (const { 0: found, index } of text.matchAll(/"(?:[^"]|"")*"|[(),]/g)) {
    depth += found === "(" ? 1 : found === ")" ? -1 : 0;
    if (found === "," && depth === 0) {
      columns.push(text.slice(last, index));
      last = index + 1;
    }
  }
  return text === "" ? [] : [...columns, text.slice(last)].map((column) => unwrap(column.trim()));
}

/** Takes functions, parentheses and casts off a column, as long as they hold one value. */
function unwrap(column: string): string {
  const inner = column.replace(/::[\w ]+$/, "").replace(/^\w*\(([^,]*)\)$/, "$1");
  return inner === column ? column.replaceAll('"', "") : unwrap(inner);
}

function codesOf(error: unknown): readonly unknown[] {
  const codes: unknown[] = [];
  for (let current = error; typeof current === "object" && current !== null; current = Reflect.get(current, "cause")) {
    codes.push(Reflect.get(current, "code"));
  }
  return codes;
}

function findDeep(error: unknown, name: string): unknown {
  return findOfError(error, name);
}
