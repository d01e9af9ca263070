import type { core } from "zod";
import { SetupError } from "../base/errors";
import { lazily } from "../base/lazily";
import type { Schema } from "../base/schema";
import { isZodSchema, type ZodSchema } from "../schemas/zod";
import { correct } from "./corrections";
import type { Direction, Place } from "./direction";
import { type Definitions, readReference, relocate, root, signDefinitions } from "./references";

// Loaded for the first schema of zod: an app without schemas needs no zod.
const loadZod = lazily((): typeof import("zod") => require("zod"));

/** An object of an OpenAPI document. */
export type OpenApiObject = Record<string, unknown>;

const problem = {
  type: "object",
  description: "Problem details of an error (RFC 9457).",
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

/** The responses that many routes share, by name, with their descriptions. */
const sharedResponses = {
  NotFound: "There is nothing at this path.",
  Unauthorized: "Nobody is logged in.",
  ValidationFailed: "Some of the values are not valid.",
};

/** The name of a response that many routes share. */
export type SharedResponse = keyof typeof sharedResponses;

/** The schemas of a document by name, and the responses that many routes share. */
export class Components {
  readonly #schemas = new Map<string, OpenApiObject>();
  /** The names by wanted name and signature: equal schemas share a component. */
  readonly #bySignature = new Map<string, string>();
  /** The schemas that are being described, each with the component that it becomes if it refers to itself. */
  readonly #open = new Map<ZodSchema, string | undefined>();
  readonly #responses = new Set<SharedResponse>();
  /** The reference to the schema of errors. Its name is known at the end, when all schemas of the app have theirs. */
  readonly #problem: OpenApiObject = { $ref: "" };
  readonly #hasChallenges: boolean;
  #hasProblem = false;

  /** @param options Whether a 401 of the app has the header `WWW-Authenticate`. */
  constructor({ hasChallenges = false }: { readonly hasChallenges?: boolean } = {}) {
    this.#hasChallenges = hasChallenges;
  }

  /**
   * Describes a schema. Schemas with an id and schemas that refer to themselves become components.
   *
   * @param place The part of the request or the response that holds the value.
   * @throws {SetupError} If the schema is not one of zod.
   */
  describe(schema: Schema, io: Direction, label: string, place: Place = "json"): OpenApiObject {
    if (!isZodType(schema)) {
      throw new SetupError(`The route '${label}' has a schema that is not one of zod, which an OpenAPI document cannot describe.`);
    }
    if (this.#open.has(schema)) {
      const name = this.#open.get(schema) ?? this.#reserve(toTypeName(label), io);
      this.#open.set(schema, name);
      return refer(name);
    }
    this.#open.set(schema, undefined);
    const { $schema: _, $defs, ...described }: OpenApiObject = { ...this.#convert(schema, io, label, place) };
    const reserved = this.#open.get(schema);
    this.#open.delete(schema);
    return this.#keep({ ...(isRecord($defs) ? $defs : {}), [root]: described }, io, label, reserved);
  }

  /** Returns the schema that a reference to a component leads to; any other schema as it is. */
  resolve(described: OpenApiObject): OpenApiObject {
    const name = readReference(described.$ref, "#/components/schemas/");
    return name === undefined ? described : this.resolve(this.#schemas.get(name) ?? {});
  }

  /** Refers to a response that many routes share. */
  respond(name: SharedResponse): OpenApiObject {
    this.#responses.add(name);
    return { $ref: `#/components/responses/${name}` };
  }

  /** Describes the body of an error. */
  problemContent(): OpenApiObject {
    this.#hasProblem = true;
    return { "application/problem+json": { schema: this.#problem } };
  }

  /** Returns the components. Called last. */
  toObject(): OpenApiObject {
    const responses = [...this.#responses]
      .sort()
      .map((name) => [name, { description: sharedResponses[name], ...this.#headersOf(name), content: this.problemContent() }]);
    const schemas: [string, unknown][] = [...this.#schemas].sort(([left], [right]) => (left < right ? -1 : 1));
    if (this.#hasProblem) {
      const name = this.#reserve(this.#schemas.has("Problem") ? "ProblemDetails" : "Problem", "output");
      Object.assign(this.#problem, refer(name));
      schemas.push([name, problem]);
    }
    return {
      schemas: Object.fromEntries(schemas),
      ...(responses.length === 0 ? {} : { responses: Object.fromEntries(responses) }),
    };
  }

  #headersOf(name: SharedResponse): OpenApiObject {
    return name === "Unauthorized" && this.#hasChallenges
      ? { headers: { "WWW-Authenticate": { description: "The ways to authenticate.", required: true, schema: { type: "string" } } } }
      : {};
  }

  #convert(schema: ZodSchema & core.$ZodType, io: Direction, label: string, place: Place): OpenApiObject {
    const override = ({ zodSchema, jsonSchema }: { zodSchema: object; jsonSchema: object }): void => {
      if (isZodSchema(zodSchema)) {
        correct(zodSchema, jsonSchema, io, place, (inner) => this.describe(inner, io, label, place));
      }
    };
    try {
      return { ...loadZod().toJSONSchema(schema, { io, unrepresentable: "any", override }) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SetupError(`A schema of the route '${label}' cannot be described in an OpenAPI document: ${reason}`, { cause });
    }
  }

  /** Keeps the definitions of a schema as components, and returns the schema itself or a reference to it. */
  #keep(definitions: Definitions, io: Direction, label: string, reserved: string | undefined): OpenApiObject {
    const signatures = signDefinitions(definitions);
    const isRecursive = reserved !== undefined || signatures.isRecursive(root);
    const names = new Map<string, string>();
    for (const name of Object.keys(definitions)) {
      // A definition that takes every value needs no name.
      if (Object.keys(definitions[name] ?? {}).length > 0 && (name !== root || isRecursive)) {
        names.set(name, (name === root ? reserved : undefined) ?? this.#findName(name, signatures.of(name), io, label));
      }
    }
    for (const [name, component] of names) {
      this.#schemas.set(component, relocate(definitions[name], names));
    }
    const component = names.get(root);
    return component === undefined ? relocate(definitions[root], names) : refer(component);
  }

  /** Returns the name of an equal schema that is there already, or a new name. */
  #findName(name: string, signature: string, io: Direction, label: string): string {
    const isAnonymous = name === root || name.startsWith("__");
    const wish = isAnonymous ? toTypeName(label) : name.replace(/[^\w.-]+/g, "_");
    const key = `${isAnonymous ? "" : wish}\n${signature}`;
    const known = this.#bySignature.get(key);
    if (known !== undefined) {
      return known;
    }
    const found = this.#reserve(wish, io);
    this.#bySignature.set(key, found);
    return found;
  }

  /** Takes a name that no other component has. If the input and the output of a schema differ, each has a name. */
  #reserve(wish: string, io: Direction): string {
    let name = wish;
    for (let count = 1; this.#schemas.has(name); count++) {
      const directed = `${wish}${io === "input" ? "Input" : "Output"}`;
      name = count === 1 ? directed : `${directed}${count}`;
    }
    this.#schemas.set(name, {});
    return name;
  }
}

/** Tells whether a schema is one of zod's own type, by its structure. */
function isZodType(schema: Schema): schema is ZodSchema & core.$ZodType {
  return isZodSchema(schema);
}

/** Makes the name of a type of the name of a route: `blog.list-posts` is `ListPosts`. */
function toTypeName(label: string): string {
  const words =
    label
      .split(".")
      .at(-1)
      ?.split(/[^A-Za-z0-9]+/) ?? [];
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("") || "Schema";
}

function refer(name: string): OpenApiObject {
  return { $ref: `#/components/schemas/${name}` };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
