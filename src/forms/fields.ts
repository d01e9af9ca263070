import { escapeText, html, Markup } from "../base/html";
import { textConverters } from "../base/text-values";
import type { Attributes, Choice, Control } from "./controls";

/** One field of a form, ready to be rendered. */
export interface FieldView {
  /** The name under which it is sent. */
  readonly name: string;
  /** The id of its control, which no other field of the page has. */
  readonly id: string;
  /** The label. */
  readonly label: string;
  /** The help text. */
  readonly help: string | undefined;
  /** The errors of the sent value. */
  readonly errors: readonly string[];
  /** The texts that the control shows: those that were sent, or the initial ones. */
  readonly values: readonly string[];
  /** The control that fits its schema. */
  readonly control: Control;
}

/** The choices of a select, or of a group of radio buttons or checkboxes: values, values with labels, or labels by value. */
export type FieldChoices = readonly (string | readonly [value: string, label: string])[] | Readonly<Record<string, string>>;

/** Options of a rendered field. They go before the schema and its `.meta()`. Any other key is an attribute of the control. */
export interface FieldOptions {
  /** The label. */
  label?: string;
  /** The type of the input, or `"textarea"`, `"select"` or `"radio"`; `"checkbox"` makes a group of them of several choices. */
  type?: string;
  /** The help text. */
  help?: string;
  /** The choices of a select, or of a group of radio buttons or checkboxes. */
  choices?: FieldChoices;
  /** Any attribute of the control. */
  [attribute: string]: string | number | boolean | null | undefined | FieldChoices;
}

/** Attributes while they are collected. */
type OwnAttributes = Record<string, Attributes[string]>;

/** The options that are not attributes. */
const fieldOptionNames: ReadonlySet<string> = new Set(["label", "type", "help", "choices"]);

/** Renders a field: label, control, help and errors, tied together for screen readers. */
export function renderField(view: FieldView, options: FieldOptions = {}): Markup {
  const { label = view.label } = options;
  const type = findType(view, options);
  const control = renderControl(view, options);
  if (type === "hidden") {
    return control;
  }
  const kind = `field${view.errors.length > 0 ? " field-invalid" : ""}`;
  const notes = renderNotes(view, options);
  if (isGroup(view, type)) {
    return html`<fieldset class="${kind}"${formatAttributes(describe(view, options))}><legend>${label}</legend>${control}${notes}</fieldset>`;
  }
  return type === "checkbox"
    ? html`<div class="${kind} field-checkbox">${control} <label for="${view.id}">${label}</label>${notes}</div>`
    : html`<div class="${kind}"><label for="${view.id}">${label}</label>${control}${notes}</div>`;
}

/** Renders the help text and the errors of a field. */
export function renderNotes(view: FieldView, { help = view.help }: FieldOptions = {}): Markup {
  const text = help === undefined || help === "" ? "" : html`<p class="field-help" id="${view.id}-help">${help}</p>`;
  return html`${text}${renderErrors(view.errors, `${view.id}-errors`)}`;
}

/** Renders a list of errors, or nothing. */
export function renderErrors(errors: readonly string[], id?: string): Markup {
  return errors.length === 0
    ? new Markup("")
    : html`<ul class="field-errors"${id === undefined ? "" : html` id="${id}"`}>${errors.map((error) => html`<li>${error}</li>`)}</ul>`;
}

/** Renders the control of a field alone: an input, a textarea, a select, or a group of inputs. */
export function renderControl(view: FieldView, options: FieldOptions = {}): Markup {
  const type = findType(view, options);
  const attributes = listAttributes(view, options);
  const choices = toChoices(options.choices, view.control.choices);
  if (type === "textarea") {
    // HTML drops a line break right after the tag: one more keeps a line break that begins the text.
    return html`<textarea${formatAttributes(attributes)}>\n${view.values[0] ?? ""}</textarea>`;
  }
  if (type === "select") {
    return html`<select${formatAttributes(attributes)}>${view.control.isMultiple ? "" : renderBlank(view)}${choices.map(
      ({ value, label }) => html`<option${formatAttributes({ value, selected: view.values.includes(value) })}>${label}</option>`,
    )}</select>`;
  }
  if (!isGroup(view, type)) {
    return html`<input${formatAttributes(attributes)}>`;
  }
  // The help describes the whole group. `required` on each checkbox would require all of them.
  const { "aria-describedby": _, ...own } = attributes;
  if (type === "radio" || type === "checkbox") {
    return html`${choices.map(
      ({ value, label }, index) =>
        html`<label><input${formatAttributes({ ...own, ...(type === "radio" ? {} : { required: false }), id: `${view.id}-${index}`, value, checked: view.values.includes(value) })}> ${label}</label>`,
    )}`;
  }
  const name = options.label ?? view.label;
  return html`${[...view.values, ""].map(
    (value, index) =>
      html`<input${formatAttributes({ ...own, ...(index === 0 ? {} : { required: false }), id: `${view.id}-${index}`, value, "aria-label": `${name} ${index + 1}` })}>`,
  )}`;
}

