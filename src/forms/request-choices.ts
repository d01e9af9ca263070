import { FormError } from "../base/errors";
import { describeForeign } from "../base/foreign-schema";
import { type FieldChoices, listAllowed, listChoices } from "../schemas/choices";
import { findAnyItem } from "../schemas/field-patterns";
import { type FormSchema, suggestField } from "../schemas/form-schema";
import { isGroup, readMembers } from "../schemas/members";

/** The choices that a request gives to the fields of a form. */
export type RequestChoices = Readonly<Record<string, FieldChoices | undefined>>;

const noChoices: ReadonlyMap<string, FieldChoices> = new Map();
const noneAllowed: ReadonlyMap<string, ReadonlySet<string>> = new Map();

/**
 * Reads the choices of a request. In their names, `[]` means any item of a list, or any key of a record. That of a list can be
 * left out: `lines.product`.
 *
 * @throws {FormError} If the form has no such field, if it is a group of fields, or if the choices are no list or object.
 */
export function readRequestChoices(form: FormSchema, choices: RequestChoices): ReadonlyMap<string, FieldChoices> {
  const names = Object.keys(choices);
  if (names.length === 0) {
    return noChoices;
  }
  return new Map(
    names.flatMap((name) => {
      const found: unknown = choices[name];
      const field = findAnyItem(form, name);
      if (field === undefined) {
        throw new FormError(`The form has no field '${name}' to give choices to.${suggestField(form, name, "")}`);
      }
      if (found === undefined) {
        return [];
      }
      if (!isChoices(found)) {
        throw new FormError(`The choices of the field '${name}' must be a list or an object, not ${describeForeign(found)}.`);
      }
      if (isGroup(field.schema)) {
        const [member] = readMembers(field.schema)?.fields.keys() ?? [];
        throw new FormError(
          `The field '${name}' can have no choices: it is a group of fields. Give them to one of its fields, such as '${name}${member === undefined ? "[0]" : `.${member}`}'.`,
        );
      }
      return [[field.name, found] as const];
    }),
  );
}

function isChoices(choices: unknown): choices is FieldChoices {
  return typeof choices === "object" && choices !== null;
}

/** Lists the values that a visitor may choose, by field. */
export function listAllowedByField(choices: ReadonlyMap<string, FieldChoices>): ReadonlyMap<string, ReadonlySet<string>> {
  return choices.size === 0
    ? noneAllowed
    : new Map([...choices].map(([name, stated]) => [name, listAllowed(listChoices(stated))] as const));
}
