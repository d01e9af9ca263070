import { FormError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { findNear } from "../base/suggestion";
import type { FieldIssue } from "../schemas/check-form";
import { listTextFormats } from "../schemas/checks";
import type { FormIssue, FormIssueField, FormLabelKind, FormMessageKind, FormMessages } from "../schemas/form-messages";
import { isEnglishOfZod } from "../schemas/own-messages";
import { unwrap } from "../schemas/unwrap";
import { listChecks, listValues, readInner, type ZodSchema } from "../schemas/zod";
import { englishMessages } from "./languages/english";

/** The codes of the issues that Flagon finds itself. */
const ownCodes: ReadonlySet<string> = new Set(["required", "choice", "unsafe_url", "unsafe_email", "nul", "csrf"]);

type Details = Readonly<Record<string, unknown>>;

/**
 * Returns the message of an issue for visitors: the message of the schema, if its author wrote one; else that of the
 * first source with one; else Flagon's own in English. A message of zod in another language stays if no source has one.
 *
 * @param found The issue.
 * @param field The field that it concerns.
 * @param sources Messages of the field, of the form, and of the app.
 */
export function findMessage(found: FieldIssue, field: FormIssueField, sources: readonly unknown[]): string {
  if (found.isOwn) {
    return found.message;
  }
  const issue = describeIssue(found, field);
  for (const source of sources) {
    const message = isMessages(source) ? lookUp(source, issue, field) : undefined;
    if (message !== undefined) {
      return message;
    }
  }
  const isForPeople = !ownCodes.has(found.code);
  return isForPeople && !isEnglishOfZod(found.message, { ...found.details, code: found.code })
    ? found.message
    : (lookUp(englishMessages, issue, field) ?? found.message);
}

/**
 * Returns the text of a label that the form chooses itself: that of the first source that has one, else Flagon's own in
 * English. A function counts by the table that it returns: its single messages are about what was sent.
 *
 * @param kind The kind of the label.
 * @param field The field that it belongs to.
 * @param sources Messages of the field, of the form, and of the app.
 */
export function findLabel(kind: FormLabelKind, field: FormIssueField, sources: readonly unknown[]): string {
  const usual = englishMessages[kind];
  const message = typeof usual === "string" ? usual : "";
  const issue: FormIssue = { kind, code: "label", message, limit: undefined, isInclusive: true, text: "", details: {} };
  for (const source of sources) {
    const found = isMessages(source) ? lookUpLabel(source, issue, field) : undefined;
    if (found !== undefined) {
      return found;
    }
  }
  return message;
}

function lookUpLabel(source: FormMessages, issue: FormIssue, field: FormIssueField): string | undefined {
  const table = typeof source === "function" ? source(issue, field) : source;
  return typeof table === "object" ? lookUp(table, issue, field) : undefined;
}

function isMessages(source: unknown): source is FormMessages {
  return typeof source === "function" || (typeof source === "object" && source !== null);
}

function lookUp(messages: FormMessages, issue: FormIssue, field: FormIssueField): string | undefined {
  const found = typeof messages === "function" ? messages(issue, field) : messages;
  if (typeof found !== "object" || found === null) {
    return found;
  }
  checkTable(found);
  const message: unknown = found[issue.kind];
  const text: unknown = typeof message === "function" ? message(issue, field) : message;
  refusePromise(text, `message '${issue.kind}' of a form`, FormError);
  return text === undefined || text === null ? undefined : String(text);
}

/** Refuses kinds that are nearly others. A catalogue of an app may have messages of its own. */
function refuseMisspeltKinds(table: object, place: string): void {
  const kinds = Object.keys(englishMessages);
  for (const kind of Object.keys(table)) {
    const near = kinds.includes(kind) ? undefined : findNear(kind, kinds);
    if (near !== undefined) {
      throw new FormError(`There is no option '${kind}' of ${place}. Did you mean '${near}'?`);
    }
  }
}

/** The tables without a misspelt kind. */
const checkedTables = new WeakSet<object>();

/** Refuses a misspelt kind: its message would never be shown. */
function checkTable(table: object): void {
  if (!checkedTables.has(table)) {
    refusePromise(table, "table of a form's messages", FormError);
    refuseMisspeltKinds(table, "the messages of a form");
    checkedTables.add(table);
  }
}

function describeIssue({ code, message, details, schema }: FieldIssue, { type, isMultiple }: FormIssueField): FormIssue {
  const kind = fitControl(findKind(code, details, schema && findCore(schema, details)), code, type, isMultiple);
  return {
    kind,
    code,
    message,
    limit: readLimit(details),
    isInclusive: details.inclusive !== false,
    text: readText(details),
    details,
  };
}

/** Returns the schema that an issue concerns. Zod reports the issues of the items of a set as those of the set. */
function findCore(schema: ZodSchema, { code, expected, origin }: Details): ZodSchema {
  const { core } = unwrap(schema);
  const item = code === "custom" || expected === "set" || origin === "set" ? undefined : readInner(core, "valueType");
  return item !== undefined && core._zod.def.type === "set" ? unwrap(item).core : core;
}

/** Returns the kind that fits the control: a select has options, a date can have a time, and a single box has no options. */
function fitControl(kind: FormMessageKind, code: string, type: string, isMultiple: boolean): FormMessageKind {
  if (code === "invalid_union" && !isMultiple) {
    return choiceKinds[type] ?? kind;
  }
  if (kind === "choice" && type === "checkbox" && !isMultiple) {
    return "invalid";
  }
  return kind === "date" ? (dateKinds[type] ?? kind) : kind;
}

function readLimit({ minimum, maximum, divisor }: Details): FormIssue["limit"] {
  const limit =
    minimum ?? maximum ?? (typeof divisor === "number" || typeof divisor === "bigint" ? (divisor < 0 ? -divisor : divisor) : divisor);
  return typeof limit === "number" || typeof limit === "bigint" || limit instanceof Date ? limit : undefined;
}

function readText({ prefix, suffix, includes, keys, values }: Details): string {
  const text = prefix ?? suffix ?? includes ?? keys ?? values;
  return Array.isArray(text) ? text.map(String).join(", ") : typeof text === "string" ? text : "";
}

/** The kinds of a date whose control takes a time. */
const dateKinds: Readonly<Record<string, FormMessageKind>> = { time: "time", "datetime-local": "dateTime" };

/** The kinds of a value that no option of a union takes, by the control that offers the options. */
const choiceKinds: Readonly<Record<string, FormMessageKind>> = { select: "choice", radio: "choice" };

/** Finds the kind of an issue by zod's code and by the schema of the field. */
function findKind(code: string, details: Details, core: ZodSchema | undefined): FormMessageKind {
  switch (code) {
    case "required":
      return isTick(core) ? "tick" : "required";
    case "choice":
      return "choice";
    case "unsafe_url":
      return "url";
    case "unsafe_email":
      return "email";
    case "nul":
      return "character";
    case "csrf":
      return "token";
    case "invalid_type":
      return findTypeKind(String(details.expected), core);
    case "invalid_value":
      return core?._zod.def.type === "file" ? "fileType" : isTick(core) ? "tick" : details.expected === "stringbool" ? "yesOrNo" : "choice";
    case "too_small":
      return findSizeKind(details, ["tooShort", "tooSmall", "tooEarly", "fileTooSmall", "tooFew"]);
    case "too_big":
      return findSizeKind(details, ["tooLong", "tooLarge", "tooLate", "fileTooLarge", "tooMany"]);
    case "not_multiple_of":
      return Number(details.divisor) === 1 ? "wholeNumber" : "step";
    case "invalid_format":
      return findFormatKind(String(details.format));
    case "unrecognized_keys":
      return "unexpected";
    case "invalid_union":
      return findUnionKind(details, core);
    default:
      return "invalid";
  }
}

/** A literal that is only `true` is a box to tick. */
function isTick(core: ZodSchema | undefined): boolean {
  const values = core?._zod.def.type === "literal" ? listValues(core) : [];
  return values.length > 0 && values.every((value) => value === true);
}

function findTypeKind(expected: string, core: ZodSchema | undefined): FormMessageKind {
  switch (core?._zod.def.type) {
    case "number":
      return listChecks(core).some(({ format }) => /int/.test(String(format))) ? "wholeNumber" : "number";
    case "bigint":
      return "wholeNumber";
    case "boolean":
      return "yesOrNo";
    case "date":
      return "date";
    case "file":
      return "file";
    case "string": {
      const [format] = listTextFormats(core);
      return format === undefined ? (expectedKinds[expected] ?? "invalid") : findFormatKind(String(format.format));
    }
    default:
      return expectedKinds[expected] ?? "invalid";
  }
}

/** The kinds of values that a schema expects behind a change of the text. */
const expectedKinds: Readonly<Record<string, FormMessageKind>> = {
  int: "wholeNumber",
  bigint: "wholeNumber",
  number: "number",
  date: "date",
};

type SizeKinds = readonly [
  text: FormMessageKind,
  number: FormMessageKind,
  date: FormMessageKind,
  file: FormMessageKind,
  list: FormMessageKind,
];

function findSizeKind({ origin, exact }: Details, [text, number, date, file, list]: SizeKinds): FormMessageKind {
  switch (origin) {
    case "string":
      return exact === true ? "exactLength" : text;
    case "date":
      return date;
    case "file":
      return file;
    case "array":
    case "set":
    case "map":
      return list;
    default:
      return number;
  }
}

const formatKinds: Readonly<Record<string, FormMessageKind>> = {
  email: "email",
  url: "url",
  date: "date",
  time: "time",
  datetime: "dateTime",
  starts_with: "startsWith",
  ends_with: "endsWith",
  includes: "includes",
};

function findFormatKind(format: string): FormMessageKind {
  return formatKinds[format] ?? "format";
}

/** A union with a discriminator asks for a choice. One whose options are all numbers, or all of one format, asks for that. */
function findUnionKind({ discriminator, errors }: Details, core: ZodSchema | undefined): FormMessageKind {
  if (discriminator !== undefined) {
    return "choice";
  }
  if (!Array.isArray(errors)) {
    return "invalid";
  }
  const kinds = errors.map((issues: unknown) => findFirstKind(issues, core));
  const [first] = kinds;
  return first !== undefined && kinds.every((kind) => kind === first) ? first : "invalid";
}

function findFirstKind(issues: unknown, core: ZodSchema | undefined): FormMessageKind {
  const first: unknown = Array.isArray(issues) ? issues[0] : undefined;
  const details: Details = typeof first === "object" && first !== null ? Object.fromEntries(Object.entries(first)) : {};
  return findKind(String(details.code), details, core?._zod.def.type === "union" ? undefined : core);
}
