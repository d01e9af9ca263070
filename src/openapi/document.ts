import { type core, toJSONSchema } from "zod";
import type { Flagon } from "../app";
import { SetupError } from "../base/errors";
import type { Schema } from "../base/schema";
import { reasonOf } from "../http/status";
import type { Route } from "../routing/route";
import { isZodSchema } from "../schemas/zod";
import type { Endpoint } from "../setup/registry";

/** An object of an OpenAPI document. */
export type OpenApiObject = Record<string, unknown>;

/** What a document says beside the routes. */
export interface OpenApiInfo {
  /** What the API is: its `title` and `version`, and a `description` if you like. */
  readonly info: { readonly title: string; readonly version: string } & Readonly<Record<string, unknown>>;
  /** Where the API is. Default: below the path at which the document is asked for. */
  readonly servers?: readonly Readonly<Record<string, unknown>>[];
  /** How clients prove who they are, by name, such as `{ bearer: { type: "http", scheme: "bearer" } }`. */
  readonly securitySchemes?: Readonly<Record<string, unknown>>;
  /** Which of the schemes every route asks for, such as `[{ bearer: [] }]`; a route's own `openapi: { security }` takes its place. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  /** What the tags of routes mean. */
  readonly tags?: readonly Readonly<Record<string, unknown>>[];
}

const problem = {
  type: "object",
  description: "What went wrong (RFC 9457).",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: {
          in: { type: "string", enum: ["body", "query"] },
          path: { type: "array", items: { type: "string" } },
          detail: { type: "string" },
        },
        required: ["in", "path", "detail"],
      },
    },
  },
  required: ["title", "status", "detail"],
};

/**
 * Describes an app's routes as an OpenAPI 3.1 document: those that have schemas, or something to say by `openapi`.
 *
 * Schemas of zod with an id, by `.meta({ id: "Post" })`, become components of that name.
 *
 * @param app The app, with all its routes.
 * @param about What the document says beside them.
 * @throws {SetupError} If a schema is not one of zod.
 */
