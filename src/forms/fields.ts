import { escapeText, html, Markup } from "../html";
import type { Attributes, Choice, Control } from "./controls";

/** One field of a form, as it is to be shown. */
export interface FieldView {
  /** The name under which it is sent. */
  readonly name: string;
  /** What it is called. */
  readonly label: string;
  /** What helps to fill it in. */
  readonly help: string | undefined;
  /** What is wrong with what was sent. */
  readonly errors: readonly string[];
  /** What it holds: what was sent, or the initial values. */
  readonly values: readonly string[];
  /** The control that fits its schema. */
  readonly control: Control;
}

/** How a field is rendered, where it is not to follow from the schema; any other key is an attribute of the control. */
export interface FieldOptions {
  /** What the field is called. */
  label?: string;
  /** The type of the input, or `"textarea"`, `"select"` or `"radio"`. */
  type?: string;
  /** What helps to fill it in. */
  help?: string;
  /** What a select or a group of radio buttons offers: values, or values with labels. */
  choices?: readonly (string | readonly [value: string, label: string])[];
  /** The text of a textarea, or any attribute of the control. */
  [attribute: string]: string | number | boolean | null | undefined | readonly (string | readonly [value: string, label: string])[];
}

/** Renders a field: label, control, help and errors, tied together for screen readers. */
export function renderField(view: FieldView, options: FieldOptions = {}): Markup {
  const { label = view.label, help = view.help } = options;
  const id = toId(view.name);
  const type = options.type ?? view.control.type;
  const extra = html`${help === undefined || help === "" ? "" : html`<p class="field-help" id="${id}-help">${help}</p>`}${renderErrors(view.errors, `${id}-errors`)}`;
  const kind = `field${view.errors.length > 0 ? " field-invalid" : ""}`;
  const control = renderControl(view, options);
  if (type === "radio") {
    return html`<fieldset class="${kind}"><legend>${label}</legend>${control}${extra}</fieldset>`;
  }
  if (type === "checkbox") {
    return html`<div class="${kind} field-checkbox">${control} <label for="${id}">${label}</label>${extra}</div>`;
  }
  return type === "hidden" ? control : html`<div class="${kind}"><label for="${id}">${label}</label>${control}${extra}</div>`;
}

/** Renders a list of errors, or nothing. */
export function renderErrors(errors: readonly string[], id?: string): Markup {
  return errors.length === 0
    ? new Markup("")
    : html`<ul class="field-errors"${id === undefined ? "" : html` id="${id}"`}>${errors.map((error) => html`<li>${error}</li>`)}</ul>`;
}

/** Returns the attributes of a field's control, for markup written by hand. */
export function listAttributes(view: FieldView, options: FieldOptions = {}): Attributes {
  const { label: _label, type = view.control.type, help = view.help, choices: _choices, ...attributes } = options;
  const id = toId(view.name);
  const described = [help === undefined || help === "" ? "" : `${id}-help`, view.errors.length > 0 ? `${id}-errors` : ""].filter(
    (part) => part !== "",
  );
  return {
    ...(isInput(type) ? { type } : {}),
    name: view.name,
    id,
    ...findValue(type, view),
    ...pickConstraints(type, view.control.constraints),
    "aria-invalid": view.errors.length > 0 ? "true" : undefined,
    "aria-describedby": described.length > 0 ? described.join(" ") : undefined,
    ...Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, Attributes[string]] => !Array.isArray(entry[1]))),
  };
}

/** Formats attributes for a start tag, each with a space before it. */
export function formatAttributes(attributes: Attributes): Markup {
  let text = "";
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      text += value === true ? ` ${name}` : ` ${name}="${escapeText(String(value))}"`;
    }
  }
  return new Markup(text);
}

function renderControl(view: FieldView, options: FieldOptions): Markup {
  const type = options.type ?? view.control.type;
  const attributes = listAttributes(view, options);
  const choices = toChoices(options, view.control.choices);
  switch (type) {
    case "textarea":
      // A line break right after the tag is not part of the text, so that one in the text needs another before it.
      return html`<textarea${formatAttributes(attributes)}>\n${view.values[0] ?? ""}</textarea>`;
    case "select":
      return html`<select${formatAttributes(attributes)}>${view.control.isMultiple ? "" : renderBlank(view)}${choices.map(
        ({ value, label }) => html`<option${formatAttributes({ value, selected: view.values.includes(value) })}>${label}</option>`,
      )}</select>`;
    case "radio":
      return html`${choices.map(
        ({ value, label }, index) =>
          html`<label><input${formatAttributes({ ...attributes, id: `${toId(view.name)}-${index}`, value, checked: view.values.includes(value) })}> ${label}</label>`,
      )}`;
    default:
      return html`<input${formatAttributes(attributes)}>`;
  }
}

/** A select starts with nothing chosen, so that nobody sends its first value unawares. */
function renderBlank(view: FieldView): Markup {
  return html`<option value=""${view.values.length === 0 ? new Markup(" selected") : ""}></option>`;
}

function toChoices(options: FieldOptions, choices: readonly Choice[]): readonly Choice[] {
  return (
    options.choices?.map((choice) =>
      typeof choice === "string" ? { value: choice, label: choice } : { value: choice[0], label: choice[1] },
    ) ?? choices
  );
}

function findValue(type: string, view: FieldView): Attributes {
  if (type === "checkbox") {
    const [value] = view.values;
    return { checked: value !== undefined && !["", "false", "off", "0", "no"].includes(value.toLowerCase()) };
  }
  // What was typed as a password is not sent back, and no browser takes a file's name.
  return type === "password" || type === "file" || !isInput(type) || type === "radio" ? {} : { value: view.values[0] };
}

const textOnly = new Set(["minlength", "maxlength", "pattern"]);
const numeric = new Set(["min", "max", "step"]);
const numericTypes = new Set(["number", "range", "date", "time", "datetime-local", "month", "week"]);

/** Leaves out the constraints that do not apply to a control of this type. */
function pickConstraints(type: string, constraints: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(constraints).filter(([name]) => {
      if (type === "hidden" || type === "range") {
        return type === "range" && numeric.has(name);
      }
      if (textOnly.has(name)) {
        return type === "textarea" ? name !== "pattern" : !numericTypes.has(type) && isInput(type);
      }
      return numeric.has(name) ? numericTypes.has(type) : true;
    }),
  );
}

function isInput(type: string): boolean {
  return type !== "textarea" && type !== "select";
}

function toId(name: string): string {
  return `field-${name.replace(/[^\w-]+/g, "-").replace(/-$/, "")}`;
}
