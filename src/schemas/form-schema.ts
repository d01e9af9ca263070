import { FormError } from "../base/errors";
import { describeForeign, isSchema } from "../base/foreign-schema";
import { findClosest, findNear } from "../base/suggestion";
import { checkFields } from "./check-fields";
import { formatName, maxDepth, type NameNode, splitName } from "./field-names";
import { type Alternative, findMember, isGroup, isRecord, readMembers, readRecordMembers, statesRest } from "./members";
import { unwrap } from "./unwrap";
import { isZodSchema, readInners, type ZodSchema } from "./zod";

/** The schemas of a form: one for each field, and that of the whole, if there is one. */
export interface FormSchema {
  /** The fields. */
  readonly fields: ReadonlyMap<string, ZodSchema>;
  /** Of a union of objects: the fields that one option has alone. */
  readonly alternatives: readonly Alternative[];
  /** The schema of the object, or of the union, with its refinements across fields. */
  readonly whole: ZodSchema | undefined;
  /** The names of the fields that a form adds to those of its schema, and that the schema does not have itself. */
  readonly reserved: ReadonlySet<string>;
}

/** A field of a form: its name, and its place in the schema. */
export interface FieldPath {
  /** The name in its one spelling: items of lists by index in brackets, all else after dots. */
  readonly name: string;
  /** The keys that lead to the field. */
  readonly keys: readonly PropertyKey[];
  /** The schemas around the field, the outermost first. */
  readonly parents: readonly ZodSchema[];
  /** The schema. */
  readonly schema: ZodSchema;
}

/** The kinds of input that a schema of fields reads. */
export type FieldsSource = "form" | "query";

/**
 * Reads the schemas of a form or of a query.
 *
 * @param schema The schema of an object, a record, or a union of objects; or an object of schemas.
 * @param source The kind of the input, for errors.
 * @throws {FormError} If it is no such schema of zod 4, or if a field has a key that names cannot hold, or a kind that no
 *   control can send.
 */
