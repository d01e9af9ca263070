import { isFileSchema } from "./file-schemas";
import { isHarmless } from "./text-changes";
import {
  composeSchema,
  listChecks,
  listValues,
  readDefinition,
  readInner,
  readInners,
  readLazy,
  readMeta,
  readWords,
  remember,
  type ZodSchema,
} from "./zod";

/** A schema without its wrappings, and the meaning of those. */
export interface Unwrapped {
  /** The schema inside. */
  readonly core: ZodSchema;
  /** Whether the value may be left out: by `optional`, `default`, `prefault` or `catch`. */
  readonly isOptional: boolean;
  /** Whether the value may be `null`. */
  readonly isNullable: boolean;
  /** Whether the empty text is a value of its own, as in `z.email().or(z.literal(""))`. */
  readonly acceptsEmpty: boolean;
  /** Whether `z.preprocess()` changes the value before the schema sees it. */
  readonly isPreprocessed: boolean;
  /** Whether `catch()` takes any value. */
  readonly isCaught: boolean;
  /** Whether a `default` or `prefault` stands in for an absent value. */
  readonly hasDefault: boolean;
  /** The value of `default` or `prefault`. A function that makes it is called each time. */
  readonly defaultValue: unknown;
  /** The data of `.meta()` and `.describe()`. The outermost goes first. */
  readonly meta: Readonly<Record<string, unknown>>;
}

const wrappers = new Set(["optional", "nullable", "default", "prefault", "catch", "nonoptional", "readonly", "success"]);

/**
 * Removes the wrappings of a schema, such as `optional` and `default`. Of a union, the options that only say that a
 * value may be empty, such as `z.literal("")` and `z.null()`, are wrappings too.
 */
export const unwrap: (schema: ZodSchema) => Unwrapped = remember((schema) => {
  let core = schema;
  /** The outermost wrapping decides. */
  let isOptional: boolean | undefined;
  let isNullable = false;
  let acceptsEmpty = false;
  let isPreprocessed = false;
  let isCaught = false;
  let defaulting: ZodSchema | undefined;
  let meta = readMeta(schema);
  for (let inner = findInner(core); inner !== undefined; inner = findInner(core)) {
    const { type } = core._zod.def;
    if (type === "optional" || type === "default" || type === "prefault" || type === "catch" || type === "nonoptional") {
      isOptional ??= type !== "nonoptional";
    }
    isNullable ||= type === "nullable";
    isCaught ||= type === "catch";
    isPreprocessed ||= type === "pipe" && readInner(core, "in")?._zod.def.type === "transform";
    if (type === "default" || type === "prefault") {
      defaulting ??= core;
    }
    if (type === "union") {
      const empties = readInners(core, "options").map(readEmpties);
      isNullable ||= empties.some((empty) => empty?.includes(null));
      acceptsEmpty ||= empties.some((empty) => empty?.includes(""));
      if (empties.some((empty) => empty?.includes(undefined))) {
        isOptional ??= true;
      }
    }
    core = inner;
    meta = { ...readMeta(core), ...meta };
  }
  const values = listValues(core);
  acceptsEmpty ||= values.includes("");
  isNullable ||= values.includes(null);
  isOptional ??= values.includes(undefined);
  return {
    core,
    isOptional,
    isNullable,
    acceptsEmpty,
    isPreprocessed,
    isCaught,
    hasDefault: defaulting !== undefined,
    get defaultValue() {
      return defaulting && readDefinition(defaulting, "defaultValue");
    },
    meta,
  };
});

/** Reads the values of an option that only says that a value may be empty: `null`, `undefined` and `""`. */
function readEmpties(option: ZodSchema): readonly unknown[] | undefined {
  switch (option._zod.def.type) {
    case "null":
      return [null];
    case "undefined":
    case "void":
      return [undefined];
    case "literal": {
      const values = listValues(option);
      return values.length > 0 && values.every((value) => value === "" || value === null || value === undefined) ? values : undefined;
    }
    default:
      return undefined;
  }
}

function findInner(schema: ZodSchema): ZodSchema | undefined {
  const { type } = schema._zod.def;
  if (wrappers.has(type)) {
    return readInner(schema, "innerType");
  }
  if (type === "lazy") {
    return readLazy(schema);
  }
  if (type === "union" && readDefinition(schema, "discriminator") === undefined) {
    const options = readInners(schema, "options");
    const rest = options.filter((option) => readEmpties(option) === undefined);
    return rest.length === options.length || rest.length === 0
      ? undefined
      : rest.length === 1
        ? rest[0]
        : composeSchema({ type: "union", options: rest, inclusive: readDefinition(schema, "inclusive") });
  }
  if (type === "intersection") {
    return joinSides(schema);
  }
  if (type === "custom" && isFileSchema(schema)) {
    return composeSchema({ type: "file", checks: readDefinition(schema, "checks"), error: readDefinition(schema, "error") });
  }
  return type === "pipe" ? readPipe(schema) : undefined;
}

/**
 * Returns the part of a pipe that describes its field: the first one, or the second one of `z.preprocess()`. If both parts
 * take a text, or the second one coerces a text, the field has the checks of both.
 */
