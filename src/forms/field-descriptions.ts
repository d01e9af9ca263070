import type { FieldChoices } from "../schemas/choices";
import { type FieldPath, isList } from "../schemas/form-schema";
import { humanize } from "../schemas/humanize";
import { listRecordKeys, readMembers, takesAnyKey } from "../schemas/members";
import { unwrap } from "../schemas/unwrap";
import { readInner, readInners, remember, type ZodSchema } from "../schemas/zod";
import type { FieldOptions } from "./field-markup";
import { type Control, findControl } from "./find-control";

/** Reads the options of a field from `.meta()`. */
export const readOptions: (schema: ZodSchema) => FieldOptions = remember((schema) => {
  const { core, meta } = unwrap(schema);
  const item = readInner(core, "element") ?? readInner(core, "valueType");
  const { attributes, choices = item !== undefined && isList(core) ? unwrap(item).meta.choices : undefined } = meta;
  return {
    ...(typeof attributes === "object" && attributes !== null ? Object.fromEntries(Object.entries(attributes)) : {}),
    ...(typeof meta.type === "string" ? { type: meta.type } : {}),
    ...(isChoices(choices) ? { choices } : {}),
  };
});

function isChoices(choices: unknown): choices is FieldChoices {
  return typeof choices === "object" && choices !== null;
}

/** The parts of a field that do not depend on its value. */
export interface FieldDescription {
  /** The control that fits its schema. */
  readonly control: Control;
  /** The label. */
  readonly label: string;
  /** The help text. */
  readonly help: string | undefined;
}

/** The most names cached for each schema: rows and records can have any number. */
const maxNames = 50;

/** The descriptions of a schema by name. Two forms can have it below other schemas, whose labels it may take. */
const descriptions = remember(() => new Map<string, { readonly parents: readonly ZodSchema[]; readonly description: FieldDescription }>());

/** Describes a field. */
export function describeField(field: FieldPath): FieldDescription {
  const { name, parents, schema } = field;
  const known = descriptions(schema);
  const found = known.get(name);
  if (found?.parents.length === parents.length && found.parents.every((parent, index) => parent === parents[index])) {
    return found.description;
  }
  const { meta } = unwrap(schema);
  const description = {
    control: findControl(name, schema),
    label: findLabel(field),
    help: readText(meta, "help") ?? readText(meta, "description"),
  };
  if (known.size < maxNames) {
    known.set(name, { parents, description });
  }
  return description;
}

/**
 * Finds the label of a field: that of its `.meta()`, or its key. A row has the label of its list, and its number. The key of a record that
 * the schema does not state, such as the id of a product, stays as it is.
 */
function findLabel({ keys, parents, schema }: Omit<FieldPath, "name">): string {
  const { meta } = unwrap(schema);
  const own = readText(meta, "label") ?? readText(meta, "title");
  const key = keys.at(-1) ?? "";
  const parent = parents.at(-1);
  if (typeof key !== "number" || parent === undefined) {
    return own ?? (parent !== undefined && isData(parent, String(key)) ? String(key) : humanize(String(key)));
  }
  if (own !== undefined && key < readInners(unwrap(parent).core, "items").length) {
    return own;
  }
  return `${own ?? findLabel({ keys: keys.slice(0, -1), parents: parents.slice(0, -1), schema: parent })} ${key + 1}`;
}

function isData(parent: ZodSchema, key: string): boolean {
  return takesAnyKey(parent) && !listRecordKeys(unwrap(parent).core).includes(key) && readMembers(parent)?.fields.has(key) !== true;
}

function readText(meta: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = meta[key];
  return typeof value === "string" ? value : undefined;
}
