import { findTypedMost, listCounts, listTextFormats, listTypedChecks, readLeast } from "../schemas/checks";
import type { Choice } from "../schemas/choices";
import { isCheckbox } from "../schemas/convert";
import { isList } from "../schemas/form-schema";
import { humanize } from "../schemas/humanize";
import { findCheckedFormat } from "../schemas/text-formats";
import { type Unwrapped, unwrap } from "../schemas/unwrap";
import {
  listChecks,
  listValues,
  listWords,
  readDefinition,
  readInner,
  readInners,
  remember,
  type ZodCheck,
  type ZodSchema,
} from "../schemas/zod";
import type { Attributes } from "./attributes";
import { readPattern } from "./format-patterns";
import { toPattern } from "./patterns";
import { type Range, readRange } from "./ranges";

/** The HTML control that fits a schema. */
export interface Control {
  /** The type of the input, or `"select"` or `"textarea"`. */
  readonly type: string;
  /** The rules of the schema that browsers can check: `required`, `maxlength`, `pattern`, `accept` and the like. */
  readonly constraints: Attributes;
  /** The range of a number, a date or a time. */
  readonly range: Range | undefined;
  /** The choices of a select or of a group of radio buttons. */
  readonly choices: readonly Choice[];
  /** Whether a select offers to choose nothing. */
  readonly offersBlank: boolean;
  /** Whether it takes several values. */
  readonly isMultiple: boolean;
  /** The least number of values. */
  readonly least: number;
  /** The constraints that apply to a type, by type, as far as they were asked for. */
  readonly picked: Map<string, Attributes>;
}

const known = remember(() => new Map<boolean, Control>());

/** Finds the control for a field. */
export function findControl(name: string, schema: ZodSchema): Control {
  // A password is hidden while it is typed, and is never filled in again.
  const isPassword = /password/i.test(name);
  const controls = known(schema);
  const control = controls.get(isPassword) ?? createControl(isPassword, schema);
  controls.set(isPassword, control);
  return control;
}

/** Creates the control of a schema. A select offers to choose nothing, unless the schema has a default. */
function createControl(isPassword: boolean, schema: ZodSchema): Control {
  const kind = unwrap(schema);
  const control = chooseControl(isPassword, kind);
  return kind.hasDefault && !kind.isNullable && !kind.acceptsEmpty ? { ...control, offersBlank: false } : control;
}

function chooseControl(isPassword: boolean, kind: Unwrapped): Control {
  const { core, isOptional, isNullable, acceptsEmpty, isCaught } = kind;
  // The server alone checks a value behind a preparation, and `catch()` takes any value.
  const isUnchecked = kind.isPreprocessed || isCaught;
  const required = isOptional || isNullable || acceptsEmpty ? {} : { required: true };
  const range = isUnchecked ? undefined : readRange(core);
  switch (core._zod.def.type) {
    case "string": {
      const [yes, no] = listWords(core);
      return yes === undefined || no === undefined
        ? createTextControl(isPassword, core, isUnchecked, required, range)
        : {
            ...single("select", kind.meta.type === "checkbox" ? {} : required),
            choices: [
              { ...nameBoolean(true), value: yes },
              { ...nameBoolean(false), value: no },
            ],
          };
    }
    case "template_literal":
      return single("text", { ...required, ...(isUnchecked ? {} : { pattern: toPattern([Reflect.get(core._zod, "pattern")], []) }) });
    case "number":
    case "bigint":
      return single("number", required, range ?? { constraints: () => ({ step: "any" }) });
    case "date":
      return single("date", required, range);
    case "boolean":
      return { ...single(isCheckbox(kind) ? "checkbox" : "select", {}), choices: listBooleans(), offersBlank: isOptional || isNullable };
    case "file":
      return single("file", { ...required, ...findFileConstraints(core) });
    case "enum":
    case "literal":
    case "union":
      return findChoiceControl(isPassword, kind, required);
    case "array":
    case "set":
      return findListControl(
        isPassword,
        readInner(core, core._zod.def.type === "set" ? "valueType" : "element"),
        isOptional || isNullable ? 0 : (readLeast(core) ?? 0),
      );
    default:
      return single("text", {});
  }
}

/** A select of all values; a checkbox for booleans; or an input if some of the values can only be typed. */
function findChoiceControl(isPassword: boolean, kind: Unwrapped, required: Attributes): Control {
  const { core, acceptsEmpty } = kind;
  const values = listChoiceValues(core);
  if (values === undefined) {
    // A list among the options can hold the union itself, so its control is not looked up.
    const types = readInners(core, "options").map((option) => (isList(option) ? "text" : createControl(isPassword, option).type));
    const [first = "text"] = types;
    const type = types.every((one) => one === first) ? first : "text";
    return single(
      type === "select" || type === "checkbox" ? "text" : type,
      required,
      type === "number" ? { constraints: () => ({ step: "any" }) } : undefined,
    );
  }
  const shown = values.filter((value) => value !== "" && value !== null && value !== undefined);
  if (shown.length === 0) {
    return single("text", required);
  }
  if (shown.every((value) => typeof value === "boolean")) {
    const isTick = !shown.includes(false) && !acceptsEmpty;
    return { ...single("checkbox", isTick ? required : {}), choices: listBooleans(), offersBlank: required.required !== true };
  }
  return {
    ...single("select", required),
    choices: [...new Set(shown)].map((value) =>
      typeof value === "boolean" ? nameBoolean(value) : { ...nameValue(String(value)), ...nameNumber(core, value) },
    ),
  };
}

