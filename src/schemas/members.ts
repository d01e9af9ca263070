import { humanize } from "./humanize";
import { unwrap } from "./unwrap";
import { composeSchema, listValues, readDefinition, readInner, readInners, readShape, remember, type ZodSchema } from "./zod";

/** The fields of an object, or of a union of objects. */
export interface Members {
  /** All of them by name; one that not every option of a union has is optional. */
  readonly fields: ReadonlyMap<string, ZodSchema>;
  /** Of a union: the fields that one option has alone. */
  readonly alternatives: readonly Alternative[];
}

/** The fields that only one option of a union has. */
export interface Alternative {
  /** The label of the option; `undefined` for the one that a checkbox chooses if it is not ticked. */
  readonly label: string | undefined;
  /** The names of the fields. */
  readonly names: readonly string[];
}

/** Reads the fields of an object, of a union of objects, or of an intersection of such schemas; any other schema has none. */
export const readMembers: (schema: ZodSchema) => Members | undefined = remember((schema) => {
  const { core } = unwrap(schema);
  if (core._zod.def.type === "object") {
    return { fields: readShape(core), alternatives: [] };
  }
  if (core._zod.def.type === "intersection") {
    const [left, right] = ["left", "right"].map((side) => readSide(core, side));
    return left && right && { fields: joinSides(left.fields, right.fields), alternatives: [...left.alternatives, ...right.alternatives] };
  }
  const options = core._zod.def.type === "union" ? readInners(core, "options") : [];
  const shapes = options.flatMap((option) => readMembers(option)?.fields ?? []);
  if (shapes.length === 0 || shapes.length < options.length) {
    return undefined;
  }
  const found = new Map<string, ZodSchema[]>();
  for (const [name, field] of shapes.flatMap((shape) => [...shape])) {
    found.set(name, [...(found.get(name) ?? []), field]);
  }
  const discriminator = String(readDefinition(core, "discriminator"));
  const labels = new Map<string, string>();
  for (const option of options) {
    const values = listChoosers(option, discriminator);
    for (const value of values) {
      labels.set(
        String(value),
        labels.get(String(value)) ?? (values.length === 1 ? findLabel(option, discriminator) : undefined) ?? humanize(String(value)),
      );
    }
  }
  const choices = [...labels].map(([value, label]) => ({ value, label }));
  const isChosenByCheckbox = choices.every(({ value }) => value === "true" || value === "false");
  return {
    fields: new Map(
      [...found].map(([name, fields]) => [
        name,
        name === discriminator
          ? joinDiscriminator(fields, isChosenByCheckbox ? {} : { choices })
          : join(fields, fields.length < shapes.length, {}),
      ]),
    ),
    alternatives: shapes.flatMap((shape, index) => {
      const names = [...shape.keys()].filter((name) => found.get(name)?.length === 1);
      return names.length > 0 ? [{ label: findLabel(options[index], discriminator, names), names }] : [];
    }),
  };
});

function readSide(schema: ZodSchema, side: string): Members | undefined {
  const inner = readInner(schema, side);
  return inner && (isRecord(inner) ? readRecordMembers(inner) : readMembers(inner));
}

/** Reads the fields of a record: those of the keys that it states. */
export function readRecordMembers(record: ZodSchema): Members {
  const { core } = unwrap(record);
  const valueType = readInner(core, "valueType");
  return { fields: new Map(valueType === undefined ? [] : listRecordKeys(core).map((key) => [key, valueType] as const)), alternatives: [] };
}

/** Tells whether a schema takes fields of any name: a record, or an intersection with one. */
export function takesAnyKey(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  return (
    isRecord(core) ||
    ["left", "right"].some((side) => {
      const inner = readInner(core, side);
      return inner !== undefined && takesAnyKey(inner);
    })
  );
}

/** Tells whether a schema says that it takes or refuses fields of other names: by `z.looseObject()`, `z.strictObject()`, `catchall()` or a record. */
export function statesRest(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  const sides = ["left", "right"].map((side) => readInner(core, side));
  return (
    core._zod.def.type === "record" ||
    readInner(core, "catchall") !== undefined ||
    [...sides, ...readInners(core, "options")].some((part) => part !== undefined && statesRest(part))
  );
}

/** Tells whether a schema is that of a record. */
export function isRecord(schema: ZodSchema): boolean {
  return unwrap(schema).core._zod.def.type === "record";
}

/** Joins the fields of both sides of an intersection. A field of both must satisfy both. */
function joinSides(left: Members["fields"], right: Members["fields"]): Members["fields"] {
  const joined = new Map(left);
  for (const [name, field] of right) {
    const other = left.get(name);
    joined.set(name, other === undefined || other === field ? field : joinBoth(other, field));
  }
  return joined;
}

/** Makes one schema, to be read, of those that both sides of an intersection have for a field. */
function joinBoth(left: ZodSchema, right: ZodSchema): ZodSchema {
  const [first, second] = [unwrap(left), unwrap(right)];
  const meta = { ...second.meta, ...first.meta };
  const joined = composeSchema({ type: "intersection", left, right, meta });
  return first.isOptional && second.isOptional ? composeSchema({ type: "optional", innerType: joined, meta }) : joined;
}

