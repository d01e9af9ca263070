import { FormError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { type FieldChoices, listAllowed, listChoices } from "../schemas/choices";
import { findAnyItem } from "../schemas/field-patterns";
import type { FormSchema } from "../schemas/form-schema";

/** The choices that a request gives to the fields of a form. */
export type RequestChoices = Readonly<Record<string, FieldChoices | undefined>>;

const noChoices: ReadonlyMap<string, FieldChoices> = new Map();
const noneAllowed: ReadonlyMap<string, ReadonlySet<string>> = new Map();

/**
 * Reads the choices of a request. In their names, `[]` means any item of a list, or any key of a record. That of a list can be
 * left out: `lines.product`.
 *
 * @throws {FormError} If the form has no such field.
 */
export function readRequestChoices(form: FormSchema, choices: RequestChoices): ReadonlyMap<string, FieldChoices> {
  const names = Object.keys(choices);
  if (names.length === 0) {
    return noChoices;
  }
  return new Map(
    names.flatMap((name) => {
      const found = choices[name];
      const field = findAnyItem(form, name);
      if (field === undefined) {
        throw new FormError(`The form has no field '${name}' to give choices to.${didYouMean(name, form.fields.keys())}`);
      }
      return found === undefined ? [] : [[field, found] as const];
    }),
  );
}

/** Lists the values that a visitor may choose, by field. */
export function listAllowedByField(choices: ReadonlyMap<string, FieldChoices>): ReadonlyMap<string, ReadonlySet<string>> {
  return choices.size === 0
    ? noneAllowed
    : new Map([...choices].map(([name, stated]) => [name, listAllowed(listChoices(stated))] as const));
}
