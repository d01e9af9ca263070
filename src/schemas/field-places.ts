import { formatName, type NameNode, splitName } from "./field-names";
import { type FormSchema, isList } from "./form-schema";
import { findMember, isGroup, listRecordKeys, readMembers, takesAnyKey } from "./members";
import { unwrap } from "./unwrap";
import type { ZodSchema } from "./zod";

/**
 * Returns the name of the field at which an error is shown: the field itself, or the control around it. An error of no
 * field, or of a row or a key that was not sent, belongs to the form as a whole: the empty name.
 *
 * @param form The schemas of the form.
 * @param name The name that the error states.
 * @param sent The sent values; `undefined` if rows and keys are not known.
 */
export function findPlace(form: FormSchema, name: string, sent: NameNode | undefined): string {
  const [first = "", ...rest] = splitName(name);
  const path: PropertyKey[] = [first];
  let schema = form.fields.get(first);
  let node = sent?.children.get(first);
  for (const key of rest) {
    if (schema === undefined) {
      return "";
    }
    const index = isList(schema) && /^\d+$/.test(key) ? Number(key) : undefined;
    if (!isGroup(schema)) {
      // The errors of single values stand at the control of their list.
      return index === undefined ? formatName(path) : formatName([...path, index]);
    }
    if (sent !== undefined && !isShown(schema, node, key, index)) {
      return "";
    }
    node = index === undefined ? node?.children.get(key) : node?.items[index];
    path.push(index ?? key);
    schema = findMember(schema, key);
  }
  return schema === undefined ? "" : formatName(path);
}

/** Tells whether a name was sent, also one that the schema does not state: `z.looseObject()` and `catchall()` take such. */
export function wasSent(name: string, sent: NameNode): boolean {
  return splitName(name).reduce<NameNode | undefined>((node, key) => node?.children.get(key), sent) !== undefined;
}

/** Tells whether a form shows a part of a group: each field of an object, and the rows and keys that were sent. The first row is always there. */
function isShown(group: ZodSchema, node: NameNode | undefined, key: string, index: number | undefined): boolean {
  const { core } = unwrap(group);
  switch (core._zod.def.type) {
    case "array":
    case "set":
      return index !== undefined && index < Math.max(node?.items.length ?? 0, 1);
    case "record":
      return listRecordKeys(core).includes(key) || node?.children.has(key) === true;
    case "tuple":
      return true;
    default:
      return readMembers(core)?.fields.has(key) === true || (takesAnyKey(core) && node?.children.has(key) === true);
  }
}