export function readFormSchema(schema: object, source: FieldsSource = "form"): FormSchema {
  if (isZodSchema(schema)) {
    return readWhole(schema, source);
  }
  if (!isShape(schema)) {
    throw new FormError(
      `A form is defined by z.object(…) of zod 4, or by an object of its fields, but this is ${describeForeign(schema)}. Its fields are read to convert and to render them.`,
    );
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
  checkFields(fields, source);
  return { fields, alternatives: [], whole: undefined, reserved: listReserved(fields) };
}

/** The schemas that were read, by the kind of the input: a form takes files, and a query does not. */
const wholes: Readonly<Record<FieldsSource, WeakMap<ZodSchema, FormSchema>>> = { form: new WeakMap(), query: new WeakMap() };

function readWhole(schema: ZodSchema, source: FieldsSource): FormSchema {
  const known = wholes[source].get(schema);
  if (known !== undefined) {
    return known;
  }
  const { core } = unwrap(schema);
  const members = core._zod.def.type === "record" ? readRecordMembers(core) : readMembers(core);
  if (members === undefined) {
    throw new FormError(
      `A ${source} is defined by z.object(…), or a union of them, not by a schema of the kind '${core._zod.def.type}'. Put the schema into a field: z.object({ name: … }).`,
    );
  }
  checkFields(members.fields, source);
  const form = { ...members, whole: schema, reserved: listReserved(members.fields) };
  wholes[source].set(schema, form);
  return form;
}

/** The fields that a form adds to those of its schema: the token, the name of the form, and the method that a POST stands for. */
const reservedFields: readonly string[] = ["csrf_token", "_form", "_method"];

function listReserved(fields: FormSchema["fields"]): ReadonlySet<string> {
  return new Set(reservedFields.filter((name) => !fields.has(name)));
}

/** Finds a field by its name, also one inside others: `lines[0].amount`. */
export function findField({ fields, whole }: FormSchema, name: string): FieldPath | undefined {
  const [first = "", ...rest] = splitName(name);
  let schema = fields.get(first) ?? (whole && findMember(whole, first));
  const parents: ZodSchema[] = whole === undefined ? [] : [whole];
  const keys: PropertyKey[] = [first];
  for (const key of rest) {
    if (schema === undefined || keys.length >= maxDepth) {
      return undefined;
    }
    parents.push(schema);
    keys.push(isList(schema) && /^\d+$/.test(key) ? Number(key) : key);
    schema = findMember(schema, key);
  }
  return schema && { name: formatName(keys), keys, parents, schema };
}

/**
 * Finds a field by its name.
 *
 * @throws {FormError} If the form has no such field.
 */
export function getField(form: FormSchema, name: string): FieldPath {
  const field = findField(form, name);
  if (field === undefined) {
    throw new FormError(
      splitName(name).length > maxDepth
        ? `The field '${name}' lies deeper than ${maxDepth} levels, which no form can send.`
        : `The form has no field '${name}'.${suggestField(form, name, "[0]")}`,
    );
  }
  return field;
}

/**
 * Refuses a misspelt name of a field. Other names that no field has are taken, such as those of a check of another library.
 *
 * @throws {FormError} If the form has no such field, and one whose name is nearly the same.
 */
export function refuseNear(form: FormSchema, name: string): void {
  const [first = ""] = splitName(name);
  const isKnown = form.fields.has(first) || (form.whole !== undefined && findMember(form.whole, first) !== undefined);
  const near = isKnown ? undefined : findNear(first, form.fields.keys());
  if (near !== undefined) {
    throw new FormError(`The form has no field '${name}'. Did you mean '${near}${name.slice(first.length)}'?`);
  }
}

/**
 * Formats a hint such as ` Did you mean 'lines[0].product'?`, or nothing if no field has a name that is close.
 *
 * @param form The schemas of the form.
 * @param name A name that no field has.
 * @param item The text for any item of a list whose index the name lacks.
 */
export function suggestField(form: FormSchema, name: string, item: string): string {
  const [first = "", ...rest] = splitName(name);
  let close = findClosest(first, form.fields.keys());
  let schema = close === undefined ? undefined : form.fields.get(close);
  for (const key of rest) {
    while (schema !== undefined && isList(schema) && isGroup(schema) && !/^\d+$/.test(key)) {
      schema = findMember(schema, "");
      close += item;
    }
    const isItem = schema !== undefined && (isList(schema) || isRecord(schema));
    const known = isItem ? key : findClosest(key, (schema && readMembers(schema)?.fields.keys()) ?? []);
    if (known === undefined) {
      break;
    }
    close += isItem ? `[${key}]` : `.${known}`;
    schema = schema && findMember(schema, known);
  }
  return close === undefined || close === name ? "" : ` Did you mean '${close}'?`;
}

/** Finds the sent values of a field. Indices of lists count the items that are not blank. */
export function findSent(root: NameNode, { keys }: Pick<FieldPath, "keys">): NameNode | undefined {
  return keys.reduce<NameNode | undefined>(
    (node, key) => (typeof key === "number" ? node?.items[key] : node?.children.get(String(key))),
    root,
  );
}

/**
 * Lists the fields of a query that are a form's own: those of its schema, and all others if the schema says that it takes
 * or refuses them (`z.looseObject()`, `z.strictObject()`, `catchall()`).
 */
export function listOwnFields(form: FormSchema, query: Iterable<readonly [string, string]>): (readonly [string, string])[] {
  const isOpen = form.whole !== undefined && statesRest(form.whole);
  return [...query].filter(([name]) => !form.reserved.has(name) && (isOpen || form.fields.has(splitName(name)[0] ?? "")));
}

/** Tells whether a schema is that of a list, whose items have indices. */
export function isList(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  switch (core._zod.def.type) {
    case "array":
    case "set":
    case "tuple":
      return true;
    case "union":
      return readMembers(core) === undefined && readInners(core, "options").some(isList);
    default:
      return false;
  }
}

/** Tells whether a value is an object of fields, and no schema of another library: those are objects as well. */
function isShape(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !isSchema(value) && !("_def" in value && "safeParse" in value)
  );
}
