import { FormError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { html, type Markup } from "../base/html";
import { andThen, type MaybePromise } from "../base/maybe-promise";
import { describeGiven } from "../base/unknown-options";
import type { RequestContext } from "../dispatch/context";
import { createScope } from "../dispatch/template-scope";
import { FormValues } from "../http/request/form-values";
import { formTypes } from "../http/request/request-body";
import { checkForm, type FieldIssue } from "../schemas/check-form";
import type { FieldChoices } from "../schemas/choices";
import { Conversion } from "../schemas/conversion";
import { emptyNode, type NameNode, toTree } from "../schemas/field-names";
import { findPlace, wasSent } from "../schemas/field-places";
import type { FormIssueField, FormLabelKind } from "../schemas/form-messages";
import { type FieldPath, type FormSchema, findField, listOwnFields, refuseNear } from "../schemas/form-schema";
import { humanize } from "../schemas/humanize";
import { unwrap } from "../schemas/unwrap";
import { CsrfError, checkCsrf, createCsrfToken, csrfField } from "../sessions/csrf";
import { formatAttributes } from "./attributes";
import { checkRenderOptions } from "./check-options";
import { describeField } from "./field-descriptions";
import { type FieldOptions, renderControl, renderErrors, renderField, renderFormErrors, renderNotes } from "./field-markup";
import { hasFile } from "./file-fields";
import type { FormBase, FormOptions, FormRenderOptions, RowOptions } from "./form";
import { type FormState, FormView } from "./form-view";
import { readInitial } from "./initial-values";
import { findLabel, findMessage } from "./messages";
import { listAllowedByField, type RequestChoices, readRequestChoices } from "./request-choices";

/** The field that says which of a page's forms was sent. */
export const formNameField = "_form";

/** The values and choices that a request gives to a form. */
export interface RequestValues {
  /** The values that the fields show before the form is sent. */
  readonly initial: object;
  /** The choices by field. */
  readonly choices: RequestChoices;
}

const noValues = new FormValues();

/** A form in a request. */
export class BoundForm<Data> implements FormBase<Data>, FormState {
  readonly errors: Record<string, string[]> = Object.create(null);
  readonly formErrors: string[] = [];
  readonly schema: FormSchema;
  readonly initial: Readonly<Record<string, unknown>>;
  readonly choices: ReadonlyMap<string, FieldChoices>;
  submitted = false;
  node: NameNode = emptyNode;
  #result: { readonly data: unknown } | undefined;
  #values: FormValues = noValues;
  #isRefused = false;
  #shown: FormView | undefined;
  readonly #unplaced: string[] = [];
  readonly #options: FormOptions;
  readonly #context: RequestContext;

  constructor(schema: FormSchema, options: FormOptions, context: RequestContext, { initial, choices }: RequestValues) {
    this.schema = schema;
    this.initial = { ...initial };
    this.choices = readRequestChoices(schema, choices);
    this.#options = options;
    this.#context = context;
  }

  get name(): string | undefined {
    return this.#options.name;
  }

  /** Whether the form is sent by `GET`, so that it reads the query. */
  get isSearch(): boolean {
    return this.#options.method === "get";
  }

  get valid(): boolean {
    return this.#result !== undefined && !this.#isRefused;
  }

  get data(): unknown {
    return this.valid ? this.#result?.data : undefined;
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
      this.#reportOtherType();
      this.#reportLostFiles(values);
      const { isCsrfChecked, refusal } = this.#context;
      if (refusal !== undefined) {
        this.#context.isRefusalShown = true;
        this.#addRefusal(refusal.description);
      } else if (this.#hasToken && !isCsrfChecked) {
        return this.#checkOrigin().then(() => this.#bind());
      }
      return this.#bind();
    });
  }

  /**
   * Binds the form to the query. Other parameters, such as the number of a page, are ignored. A query without any of
   * its fields is checked as well, but no error is shown: the form was not sent.
   */
  search(): MaybePromise<this> {
    const { query } = this.#context.request;
    const sender = query.get(formNameField);
    const isOther = this.name !== undefined && sender !== null && sender !== this.name;
    this.#values = isOther ? noValues : new FormValues(listOwnFields(this.schema, query));
    this.submitted = this.#values.size > 0;
    return this.#bind();
  }

  /** Tells the developer that the body is no form, so that all fields are empty. */
  #reportOtherType(): void {
    const { app, request } = this.#context;
    const { debug, testing } = app.config;
    if ((debug || testing) && !formTypes.has(request.mimeType)) {
      const cure = request.isJson ? " A route that takes JSON states its schema: { json: … }." : "";
      request.log.warn(
        `The body of ${request.method} ${request.path} is of the type '${request.mimeType}', so every field of the form is empty: a form reads application/x-www-form-urlencoded and multipart/form-data.${cure}`,
      );
    }
  }

  /** Tells the developer that a form without `enctype` sends the names of files alone. */
  #reportLostFiles(values: FormValues): void {
    const { app, request } = this.#context;
    if (!app.config.debug || request.mimeType !== "application/x-www-form-urlencoded") {
      return;
    }
    const lost = [...values.keys()].find((name) => {
      const field = values.getText(name) ? findField(this.schema, name) : undefined;
      return field !== undefined && hasFile(field.schema);
    });
    if (lost !== undefined) {
      const message = `The browser sent the name of the file in '${lost}', but not the file: the <form> lacks enctype="multipart/form-data".`;
      request.log.warn(message);
      this.addError(lost, `${message} (Debug mode says this.)`);
    }
  }

  async #checkOrigin(): Promise<void> {
    const { app, request } = this.#context;
    try {
      await checkCsrf(request, () => this.#context.session, app.config);
    } catch (error) {
      if (!(error instanceof CsrfError)) {
        throw error;
      }
      this.#addRefusal(error.description);
    }
  }

  #bind(): MaybePromise<this> {
    this.node = toTree(this.#values, this.schema.reserved);
    const conversion = new Conversion(this.isSearch ? "search" : "form", listAllowedByField(this.choices), (name, text) =>
      this.#wasShown(name, text),
    );
    return andThen(checkForm(this.schema, this.node, conversion), (result) => {
      if ("data" in result) {
        this.#result = result;
      } else if (this.submitted) {
        for (const issue of result.issues) {
          this.#addIssue(issue.name, this.#explain(issue));
        }
      }
      return this;
    });
  }

  /** Tells whether a field showed a text before the form was sent. */
  #wasShown(name: string, text: string): boolean {
    const field = findField(this.schema, name);
    const shown: unknown = field && readInitial(this.initial, field);
    return typeof shown === "string" && shown.replace(/\r\n?/g, "\n") === text;
  }

  /** Returns the message of an issue: of the schema, the field, the form or the app; else Flagon's own. */
  #explain(issue: FieldIssue): string {
    const found = issue.name === "" ? undefined : findField(this.schema, issue.name);
    return findMessage(issue, this.#describe(found, issue.name), this.#listMessages(found));
  }

  label(kind: FormLabelKind, field?: FieldPath): string {
    return findLabel(kind, this.#describe(field, ""), this.#listMessages(field));
  }

  /** Describes a field to the functions that choose messages and labels. */
  #describe(field: FieldPath | undefined, name: string): FormIssueField {
    if (field === undefined) {
      return { name, label: "", type: "", isMultiple: false };
    }
    const { control, label } = describeField(field);
    const { type = control.type } = this.#view.options(field);
    return { name: field.name, label, type, isMultiple: control.isMultiple };
  }

  #listMessages(field: FieldPath | undefined): readonly unknown[] {
    const sources = [this.#options.messages, this.#context.app.formMessages];
    if (field === undefined) {
      return sources;
    }
    // The control of a list shows the errors of its items.
    const list = typeof field.keys.at(-1) === "number" ? field.parents.at(-1) : undefined;
    return [unwrap(field.schema).meta.messages, ...(list === undefined ? [] : [unwrap(list).meta.messages]), ...sources];
  }

  /** Adds the reason why a token was refused, in the language of the request. */
  #addRefusal(message: string): void {
    this.#addIssue(null, this.#explain({ name: "", schema: undefined, code: "csrf", message, isOwn: false, details: {} }));
  }

  addError(field: string | null, message: string): void {
    const given: unknown = message;
    refusePromise(given, "message of addError()", FormError);
    if (typeof given !== "string" || (field !== null && typeof field !== "string")) {
      throw new FormError(
        `addError() takes a field, or null for the form as a whole, and the text that the visitor reads, but got ${describeGiven(field)} and ${describeGiven(given)}.`,
      );
    }
    if (field !== null && !wasSent(field, this.node)) {
      refuseNear(this.schema, field);
    }
    this.#addIssue(field, message);
  }

  /** Adds an error at the field that shows it. */
  #addIssue(field: string | null, message: string): void {
    this.#isRefused = true;
    if (field === null || field === "") {
      this.formErrors.push(message);
    } else {
      const place = findPlace(this.schema, field, this.submitted ? this.node : undefined);
      const name = place === "" && wasSent(field, this.node) ? field : place;
      if (name === "") {
        this.formErrors.push(message);
      } else {
        this.errors[name] = [...(this.errors[name] ?? []), message];
        if (place === "") {
          // A field without a control, of a schema that takes any key: the form as a whole shows its error.
          this.#unplaced.push(`${humanize(name)}: ${message}`);
        }
      }
    }
    this.#context.status = 422;
  }

  field(name: string, options: FieldOptions = {}): Markup {
    return this.#view.renderField(name, options);
  }

  attributes(name: string, options: FieldOptions = {}): Markup {
    return formatAttributes(this.#view.attributes(name, options));
  }

  rows<Name extends string>(name: Name, options: RowOptions = {}): `${Name}[${number}]`[] {
    return this.#view.rows(name, options);
  }

  renderErrors(field?: string): Markup {
    if (field === undefined) {
      return renderFormErrors([...this.formErrors, ...this.#unplaced]);
    }
    const found = this.errors[field] === undefined ? findField(this.schema, field) : undefined;
    if (found === undefined && this.errors[field] === undefined) {
      refuseNear(this.schema, field);
    }
    return renderErrors(this.errors[found?.name ?? field] ?? []);
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

  render(options: FormRenderOptions = {}): Markup {
    checkRenderOptions(options);
    const { submit = this.label("send"), ...attributes } = options;
    const { fields, alternatives } = this.schema;
    const all = {
      method: this.isSearch ? "get" : "post",
      ...(this.#view.hasFiles() ? { enctype: "multipart/form-data" } : {}),
      ...attributes,
    };
    return html`<form${formatAttributes(all)}>${this.hidden()}${this.renderErrors()}${this.#view.renderParts([...fields.keys()], alternatives)}<button type="submit">${submit}</button></form>`;
  }

  /** The fields as they are shown. A form that is sent and valid shows none. */
  get #view(): FormView {
    this.#shown ??= new FormView(this, (field, given) => this.#renderField(field, given));
    return this.#shown;
  }

  get #hasToken(): boolean {
    return this.#options.csrf !== false && !this.isSearch && this.#context.app.config.csrf;
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
