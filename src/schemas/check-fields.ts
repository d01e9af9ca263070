import { FormError } from "../base/errors";
import { isPlainKey } from "./field-names";
import { isFileSchema } from "./file-schemas";
import { listFieldValues, readMembers } from "./members";
import { readDefinition, readInner, readInners, readShape, type ZodSchema } from "./zod";

/** Kinds of values that no control sends, with the cure. */
const unsendable: Readonly<Record<string, string>> = {
  map: "Take a record, and make a map of it: z.record(z.string(), …).transform((record) => new Map(Object.entries(record))).",
  function: "Leave the field out.",
  promise: "Take the value itself.",
  symbol: "Take a text, or z.enum([…]).",
  nan: "Use z.number().",
  never: "Leave the field out.",
};

/** The state of one walk through the fields. */
interface Walk {
  /** The kind of the input. */
  readonly source: string;
  /** The schemas that were seen. */
  readonly seen: Set<ZodSchema>;
}

/**
 * Checks the keys and the kinds of all fields, as far as they can be read before a recursive schema is complete.
 *
 * @param fields The fields by name.
 * @param source The kind of the input, `form` or `query`, for errors.
 * @throws {FormError} If a field has a key that names cannot hold, a kind that no control sends, or two choices that are
 *   sent as the same text.
 */
export function checkFields(fields: ReadonlyMap<string, ZodSchema>, source: string): void {
  checkEach(fields, "", { source, seen: new Set() });
}

function checkEach(fields: ReadonlyMap<string, ZodSchema>, prefix: string, walk: Walk): void {
  for (const [key, field] of fields) {
    if (!isPlainKey(key) || hasControls(key)) {
      throw new FormError(
        `A field of a ${walk.source} cannot be called '${key}': ${
          /[.[\]]/.test(key)
            ? "in the name of a field, dots and brackets lead to the fields inside another one. Rename it, or nest objects: z.object({ user: z.object({ name }) }) has the field 'user.name'."
            : key === ""
              ? "browsers send no field without a name. Give it one."
              : hasControls(key)
                ? "browsers change line breaks and NUL in the names of fields. Rename it."
                : "a name that would reach a prototype is never taken from a request. Rename it."
        }`,
      );
    }
    checkField(field, `${prefix}${key}`, walk);
  }
}

/** Tells whether a key has characters that browsers change in the names of fields. */
function hasControls(key: string): boolean {
  return ["\r", "\n", "\0"].some((character) => key.includes(character));
}

/** Checks a field and those inside of it. A field that may be left out may be of any kind. */
function checkField(schema: ZodSchema, name: string, walk: Walk, mayLack = false): void {
  const { type } = schema._zod.def;
  if (walk.seen.has(schema) || type === "lazy") {
    return;
  }
  walk.seen.add(schema);
  const cure = isFileSchema(schema) && walk.source === "query" ? "Take files by the option 'form'." : unsendable[type];
  if (cure !== undefined && !(mayLack && type === "never")) {
    throw new FormError(
      `The field '${name}' of a ${walk.source} is of the kind '${isFileSchema(schema) ? "file" : type}', which ${walk.source === "form" ? "no control" : "no query"} can send. ${cure}`,
    );
  }
  switch (type) {
    case "object":
      checkEach(readFields(schema), `${name}.`, walk);
      break;
    case "array":
    case "set":
    case "tuple":
      checkParts([readInner(schema, "element"), readInner(schema, "valueType"), readInner(schema, "rest")], `${name}[]`, walk);
      checkParts(readInners(schema, "items"), `${name}[]`, walk);
      break;
    case "record":
      checkParts([readInner(schema, "valueType")], `${name}.key`, walk);
      break;
    case "union":
      // A form can send another option of the union.
      checkParts(
        readInners(schema, "options").filter((option) => unsendable[option._zod.def.type] === undefined),
        name,
        walk,
      );
      checkChoices(schema, name);
      break;
    case "literal":
      checkChoices(schema, name);
      break;
    case "pipe": {
      const input = readInner(schema, "in");
      checkParts([input?._zod.def.type === "transform" ? readInner(schema, "out") : input], name, walk);
      break;
    }
    case "intersection":
      checkParts([readInner(schema, "left"), readInner(schema, "right")], name, walk);
      break;
    default: {
      const inner = readInner(schema, "innerType");
      if (inner !== undefined) {
        checkField(inner, name, walk, mayLack || type !== "nonoptional");
      }
    }
  }
}

function checkParts(parts: readonly (ZodSchema | undefined)[], name: string, walk: Walk): void {
  for (const part of parts) {
    if (part !== undefined) {
      checkField(part, name, walk);
    }
  }
}

/** Reads the fields of an object. The getter of a recursive schema may name a constant that is not initialized yet. */
function readFields(schema: ZodSchema): ReadonlyMap<string, ZodSchema> {
  return whenReady(() => readShape(schema), new Map());
}

function whenReady<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ReferenceError)) {
      throw error;
    }
    return otherwise;
  }
}

/** Refuses two choices that are sent as the same text, such as `1` and `"1"`: the second could never be chosen. */
function checkChoices(schema: ZodSchema, name: string): void {
  const discriminator = readDefinition(schema, "discriminator");
  const values = whenReady(() => {
    if (typeof discriminator !== "string") {
      return listFieldValues(schema);
    }
    const field = readMembers(schema)?.fields.get(discriminator);
    return field === undefined ? [] : listFieldValues(field);
  }, []);
  const texts = new Map<string, unknown>();
  for (const value of values.filter((one) => one !== null && one !== undefined)) {
    const text = String(value);
    if (texts.has(text) && texts.get(text) !== value) {
      const where = typeof discriminator === "string" ? `${name}.${discriminator}` : name;
      throw new FormError(
        `The field '${where}' has the choices ${typeof value === "string" ? `${text} and "${text}"` : `"${text}" and ${text}`}, which are sent as the same text. Change one of them.`,
      );
    }
    texts.set(text, value);
  }
}