/** Finds the schema of a part by its key; `""` is any item of a list. */
export function findMember(schema: ZodSchema, key: string): ZodSchema | undefined {
  const { core } = unwrap(schema);
  switch (core._zod.def.type) {
    case "object":
      return readShape(core).get(key) ?? readCatchall(core);
    case "array":
      return isIndex(key) ? readInner(core, "element") : undefined;
    case "set":
      return isIndex(key) ? readInner(core, "valueType") : undefined;
    case "record":
      return readInner(core, "valueType");
    case "tuple":
      return isIndex(key) ? (readInners(core, "items")[Number(key)] ?? readInner(core, "rest")) : undefined;
    case "intersection":
      return (
        readMembers(core)?.fields.get(key) ??
        ["left", "right"]
          .map((side) => readInner(core, side))
          .reduce<ZodSchema | undefined>((found, part) => found ?? (part && findMember(part, key)), undefined)
      );
    case "union": {
      const options = readInners(core, "options");
      return readMembers(core)?.fields.get(key) ?? options.map((option) => findMember(option, key)).find((member) => member !== undefined);
    }
    default:
      return undefined;
  }
}

/** Reads the schema of the fields that an object does not state, if it has one for them. */
function readCatchall(core: ZodSchema): ZodSchema | undefined {
  const catchall = readInner(core, "catchall");
  return catchall === undefined || ["unknown", "any", "never"].includes(unwrap(catchall).core._zod.def.type) ? undefined : catchall;
}

function isIndex(key: string): boolean {
  return /^\d*$/.test(key);
}

/** Makes one schema, to be read and not to check by, of those that the options of a union have for a field. */
function join(schemas: readonly ZodSchema[], mayLack: boolean, extra: object): ZodSchema {
  const [first] = schemas;
  const meta = Object.assign({}, ...schemas.map((schema) => unwrap(schema).meta).reverse(), extra);
  const joined = schemas.length === 1 && first !== undefined ? first : composeSchema({ type: "union", options: schemas, meta });
  return mayLack ? composeSchema({ type: "optional", innerType: joined, meta }) : joined;
}

/** Joins the discriminators of all options. A default of one stands for all: absence chooses its option. */
function joinDiscriminator(schemas: readonly ZodSchema[], extra: object): ZodSchema {
  const joined = join(schemas, false, extra);
  const kinds = schemas.map(unwrap);
  const defaulted = kinds.find(({ hasDefault }) => hasDefault);
  if (defaulted === undefined) {
    return kinds.some(({ isOptional }) => isOptional)
      ? composeSchema({ type: "optional", innerType: joined, meta: unwrap(joined).meta })
      : joined;
  }
  const { defaultValue } = defaulted;
  return composeSchema({ type: "default", innerType: joined, defaultValue, meta: unwrap(joined).meta });
}

/** Returns the label of an option: that of its `.meta()`, the values that choose it, or its fields. One that `false` or nothing chooses has none. */
function findLabel(option: ZodSchema | undefined, discriminator: string, names: readonly string[] = []): string | undefined {
  const { label, title } = option === undefined ? {} : unwrap(option).meta;
  if (typeof label === "string" || typeof title === "string") {
    return String(label ?? title);
  }
  const values = (option === undefined ? [] : listChoosers(option, discriminator)).filter((value) => value !== null && value !== undefined);
  if (values.length === 0) {
    return option !== undefined && isChosenByAbsence(option, discriminator) ? undefined : names.map(humanize).join(", ");
  }
  return values.length === 1 && typeof values[0] === "boolean"
    ? values[0]
      ? humanize(discriminator)
      : undefined
    : humanize(values.map(String).join(", "));
}

/** Lists the values of a discriminator that choose an option, each once. */
export function listChoosers(option: ZodSchema, discriminator: string): readonly unknown[] {
  const field = readMembers(option)?.fields.get(discriminator);
  return field === undefined ? [] : [...new Set(listFieldValues(field))];
}

/** Tells whether an option is chosen by the absence of its discriminator, such as `z.literal("a").default("a")`. */
export function isChosenByAbsence(option: ZodSchema, discriminator: string): boolean {
  const field = readMembers(option)?.fields.get(discriminator);
  if (field === undefined) {
    return false;
  }
  const { core, isOptional, isNullable } = unwrap(field);
  return isOptional || isNullable || ["null", "undefined", "void"].includes(core._zod.def.type);
}

/** Lists the keys that the schema of a record states: those of an enum, or of literals. */
export function listRecordKeys(schema: ZodSchema): readonly string[] {
  const keyType = readInner(schema, "keyType");
  return keyType === undefined ? [] : listFieldValues(keyType).map(String);
}

/** Lists the values of a field that is an enum, a literal, or a union of such. */
export function listFieldValues(field: ZodSchema): readonly unknown[] {
  const { core } = unwrap(field);
  return core._zod.def.type === "union" ? readInners(core, "options").flatMap(listFieldValues) : listValues(core);
}

/** Tells whether a schema is shown as a group of fields: an object, a union of objects, a record, a tuple, or a list of lists or groups. */
export function isGroup(schema: ZodSchema): boolean {
  const { core } = unwrap(schema);
  switch (core._zod.def.type) {
    case "tuple":
    case "record":
      return true;
    case "array":
    case "set":
      return isGroupItem(core);
    default:
      return readMembers(core) !== undefined;
  }
}

/** Tells whether the items of a list are shown one by one: those that are groups or lists. */
function isGroupItem(list: ZodSchema): boolean {
  const item = readInner(list, "element") ?? readInner(list, "valueType");
  if (item === undefined) {
    return false;
  }
  const { type } = unwrap(item).core._zod.def;
  return type === "array" || type === "set" || isGroup(item);
}
