import type { FieldChoices } from "../schemas/choices";
import { type FieldPath, isList } from "../schemas/form-schema";
import { humanize } from "../schemas/humanize";
import { readInner, remember, unwrap, type ZodSchema } from "../schemas/zod";
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

const descriptions = remember(() => new Map<string, FieldDescription>());

/** Describes a field. */
export function describeField({ name, keys, schema }: Omit<FieldPath, "parents">): FieldDescription {
  const known = descriptions(schema);
  const found = known.get(name);
  if (found !== undefined) {
    return found;
  }
  const { meta } = unwrap(schema);
  const lastKey = keys.findLast((key) => typeof key === "string") ?? name;
  const description = {
    control: findControl(name, schema),
    label: readText(meta, "label") ?? readText(meta, "title") ?? humanize(String(lastKey)),
    help: readText(meta, "help") ?? readText(meta, "description"),
  };
  if (known.size < maxNames) {
    known.set(name, description);
  }
  return description;
}

function readText(meta: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = meta[key];
  return typeof value === "string" ? value : undefined;
}
