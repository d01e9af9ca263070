import type { FormLabelKind } from "./form-messages";
import { unwrap } from "./unwrap";
import { remember, type ZodSchema } from "./zod";

/** The value of a choice. It is sent as text: `null` as the empty one, and a date as `2026-01-02`, or in full if it has a time. */
export type ChoiceValue = string | number | bigint | boolean | null | Date;

/** One choice with its label. A disabled one is shown, but cannot be chosen. */
export interface LabelledChoice {
  /** The value. */
  readonly value: ChoiceValue;
  /** The label. Default: the value. */
  readonly label?: string;
  /** Whether the choice is shown but refused. Default: `false`. */
  readonly disabled?: boolean;
}

/** Choices by value, or groups of choices by label. */
export interface ChoicesByKey {
  readonly [key: string]: string | FieldChoices;
}

/**
 * The choices of a select, or of a group of radio buttons or checkboxes.
 *
 * A list holds values, `[value, label]`, `{ value, label, disabled }`, and groups as `[label, choices]`. An object holds
 * labels by value, and groups by label.
 */
export type FieldChoices =
  | readonly (
      | ChoiceValue
      | LabelledChoice
      | readonly [value: ChoiceValue, label: string]
      | readonly [label: string, choices: FieldChoices]
    )[]
  | ChoicesByKey;

/** One choice of a control. */
export interface Choice {
  /** The text that is sent. */
  readonly value: string;
  /** The text that is shown. */
  readonly label: string;
  /** The kind of the label, if it is one of Flagon's own: other languages have other words. */
  readonly labelKind?: FormLabelKind;
  /** The label of its group. */
  readonly group?: string | undefined;
  /** Whether it is shown but refused. */
  readonly isDisabled?: boolean;
}

/** Lists choices one by one, in their order, each with the label of its group. */
export function listChoices(choices: unknown, group?: string): readonly Choice[] {
  if (typeof choices !== "object" || choices === null) {
    return [];
  }
  if (!isList(choices)) {
    return Object.entries(choices).flatMap(([key, value]: [string, unknown]) =>
      typeof value === "object" ? listChoices(value, key) : [{ value: key, label: String(value), group }],
    );
  }
  return choices.flatMap((choice) => {
    if (isList(choice)) {
      const [first, second] = choice;
      return typeof second === "object"
        ? listChoices(second, String(first))
        : [{ value: formatChoice(first), label: String(second ?? formatChoice(first)), group }];
    }
    if (typeof choice !== "object" || choice === null || choice instanceof Date) {
      return [{ value: formatChoice(choice), label: formatChoice(choice), group }];
    }
    const value = "value" in choice ? formatChoice(choice.value) : "";
    const label = "label" in choice && choice.label !== undefined ? String(choice.label) : value;
    return [{ value, label, group, isDisabled: "disabled" in choice && choice.disabled === true }];
  });
}

/** Formats the value of a choice as the text that is sent. */
export function formatChoice(value: unknown): string {
  return value instanceof Date && !Number.isNaN(value.getTime())
    ? value.toISOString().replace("T00:00:00.000Z", "")
    : value === null
      ? ""
      : String(value);
}

/** Lists the values that a visitor may choose. */
export function listAllowed(choices: readonly Choice[]): ReadonlySet<string> {
  return new Set(choices.filter(({ isDisabled }) => isDisabled !== true).map(({ value }) => value));
}

/** Reads the choices that `.meta({ choices })` states: all, and the values that may be chosen. */
export const readChoices: (schema: ZodSchema) => { readonly all: readonly Choice[]; readonly allowed: ReadonlySet<string> } | undefined =
  remember((schema) => {
    const { choices } = unwrap(schema).meta;
    if (typeof choices !== "object" || choices === null) {
      return undefined;
    }
    const all = listChoices(choices);
    return { all, allowed: listAllowed(all) };
  });

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
