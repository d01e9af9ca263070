import { FormError } from "../base/errors";
import { html, type Markup } from "../base/html";
import { andThen, type MaybePromise } from "../base/maybe-promise";
import { didYouMean } from "../base/suggestion";
import type { RequestContext } from "../dispatch/context";
import { createScope } from "../dispatch/template-scope";
import { FormValues } from "../http/request/form-values";
import { checkForm, type FieldIssue } from "../schemas/check-form";
import { type FieldChoices, listAllowed, listChoices } from "../schemas/choices";
import { createConversion } from "../schemas/conversion";
import { emptyNode, type NameNode, toTree } from "../schemas/field-names";
import { type FieldPath, type FormSchema, findAnyItem, findField } from "../schemas/form-schema";
import { listReserved } from "../schemas/parse-fields";
import { unwrap } from "../schemas/zod";
import { CsrfError, checkCsrf, createCsrfToken, csrfField } from "../sessions/csrf";
import { formatAttributes } from "./attributes";
import { describeField } from "./field-descriptions";
import { type FieldOptions, renderControl, renderErrors, renderField, renderNotes } from "./fields";
import type { FormBase, FormOptions, FormRenderOptions, RowOptions } from "./form";
import { type FormState, FormView } from "./form-view";
import { findMessage } from "./messages";

/** The field that says which of a page's forms was sent. */
export const formNameField = "_form";

/** The values and choices that a request gives to a form. */
export interface RequestValues {
  /** The values that the fields show before the form is sent. */
  readonly initial: object;
  /** The choices by field. */
  readonly choices: Readonly<Record<string, FieldChoices | undefined>>;
}

/** A form in a request. */
export class BoundForm<Data> implements FormBase<Data>, FormState {
  readonly errors: Record<string, string[]> = Object.create(null);
  readonly formErrors: string[] = [];
  readonly schema: FormSchema;
  readonly initial: Readonly<Record<string, unknown>>;
  readonly choices: ReadonlyMap<string, FieldChoices>;
  submitted = false;
  node: NameNode = emptyNode;
  #data: unknown;
  #values = new FormValues();
  readonly #options: FormOptions;
  readonly #context: RequestContext;
  readonly #view: FormView;

  constructor(schema: FormSchema, options: FormOptions, context: RequestContext, { initial, choices }: RequestValues) {
    this.schema = schema;
    this.initial = { ...initial };
    this.choices = readRequestChoices(schema, choices);
    this.#options = options;
    this.#context = context;
    this.#view = new FormView(this, (field, given) => this.#renderField(field, given));
  }

  get name(): string | undefined {
    return this.#options.name;
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
      const texts = this.#values.getAll(name).filter((value) => typeof value === "string");
      raw[name] = texts.length === 1 ? (texts[0] ?? "") : texts;
    }
    return raw;
  }

  /** Binds the form to the sent values, unless the request sent another form of the page. */
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
    this.node = toTree(values, listReserved(this.schema));
    const allowed = new Map([...this.choices].map(([name, choices]) => [name, listAllowed(listChoices(choices))] as const));
    return andThen(checkForm(this.schema, this.node, createConversion("form", allowed)), (result) => {
      if ("data" in result) {
        this.#data = result.data;
      } else {
        for (const issue of result.issues) {
          this.addError(issue.name, this.#explain(issue));
        }
      }
      return this;
    });
  }

  /** Returns the message of an issue: of the schema, the field, the form or the app; else Flagon's own. */
  #explain(issue: FieldIssue): string {
    const found = issue.name === "" ? undefined : findField(this.schema, issue.name);
    const sources = [this.#options.messages, this.#context.app.formMessages];
    if (found === undefined) {
      return findMessage(issue, { name: issue.name, label: "", type: "", isMultiple: false }, sources);
    }
    const { control, label } = describeField(found);
    const { type = control.type } = this.#view.options(found);
    return findMessage(issue, { name: issue.name, label, type, isMultiple: control.isMultiple }, [
      unwrap(found.schema).meta.messages,
      ...sources,
    ]);
  }

  addError(field: string | null, message: string): void {
    if (field === null || field === "") {
      this.formErrors.push(message);
    } else {
      const name = findField(this.schema, field)?.name ?? field;
      this.errors[name] = [...(this.errors[name] ?? []), message];
    }
    this.#context.status = 422;
  }

  field(name: string, options: FieldOptions = {}): Markup {
    return this.#view.renderField(name, options);
  }

  attributes(name: string, options: FieldOptions = {}): Markup {
    return formatAttributes(this.#view.attributes(name, options));
  }

  rows(name: string, options: RowOptions = {}): string[] {
    return this.#view.rows(name, options);
  }

  renderErrors(field?: string): Markup {
    return renderErrors(field === undefined ? this.formErrors : (this.errors[findField(this.schema, field)?.name ?? field] ?? []));
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
    const { fields, alternatives } = this.schema;
    const all = { method: "post", ...(this.#view.hasFiles() ? { enctype: "multipart/form-data" } : {}), ...attributes };
    return html`<form${formatAttributes(all)}>${this.hidden()}${this.renderErrors()}${this.#view.renderParts([...fields.keys()], alternatives)}<button type="submit">${submit}</button></form>`;
  }

  get #hasToken(): boolean {
    return this.#options.csrf !== false && this.#context.app.config.csrf;
  }

  #renderField(field: FieldPath, given: FieldOptions): Markup {
    const options = this.#view.options(field, given);
    const view = this.#view.view(field, options);
    const { fieldTemplate } = this.#options;
    if (fieldTemplate === undefined) {
      return renderField(view, options);
    }
    const data = {
      ...view,
      label: options.label ?? view.label,
      help: options.help ?? view.help,
      type: options.type ?? view.control.type,
      control: renderControl(view, options),
      notes: renderNotes(view, options),
    };
    return this.#context.app.templates.render(fieldTemplate, data, createScope(this.#context));
  }
}

const noChoices: ReadonlyMap<string, FieldChoices> = new Map();

/**
 * Reads the choices of a request. Their names write the items of lists as `[]`, which can be left out: `lines.product`.
 *
 * @throws {FormError} If the form has no such field.
 */
function readRequestChoices(form: FormSchema, choices: RequestValues["choices"]): ReadonlyMap<string, FieldChoices> {
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
