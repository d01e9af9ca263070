import type { Flagon } from "../app";
import type { Route } from "../routing/route";
import type { Endpoint } from "../setup/registry";
import { Components, type OpenApiObject } from "./components";
import { LoginSecurity } from "./login-security";
import { describeOperation } from "./operation";

/** The parts of a document that do not come from the routes. */
export interface OpenApiInfo {
  /** The `title` and the `version` of the API, and optionally a `description`. */
  readonly info: { readonly title: string; readonly version: string } & Readonly<Record<string, unknown>>;
  /** The addresses of the API. Default: the path below which the document is asked for. */
  readonly servers?: readonly Readonly<Record<string, unknown>>[];
  /** The ways in which clients authenticate, by name, such as `{ bearer: { type: "http", scheme: "bearer" } }`. */
  readonly securitySchemes?: Readonly<Record<string, unknown>>;
  /**
   * The schemes that every route asks for, such as `[{ bearer: [] }]`. The `openapi: { security }` of a route replaces them. Default: none,
   * and for routes with `@loginRequired` the session cookie or one of `securitySchemes`.
   */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  /** The descriptions of the tags of routes. */
  readonly tags?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Describes an app's routes as an OpenAPI 3.1 document. It has the routes with `json`, `returns` or `openapi`, and
 * those with `query` or `form` in an app or a blueprint with `{ errors: "json" }`. Pages of HTML are left out.
 *
 * Schemas of zod with an id, by `.meta({ id: "Post" })`, become components of that name.
 *
 * @param app The app, with all its routes.
 * @param about The other parts of the document.
 * @throws {SetupError} If a schema is not one of zod.
 *
 * @example
 * ```ts
 * app.command("document", () => JSON.stringify(createDocument(app, { info: { title: "Shop", version: "1.0.0" } }), null, 2));
 * ```
 */
export function createDocument(app: Flagon, about: OpenApiInfo): OpenApiObject {
  const { info, security, servers, tags } = about;
  const challenges = app.registry.challenges.map(({ type }) => type);
  const components = new Components({ hasChallenges: challenges.length > 0 });
  const paths = new Paths();
  const login = new LoginSecurity(app.config.sessionCookieName, about, challenges);
  for (const route of app.routes.filter(isPartOfApi)) {
    for (const method of [...route.methods].filter((name) => pathItemMethods.has(name))) {
      paths.add(route, method, (id) => describeOperation(route, method, id, components, login));
    }
  }
  return {
    openapi: "3.1.0",
    info,
    ...(servers === undefined ? {} : { servers }),
    paths: paths.toObject(),
    components: { ...components.toObject(), ...login.toComponents() },
    ...(security === undefined ? {} : { security }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** The methods that a document can describe (OpenAPI 3.1, section 4.8.9). */
const pathItemMethods: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);

/** Tells whether a route is one of the API, and not a page. */
function isPartOfApi({ endpoint, schemas }: Route<Endpoint>): boolean {
  const { form, json, openapi, query, returns } = schemas;
  if (openapi !== undefined) {
    return openapi !== false;
  }
  const hasInput = query !== undefined || form !== undefined;
  return json !== undefined || returns !== undefined || (hasInput && endpoint.scope.errorFormat === "json");
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
