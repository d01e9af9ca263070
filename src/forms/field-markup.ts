import { html, Markup } from "../base/html";
import { textConverters } from "../base/text-values";
import { type Choice, type FieldChoices, listChoices } from "../schemas/choices";
import { type Attributes, formatAttributes } from "./attributes";
import { fieldOptionNames } from "./check-options";
import type { Control } from "./find-control";

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
  /** Whether the browser requires a value. */
  readonly isRequired: boolean;
  /** The choices of its select, or of its group of radio buttons or checkboxes. */
  readonly choices: readonly Choice[];
  /** Whether a select offers to choose nothing. */
  readonly offersBlank: boolean;
  /** The label of that choice. */
  readonly blankLabel: string;
  /** Whether a hidden field sends `false` if the box is not ticked: in a query, absence would mean the default. */
  readonly sendsOff: boolean;
}

/**
 * Options of a rendered field. They go before the schema and its `.meta()`. Any other key is an attribute of the control, as HTML has it; one of
 * a library or of your own has a hyphen or another sign: `data-x`, `hx-get`, `@click`. Other words are a {@link FormError}.
 */
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

/** The most empty inputs of a list that has a least length. */
const maxInputs = 50;

/** Renders a field: label, control, help and errors, tied together for screen readers. */
export function renderField(view: FieldView, options: FieldOptions = {}): Markup {
  const { label = view.label } = options;
  const type = findType(view, options);
  const control = renderControl(view, options);
  if (type === "hidden") {
    // A visitor sees no control, so each error names its field.
    return html`${control}${renderErrors(
      view.errors.map((error) => `${label}: ${error}`),
      `${view.id}-errors`,
    )}`;
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

/**
 * Renders the errors of a form as a whole, or nothing.
 *
 * No control points at them, so they are an alert, which screen readers read out. It is around the list: a list with that role is none.
 */
export function renderFormErrors(errors: readonly string[]): Markup {
  return errors.length === 0
    ? new Markup("")
    : html`<div class="field-errors" role="alert"><ul>${errors.map((error) => html`<li>${error}</li>`)}</ul></div>`;
}

/** Renders the control of a field alone: an input, a textarea, a select, or a group of inputs. */
export function renderControl(view: FieldView, options: FieldOptions = {}): Markup {
  const type = findType(view, options);
  const attributes = listAttributes(view, options);
  const choices = options.choices === undefined ? view.choices : listChoices(options.choices);
  if (type === "textarea") {
    // HTML drops a line break right after the tag: one more keeps a line break that begins the text.
    return html`<textarea${formatAttributes(attributes)}>\n${view.values[0] ?? ""}</textarea>`;
  }
  if (type === "select") {
    const blank = view.control.isMultiple ? "" : renderBlank(view, choices);
    const isChosen = view.control.isMultiple || choices.some((choice) => isSelected(choice, view.values));
    const values = isChosen ? view.values : [""];
    return html`<select${formatAttributes(attributes)}>${blank}${renderGroups(choices, renderOptionGroup, (choice) => renderOption(choice, values))}</select>`;
  }
  if (!isGroup(view, type)) {
    return html`<input${formatAttributes(attributes)}>${view.sendsOff ? html`<input type="hidden" name="${view.name}" value="false">` : ""}`;
  }
  // The help describes the whole group. `required` on each checkbox would require all of them.
  const { "aria-describedby": _, ...own } = attributes;
  if (type === "radio" || type === "checkbox") {
    return renderGroups(choices, renderInputGroup, (choice) => {
      const { value, label, isDisabled = false } = choice;
      const checked = isSelected(choice, view.values);
      const all = {
        ...own,
        ...(type === "radio" ? {} : { required: false }),
        id: `${view.id}-${choices.indexOf(choice)}`,
        value,
        checked,
        ...(isDisabled ? { disabled: true } : {}),
      };
      return html`<label><input${formatAttributes(all)}> ${label}</label>`;
    });
  }
  const name = options.label ?? view.label;
  const { values } = view;
  const { least } = view.control;
  const count = Math.min(Math.max(values.length + 1, least), values.length + maxInputs);
  return html`${Array.from({ length: count }, (_, index) => values[index] ?? "").map(
    (value, index) =>
      html`<input${formatAttributes({ ...own, ...(index < Math.max(least, 1) ? {} : { required: false }), id: `${view.id}-${index}`, value, "aria-label": `${name} ${index + 1}` })}>`,
  )}`;
}

function renderOption(choice: Choice, values: readonly string[]): Markup {
  const { value, label, isDisabled = false } = choice;
  return html`<option${formatAttributes({ value, selected: isSelected(choice, values), disabled: isDisabled })}>${label}</option>`;
}

/** Tells whether a choice is selected. Browsers do not send a disabled one. */
function isSelected({ value, isDisabled = false }: Choice, values: readonly string[]): boolean {
  return !isDisabled && values.includes(value);
}

/** Renders choices one by one. Neighbours of the same group are rendered together. */
function renderGroups(
  choices: readonly Choice[],
  renderGroup: (label: string, content: Markup) => Markup,
  render: (choice: Choice) => Markup,
): Markup {
  const groups: { readonly group: string | undefined; readonly choices: Choice[] }[] = [];
  for (const choice of choices) {
    const last = groups.at(-1);
    if (last !== undefined && last.group === choice.group) {
      last.choices.push(choice);
    } else {
      groups.push({ group: choice.group, choices: [choice] });
    }
  }
  return html`${groups.map((one) => {
    const content = html`${one.choices.map(render)}`;
    return one.group === undefined ? content : renderGroup(one.group, content);
  })}`;
}

function renderOptionGroup(label: string, content: Markup): Markup {
  return html`<optgroup label="${label}">${content}</optgroup>`;
}

function renderInputGroup(label: string, content: Markup): Markup {
  return html`<fieldset><legend>${label}</legend>${content}</fieldset>`;
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
  addConstraints(attributes, type, view);
  addDescription(attributes, view, options);
  return addAttributes(attributes, options);
}

/** Adds the attributes among the options of a field, and returns all of them. */
export function addAttributes(attributes: Record<string, Attributes[string]>, options: FieldOptions): Attributes {
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (!fieldOptionNames.has(name) && (typeof value !== "object" || value === null)) {
      attributes[name] = value;
    }
  }
  return attributes;
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

/**
 * Renders the blank choice: a select starts with nothing chosen, so that its first value is not sent by accident. A select with
 * a default has no blank choice, and a select with a blank choice of its own gets no second one. A required select with an
 * initial value has none either, unless that value is no longer a choice.
 */
function renderBlank({ values, offersBlank, blankLabel }: FieldView, choices: readonly Choice[]): Markup | string {
  if (choices.some(({ value }) => value === "")) {
    return "";
  }
  const isChosen = choices.some((choice) => isSelected(choice, values));
  return offersBlank || !isChosen ? html`<option value=""${isChosen ? "" : new Markup(" selected")}>${blankLabel}</option>` : "";
}

function addValue(attributes: OwnAttributes, type: string, { control, values }: FieldView): void {
  const [value] = values;
  if (type === "checkbox" && !control.isMultiple) {
    const [yes = { value: "true" }] = control.choices;
    const isWord = yes.value !== "true";
    attributes.value = isWord ? yes.value : undefined;
    attributes.checked = isWord ? value === yes.value : value !== undefined && value !== "" && textConverters.boolean(value) !== false;
  } else if (isInput(type) && !typesWithoutValue.has(type)) {
    attributes.value = value;
  }
}

/** Types that never get a value: passwords are not sent back, and browsers refuse the name of a file. */
const typesWithoutValue = new Set(["password", "file", "radio", "checkbox"]);

const textConstraints = new Set(["minlength", "maxlength", "pattern"]);
const rangeTypes = new Set(["number", "range", "date", "time", "datetime-local", "month", "week"]);
const unconstrainedTypes = new Set(["hidden", "range", "color"]);

/** Adds the constraints that apply to a control of this type. Those that do not depend on its values are picked once. */
function addConstraints(attributes: OwnAttributes, type: string, { control, values, isRequired }: FieldView): void {
  const { constraints, picked, range } = control;
  const known = picked.get(type) ?? Object.fromEntries(Object.entries(constraints).filter(([name]) => applies(name, type)));
  picked.set(type, known);
  for (const name of Object.keys(known)) {
    if (name !== "required" || isRequired) {
      attributes[name] = known[name];
    }
  }
  if (range !== undefined && rangeTypes.has(type)) {
    Object.assign(attributes, range.constraints(type, values));
  }
}

function applies(name: string, type: string): boolean {
  if (unconstrainedTypes.has(type)) {
    return false;
  }
  if (textConstraints.has(name)) {
    return type === "textarea" ? name !== "pattern" : !rangeTypes.has(type) && isInput(type);
  }
  if (name === "multiple") {
    return type === "select" || type === "file";
  }
  return true;
}

function isInput(type: string): boolean {
  return type !== "textarea" && type !== "select";
}
