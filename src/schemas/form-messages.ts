/**
 * The kinds of words that a form shows besides its messages: the labels of booleans, of an option without a name, of
 * the blank choice, and of the button.
 */
export type FormLabelKind = "yes" | "no" | "otherwise" | "blank" | "send";

/** The kinds of messages and labels that a form can show. */
export type FormMessageKind =
  | FormLabelKind
  | "required"
  | "tick"
  | "choice"
  | "number"
  | "wholeNumber"
  | "date"
  | "time"
  | "dateTime"
  | "email"
  | "url"
  | "yesOrNo"
  | "file"
  | "fileType"
  | "fileTooSmall"
  | "fileTooLarge"
  | "tooShort"
  | "tooLong"
  | "exactLength"
  | "tooSmall"
  | "tooLarge"
  | "tooEarly"
  | "tooLate"
  | "step"
  | "tooFew"
  | "tooMany"
  | "startsWith"
  | "endsWith"
  | "includes"
  | "format"
  | "character"
  | "unexpected"
  | "token"
  | "invalid";

/** An issue of the values that a visitor sent. */
export interface FormIssue {
  /** The kind of the message. */
  readonly kind: FormMessageKind;
  /**
   * zod's code of the issue, such as `"too_small"`; `"required"` for an empty field; `"choice"` for a value that is none of
   * its choices; `"nul"` for a text with a NUL; `"csrf"` for a token that is missing or too old; `"label"` for a label.
   */
  readonly code: string;
  /** The message of the schema, or Flagon's own. */
  readonly message: string;
  /** The bound that was missed: a length, a number, a count, bytes, or a date. */
  readonly limit: number | bigint | Date | undefined;
  /** Whether the bound itself is allowed. */
  readonly isInclusive: boolean;
  /** The text that the value must start with, end with or include; the types of a file; the names of fields that are not expected. */
  readonly text: string;
  /** The issue as the schema reported it, such as `{ code: "too_small", minimum: 2, … }`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The field that an issue concerns. */
export interface FormIssueField {
  /** The name; empty for the form as a whole. */
  readonly name: string;
  /** The label. */
  readonly label: string;
  /** The type of the control, such as `"number"` or `"select"`. */
  readonly type: string;
  /** Whether the control takes several values. */
  readonly isMultiple: boolean;
}

/** A message, or a function that returns one. `undefined` leaves the issue to the next source of messages. */
export type FormMessage = string | ((issue: FormIssue, field: FormIssueField) => string | undefined);

/** Messages by kind, in one language. */
export type FormMessageTable = { readonly [Kind in FormMessageKind]?: FormMessage };

/**
 * Messages for the visitors of a form: a table, or a function that returns a message or a table for each issue, such as
 * the table of the request's language. Labels come from tables only: a single message of a function is none for them.
 */
export type FormMessages = FormMessageTable | ((issue: FormIssue, field: FormIssueField) => string | FormMessageTable | undefined);
