import { FormError } from "../base/errors";
import { html, type Markup } from "../base/html";
import { refuseUnknown } from "../base/unknown-options";
import { readLeast } from "../schemas/checks";
import { type Choice, type FieldChoices, listChoices } from "../schemas/choices";
import { isPartialRecord } from "../schemas/convert-members";
import { formatName, maxDepth, type NameNode } from "../schemas/field-names";
import { findByKeys } from "../schemas/field-patterns";
import type { FormLabelKind } from "../schemas/form-messages";
import { type FieldPath, type FormSchema, findSent, getField, isList } from "../schemas/form-schema";
import { parseIsoDate } from "../schemas/iso-date";
import { type Alternative, isGroup, listRecordKeys, readMembers, takesAnyKey } from "../schemas/members";
import { showNul } from "../schemas/nul";
import { unwrap } from "../schemas/unwrap";
import { readInner, readInners, type ZodSchema } from "../schemas/zod";
import { type Attributes, formatAttributes } from "./attributes";
import { checkFieldOptions } from "./check-options";
import { describeField, readOptions } from "./field-descriptions";
import { FieldIds } from "./field-ids";
import { addAttributes, type FieldOptions, type FieldView, listAttributes, renderErrors } from "./field-markup";
import { hasFile } from "./file-fields";
import type { Control } from "./find-control";
import type { RowOptions } from "./form";
import { formatValue, readInitial } from "./initial-values";

/** The state of a form that its view shows. */
export interface FormState {
  /** The schemas. */
  readonly schema: FormSchema;
  /** The name of the form. */
  readonly name: string | undefined;
  /** The initial values. */
  readonly initial: Readonly<Record<string, unknown>>;
  /** The choices of this request by field. */
  readonly choices: ReadonlyMap<string, FieldChoices>;
  /** Whether the form was sent. */
  readonly submitted: boolean;
  /** Whether the form is sent by `GET`: fields that the query lacks then have the defaults of the schema. */
  readonly isSearch: boolean;
  /** The sent values. */
  readonly node: NameNode;
  /** The errors by field. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** Returns the text of a label that the form chooses itself, in the language of the request. */
  label(kind: FormLabelKind, field?: FieldPath): string;
}

/** The types of controls that always send a value, and those in their place that can be left empty. */
const blankableTypes: Readonly<Record<string, string>> = { range: "number", color: "text" };

/** The most empty rows of a list that has a least length. */
const maxEmptyRows = 50;

/** The most parts of a tuple that are shown. */
const maxParts = 1000;

/** Renders one field with a control of its own. */
type RenderOne = (field: FieldPath, options: FieldOptions) => Markup;

/** Shows the fields of a form: their values, errors, rows and groups. */
export class FormView {
  readonly #state: FormState;
  readonly #ids: FieldIds;
  readonly #fields = new Map<string, FieldPath>();
  readonly #render: RenderOne;

  /**
   * @param state The state of the form. It may change between two calls.
   * @param render Renders one field with a control of its own.
   */
  constructor(state: FormState, render: RenderOne) {
    this.#state = state;
    this.#ids = new FieldIds(state.name ?? "field");
    this.#render = render;
  }

  /** Finds a field. Throws a {@link FormError} if there is none. */
  find(name: string): FieldPath {
    const known = this.#fields.get(name) ?? getField(this.#state.schema, name);
    this.#fields.set(name, known);
    return known;
  }

  /** Renders a field, or the group of the fields inside it. */
  renderField(name: string, options: FieldOptions = {}): Markup {
    checkFieldOptions(options, `field("${name}")`);
    const field = this.find(name);
    const parts = this.#listParts(field);
    if (parts === undefined) {
      return this.#render(field, options);
    }
    refuseControl(options, name);
    const errors = this.#state.errors[field.name] ?? [];
    if (parts.length === 0 && errors.length === 0) {
      return html``;
    }
    const alternatives = readMembers(field.schema)?.alternatives.map((one) => ({
      ...one,
      names: one.names.map((key) => `${field.name}.${key}`),
    }));
    return this.#renderGroup(field, options, html`${renderErrors(errors)}${this.renderParts(parts, alternatives)}`);
  }

