import { FormError } from "../base/errors";
import { html, type Markup } from "../base/html";
import { andThen, type MaybePromise } from "../base/maybe-promise";
import { didYouMean } from "../base/suggestion";
import type { RequestContext } from "../dispatch/context";
import { createScope } from "../dispatch/template-scope";
import { type FormValue, FormValues } from "../http/request/form-values";
import { createNode, findNode, listItems, type NameNode, toTree } from "../schemas/field-names";
import { checkForm, type FormSchema, findFieldSchema } from "../schemas/form-schema";
import { type Alternative, readMembers } from "../schemas/members";
import { readInner, readInners, unwrap, type ZodSchema } from "../schemas/zod";
import { CsrfError, checkCsrf, createCsrfToken, csrfField } from "../sessions/csrf";
import { describeField, readOptions } from "./field-descriptions";
import {
  type FieldOptions,
  type FieldView,
  formatAttributes,
  listAttributes,
  renderControl,
  renderErrors,
  renderField,
  renderNotes,
} from "./fields";
import type { FormBase, FormOptions, FormRenderOptions, RowOptions } from "./form";
import { formatValue, readPath } from "./initial-values";

/** The field that says which of a page's forms was sent. */
const formNameField = "_form";
/** The fields of every form that are no fields of its schema. */
const reservedFields: ReadonlySet<string> = new Set([csrfField, formNameField, "_method"]);

const noValues = new FormValues();
const emptyTree: NameNode = createNode();

/** A form in a request. */
export class BoundForm<Data> implements FormBase<Data> {
  readonly errors: Record<string, string[]> = Object.create(null);
  readonly formErrors: string[] = [];
  submitted = false;
  #data: unknown;
  #values = noValues;
  #node = emptyTree;
  readonly #schema: FormSchema;
  readonly #options: FormOptions;
  readonly #context: RequestContext;
  readonly #initial: Readonly<Record<string, unknown>>;

  constructor(schema: FormSchema, options: FormOptions, context: RequestContext, initial: object) {
    this.#schema = schema;
    this.#options = options;
    this.#context = context;
    this.#initial = { ...initial };
  }

  get valid(): boolean {
    return this.submitted && this.formErrors.length === 0 && Object.keys(this.errors).length === 0;
  }

  get data(): unknown {
    return this.valid ? this.#data : undefined;
  }

  get raw(): Record<string, string | string[]> {
    const raw: Record<string, string | string[]> = Object.create(null);
    for (const name of this.#values.keys()) {
      const texts = this.#values.getAll(name).filter(isText);
      raw[name] = texts.length === 1 ? (texts[0] ?? "") : texts;
    }
    return raw;
  }