function readPipe(pipe: ZodSchema): ZodSchema | undefined {
  const input = readInner(pipe, "in");
  const output = readInner(pipe, "out");
  if (input?._zod.def.type === "transform") {
    return output;
  }
  const isCodec = readDefinition(pipe, "transform") !== undefined;
  if (input && isCodec) {
    const words = readWords(pipe);
    return words.length === 2 ? composeSchema({ type: "string", words, error: readDefinition(pipe, "error") }) : input;
  }
  return input && ((output && joinTexts(input, output)) ?? input);
}

/** Joins both parts of a pipe of texts to one schema that is only read; `undefined` if they are no texts. */
function joinTexts(input: ZodSchema, output: ZodSchema): ZodSchema | undefined {
  const from = unwrap(input);
  if (from.core._zod.def.type !== "string" || output._zod.def.type === "transform") {
    return undefined;
  }
  const to = unwrap(output);
  const isChanged = endsInChange(input) || to.isPreprocessed;
  const core = joinCores(from.core, to.core, isChanged);
  return core && joinWrappings(core, from, to);
}

const scalars: ReadonlySet<string> = new Set(["string", "number", "bigint", "date"]);

/** The kinds that have fields of their own: an intersection of them has the fields of both sides. */
const composites: ReadonlySet<string> = new Set(["object", "record", "tuple", "union", "intersection"]);

/** Joins both sides of an intersection of texts, of numbers, of choices, of lists and the like; `undefined` for groups. */
function joinSides(schema: ZodSchema): ZodSchema | undefined {
  const [left, right] = ["left", "right"].map((side) => readInner(schema, side)).map((side) => side && unwrap(side));
  if (left === undefined || right === undefined) {
    return undefined;
  }
  const [from, to] = [left.core, right.core];
  const { type } = from._zod.def;
  if (listValues(from).length > 0 && listValues(to).length > 0) {
    const values = listValues(from).filter((value) => listValues(to).includes(value));
    return joinWrappings(composeSchema({ ...from._zod.def, type: "literal", values }), left, right);
  }
  if (to._zod.def.type !== type || composites.has(type)) {
    return undefined;
  }
  const checks = [...readChecks(from), ...readChecks(to)];
  const joined = scalars.has(type) ? joinChecks(from, to) : composeSchema({ ...from._zod.def, checks });
  return joinWrappings(joined, left, right);
}

/** Gives a schema the wrappings that hold for both schemas of which it was made. */
function joinWrappings(core: ZodSchema, from: Unwrapped, to: Unwrapped): ZodSchema {
  const isShort = listChecks(from.core).every(({ minimum = 0, length = 0 }) => minimum === 0 && length === 0);
  const empty = composeSchema({ type: "literal", values: [""] });
  const options = to.acceptsEmpty && isShort ? composeSchema({ type: "union", options: [core, empty] }) : core;
  const nullable = from.isNullable && to.isNullable ? composeSchema({ type: "nullable", innerType: options }) : options;
  const meta = { ...to.meta, ...from.meta };
  return from.hasDefault
    ? composeSchema({ type: "default", innerType: nullable, defaultValue: from.defaultValue, meta })
    : composeSchema({ type: from.isOptional && to.isOptional ? "optional" : "nonoptional", innerType: nullable, meta });
}

/** Joins two schemas of one type: the values satisfy the checks of both. */
function joinChecks(from: ZodSchema, to: ZodSchema, between: readonly ZodSchema[] = []): ZodSchema {
  const error = readDefinition(from, "error") ?? readDefinition(to, "error");
  return composeSchema({ type: from._zod.def.type, checks: [...readChecks(from), ...between, ...readChecks(to)], error });
}

/** Reads the checks of a schema; a format such as `z.email()` is a check of its own. */
function readChecks(schema: ZodSchema): readonly unknown[] {
  const checks = readDefinition(schema, "checks");
  return [...(readDefinition(schema, "check") === undefined ? [] : [schema]), ...(Array.isArray(checks) ? checks : [])];
}

/** Tells whether a function changes the values of a schema after its checks. */
function endsInChange(schema: ZodSchema): boolean {
  const inner = wrappers.has(schema._zod.def.type) ? readInner(schema, "innerType") : undefined;
  if (inner !== undefined) {
    return endsInChange(inner);
  }
  const output = readInner(schema, "out");
  return (
    output !== undefined &&
    (output._zod.def.type === "transform" || readDefinition(schema, "transform") !== undefined || endsInChange(output))
  );
}

function joinCores(from: ZodSchema, to: ZodSchema, isChanged: boolean): ZodSchema | undefined {
  const { type } = to._zod.def;
  if (type === "string") {
    return joinChecks(from, to, isChanged ? [composeSchema({ type: "custom", check: "overwrite" })] : []);
  }
  if (isChanged || listChecks(from).some(({ check, tx }) => check === "overwrite" && !isHarmless(tx))) {
    return undefined;
  }
  const isCoerced = readDefinition(to, "coerce") === true && ["number", "bigint", "date"].includes(type);
  if (isCoerced && listChecks(from).every(({ check, minimum }) => check === "overwrite" || minimum === 1 || minimum === 0)) {
    return composeSchema({ ...to._zod.def, isCoercedText: true });
  }
  return takesText(to) ? to : undefined;
}

/** Tells whether a schema takes texts alone. */
function takesText(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  switch (core._zod.def.type) {
    case "string":
    case "template_literal":
      return true;
    case "enum":
    case "literal":
      return listValues(core).every((value) => typeof value === "string");
    case "union":
      return readInners(core, "options").every(takesText);
    default:
      return false;
  }
}
