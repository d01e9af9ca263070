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
    const [, columns = ""] = /^Key \((.*)\)=\(/.exec(detail) ?? [];
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
 * of that name. If no field fits, the error is thrown.
 * @param run Runs the statement.
 * @returns The result of the statement, or `undefined` if it was refused.
 *
 * @example
 * ```ts
 * const [user] = (await refuseDuplicates(form, { name: "Somebody has this name." }, () => db.insert(users).values(form.data).returning())) ?? [];
 * ```
 */
export async function refuseDuplicates<Field extends string, Result>(
  form: ErrorTarget<Field>,
  messages: Readonly<Partial<Record<Field, string>>>,
  run: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  const database = findDatabase("refuseDuplicates()");
  try {
    return database.isAtomic ? await database.atomic(run) : await run();
  } catch (error) {
    const violation = findUniqueViolation(error);
    const names = violation === null ? [] : [...violation.columns, ...(violation.constraint === null ? [] : [violation.constraint])];
    const fields = keysOf(messages).filter((field) =>
      names.some((name) => plain(name) === plain(field) || (violation?.columns.length === 0 && plain(name).includes(plain(field)))),
    );
    const [field] = fields;
    if (field === undefined) {
      throw error;
    }
    form.addError(field, messages[field] ?? "");
    return undefined;
  }
}

function keysOf<Field extends string>(messages: Readonly<Partial<Record<Field, string>>>): readonly Field[] {
  return Object.keys(messages).filter((key): key is Field => Object.hasOwn(messages, key));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z\d]/g, "");
}

/** Of an expression such as `lower(name)`, the column counts. */
function splitColumns(text: string): readonly string[] {
  return text === ""
    ? []
    : text.split(", ").map((part) =>
        part
          .replace(/^\w+\((.*)\)$/, "$1")
          .replace(/::[\w ]+$/, "")
          .replace(/^\((.*)\)$/, "$1")
          .replace(/::[\w ]+$/, "")
          .replaceAll('"', ""),
      );
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
