import { listEnum } from "../schemas/convert";
import { humanize } from "../schemas/humanize";
import { listChecks, readDefinition, readInner, readInners, remember, unwrap, type ZodCheck, type ZodSchema } from "../schemas/zod";

/** The attributes of an element; `true` stands alone, `false`, `null` and `undefined` leave the attribute out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** One of the values that a control offers. */
export interface Choice {
  /** The text that is sent. */
  readonly value: string;
  /** The text that is shown. */
  readonly label: string;
}

/** The HTML control that fits a schema. */
export interface Control {
  /** The type of the input, or `"select"` or `"textarea"`. */
  readonly type: string;
  /** The rules of the schema that browsers can check: `required`, `maxlength`, `min`, `pattern` and the like. */
  readonly constraints: Attributes;
  /** The choices of a select or of a group of radio buttons. */
  readonly choices: readonly Choice[];
  /** Whether it takes several values. */
  readonly isMultiple: boolean;
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

function createControl(isPassword: boolean, schema: ZodSchema): Control {
  const { core, isOptional, isNullable } = unwrap(schema);
  const required = isOptional || isNullable ? {} : { required: true };
  switch (core._zod.def.type) {
    case "string":
      return single(findTextType(isPassword, core), { ...required, ...findTextConstraints(core) });
    case "number":
    case "bigint":
      return single("number", { ...required, ...findNumberConstraints(core) });
    case "boolean":
      return single("checkbox", {});
    case "date":
      return single("date", {
        ...required,
        min: toDay(findBound(core, "greater_than")?.value),
        max: toDay(findBound(core, "less_than")?.value),
      });
    case "file":
      return single("file", { ...required, ...findFileConstraints(core) });
    case "enum":
      return { type: "select", constraints: required, choices: listEnum(core).map(toChoice), isMultiple: false, picked: new Map() };
    case "literal": {
      const values = readDefinition(core, "values");
      return Array.isArray(values) && values.includes(true)
        ? single("checkbox", required)
        : {
            type: "select",
            constraints: required,
            choices: Array.isArray(values) ? values.map(toChoice) : [],
            isMultiple: false,
            picked: new Map(),
          };
    }
    case "union": {
      const options = readInners(core, "options").map((option) => createControl(isPassword, option));
      const choices = options.flatMap((option) => option.choices);
      const types = [...new Set(options.map(({ type }) => type))];
      return choices.length > 0
        ? { type: "select", constraints: required, choices, isMultiple: false, picked: new Map() }
        : single(types.length === 1 ? (types[0] ?? "text") : "text", required);
    }
    case "array":
    case "set":
      return findListControl(
        isPassword,
        readInner(core, core._zod.def.type === "set" ? "valueType" : "element"),
        findCount(core, "minimum"),
      );
    default:
      return single("text", {});
  }
}

function findListControl(isPassword: boolean, element: ZodSchema | undefined, minimum: number | undefined): Control {
  const inner = element === undefined ? single("text", {}) : createControl(isPassword, element);
  const { required: _, ...constraints } = inner.constraints;
  const required = minimum !== undefined && minimum > 0 ? { required: true } : {};
  const multiple = inner.type === "select" || inner.type === "file" ? { multiple: true } : {};
  return { ...inner, constraints: { ...constraints, ...required, ...multiple }, isMultiple: true, picked: new Map() };
}

function single(type: string, constraints: Attributes): Control {
  return { type, constraints, choices: [], isMultiple: false, picked: new Map() };
}

const textTypes: Readonly<Record<string, string>> = { email: "email", url: "url", date: "date", time: "time", datetime: "datetime-local" };

function findTextType(isPassword: boolean, schema: ZodSchema): string {
  const type = listFormats(schema)
    .map(({ format }) => textTypes[String(format)])
    .find((known) => known !== undefined);
  return type ?? (isPassword ? "password" : "text");
}

function findTextConstraints(schema: ZodSchema): Attributes {
  const minimum = findCount(schema, "minimum");
  const patterns = listFormats(schema).filter(({ format }) => format === "regex");
  return {
    minlength: minimum !== undefined && minimum > 1 ? minimum : undefined,
    maxlength: findCount(schema, "maximum"),
    pattern: patterns.length === 1 ? toPattern(patterns[0]?.pattern) : undefined,
  };
}

function listFormats(schema: ZodSchema): readonly ZodCheck[] {
  return listChecks(schema).filter(({ check }) => check === "string_format");
}

/** Finds the strictest of the lengths or sizes that the checks allow. */
function findCount(schema: ZodSchema, key: "minimum" | "maximum"): number | undefined {
  const counts = listChecks(schema).flatMap((check) => {
    const count = check.check === "length_equals" ? check.length : check[key];
    return typeof count === "number" ? [count] : [];
  });
  return counts.length === 0 ? undefined : key === "minimum" ? Math.max(...counts) : Math.min(...counts);
}

/** Finds the last bound in one direction. */
function findBound(schema: ZodSchema, kind: "greater_than" | "less_than"): ZodCheck | undefined {
  return listChecks(schema).findLast(({ check }) => check === kind);
}

/** Browsers anchor patterns and read them with the `v` flag; others are left to the server. */
function toPattern(regex: unknown): string | undefined {
  if (
    !(regex instanceof RegExp) ||
    regex.flags.replace(/[uv]/g, "") !== "" ||
    !regex.source.startsWith("^") ||
    !regex.source.endsWith("$")
  ) {
    return undefined;
  }
  const source = regex.source.slice(1, -1);
  try {
    new RegExp(source, "v");
    return source.includes("|") ? `(?:${source})` : source;
  } catch {
    return undefined;
  }
}

function findNumberConstraints(schema: ZodSchema): Attributes {
  const checks = listChecks(schema);
  const isWhole =
    schema._zod.def.type === "bigint" || checks.some(({ check, format }) => check === "number_format" && /int/.test(String(format)));
  const step = checks.findLast(({ check }) => check === "multiple_of")?.value;
  return {
    min: toLimit(findBound(schema, "greater_than"), isWhole, 1),
    max: toLimit(findBound(schema, "less_than"), isWhole, -1),
    step: typeof step === "number" ? step : isWhole ? undefined : "any",
  };
}

/** A bound that is not itself allowed can be told to browsers only of whole numbers. */
function toLimit(bound: ZodCheck | undefined, isWhole: boolean, inward: 1 | -1): string | undefined {
  const value = bound?.value;
  if (typeof value === "bigint") {
    return String(bound?.inclusive === true ? value : value + BigInt(inward));
  }
  if (typeof value !== "number" || (bound?.inclusive !== true && !isWhole)) {
    return undefined;
  }
  return String(bound?.inclusive === true ? value : value + inward);
}

function findFileConstraints(schema: ZodSchema): Attributes {
  const types = listChecks(schema).find(({ check }) => check === "mime_type")?.mime;
  return { accept: Array.isArray(types) ? types.join(",") : undefined };
}

function toDay(value: unknown): string | undefined {
  return value instanceof Date ? value.toISOString().slice(0, 10) : undefined;
}

function toChoice(value: unknown): Choice {
  return { value: String(value), label: humanize(String(value)) };
}