  /** Renders the element of a group, with its label, its help and its attributes, around the fields inside it. */
  #renderGroup(field: FieldPath, options: FieldOptions, content: Markup): Markup {
    const described = describeField(field);
    const all = { ...readOptions(field.schema), ...options };
    const { label = described.label, help = described.help ?? "" } = all;
    const id = help === "" ? undefined : `${this.#ids.get(field.name)}-help`;
    const own = typeof all.class === "string" ? { class: `fields ${all.class}` } : {};
    const attributes = addAttributes({ class: "fields", "aria-describedby": id }, { ...all, ...own });
    const note = id === undefined ? "" : html`<p class="field-help" id="${id}">${help}</p>`;
    return html`<fieldset${formatAttributes(attributes)}><legend>${label}</legend>${note}${content}</fieldset>`;
  }

  /** Renders fields. Those that only one option of a union has are grouped. */
  renderParts(names: readonly string[], alternatives: readonly Alternative[] = []): Markup {
    const alone = new Set(alternatives.flatMap((alternative) => alternative.names));
    return html`${names.filter((name) => !alone.has(name)).map((name) => this.renderField(name))}${alternatives.map(
      (alternative) =>
        html`<fieldset class="fields fields-option"><legend>${alternative.label ?? this.#state.label("otherwise")}</legend>${alternative.names.map((name) => this.renderField(name))}</fieldset>`,
    )}`;
  }

  /** Returns the attributes of the control of a field. */
  attributes(name: string, options: FieldOptions): Attributes {
    checkFieldOptions(options, `attributes("${name}")`);
    const field = this.find(name);
    const all = this.options(field, options);
    return listAttributes(this.view(field, all), all);
  }

  /** Lists the names of the rows of a list. */
  rows<Name extends string>(name: Name, options: RowOptions): `${Name}[${number}]`[] {
    refuseUnknown(options, ["extra", "least"], `rows("${name}")`, FormError);
    const { extra = 0, least = 0 } = options;
    const field = this.find(name);
    const count = this.#countRows(field);
    const rows = Math.max(count + (this.#state.submitted ? 0 : extra), least, count);
    return Array.from({ length: rows }, (_, index) => `${name}[${index}]` as const);
  }

  /** Tells whether any of the fields is a file. */
  hasFiles(): boolean {
    return [...this.#state.schema.fields.values()].some(hasFile);
  }

  /** Merges the options of a field: those of its schema, the choices of this request, and those of the call. */
  options(field: FieldPath, given: FieldOptions = {}): FieldOptions {
    const stated = readOptions(field.schema);
    const choices = given.choices ?? findByKeys(this.#state.choices, field.keys) ?? stated.choices;
    const all = { ...stated, ...given };
    const blankable = blankableTypes[given.type === undefined ? String(stated.type) : ""];
    if (blankable !== undefined && this.#isLenient(field) && this.#listValues(field, blankable).every((text) => text === "")) {
      all.type = blankable;
    }
    return choices === undefined ? all : { ...all, type: all.type ?? "select", choices };
  }

  /** Describes a field with its value and its errors. */
  view(field: FieldPath, options: FieldOptions): FieldView {
    const { name } = field;
    const { control: usual, help, label } = describeField(field);
    const better = options.type === undefined ? this.#findBetterType(field, usual) : undefined;
    const control = better === undefined ? usual : { ...usual, type: better };
    const { type = control.type } = options;
    const { isSearch } = this.#state;
    const isLenient = this.#isLenient(field);
    const isRequired = control.constraints.required === true && !isLenient;
    return {
      name,
      id: this.#ids.get(name),
      control,
      isRequired,
      offersBlank: isLenient || (control.offersBlank && !(isRequired && type === "select" && this.#hasInitial(field))),
      blankLabel: type === "select" ? this.#state.label("blank", field) : "",
      choices: this.#nameChoices(control.choices, field),
      label,
      help,
      errors: this.#listErrors(name),
      values: matchDates(this.#listValues(field, type), options.choices),
      sendsOff: isSearch && type === "checkbox" && !control.isMultiple && unwrap(field.schema).defaultValue === true,
    };
  }

  /** Tells whether a value was chosen before the visitor came: a required select then offers no blank, as in Django. */
  #hasInitial(field: FieldPath): boolean {
    return formatValue(readInitial(this.#state.initial, field), "select").some((text) => text !== "");
  }

  /** Gives the choices whose labels Flagon chooses the words of the request's language. */
  #nameChoices(choices: readonly Choice[], field: FieldPath): readonly Choice[] {
    return choices.some(({ labelKind }) => labelKind !== undefined)
      ? choices.map((choice) =>
          choice.labelKind === undefined ? choice : { ...choice, label: this.#state.label(choice.labelKind, field) },
        )
      : choices;
  }

  /**
   * Finds the type of control that keeps the value of a field: one for days loses a time, one for times a zone, and one for a line loses
   * line breaks.
   */
  #findBetterType(field: FieldPath, { type, isMultiple }: Control): string | undefined {
    if (type === "date") {
      return this.#hasTime(field) ? "datetime-local" : undefined;
    }
    if (type === "datetime-local") {
      return this.#listValues(field, "text").some((text) => /T.*(?:Z|[+-]\d\d:?\d\d)$/i.test(text)) ? "text" : undefined;
    }
    return type === "text" && !isMultiple && this.#listValues(field, type).some((text) => /[\r\n]/.test(text)) ? "textarea" : undefined;
  }

  /** Tells whether the date of a field has a time, which a control for days would lose. */
  #hasTime(field: FieldPath): boolean {
    const { submitted, initial } = this.#state;
    if (unwrap(field.schema).core._zod.def.type === "string") {
      return false;
    }
    const texts = submitted ? this.#listValues(field, "date") : formatValue(readInitial(initial, field), "hidden");
    return texts.some((text) => parseIsoDate(text) !== undefined && /T\d/i.test(text) && !/T00:00:00.000Z$/.test(text));
  }

  /** Lists the texts that a control shows: those that were sent, or the initial ones. In a query, a default stands in for an absent text. */
  #listValues(field: FieldPath, type: string): readonly string[] {
    const { submitted, isSearch, node, initial } = this.#state;
    if (!submitted) {
      return formatValue(readInitial(initial, field), type);
    }
    const sent =
      findSent(node, field)
        ?.values.filter((value) => typeof value === "string")
        .map(showNul) ?? [];
    const isAbsent = isSearch && sent.every((text) => text === "") && !unwrap(field.schema).acceptsEmpty;
    return isAbsent ? formatValue(readInitial({}, field), type) : sent;
  }

  /** Lists the fields inside of one that is an object or a list of objects; `undefined` for one with a control of its own. */
  #listParts(field: FieldPath): readonly string[] | undefined {
    const { name, schema, parents } = field;
    const { core, isOptional, isNullable } = unwrap(schema);
    switch (core._zod.def.type) {
      case "object":
      case "union":
      case "intersection": {
        const members = readMembers(core);
        // A recursive schema is followed as deep as its data.
        const isInside = parents.some((parent) => unwrap(parent).core === core);
        const isEnd = isInside && (isOptional || isNullable || field.keys.length >= maxDepth - 1) && !this.#hasData(field);
        const more = takesAnyKey(core) ? this.#listKeys(field) : [];
        return members && (isEnd ? [] : [...new Set([...members.fields.keys(), ...more])].map((key) => formatName([...field.keys, key])));
      }
      case "record":
        return [...new Set([...listRecordKeys(core), ...this.#listKeys(field)])].map((key) => formatName([...field.keys, key]));
      case "tuple": {
        const stated = readInners(core, "items").length;
        const count = readInner(core, "rest") === undefined ? stated : Math.max(stated, this.#countParts(field));
        return Array.from({ length: count }, (_, index) => `${name}[${index}]`);
      }
      case "null":
      case "undefined":
      case "void":
      case "never":
        // Only absence is valid, so there is nothing to fill in.
        return [];
      case "array":
      case "set": {
        const element = readInner(core, "element") ?? readInner(core, "valueType");
        if (element === undefined || !isGroup(core)) {
          return undefined;
        }
        const isInside = name.includes("[") && parents.some((parent) => unwrap(parent).core === unwrap(element).core);
        return isInside ? this.rows(name, {}) : this.#listRows(field);
      }
      default:
        return undefined;
    }
  }

  /** Lists the rows of a list with an empty one, and with as many as the list needs. */
  #listRows(field: FieldPath): readonly string[] {
    const { core, isOptional, isNullable } = unwrap(field.schema);
    const least = isOptional || isNullable ? 1 : Math.min(readLeast(core) ?? 1, maxEmptyRows);
    return this.rows(field.name, { extra: 1, least: Math.max(least, this.#countRows(field) + 1) });
  }

  #hasData(field: FieldPath): boolean {
    const { submitted, node, initial } = this.#state;
    const value = submitted ? findSent(node, field) : readInitial(initial, field);
    return value !== undefined && value !== null;
  }

  /** Counts the parts of a tuple: of the sent values or of the initial ones. */
  #countParts(field: FieldPath): number {
    const { submitted, node, initial } = this.#state;
    if (!submitted) {
      const value = readInitial(initial, field);
      return Array.isArray(value) ? value.length : 0;
    }
    const sent = findSent(node, field);
    const indices = [...(sent?.children.keys() ?? [])].map(Number).filter((index) => Number.isSafeInteger(index) && index < maxParts);
    return Math.max(sent?.values.length ?? 0, ...indices.map((index) => index + 1));
  }

  #listKeys(field: FieldPath): readonly string[] {
    const { submitted, node, initial } = this.#state;
    if (submitted) {
      return [...(findSent(node, field)?.children.keys() ?? [])];
    }
    const value = readInitial(initial, field);
    return typeof value === "object" && value !== null ? Object.keys(value) : [];
  }

  /** Lists the errors of a field with a control. Those of the items of one control belong to it too, each text once. */
  #listErrors(name: string): readonly string[] {
    const { errors } = this.#state;
    const own = Object.keys(errors).filter((other) => other === name || other.startsWith(`${name}[`));
    return [...new Set(own.flatMap((key) => errors[key] ?? []))];
  }

  /** Counts the rows that are not empty. */
  #countRows(field: Pick<FieldPath, "keys" | "parents" | "schema">): number {
    const { submitted, node, initial } = this.#state;
    if (submitted) {
      return findSent(node, field)?.items.length ?? 0;
    }
    const value = readInitial(initial, field);
    return Array.isArray(value) ? value.length : value instanceof Set ? value.size : 0;
  }

  /** Tells whether a field may stay empty although its schema requires it: it lies in an optional group, in a partial record, or in an empty row. */
  #isLenient({ keys, parents }: FieldPath): boolean {
    return keys.some((key, depth) => depth > 0 && this.#mayStayEmpty(keys, parents, depth, key));
  }

  #mayStayEmpty(keys: readonly PropertyKey[], parents: readonly ZodSchema[], depth: number, key: PropertyKey): boolean {
    const parent = parents[depth - keys.length + parents.length];
    if (parent === undefined) {
      return false;
    }
    if (typeof key === "number" && isList(parent) && unwrap(parent).core._zod.def.type !== "tuple") {
      const list = { keys: keys.slice(0, depth), parents: parents.slice(0, depth - keys.length + parents.length), schema: parent };
      return key >= this.#countRows(list);
    }
    const { core, isOptional, isNullable } = unwrap(parent);
    return isOptional || isNullable || isPartialRecord(core);
  }
}

/** Refuses options of a control for a group, which has none. */
function refuseControl(options: FieldOptions, name: string): void {
  const option = ["type", "choices"].find((key) => options[key] !== undefined);
  if (option !== undefined) {
    throw new FormError(`The field '${name}' takes no '${option}': it is a group of fields. Give it to one of its fields.`);
  }
}

/** Writes dates as the choices do that mean the same moment. */
function matchDates(values: readonly string[], choices: FieldChoices | undefined): readonly string[] {
  if (choices === undefined || values.every((value) => parseIsoDate(value) === undefined)) {
    return values;
  }
  const texts = listChoices(choices).map(({ value }) => value);
  const readTime = (text: string): number | undefined => parseIsoDate(text)?.getTime();
  return values.map((value) => (texts.includes(value) ? value : (texts.find((text) => readTime(text) === readTime(value)) ?? value)));
}
