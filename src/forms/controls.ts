import { listEnum } from "./binder";
import { readBag, readDefinition, readInner, readInners, unwrap, type ZodSchema } from "./zod";

/** The attributes of an element; `true` stands alone, `false`, `null` and `undefined` leave the attribute out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** One of the values that a control offers. */
export interface Choice {
  /** What is sent. */
  readonly value: string;
  /** What is shown. */
  readonly label: string;
}

/** The HTML control that fits a schema. */
export interface Control {
  /** The type of the input, or `"select"` or `"textarea"`. */
  readonly type: string;
  /** What the schema says that browsers can check: `required`, `maxlength`, `min`, `pattern` and the like. */
  readonly constraints: Attributes;
  /** What a select or a group of radio buttons offers. */
  readonly choices: readonly Choice[];
  /** Whether it takes several values. */
  readonly isMultiple: boolean;
}

/** Finds the control for a field. */
export function findControl(name: string, schema: ZodSchema): Control {
  const { core, isOptional, isNullable } = unwrap(schema);
  const required = isOptional || isNullable ? {} : { required: true };
  switch (core._zod.def.type) {
    case "string":
      return single(findTextType(name, core), { ...required, ...findTextConstraints(core) });
    case "number":
    case "bigint":
      return single("number", { ...required, ...findNumberConstraints(core) });
    case "boolean":
      return single("checkbox", {});
    case "date":
      return single("date", { ...required, min: toDay(readBag(core, "minimum")), max: toDay(readBag(core, "maximum")) });
    case "file":
      return single("file", { ...required, ...findFileConstraints(core) });
    case "enum":
      return { type: "select", constraints: required, choices: listEnum(core).map(toChoice), isMultiple: false };
    case "literal": {
      const values = readDefinition(core, "values");
      return Array.isArray(values) && values.includes(true)
        ? single("checkbox", required)
        : { type: "select", constraints: required, choices: Array.isArray(values) ? values.map(toChoice) : [], isMultiple: false };
    }
    case "union": {
      const options = readInners(core, "options").flatMap((option) => findControl(name, option).choices);
      return options.length > 0 ? { type: "select", constraints: required, choices: options, isMultiple: false } : single("text", required);
    }
    case "array":
    case "set":
      return findListControl(name, readInner(core, core._zod.def.type === "set" ? "valueType" : "element"), readBag(core, "minimum"));
    default:
      return single("text", {});
  }
}

function findListControl(name: string, element: ZodSchema | undefined, minimum: unknown): Control {
  const inner = element === undefined ? single("text", {}) : findControl(name, element);
  const { required: _, ...constraints } = inner.constraints;
  const required = typeof minimum === "number" && minimum > 0 ? { required: true } : {};
  const multiple = inner.type === "select" || inner.type === "file" || inner.type === "email" ? { multiple: true } : {};
  return { ...inner, constraints: { ...constraints, ...required, ...multiple }, isMultiple: true };
}

function single(type: string, constraints: Attributes): Control {
  return { type, constraints, choices: [], isMultiple: false };
}

const textTypes: Readonly<Record<string, string>> = { email: "email", url: "url", date: "date", time: "time", datetime: "datetime-local" };

function findTextType(name: string, schema: ZodSchema): string {
  const format = readBag(schema, "format") ?? readDefinition(schema, "format");
  // What is typed into a field of this name is not to be shown, nor ever to be filled in again.
  return (typeof format === "string" ? textTypes[format] : undefined) ?? (/password/i.test(name) ? "password" : "text");
}

function findTextConstraints(schema: ZodSchema): Attributes {
  const minimum = readBag(schema, "minimum");
  const maximum = readBag(schema, "maximum");
  const format = readBag(schema, "format");
  const patterns = readBag(schema, "patterns");
  const pattern = format === "regex" && patterns instanceof Set && patterns.size === 1 ? toPattern([...patterns][0]) : undefined;
  return {
    minlength: typeof minimum === "number" && minimum > 1 ? minimum : undefined,
    maxlength: typeof maximum === "number" ? maximum : undefined,
    pattern,
  };
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
  const format = readBag(schema, "format");
  const isWhole = schema._zod.def.type === "bigint" || (typeof format === "string" && /int/.test(format));
  const step = readBag(schema, "multipleOf");
  const minimum = readBag(schema, "minimum") ?? raise(readBag(schema, "exclusiveMinimum"), isWhole, 1);
  const maximum = readBag(schema, "maximum") ?? raise(readBag(schema, "exclusiveMaximum"), isWhole, -1);
  return {
    min: toBound(minimum),
    max: toBound(maximum),
    step: typeof step === "number" ? step : isWhole ? undefined : "any",
  };
}

function raise(bound: unknown, isWhole: boolean, by: number): unknown {
  return typeof bound === "number" && isWhole ? bound + by : undefined;
}

/** The bounds of the safe integers go without saying. */
function toBound(bound: unknown): string | undefined {
  return (typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER && Number.isFinite(bound)) || typeof bound === "bigint"
    ? String(bound)
    : undefined;
}

function findFileConstraints(schema: ZodSchema): Attributes {
  const types = readBag(schema, "mime");
  return { accept: Array.isArray(types) ? types.join(",") : undefined };
}

function toDay(value: unknown): string | undefined {
  return value instanceof Date ? value.toISOString().slice(0, 10) : undefined;
}

function toChoice(value: unknown): Choice {
  return { value: String(value), label: humanize(String(value)) };
}

/** Writes a name as one would say it: `firstName` is `First name`. */
export function humanize(name: string): string {
  const words = name
    .replace(/[_\-.[\]]+/g, " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
