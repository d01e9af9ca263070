import { formatName, splitName } from "./field-names";
import type { FormSchema } from "./form-schema";
import { isList } from "./form-schema";
import { findMember, isGroup, isRecord } from "./members";
import type { ZodSchema } from "./zod";

/** Stands for the key of any item in the keys of a pattern. No key of a field can hold it. */
const anyItem = "\0";

/** Splits a name in which `[]` is any item of a list, or any key of a record. */
function splitPattern(name: string): readonly string[] {
  return splitName(name.replaceAll("[]", `[${anyItem}]`));
}

/** Finds the entry of a field: that of its name, or one with `[]` in place of the items and keys. */
export function findByKeys<Value>(entries: ReadonlyMap<string, Value>, keys: readonly PropertyKey[]): Value | undefined {
  if (entries.size === 0) {
    return undefined;
  }
  const exact = entries.get(formatName(keys));
  if (exact !== undefined) {
    return exact;
  }
  for (const [name, value] of entries) {
    const pattern = name.includes("[]") ? splitPattern(name) : [];
    if (pattern.length === keys.length && pattern.every((key, index) => key === anyItem || key === String(keys[index]))) {
      return value;
    }
  }
  return undefined;
}

/**
 * Finds a field by a name in which `[]` means any item of a list, or any key of a record. That of a list can be left
 * out: `lines.product` is `lines[].product`.
 */
export function findAnyItem(form: FormSchema, name: string): { readonly name: string; readonly schema: ZodSchema } | undefined {
  const [first = "", ...rest] = splitPattern(name);
  let schema = form.fields.get(first);
  let found = first;
  for (const key of rest) {
    if (key === anyItem) {
      if (schema !== undefined && isGroup(schema) && (isList(schema) || isRecord(schema))) {
        schema = findMember(schema, "");
        found += "[]";
      }
      continue;
    }
    while (schema !== undefined && isList(schema) && !/^\d+$/.test(key)) {
      schema = findMember(schema, "");
      found += "[]";
    }
    found += schema !== undefined && isList(schema) ? `[${key}]` : formatName(["", key]);
    schema = schema && findMember(schema, key);
  }
  // The choices of a list of lists are those of each of its rows, and those of a record belong to each of its values.
  while (schema !== undefined && isGroup(schema) && (isList(schema) || isRecord(schema))) {
    schema = findMember(schema, "");
    found += "[]";
  }
  return schema && { name: found, schema };
}