/** Returns the attributes of a field's control, for markup written by hand. */
export function listAttributes(view: FieldView, options: FieldOptions = {}): Attributes {
  const type = findType(view, options);
  // One object is filled: each spread would copy it.
  const attributes: OwnAttributes = {};
  if (isInput(type)) {
    attributes.type = type;
  }
  attributes.name = view.name;
  attributes.id = view.id;
  addValue(attributes, type, view);
  Object.assign(attributes, pickConstraints(type, view.control));
  addDescription(attributes, view, options);
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (!fieldOptionNames.has(name) && (typeof value !== "object" || value === null)) {
      attributes[name] = value;
    }
  }
  return attributes;
}

/** Formats attributes for a start tag, each with a space before it. */
export function formatAttributes(attributes: Attributes): Markup {
  let text = "";
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined && value !== null && value !== false) {
      text += value === true ? ` ${name}` : ` ${name}="${escapeText(String(value))}"`;
    }
  }
  return new Markup(text);
}

/** Ties a control to its help and its errors. */
function addDescription(attributes: OwnAttributes, { errors, help: usual, id }: FieldView, { help = usual }: FieldOptions): void {
  const hasHelp = help !== undefined && help !== "";
  if (errors.length > 0) {
    attributes["aria-invalid"] = "true";
    attributes["aria-describedby"] = hasHelp ? `${id}-help ${id}-errors` : `${id}-errors`;
  } else if (hasHelp) {
    attributes["aria-describedby"] = `${id}-help`;
  }
}

function describe(view: FieldView, options: FieldOptions): Attributes {
  const attributes: OwnAttributes = {};
  addDescription(attributes, view, options);
  return attributes;
}

function findType(view: FieldView, options: FieldOptions): string {
  return options.type ?? view.control.type;
}

/** Tells whether a field has several inputs: radio buttons, checkboxes, or one for each text of a list. */
function isGroup({ control }: FieldView, type: string): boolean {
  return type === "radio" || (control.isMultiple && !(type === "select" || type === "file" || type === "hidden" || type === "textarea"));
}

/** Renders the blank choice: a select starts with nothing chosen, so that nobody sends its first value by accident. */
function renderBlank(view: FieldView): Markup {
  return html`<option value=""${view.values.length === 0 ? new Markup(" selected") : ""}></option>`;
}

function toChoices(choices: FieldChoices | undefined, usual: readonly Choice[]): readonly Choice[] {
  if (choices === undefined) {
    return usual;
  }
  const list = isList(choices) ? choices : Object.entries(choices);
  return list.map((choice) => (typeof choice === "string" ? { value: choice, label: choice } : { value: choice[0], label: choice[1] }));
}

function isList(choices: FieldChoices): choices is Extract<FieldChoices, readonly unknown[]> {
  return Array.isArray(choices);
}

function addValue(attributes: OwnAttributes, type: string, { control, values }: FieldView): void {
  const [value] = values;
  if (type === "checkbox" && !control.isMultiple) {
    attributes.checked = value !== undefined && value !== "" && textConverters.boolean(value) !== false;
  } else if (isInput(type) && !typesWithoutValue.has(type)) {
    attributes.value = value;
  }
}

/** Types that never get a value: passwords are not sent back, and browsers refuse the name of a file. */
const typesWithoutValue = new Set(["password", "file", "radio", "checkbox"]);

const textConstraints = new Set(["minlength", "maxlength", "pattern"]);
const rangeConstraints = new Set(["min", "max", "step"]);
const rangeTypes = new Set(["number", "range", "date", "time", "datetime-local", "month", "week"]);
const unconstrainedTypes = new Set(["hidden", "range", "color"]);

/** Returns the constraints that apply to a control of this type. They are computed once for each control and type. */
function pickConstraints(type: string, { constraints, picked }: Control): Attributes {
  const known = picked.get(type);
  if (known !== undefined) {
    return known;
  }
  const found = Object.fromEntries(Object.entries(constraints).filter(([name]) => applies(name, type)));
  picked.set(type, found);
  return found;
}

function applies(name: string, type: string): boolean {
  if (unconstrainedTypes.has(type)) {
    return type === "range" && rangeConstraints.has(name);
  }
  if (textConstraints.has(name)) {
    return type === "textarea" ? name !== "pattern" : !rangeTypes.has(type) && isInput(type);
  }
  if (name === "multiple") {
    return type === "select" || type === "file";
  }
  return rangeConstraints.has(name) ? rangeTypes.has(type) : true;
}

function isInput(type: string): boolean {
  return type !== "textarea" && type !== "select";
}
