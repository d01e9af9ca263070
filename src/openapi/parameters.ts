import type { Components, OpenApiObject } from "./components";

/** The fields that an object schema describes. */
interface Fields {
  readonly properties: ReadonlyMap<string, OpenApiObject>;
  readonly needed: ReadonlySet<string>;
  /** The schema of fields of other names, where the object takes them. */
  readonly more: OpenApiObject | undefined;
}

/**
 * Describes the fields of a query as parameters. Fields of other names, which a loose object or `catchall()` takes, are one object
 * whose fields are parameters of their own: the style of forms.
 */
export function describeParameters(described: OpenApiObject, components: Components): OpenApiObject[] {
  const { properties, needed, more } = readFields(described, components);
  if (properties.size === 0 && isRecord(described, components)) {
    return [{ name: "query", in: "query", required: false, style: "form", explode: true, schema: described }];
  }
  const parameters = [...properties].map(([name, { deprecated, description, ...schema }]) => ({
    name,
    in: "query",
    required: needed.has(name),
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    // Objects are read from `filter[a]`; without a style the standard reads them from `a`.
    ...(isObjectSchema(schema, components) ? { style: "deepObject", explode: true } : {}),
    schema,
  }));
  return more === undefined ? parameters : [...parameters, describeMore(more, properties)];
}

/** Describes parameters of any name, under a name that no parameter has. */
function describeMore(additionalProperties: OpenApiObject, properties: Fields["properties"]): OpenApiObject {
  let name = "query";
  for (let count = 2; properties.has(name); count++) {
    name = `query${count}`;
  }
  const description = "Further parameters, each under its own name.";
  const schema = { type: "object", additionalProperties };
  return { name, in: "query", required: false, description, style: "form", explode: true, schema };
}

/** Describes the fields of a form as the schema of a body, and tells whether it has files. */
export function describeFormBody(
  described: OpenApiObject,
  components: Components,
): { readonly schema: OpenApiObject; readonly encoding: OpenApiObject; readonly hasFiles: boolean; readonly isNeeded: boolean } {
  const { properties, needed: all, more } = readFields(described, components);
  // A box that is not checked is absent, and chooses the option of `false`.
  const needed = [...all].filter((name) => !isChosenByBox(properties.get(name)));
  const schema = {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(more === undefined ? {} : { additionalProperties: more }),
  };
  const encodings = [...properties].map(([name, property]) => [name, describeEncoding(property, components)] as const);
  const encoding = Object.fromEntries(encodings.filter(([, described]) => described !== undefined));
  return { schema, encoding, hasFiles: JSON.stringify(schema).includes('"binary"'), isNeeded: needed.length > 0 };
}

/** Tells whether a field chooses between the options of a union by `true` and `false`. */
function isChosenByBox(schema: OpenApiObject | undefined): boolean {
  const values = schema && listConstants(schema);
  return values !== undefined && values.length > 1 && values.includes(false);
}

/** Describes the way in which a field is sent: an object as `a[b]`, since the standard has JSON there, and a file by its media types. */
function describeEncoding(property: OpenApiObject, components: Components): OpenApiObject | undefined {
  const schema = components.resolve(property);
  if (isObjectSchema(schema, components)) {
    return { style: "deepObject", explode: true };
  }
  const file = isObject(schema.items) ? components.resolve(schema.items) : schema;
  const types = [file, ...listSchemas(file.anyOf)]
    .map(({ contentMediaType }) => contentMediaType)
    .filter((type) => typeof type === "string");
  return file.format === "binary" && types.length > 0 ? { contentType: types.join(", ") } : undefined;
}

/** Reads the fields of an object, of all parts of an intersection, or of all options of a union. */
function readFields(described: OpenApiObject, components: Components): Fields {
  const object = components.resolve(described);
  const options = listSchemas(object.anyOf ?? object.oneOf);
  if (options.length > 0) {
    return options.map((option) => readFields(option, components)).reduce(joinOptions);
  }
  const properties = new Map<string, OpenApiObject>(Object.entries(isObject(object.properties) ? object.properties : {}));
  const required: unknown[] = Array.isArray(object.required) ? object.required : [];
  const needed = new Set([...properties.keys()].filter((name) => required.includes(name)));
  return listSchemas(object.allOf).reduce<Fields>(
    (fields, part) => {
      const more = readFields(part, components);
      return {
        properties: new Map([...fields.properties, ...more.properties]),
        needed: new Set([...fields.needed, ...more.needed]),
        more: fields.more ?? more.more,
      };
    },
    { properties, needed, more: isObject(object.additionalProperties) ? object.additionalProperties : undefined },
  );
}

/** A field is required if all options require it. Its values are those of all options. */
function joinOptions(left: Fields, right: Fields): Fields {
  const properties = new Map(left.properties);
  for (const [name, schema] of right.properties) {
    const other = properties.get(name);
    properties.set(name, other === undefined ? schema : joinSchemas(other, schema));
  }
  const more = left.more && right.more ? joinSchemas(left.more, right.more) : (left.more ?? right.more);
  return { properties, needed: new Set([...left.needed].filter((name) => right.needed.has(name))), more };
}

function joinSchemas(left: OpenApiObject, right: OpenApiObject): OpenApiObject {
  if (JSON.stringify(left) === JSON.stringify(right)) {
    return left;
  }
  const [first, second] = [listConstants(left), listConstants(right)];
  if (first !== undefined && second !== undefined && left.type === right.type) {
    return { ...(left.type === undefined ? {} : { type: left.type }), enum: [...new Set([...first, ...second])] };
  }
  return { anyOf: [...(listSchemas(left.anyOf).length > 0 ? listSchemas(left.anyOf) : [left]), right] };
}

function listConstants({ const: constant, enum: values }: OpenApiObject): readonly unknown[] | undefined {
  return constant !== undefined ? [constant] : Array.isArray(values) ? values : undefined;
}

/** Tells whether a schema describes a record: an object of any keys. */
function isRecord(described: OpenApiObject, components: Components): boolean {
  const { type, additionalProperties, properties } = components.resolve(described);
  return type === "object" && properties === undefined && isObject(additionalProperties);
}

function isObjectSchema(described: OpenApiObject, components: Components): boolean {
  const schema = components.resolve(described);
  const parts = [...listSchemas(schema.anyOf ?? schema.oneOf), ...listSchemas(schema.allOf)];
  return hasType(schema, "object") || parts.some((part) => isObjectSchema(part, components));
}

/** Tells whether a schema takes values of a type. */
function hasType({ type }: OpenApiObject, name: string): boolean {
  return type === name || (Array.isArray(type) && type.includes(name));
}

function listSchemas(value: unknown): readonly OpenApiObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is OpenApiObject & Record<string, OpenApiObject> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
