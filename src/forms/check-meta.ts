import { FormError } from "../base/errors";
import { findNear } from "../base/suggestion";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { readInner, readInners, readMeta, readShape, type ZodSchema } from "../schemas/zod";
import { checkAttributes, checkType } from "./check-options";
import { englishMessages } from "./languages/english";

/** The keys of `.meta()` that forms read. */
const ownKeys: ReadonlySet<string> = new Set(["label", "title", "help", "description", "type", "choices", "messages", "attributes"]);

/** Attributes of controls that mean nothing else, so that their place is `attributes`. */
const attributeKeys: ReadonlySet<string> = new Set([
  "autocomplete",
  "placeholder",
  "autofocus",
  "inputmode",
  "spellcheck",
  "autocapitalize",
  "enterkeyhint",
  "tabindex",
]);

/** Keys of others that are near to those of forms. */
const foreignKeys: ReadonlySet<string> = new Set(["tile", "types", "labels", "message", "choice", "attribute"]);

/** The inner schemas of a schema, by the keys of its definition. */
const innerKeys = ["innerType", "element", "valueType", "rest", "in", "out", "left", "right"] as const;
const innersKeys = ["options", "items"] as const;

/**
 * Checks the data that `.meta()` states for the fields of a form. Keys of other users of the schema are taken, such as those
 * of JSON Schema.
 *
 * @param fields The fields by name.
 * @throws {FormError} If a key is a misspelt one of Flagon's, or one of its values has a type that it cannot have: it would do nothing.
 */
export function checkMeta(fields: ReadonlyMap<string, ZodSchema>): void {
  const seen = new Set<ZodSchema>();
  for (const [name, schema] of fields) {
    checkField(schema, name, seen);
  }
}

function checkField(schema: ZodSchema, name: string, seen: Set<ZodSchema>): void {
  if (seen.has(schema)) {
    return;
  }
  seen.add(schema);
  const meta = readMeta(schema);
  for (const key of Object.keys(meta)) {
    checkKey(key, meta[key], name);
  }
  const inners = [...innerKeys.map((key) => readInner(schema, key)), ...innersKeys.flatMap((key) => readInners(schema, key))];
  for (const inner of inners) {
    if (inner !== undefined) {
      checkField(inner, name, seen);
    }
  }
  for (const [key, member] of readFields(schema)) {
    checkField(member, `${name}.${key}`, seen);
  }
}

/** Reads the fields of an object. A recursive schema may not be complete yet: its getter then names a constant too early. */
function readFields(schema: ZodSchema): ReadonlyMap<string, ZodSchema> {
  try {
    return schema._zod.def.type === "object" ? readShape(schema) : new Map();
  } catch (error) {
    if (!(error instanceof ReferenceError)) {
      throw error;
    }
    return new Map();
  }
}

function checkKey(key: string, value: unknown, name: string): void {
  const place = `.meta() of the field '${name}'`;
  if (!ownKeys.has(key)) {
    refuseMisspelt(key, place);
    return;
  }
  if (value === undefined || value === null) {
    return;
  }
  switch (key) {
    case "type":
      // A list is a type of JSON Schema.
      if (!Array.isArray(value)) {
        checkType(value, place);
      }
      break;
    case "attributes":
      checkAttributes(value, `'attributes' of ${place}`);
      break;
    case "messages":
      checkMessages(value, `'messages' of ${place}`);
      break;
    case "choices":
      if (typeof value !== "object" || value === null) {
        throw new FormError(`'choices' of ${place} must be a list or an object, but got ${describeGiven(value)}.`);
      }
      break;
    default:
      if (typeof value !== "string") {
        throw new FormError(`'${key}' of ${place} must be a text, but got ${describeGiven(value)}.`);
      }
  }
}

/**
 * Checks messages that are stated for a field, for a form or for an app.
 *
 * @throws {FormError} If they are no table or function, or if there is no message of a kind.
 */
export function checkMessages(messages: unknown, place: string): void {
  if (typeof messages === "function") {
    return;
  }
  if (typeof messages !== "object" || messages === null || Array.isArray(messages)) {
    throw new FormError(
      `${place} must be a table by kind, such as { required: "Please." }, or a function, but got ${describeGiven(messages)}.`,
    );
  }
  refuseUnknown(messages, Object.keys(englishMessages), place, FormError);
}

function refuseMisspelt(key: string, place: string): void {
  if (foreignKeys.has(key)) {
    return;
  }
  const own = /^help_?text$/i.test(key) ? "help" : findNear(key, ownKeys);
  if (own !== undefined) {
    throw new FormError(`There is no key '${key}' of ${place}. Did you mean '${own}'?`);
  }
  // Another reader of the schema may know it.
  if (attributeKeys.has(key)) {
    process.emitWarning?.(
      `'${key}' of ${place} does nothing in a form. Attributes of the control have a key of their own: attributes: { ${key}: … }.`,
      { code: "FLAGON_META" },
    );
  }
}
