import type { Markup } from "../base/html";
import type { UploadedFile } from "../http/request/upload";
import type { FieldChoices } from "../schemas/choices";
import type { FormMessages } from "../schemas/form-messages";
import type { ZodSchema } from "../schemas/zod";
import type { FieldOptions } from "./field-markup";

/** Options of `defineForm()`. */
export interface FormOptions {
  /**
   * The method by which browsers send the form. Default: `"post"`.
   *
   * A form by `"get"`, such as a search, reads the query of the URL and carries no token. Absent fields have the defaults
   * of the schema. It is sent if the query has one of its fields; otherwise it is valid if the schema takes an empty query.
   */
  method?: "get" | "post";
  /** Whether the form carries a token against cross-site requests. Default: `true`; a form by `"get"` has none. */
  csrf?: boolean;
  /** The form's name, if a page has several: each form binds only its own values. Default: none. */
  name?: string;
  /** A template that renders each field, in place of Flagon's own markup. It sees a `FieldView`, `type`, `isRequired`, `control` and `notes`. */
  fieldTemplate?: string;
  /**
   * Messages for visitors that replace Flagon's own, by kind or by a function. The messages of a schema go before them.
   * Default: those of `app.formMessages`, then English.
   */
  messages?: FormMessages;
}

/** Options of `form.rows()`. */
export interface RowOptions {
  /** The number of empty rows below the others before the form is sent. Default: 0. */
  extra?: number;
  /** The least number of rows. Default: 0. */
  least?: number;
}

/** Options of `form.render()`. Any other key is an attribute of the `<form>`. */
export interface FormRenderOptions {
  /** The text of the button. Default: the label `send` of the messages, in English `"Send"`. */
  submit?: string;
  /** The URL that the form is sent to. Default: the URL of the page. */
  action?: string;
  /** Any attribute of the `<form>`. */
  [attribute: string]: string | number | boolean | null | undefined;
}

/** The names of a form's fields, and of those inside them. */
export type FieldName<Data> = Data extends unknown
  ? (keyof Data & string) | `${keyof Data & string}.${string}` | `${keyof Data & string}[${string}`
  : never;

/** The values whose keys are the names of the fields: the input of the schema, or its output if the input is not known. */
type Named<Data, Input> = unknown extends Input ? Data : Input;

/** The members of every form, sent or not. */
export interface FormBase<Data, Input = Data> {
  /** Whether the request sent the form. One by `GET` is sent if the query has one of its fields. */
  readonly submitted: boolean;
  /**
   * The text that was sent, by name; several values of one name as a list. Of a form by `GET`, only the texts of its own
   * fields: `urlFor("list", { ...form.raw, page: 2 })` is a link that keeps them.
   */
  readonly raw: Readonly<Record<string, string | readonly string[]>>;
  /** The errors by field. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  /** The errors of the form as a whole. */
  readonly formErrors: readonly string[];
  /**
   * Adds an error that only the app can know, such as a name that is taken. The form is then no longer valid, and the status is 422.
   *
   * @param field The field, or `null` for the form as a whole.
   * @param message The text that the visitor reads.
   */
  addError(field: FieldName<Named<Data, Input>> | null, message: string): void;
  /** Renders a field: label, control with constraints, help, errors; or the fields inside of one, as a group. */
  field(name: FieldName<Named<Data, Input>>, options?: FieldOptions): Markup;
  /** Formats the attributes of a field's control, for markup written by hand. */
  attributes(name: FieldName<Named<Data, Input>>, options?: FieldOptions): Markup;
  /**
   * Lists the names of a list's rows: `["lines[0]", "lines[1]"]`, for `form.field(\`${row}.item\`)`.
   *
   * A row that was sent empty does not count.
   */
  rows<Name extends FieldName<Named<Data, Input>>>(name: Name, options?: RowOptions): `${Name}[${number}]`[];
  /**
   * Renders the errors of a field, or of the form as a whole.
   *
   * @param field The field. Default: the errors of the form itself.
   */
  renderErrors(field?: FieldName<Named<Data, Input>>): Markup;
  /** Renders the hidden token. */
  hidden(): Markup;
  /** Renders the whole form with a button. */
  render(options?: FormRenderOptions): Markup;
}

/** The fields of a form: zod schemas by name. */
export type FormShape = Readonly<Record<string, ZodSchema>>;