export function createDocument(app: Flagon, about: OpenApiInfo): OpenApiObject {
  const { info, security, securitySchemes, servers, tags } = about;
  const components = new Components();
  const paths = new Paths();
  for (const route of app.routes) {
    const { openapi, json, query, returns } = route.schemas;
    const isTold = openapi !== undefined && openapi !== false;
    if (openapi !== false && (isTold || json !== undefined || query !== undefined || returns !== undefined)) {
      for (const method of route.methods) {
        paths.add(route, method, (id) => describeOperation(route, method, id, components));
      }
    }
  }
  return {
    openapi: "3.1.0",
    info,
    ...(servers === undefined ? {} : { servers }),
    paths: paths.toObject(),
    components: { ...components.toObject(), ...(securitySchemes === undefined ? {} : { securitySchemes }) },
    ...(security === undefined ? {} : { security }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** The paths of a document: rules that differ in the names of their variables alone are one path there. */
class Paths {
  readonly #items = new Map<string, { readonly path: string; readonly names: readonly string[]; readonly item: OpenApiObject }>();
  readonly #ids = new Set<string>();

  add(route: Route<Endpoint>, method: string, describe: (id: string) => OpenApiObject): void {
    const names = route.rule.variables.map(({ name }) => name);
    const path = route.rule.source.replace(/<(?:[^<>]*:)?([A-Za-z_]\w*)>/g, "{$1}");
    const key = path.replace(/\{\w+\}/g, "{}");
    const known = this.#items.get(key) ?? { path, names, item: {} };
    this.#items.set(key, known);
    const operation = describe(this.#createId(route.endpoint.name, method));
    known.item[method.toLowerCase()] ??= rename(operation, names, known.names);
  }

  toObject(): OpenApiObject {
    return Object.fromEntries([...this.#items.values()].map(({ path, item }) => [path, item]));
  }

  #createId(endpoint: string, method: string): string {
    let id = endpoint;
    for (let count = 1; this.#ids.has(id); count++) {
      id = `${endpoint}_${method.toLowerCase()}${count === 1 ? "" : count}`;
    }
    this.#ids.add(id);
    return id;
  }
}

/** Calls the parameters of a path as the first rule of that path does. */
function rename(operation: OpenApiObject, from: readonly string[], to: readonly string[]): OpenApiObject {
  if (!Array.isArray(operation.parameters)) {
    return operation;
  }
  const parameters = operation.parameters.map((parameter: OpenApiObject) =>
    parameter.in === "path" ? { ...parameter, name: to[from.indexOf(String(parameter.name))] } : parameter,
  );
  return { ...operation, parameters };
}

function describeOperation(route: Route<Endpoint>, method: string, operationId: string, components: Components): OpenApiObject {
  const { json, openapi, query, returns, status = 200 } = route.schemas;
  const { responses: more, ...own } = openapi === false ? {} : { responses: {}, ...openapi };
  const scope = route.endpoint.scope.name;
  const parameters = [
    ...route.rule.variables.map(({ name, converter }) => ({
      name,
      in: "path",
      required: true,
      schema: converter.jsonSchema ?? { type: "string" },
    })),
    ...(query === undefined ? [] : components.describeParameters(query, operationId)),
  ];
  const success =
    returns === undefined ? {} : { content: { "application/json": { schema: components.describe(returns, "output", operationId) } } };
  const mayFail = json !== undefined || query !== undefined;
  return {
    operationId,
    ...(scope === "" ? {} : { tags: [scope] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(json === undefined || method === "GET" || method === "HEAD"
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: components.describe(json, "input", operationId) } } } }),
    ...own,
    responses: {
      ...(returns === undefined && typeof more === "object" && tellsSuccess(more)
        ? {}
        : { [status]: { description: reasonOf(status) || "Success", ...success } }),
      ...(mayFail ? { 422: components.refuse() } : {}),
      ...(typeof more === "object" ? more : {}),
    },
  };
}

/** A route that says itself how it succeeds needs no other word about it. */
function tellsSuccess(responses: object | null): boolean {
  return Object.keys(responses ?? {}).some((status) => /^[23]/.test(status));
}

/** The schemas of a document by name, and the answers that many routes share. */
class Components {
  readonly #schemas = new Map<string, string>();
  readonly #described = new Map<string, string>();
  #canRefuse = false;

  /** Describes a schema; what it names becomes a component. */
  describe(schema: Schema, io: "input" | "output", label: string): OpenApiObject {
    if (!isZodType(schema)) {
      throw new SetupError(`The route '${label}' has a schema that is not one of zod, which an OpenAPI document cannot describe.`);
    }
    const {
      $schema: _,
      $defs,
      ...described
    }: OpenApiObject = {
      ...toJSONSchema(schema, { io, unrepresentable: "any", override: represent }),
    };
    const definitions = typeof $defs === "object" && $defs !== null ? Object.entries($defs) : [];
    const names = new Map(definitions.map(([name, definition]) => [name, this.#findName(name, io, JSON.stringify(definition))]));
    for (const [name, definition] of definitions) {
      this.#schemas.set(names.get(name) ?? name, JSON.stringify(relocate(definition, names)));
    }
    return relocate(described, names);
  }

  /** Describes a query's schema as parameters: what is converted from nothing, such as a checkbox, need not be there. */
  describeParameters(schema: Schema, label: string): OpenApiObject[] {
    const object = this.#resolve(this.describe(schema, "input", label));
    const required = Array.isArray(object.required) ? object.required : [];
    const properties: [string, OpenApiObject][] = Object.entries(object.properties ?? {});
    return properties.map(([name, property]) => {
      const { description, ...rest } = property;
      const isNeeded = required.includes(name) && rest.type !== "boolean" && rest.type !== "array";
      return { name, in: "query", required: isNeeded, ...(description === undefined ? {} : { description }), schema: rest };
    });
  }

  /** Refers to the answer for what schemas refuse. */
  refuse(): OpenApiObject {
    this.#canRefuse = true;
    return { $ref: "#/components/responses/ValidationFailed" };
  }

  toObject(): OpenApiObject {
    const schemas: [string, unknown][] = [...this.#schemas]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, text]) => [name, JSON.parse(text)]);
    if (!this.#canRefuse) {
      return { schemas: Object.fromEntries(schemas) };
    }
    const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
    return {
      schemas: { ...Object.fromEntries(schemas), Problem: problem },
      responses: { ValidationFailed: { description: "What was sent is not valid.", content } },
    };
  }

  /** A schema that takes something else than it gives has a name for each. */
  #findName(name: string, io: "input" | "output", text: string): string {
    const plain = name.replace(/[^\w.-]+/g, "_");
    const other = this.#described.get(plain);
    if (other === undefined || other === text) {
      this.#described.set(plain, text);
      return plain;
    }
    return `${plain}${io === "input" ? "Input" : "Output"}`;
  }

  #resolve(described: OpenApiObject): OpenApiObject {
    const name = typeof described.$ref === "string" ? described.$ref.split("/").pop() : undefined;
    return name === undefined ? described : JSON.parse(this.#schemas.get(name) ?? "{}");
  }
}

/** Zod's own type for what is a schema by its structure. */
function isZodType(schema: Schema): schema is Schema & core.$ZodType {
  return isZodSchema(schema);
}

/** Says of what JSON has no type for how it is written. */
function represent({ zodSchema, jsonSchema }: { zodSchema: object; jsonSchema: object }): void {
  const type = isZodSchema(zodSchema) ? zodSchema._zod.def.type : "";
  if (type === "date") {
    Object.assign(jsonSchema, { type: "string", format: "date-time" });
  } else if (type === "bigint") {
    Object.assign(jsonSchema, { type: "integer", format: "int64" });
  }
}

/** Writes references to definitions as references to components. */
function relocate(described: unknown, names: ReadonlyMap<string, string>): OpenApiObject {
  return JSON.parse(JSON.stringify(described), (key, value: unknown) => {
    const name = key === "$ref" && typeof value === "string" ? /^#\/\$defs\/(.*)$/.exec(value)?.[1] : undefined;
    return name === undefined ? value : `#/components/schemas/${names.get(name) ?? name}`;
  });
}
