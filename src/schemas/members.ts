import { humanize } from "./humanize";
import { readDefinition, readInner, readInners, readShape, remember, unwrap, type ZodSchema } from "./zod";

/** The fields of an object, or of a union of objects. */
export interface Members {
  /** All of them by name; one that not every option of a union has is optional. */
  readonly fields: ReadonlyMap<string, ZodSchema>;
  /** Of a union: what one option has alone. */
  readonly alternatives: readonly Alternative[];
}

/** The fields that only one option of a union has. */
export interface Alternative {
  /** The label of the option. */
  readonly label: string;
  /** The names of the fields. */
  readonly names: readonly string[];
}

/** Reads the fields of an object or of a union of objects; anything else has none. */
export const readMembers: (schema: ZodSchema) => Members | undefined = remember((schema) => {
  const { core } = unwrap(schema);
  if (core._zod.def.type === "object") {
    return { fields: readShape(core), alternatives: [] };
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
  const choices = options.flatMap((option, index) => {
    const values = listChoosers(shapes[index]?.get(discriminator));
    return values.map((value) => [value, values.length === 1 ? findLabel(option, values) : humanize(value)] as const);
  });
  return {
    fields: new Map(
      [...found].map(([name, fields]) => [name, join(fields, fields.length < shapes.length, name === discriminator ? { choices } : {})]),
    ),
    alternatives: shapes.flatMap((shape, index) => {
      const names = [...shape.keys()].filter((name) => found.get(name)?.length === 1);
      return names.length > 0 ? [{ label: findLabel(options[index], listChoosers(shape.get(discriminator))), names }] : [];
    }),
  };
});

/** Finds the schema of what is inside of another, by its key. */
export function findMember(schema: ZodSchema, key: string): ZodSchema | undefined {
  const { core } = unwrap(schema);
  switch (core._zod.def.type) {
    case "object":
      return readShape(core).get(key);
    case "array":
      return readInner(core, "element");
    case "set":
    case "record":
      return readInner(core, "valueType");
    case "tuple":
      return readInners(core, "items")[Number(key)];
    case "union": {
      const options = readInners(core, "options");
      return readMembers(core)?.fields.get(key) ?? options.map((option) => findMember(option, key)).find((member) => member !== undefined);
    }
    default:
      return undefined;
  }
}

/** Makes one schema, to be read and not to check by, of those that the options of a union have for a field. */
function join(schemas: readonly ZodSchema[], mayLack: boolean, extra: object): ZodSchema {
  const [first] = schemas;
  const meta = Object.assign({ ...extra }, ...schemas.map((schema) => unwrap(schema).meta).reverse());
  const joined = schemas.length === 1 && first !== undefined ? first : compose({ type: "union", options: schemas, meta });
  return mayLack ? compose({ type: "optional", innerType: joined, meta }) : joined;
}

function compose({ meta, ...def }: { type: string; meta: object; [key: string]: unknown }): ZodSchema & { meta(): object } {
  return { _zod: { def, output: undefined }, "~standard": { validate: (value) => ({ value }) }, meta: () => meta };
}

/** Calls an option what its `.meta()` says, or by the values that choose it. */
function findLabel(option: ZodSchema | undefined, choosers: readonly string[]): string {
  const { label, title } = option === undefined ? {} : unwrap(option).meta;
  return typeof label === "string" ? label : typeof title === "string" ? title : humanize(choosers.join(", "));
}

/** Lists the values of a discriminator that choose an option. */
function listChoosers(schema: ZodSchema | undefined): readonly string[] {
  const values = schema === undefined ? undefined : readDefinition(unwrap(schema).core, "values");
  return Array.isArray(values) ? values.map(String) : [];
}