/** A web file, as the schema of a file types it. */
interface WebFile {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * The output of a schema with uploads as they come from forms: an {@link UploadedFile} can be saved. A recursive output is followed to a
 * depth of eight.
 */
export type WithUploads<Value, Depth extends readonly unknown[] = []> = unknown extends Value
  ? Value
  : Depth["length"] extends 8
    ? Value
    : Value extends WebFile
      ? UploadedFile
      : Value extends string | number | bigint | boolean | symbol | null | undefined
        ? Value
        : Value extends Set<infer Item>
          ? Set<WithUploads<Item, [...Depth, 0]>>
          : Value extends readonly unknown[] | Readonly<Record<string, unknown>>
            ? { [Key in keyof Value]: WithUploads<Value[Key], [...Depth, 0]> }
            : Value;

/** The data of a valid form: the output of its schema, with uploads that can be saved. */
export type FormOutput<Definition> = WithUploads<
  Definition extends ZodSchema<infer Output>
    ? Output
    : { -readonly [Name in keyof Definition]: Definition[Name] extends ZodSchema<infer Output> ? Output : never }
>;

/** The input of a schema. */
type InputOf<Checked> = Checked extends { readonly _zod: { readonly input: infer Input } } ? Input : unknown;

/** The values that a form takes: the input of its schema. */
export type FormInput<Definition> = Definition extends ZodSchema
  ? InputOf<Definition>
  : { -readonly [Name in keyof Definition]: InputOf<Definition[Name]> };

/** Initial values: any part of a form's input. `null` leaves a field empty. A recursive input is followed to a depth of eight. */
export type InitialValues<Input, Depth extends readonly unknown[] = []> = unknown extends Input
  ? unknown
  : Depth["length"] extends 8
    ? unknown
    : Input extends string | number | bigint | boolean | symbol | null | undefined
      ? Input | null | undefined
      : Input extends readonly (infer Item)[]
        ? readonly InitialValues<Item, [...Depth, 0]>[] | null | undefined
        : Input extends Set<infer Item>
          ? ReadonlySet<InitialValues<Item, [...Depth, 0]>> | null | undefined
          : Input extends Readonly<Record<string, unknown>>
            ? { readonly [Name in keyof Input]?: InitialValues<Input[Name], [...Depth, 0]> } | null | undefined
            : Input | null | undefined;

/** Options of `validateOnSubmit()`. */
export interface ValidateOptions<Data, Input = Data> {
  /** The values that the fields show before the form is sent. Any part of the schema's input. */
  initial?: NonNullable<InitialValues<Input>> & object;
  /**
   * The choices of fields in this request, such as rows of a database. They are rendered and checked, and go before
   * those of `.meta({ choices })`. Name the fields of rows by `lines.product`, and those of records by `stock[].supplier`.
   *
   * The compiler checks the first key of a name. The rest is checked when the form is bound, and a name without a field is a `FormError`:
   * a type of all names has no end for recursive schemas, and lacks the keys of records and of `z.looseObject()`.
   */
  choices?: { readonly [Name in FieldName<Named<Data, Input>>]?: FieldChoices };
}

/** A form whose values are valid. */
export interface ValidForm<Data, Input = Data> extends FormBase<Data, Input> {
  /** Whether the values are valid, and were sent. A form by `GET` may also be valid without any. */
  readonly valid: true;
  /** The values: the schema's output. */
  readonly data: Data;
}

/** A form that was not sent, or whose values are not valid. */
export interface InvalidForm<Data, Input = Data> extends FormBase<Data, Input> {
  /** Whether the values are valid, and were sent. */
  readonly valid: false;
  /** `undefined` while the values are not valid. */
  readonly data: undefined;
}

/** A form in a request: `valid` tells whether it has `data`. */
export type Form<Data, Input = Data> = ValidForm<Data, Input> | InvalidForm<Data, Input>;

/** A form that can be bound to requests. */
export interface FormDefinition<Data, Input = Data> {
  /**
   * Binds the form to the current request: to the sent values for an unsafe method, else to the initial values. A form by
   * `GET` is bound to the query.
   *
   * A plain body that the view returns with an invalid form has the status 422.
   */
  validateOnSubmit(options?: ValidateOptions<Data, Input>): Promise<Form<Data, Input>>;
}
