import { getRequestContext, type RequestContext } from "../context";
import { FormError } from "../errors";
import { html, Markup } from "../html";
import { type FormValue, FormValues } from "../http/form-values";
import { didYouMean } from "../suggestion";
import { findControl, humanize } from "./controls";
import { CsrfError, checkCsrf, createCsrfToken, csrfField, isSafeMethod } from "./csrf";
import { type FieldOptions, type FieldView, formatAttributes, listAttributes, renderErrors, renderField } from "./fields";
import { arrange } from "./names";
import { checkForm, type FormSchema, findFieldSchema, readFormSchema } from "./validation";
import { unwrap, type ZodSchema } from "./zod";

/** The fields of a form: zod schemas by name. */
export type FormShape = Readonly<Record<string, ZodSchema>>;

/** What a valid form gives: the output of its schema. */
export type FormOutput<Definition> =
  Definition extends ZodSchema<infer Output>
    ? Output
    : { -readonly [Name in keyof Definition]: Definition[Name] extends ZodSchema<infer Output> ? Output : never };

/** How a form is defined. */
export interface FormOptions {
  /** Whether the form carries a token against cross-site requests. Default: `true`. */
  csrf?: boolean;
}

/** How a form is bound to a request. */
export interface ValidateOptions<Data> {
  /** What the fields hold before anything is sent. */
  initial?: { readonly [Name in keyof Data]?: unknown };
}

/** How a whole form is rendered; any other key is an attribute of the `<form>`. */
export interface FormRenderOptions {
  /** What the button says. Default: `"Send"`. */
  submit?: string;
  /** Where the form is sent. Default: the page's own address. */
  action?: string;
  /** Any attribute of the `<form>`. */
  [attribute: string]: string | number | boolean | null | undefined;
}

/** The names of a form's fields, and of those inside them. */
export type FieldName<Data> = (keyof Data & string) | `${keyof Data & string}.${string}` | `${keyof Data & string}[${string}`;

/** What every form has, whether it was sent or not. */
export interface FormBase<Data> {
  /** Whether the request sent the form. */
  readonly submitted: boolean;
  /** The text that was sent, by name; several values of one name as a list. */
  readonly raw: Readonly<Record<string, string | readonly string[]>>;
  /** What is wrong, by field. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** What is wrong with the form as a whole. */
  readonly formErrors: readonly string[];
  /**
   * Adds an error that only the app can know, such as a name that is taken; the form is then no longer valid.
   *
   * @param field The field, or `null` for the form as a whole.
   * @param message What is wrong.
   */
  addError(field: FieldName<Data> | null, message: string): void;
  /** Renders a field: label, control with constraints, help, errors. */
  field(name: FieldName<Data>, options?: FieldOptions): Markup;
  /** Formats the attributes of a field's control, for markup written by hand. */
  attributes(name: FieldName<Data>, options?: FieldOptions): Markup;
  /** Renders the errors of a field, or of the form as a whole. */
  renderErrors(field?: FieldName<Data>): Markup;
  /** Renders the hidden token. */
  hidden(): Markup;
  /** Renders the whole form with a button. */
  render(options?: FormRenderOptions): Markup;
}

/** A form that was sent and whose values are valid. */
export interface ValidForm<Data> extends FormBase<Data> {
  /** Whether the form was sent and its values are valid. */
  readonly valid: true;
  /** The values: the schema's output. */
  readonly data: Data;
}

/** A form that was not sent, or whose values are not valid. */
export interface InvalidForm<Data> extends FormBase<Data> {
  /** Whether the form was sent and its values are valid. */
  readonly valid: false;
  /** Nothing, as long as the values are not valid. */
  readonly data: undefined;
}

/** A form in a request: `valid` tells whether it has `data`. */
export type Form<Data> = ValidForm<Data> | InvalidForm<Data>;

/** A form, to be bound to requests. */
export interface FormDefinition<Data> {
  /**
   * Binds the form to the current request: to what an unsafe method sends, otherwise to the initial values.
   *
   * A plain body that the view returns with an invalid form has the status 422.
   */
  validateOnSubmit(options?: ValidateOptions<Data>): Promise<Form<Data>>;
}

/**
 * Defines a form by zod: it renders itself, checks what is sent, keeps what was typed, and types the result.
 *
 * @param schema The fields as plain zod schemas, or a `z.object(…)` of them.
 * @param options Whether the form carries a token.
 * @throws {FormError} If the schema is not one of zod 4.
 *
 * @example
 * ```ts
 * const PostForm = defineForm({ title: z.string().trim().min(1).max(120), body: z.string().min(1) });
 * ```
 */
