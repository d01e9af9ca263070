import { escapeText, html, Markup } from "../base/html";
import { textConverters } from "../base/text-values";
import type { Attributes, Choice, Control } from "./controls";

/** One field of a form, as it is to be shown. */
export interface FieldView {
  /** The name under which it is sent. */
  readonly name: string;
  /** The id of its control, which no other field of the page has. */
  readonly id: string;
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

/** What a select, or a group of radio buttons or checkboxes, offers: values, values with labels, or labels by value. */
export type FieldChoices = readonly (string | readonly [value: string, label: string])[] | Readonly<Record<string, string>>;

/** How a field is rendered, where it is not to follow from the schema; any other key is an attribute of the control. */
export interface FieldOptions {
  /** What the field is called. */
  label?: string;
  /** The type of the input, or `"textarea"`, `"select"` or `"radio"`; `"checkbox"` makes a group of them of several choices. */
  type?: string;
  /** What helps to fill it in. */
  help?: string;
  /** What a select, or a group of radio buttons or checkboxes, offers. */
  choices?: FieldChoices;
  /** Any attribute of the control. */
  [attribute: string]: string | number | boolean | null | undefined | FieldChoices;
}

/** Attributes that are being gathered. */
type OwnAttributes = Record<string, Attributes[string]>;

/** The options that are no attributes. */
const ofFields: ReadonlySet<string> = new Set(["label", "type", "help", "choices"]);

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

/** Renders what helps to fill a field in, and what is wrong with it. */
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
    // A line break right after the tag is not part of the text, so that one in the text needs another before it.
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
  // The group is described as a whole; of checkboxes, none is required by itself.
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
  // One object is filled, since each that is spread into another is copied.
  const attributes: OwnAttributes = {};
  if (isInput(type)) {
    attributes.type = type;
  }
  attributes.name = view.name;
  attributes.id = view.id;
  addValue(attributes, type, view);
  Object.assign(attributes, pickConstraints(type, view.control.constraints));
  addDescription(attributes, view, options);
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (!ofFields.has(name) && (typeof value !== "object" || value === null)) {
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

/** A select starts with nothing chosen, so that nobody sends its first value unawares. */
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
  } else if (isInput(type) && !valueless.has(type)) {
    attributes.value = value;
  }
}

/** What was typed as a password is not sent back, and no browser takes a file's name. */
const valueless = new Set(["password", "file", "radio", "checkbox"]);

const textOnly = new Set(["minlength", "maxlength", "pattern"]);
const numeric = new Set(["min", "max", "step"]);
const numericTypes = new Set(["number", "range", "date", "time", "datetime-local", "month", "week"]);
const unrequired = new Set(["hidden", "range", "color"]);

/** What was picked last of a field's constraints: it has one type, mostly. */
const lastPicked = new WeakMap<Attributes, { readonly type: string; readonly picked: Attributes }>();

/** Leaves out the constraints that do not apply to a control of this type. */
function pickConstraints(type: string, constraints: Attributes): Attributes {
  const last = lastPicked.get(constraints);
  if (last?.type === type) {
    return last.picked;
  }
  const picked: OwnAttributes = {};
  lastPicked.set(constraints, { type, picked });
  for (const [name, value] of Object.entries(constraints)) {
    if (applies(name, type)) {
      picked[name] = value;
    }
  }
  return picked;
}

function applies(name: string, type: string): boolean {
  if (unrequired.has(type)) {
    return type === "range" && numeric.has(name);
  }
  if (textOnly.has(name)) {
    return type === "textarea" ? name !== "pattern" : !numericTypes.has(type) && isInput(type);
  }
  if (name === "multiple") {
    return type === "select" || type === "file";
  }
  return numeric.has(name) ? numericTypes.has(type) : true;
}

function isInput(type: string): boolean {
  return type !== "textarea" && type !== "select";
}