/** Lists the values that a schema allows if they can be counted: enums, literals, booleans, and unions of such. */
function listChoiceValues(schema: ZodSchema): readonly unknown[] | undefined {
  const { core } = unwrap(schema);
  switch (core._zod.def.type) {
    case "enum":
    case "literal":
      return listValues(core);
    case "boolean":
      return [true, false];
    case "union": {
      const options = readInners(core, "options").map(listChoiceValues);
      return options.every((option) => option !== undefined) ? options.flat() : undefined;
    }
    default:
      return undefined;
  }
}

function listBooleans(): readonly Choice[] {
  return [nameBoolean(true), nameBoolean(false)];
}

function nameBoolean(value: boolean): Choice {
  return value ? { value: "true", label: "Yes", labelKind: "yes" } : { value: "false", label: "No", labelKind: "no" };
}

/** Names a number of an enum by its key: `{ Red: 0 }` is shown as "Red". */
function nameNumber(schema: ZodSchema, value: unknown): { readonly label?: string } {
  const entries = typeof value === "number" ? readDefinition(schema, "entries") : undefined;
  const key = typeof entries === "object" && entries !== null ? Object.entries(entries).find(([, one]) => one === value)?.[0] : undefined;
  return key === undefined ? {} : { label: humanize(key) };
}

function nameValue(value: string): Choice {
  return { value, label: humanize(value) };
}

function findListControl(isPassword: boolean, element: ZodSchema | undefined, least: number): Control {
  const inner = element === undefined ? single("text", {}) : createControl(isPassword, element);
  const { required: _, ...constraints } = inner.constraints;
  const required = least > 0 ? { required: true } : {};
  return { ...inner, constraints: { ...constraints, ...required, multiple: true }, isMultiple: true, least, picked: new Map() };
}

function single(type: string, constraints: Attributes, range?: Range): Control {
  return { type, constraints, range, choices: [], offersBlank: true, isMultiple: false, least: 0, picked: new Map() };
}

/** An input for texts. E-mail addresses and URLs that browsers cannot check still get the keyboard for them. */
function createTextControl(isPassword: boolean, core: ZodSchema, isUnchecked: boolean, required: Attributes, range?: Range): Control {
  const type = findTextType(isPassword, core, isUnchecked);
  const format = listTextFormats(core).find((check) => check.format === "email" || check.format === "url")?.format;
  const inputmode = type === "text" && format !== undefined ? { inputmode: String(format) } : {};
  return single(type, { ...required, ...inputmode, ...(isUnchecked ? {} : findTextConstraints(core)) }, range);
}

const timeTypes: Readonly<Record<string, string>> = { date: "date", time: "time" };

/** A control for dates with times sends no zone: it fits only texts of local time. */
function findTextType(isPassword: boolean, schema: ZodSchema, isUnchecked: boolean): string {
  const type = listTextFormats(schema)
    .map(({ format, local }) => (format === "datetime" && local === true ? "datetime-local" : timeTypes[String(format)]))
    .find((known) => known !== undefined);
  return type ?? (isUnchecked ? undefined : findCheckedFormat(schema)) ?? (isPassword ? "password" : "text");
}

/** Reads the checks of a text up to the first change of it. After `trim()` patterns still hold, with blanks around them. */
function findTextConstraints(schema: ZodSchema): Attributes {
  const checks = listChecks(schema);
  const changes = checks.flatMap(({ check, tx }, index) => (check === "overwrite" ? [{ index, isTrim: isTrim(tx) }] : []));
  const end = changes.find(({ isTrim }) => !isTrim)?.index ?? checks.length;
  const typed = listTypedChecks(schema);
  const least = Math.max(...listCounts(typed, "minimum"), 0);
  return {
    minlength: least > 1 ? least : undefined,
    maxlength: findTypedMost(schema)?.most,
    pattern: toPattern(listPatterns(typed), listPatterns(checks.slice(typed.length, end))),
  };
}

function isTrim(change: unknown): boolean {
  try {
    return typeof change === "function" && change("\t aB\u0301  c \n") === "aB\u0301  c";
  } catch {
    return false;
  }
}

/** Lists the patterns of the checks. Dates and times have controls that send nothing else. */
function listPatterns(checks: readonly ZodCheck[]): readonly unknown[] {
  return checks.filter(({ check, format }) => check === "string_format" && !controlled.has(String(format))).map(readPattern);
}

const controlled: ReadonlySet<string> = new Set(["date", "time", "datetime"]);

function findFileConstraints(schema: ZodSchema): Attributes {
  const types = listChecks(schema).find(({ check }) => check === "mime_type")?.mime;
  return { accept: Array.isArray(types) ? types.join(",") : undefined };
}
