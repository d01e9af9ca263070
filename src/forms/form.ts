import type { Markup } from "../base/html";
import type { FormMessages } from "../schemas/form-schema";
import type { FieldOptions } from "./fields";

/** How a form is defined. */
export interface FormOptions {
  /** Whether the form carries a token against cross-site requests. Default: `true`. */
  csrf?: boolean;
  /** The form's name, where a page has several: each is only bound to what it sent itself. Default: none. */
  name?: string;
  /** A template that renders each field, in place of Flagon's own markup. It sees a `FieldView`, `type`, `isRequired`, `control` and `notes`. */
  fieldTemplate?: string;
  /** What is said of fields, in place of Flagon's own words; zod's are in the language that `z.config()` sets. */
  messages?: FormMessages;
}

/** How many rows a list of fields has. */
export interface RowOptions {
  /** How many empty rows there are below those that are filled in, before the form is sent. Default: 0. */
  extra?: number;
  /** How many rows there are at least. Default: 0. */
  least?: number;
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
export type FieldName<Data> = Data extends unknown
  ? (keyof Data & string) | `${keyof Data & string}.${string}` | `${keyof Data & string}[${string}`
  : never;

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
  /** Renders a field: label, control with constraints, help, errors; or the fields inside of one, as a group. */
  field(name: FieldName<Data>, options?: FieldOptions): Markup;
  /** Formats the attributes of a field's control, for markup written by hand. */
  attributes(name: FieldName<Data>, options?: FieldOptions): Markup;
  /**
   * Lists the names of a list's rows: `["lines[0]", "lines[1]"]`, for `form.field(\`${row}.item\`)`.
   *
   * A row that is sent with nothing in it is no row.
   */
  rows(name: FieldName<Data>, options?: RowOptions): string[];
  /** Renders the errors of a field, or of the form as a whole. */
  renderErrors(field?: FieldName<Data>): Markup;
  /** Renders the hidden token. */
  hidden(): Markup;
  /** Renders the whole form with a button. */
  render(options?: FormRenderOptions): Markup;
}