export function defineForm<Definition extends FormShape | ZodSchema<object>>(
  schema: Definition,
  options: FormOptions = {},
): FormDefinition<FormOutput<Definition>> {
  const formSchema = readFormSchema(schema);
  return {
    async validateOnSubmit({ initial = {} } = {}) {
      const context = getRequestContext("validateOnSubmit");
      const bound = new BoundForm<FormOutput<Definition>>(formSchema, options, context, new Map(Object.entries(initial)));
      if (!isSafeMethod(context.request.method)) {
        await bound.submit();
      }
      return bound as Form<FormOutput<Definition>>;
    },
  };
}

class BoundForm<Data> implements FormBase<Data> {
  readonly errors: Record<string, string[]> = Object.create(null);
  readonly formErrors: string[] = [];
  submitted = false;
  #data: unknown;
  #values = new FormValues();
  readonly #schema: FormSchema;
  readonly #options: FormOptions;
  readonly #context: RequestContext;
  readonly #initial: ReadonlyMap<string, unknown>;

  constructor(schema: FormSchema, options: FormOptions, context: RequestContext, initial: ReadonlyMap<string, unknown>) {
    this.#schema = schema;
    this.#options = options;
    this.#context = context;
    this.#initial = initial;
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

  async submit(): Promise<void> {
    const { app, isCsrfChecked, request } = this.#context;
    this.submitted = true;
    this.#values = await request.form();
    if (this.#options.csrf !== false && app.config.csrf && !isCsrfChecked) {
      try {
        await checkCsrf(request, () => this.#context.session, app.config);
      } catch (error) {
        if (!(error instanceof CsrfError)) {
          throw error;
        }
        this.addError(null, error.description);
      }
    }
    const result = await checkForm(this.#schema, arrange(withoutToken(this.#values)));
    if ("data" in result) {
      this.#data = result.data;
    } else {
      for (const { name, message } of result.errors) {
        this.addError(name === "" ? null : name, message);
      }
    }
  }

  addError(field: string | null, message: string): void {
    if (field === null || field === "") {
      this.formErrors.push(message);
    } else {
      this.errors[field] = [...(this.errors[field] ?? []), message];
    }
    this.#context.status = 422;
  }

  field(name: string, options?: FieldOptions): Markup {
    return renderField(this.#view(name), options);
  }

  attributes(name: string, options?: FieldOptions): Markup {
    return formatAttributes(listAttributes(this.#view(name), options));
  }

  renderErrors(field?: string): Markup {
    return field === undefined ? renderErrors(this.formErrors) : renderErrors(this.errors[field] ?? []);
  }

  hidden(): Markup {
    if (this.#options.csrf === false || !this.#context.app.config.csrf) {
      return new Markup("");
    }
    const token = createCsrfToken(this.#context.session, this.#context.app.config);
    return html`<input type="hidden" name="${csrfField}" value="${token}">`;
  }

  render({ submit = "Send", ...attributes }: FormRenderOptions = {}): Markup {
    const names = [...this.#schema.fields.keys()];
    const hasFiles = names.some((name) => this.#view(name).control.type === "file");
    const all = { method: "post", ...(hasFiles ? { enctype: "multipart/form-data" } : {}), ...attributes };
    return html`<form${formatAttributes(all)}>${this.hidden()}${this.renderErrors()}${names.map((name) => this.field(name))}<button type="submit">${submit}</button></form>`;
  }

  #view(name: string): FieldView {
    const schema = findFieldSchema(this.#schema, name);
    if (schema === undefined) {
      throw new FormError(`The form has no field '${name}'.${didYouMean(name, this.#schema.fields.keys())}`);
    }
    const { meta, defaultValue } = unwrap(schema);
    const control = findControl(name, schema);
    return {
      name,
      control,
      label: readText(meta, "label") ?? readText(meta, "title") ?? humanize(name),
      help: readText(meta, "help") ?? readText(meta, "description"),
      errors: this.errors[name] ?? [],
      values: this.submitted ? this.#sent(name) : formatValue(this.#initial.get(name) ?? defaultValue, control.type),
    };
  }

  #sent(name: string): string[] {
    return [...this.#values.getAll(name), ...this.#values.getAll(`${name}[]`)].filter(isText);
  }
}

function* withoutToken(values: FormValues): Generator<readonly [string, FormValue]> {
  for (const entry of values) {
    if (entry[0] !== csrfField) {
      yield entry;
    }
  }
}

function formatValue(value: unknown, type: string): string[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].flatMap((item) => formatValue(item, type));
  }
  if (value instanceof Date) {
    const text = value.toISOString();
    return [
      type === "date" ? text.slice(0, 10) : type === "datetime-local" ? text.slice(0, 16) : type === "time" ? text.slice(11, 16) : text,
    ];
  }
  return [String(value)];
}

function readText(meta: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = meta[key];
  return typeof value === "string" ? value : undefined;
}

function isText(value: FormValue): value is string {
  return typeof value === "string";
}