  /** Binds the form to what was sent, unless another form of the page was. */
  submit(): Promise<this> {
    return this.#context.request.form().then((values) => {
      const { name } = this.#options;
      if (name !== undefined && values.get(formNameField) !== name) {
        return this;
      }
      this.submitted = true;
      this.#values = values;
      const { isCsrfChecked, refusal } = this.#context;
      if (refusal !== undefined) {
        this.#context.isRefusalShown = true;
        this.addError(null, refusal.description);
      } else if (this.#hasToken && !isCsrfChecked) {
        return this.#checkOrigin().then(() => this.#bind(values));
      }
      return this.#bind(values);
    });
  }

  async #checkOrigin(): Promise<void> {
    const { app, request } = this.#context;
    try {
      await checkCsrf(request, () => this.#context.session, app.config);
    } catch (error) {
      if (!(error instanceof CsrfError)) {
        throw error;
      }
      this.addError(null, error.description);
    }
  }

  #bind(values: FormValues): MaybePromise<this> {
    this.#node = toTree(values, reservedFields);
    return andThen(checkForm(this.#schema, this.#node, this.#options.messages), (result) => {
      if ("data" in result) {
        this.#data = result.data;
      } else {
        for (const issue of result.errors) {
          this.addError(issue.name === "" ? null : issue.name, issue.message);
        }
      }
      return this;
    });
  }

  addError(field: string | null, message: string): void {
    if (field === null || field === "") {
      this.formErrors.push(message);
    } else {
      this.errors[field] = [...(this.errors[field] ?? []), message];
    }
    this.#context.status = 422;
  }

  field(name: string, options: FieldOptions = {}): Markup {
    const schema = this.#find(name);
    const parts = this.#listParts(name, schema);
    if (parts === undefined) {
      return this.#renderField(name, schema, options);
    }
    const { label = this.#view(name, schema).label } = options;
    const alternatives = readMembers(schema)?.alternatives.map((one) => ({ ...one, names: one.names.map((key) => `${name}.${key}`) }));
    return html`<fieldset class="fields"><legend>${label}</legend>${renderErrors(this.errors[name] ?? [])}${this.#renderParts(parts, alternatives)}</fieldset>`;
  }

  attributes(name: string, options: FieldOptions = {}): Markup {
    const schema = this.#find(name);
    const all = { ...readOptions(schema), ...options };
    return formatAttributes(listAttributes(this.#view(name, schema, all), all));
  }

  rows(name: string, { extra = 0, least = 0 }: RowOptions = {}): string[] {
    this.#find(name);
    const count = this.#countRows(name);
    return Array.from({ length: Math.max(count + (this.submitted ? 0 : extra), least, count) }, (_, index) => `${name}[${index}]`);
  }

  renderErrors(field?: string): Markup {
    return field === undefined ? renderErrors(this.formErrors) : renderErrors(this.errors[field] ?? []);
  }

  hidden(): Markup {
    const { name } = this.#options;
    const which = name === undefined ? "" : html`<input type="hidden" name="${formNameField}" value="${name}">`;
    if (!this.#hasToken) {
      return html`${which}`;
    }
    const token = createCsrfToken(this.#context.session, this.#context.app.config);
    return html`${which}<input type="hidden" name="${csrfField}" value="${token}">`;
  }

  render({ submit = "Send", ...attributes }: FormRenderOptions = {}): Markup {
    const names = [...this.#schema.fields.keys()];
    const hasFiles = names.some((name) => this.#hasFile(name));
    const all = { method: "post", ...(hasFiles ? { enctype: "multipart/form-data" } : {}), ...attributes };
    return html`<form${formatAttributes(all)}>${this.hidden()}${this.renderErrors()}${this.#renderParts(names, this.#schema.alternatives)}<button type="submit">${submit}</button></form>`;
  }

  get #hasToken(): boolean {
    return this.#options.csrf !== false && this.#context.app.config.csrf;
  }

  #find(name: string): ZodSchema {
    const schema = findFieldSchema(this.#schema, name);
    if (schema === undefined) {
      throw new FormError(`The form has no field '${name}'.${didYouMean(name, this.#schema.fields.keys())}`);
    }
    return schema;
  }

  /** Renders fields, those together that belong to the same option of a union. */
  #renderParts(names: readonly string[], alternatives: readonly Alternative[] = []): Markup {
    const alone = new Set(alternatives.flatMap((alternative) => alternative.names));
    return html`${names.filter((name) => !alone.has(name)).map((name) => this.field(name))}${alternatives.map(
      (alternative) =>
        html`<fieldset class="fields fields-option"><legend>${alternative.label}</legend>${alternative.names.map((name) => this.field(name))}</fieldset>`,
    )}`;
  }

  /** Lists the fields inside of one that is an object, or a list of objects; `undefined` for one with a control of its own. */
  #listParts(name: string, schema: ZodSchema): readonly string[] | undefined {
    const { core } = unwrap(schema);
    switch (core._zod.def.type) {
      case "object":
      case "union": {
        const members = readMembers(core);
        return members && [...members.fields.keys()].map((key) => `${name}.${key}`);
      }
      case "tuple":
        return readInners(core, "items").map((_, index) => `${name}[${index}]`);
      case "array": {
        const element = readInner(core, "element");
        return element !== undefined && this.#listParts(`${name}[0]`, element) !== undefined
          ? this.rows(name, { extra: 1, least: 1 })
          : undefined;
      }
      default:
        return undefined;
    }
  }

  #hasFile(name: string): boolean {
    const schema = this.#find(name);
    return this.#listParts(name, schema)?.some((part) => this.#hasFile(part)) ?? this.#view(name, schema).control.type === "file";
  }

  #renderField(name: string, schema: ZodSchema, given: FieldOptions): Markup {
    const options = { ...readOptions(schema), ...given };
    const view = this.#view(name, schema, options);
    const { fieldTemplate } = this.#options;
    if (fieldTemplate === undefined) {
      return renderField(view, options);
    }
    const data = {
      ...view,
      label: options.label ?? view.label,
      help: options.help ?? view.help,
      type: options.type ?? view.control.type,
      isRequired: view.control.constraints.required === true,
      control: renderControl(view, options),
      notes: renderNotes(view, options),
    };
    return this.#context.app.templates.render(fieldTemplate, data, createScope(this.#context));
  }

  #view(name: string, schema: ZodSchema, options: FieldOptions = readOptions(schema)): FieldView {
    const { control, help, label } = describeField(name, schema);
    const { type = control.type } = options;
    return {
      name,
      id: `${this.#options.name ?? "field"}-${/^[\w-]+$/.test(name) ? name : name.replace(/[^\w-]+/g, "-").replace(/-$/, "")}`,
      control: this.#isInEmptyRow(name)
        ? { ...control, constraints: { ...control.constraints, required: undefined }, picked: new Map() }
        : control,
      label,
      help,
      errors: this.#listErrors(name, control.isMultiple),
      values: this.submitted ? this.#sent(name) : formatValue(readPath(this.#initial, name) ?? unwrap(schema).defaultValue, type),
    };
  }

  /** Lists what is wrong with a field; what is wrong with the items of one control is said there as well, once. */
  #listErrors(name: string, isMultiple: boolean): readonly string[] {
    const own = this.errors[name] ?? [];
    if (!isMultiple && own.length < 2) {
      return own;
    }
    const items = isMultiple ? Object.keys(this.errors).filter((other) => other.startsWith(`${name}[`)) : [];
    return [...new Set([name, ...items].flatMap((key) => this.errors[key] ?? []))];
  }

  /** Counts the rows that hold something. */
  #countRows(name: string): number {
    if (this.submitted) {
      return listItems(findNode(this.#node, name) ?? createNode()).length;
    }
    const initial = readPath(this.#initial, name);
    return Array.isArray(initial) ? initial.length : 0;
  }

  /** Tells whether a field is in a row that may be left empty. */
  #isInEmptyRow(name: string): boolean {
    return (
      name.includes("[") &&
      [...name.matchAll(/\[(\d+)\]/g)].some(({ 1: row, index }) => Number(row) >= this.#countRows(name.slice(0, index)))
    );
  }

  #sent(name: string): string[] {
    return findNode(this.#node, name)?.values.filter(isText) ?? [];
  }
}

function isText(value: FormValue): value is string {
  return typeof value === "string";
}
