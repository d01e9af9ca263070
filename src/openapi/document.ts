import type { Flagon } from "../app";
import { didYouMean } from "../base/suggestion";
import type { Route } from "../routing/route";
import type { Endpoint } from "../setup/registry";
import { Components, type OpenApiObject } from "./components";
import { checkInfo, type OpenApiInfo } from "./info";
import { LoginSecurity } from "./login-security";
import { describeOperation } from "./operation";

/**
 * Describes an app's routes as an OpenAPI 3.1 document. It has the routes with `json`, `returns` or `openapi`, and
 * those with `query` or `form` in an app or a blueprint with `{ errors: "json" }`. Pages of HTML are left out.
 *
 * Schemas of zod with an id, by `.meta({ id: "Post" })`, become components of that name.
 *
 * OpenAPI has one operation for each method of a path. If two views share one, by other types of variables or another host, the
 * document has the first, and the app's log a warning.
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
  checkInfo(about);
  const { info, security, servers, tags } = about;
  const challenges = app.registry.challenges.map(({ type }) => type);
  const components = new Components({ hasChallenges: challenges.length > 0 });
  const paths = new Paths((message) => app.logger.warn(message));
  const login = new LoginSecurity(app.config.sessionCookieName, about, challenges);
  for (const route of app.registry.routes.routes.filter(isPartOfApi)) {
    for (const method of [...route.methods].filter((name) => pathItemMethods.has(name))) {
      paths.add(route, method, (id) => describeOperation(route, method, id, components, login));
    }
  }
  const described = paths.toObject();
  const schemes = login.toComponents();
  warnOfSchemes([about, ...Object.values(described).flatMap((item) => Object.values(Object(item)))], schemes, (message) =>
    app.logger.warn(message),
  );
  return {
    openapi: "3.1.0",
    info,
    ...(servers === undefined ? {} : { servers }),
    paths: described,
    components: { ...components.toObject(), ...schemes },
    ...(security === undefined ? {} : { security }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** Warns of schemes of security that the document does not have: generators refuse it. */
function warnOfSchemes(owners: readonly unknown[], { securitySchemes }: OpenApiObject, warn: (message: string) => void): void {
  const known = Object.keys(Object(securitySchemes));
  const named = owners.flatMap((owner) => {
    const security: unknown = Reflect.get(Object(owner), "security");
    return Array.isArray(security) ? security.flatMap((requirement) => Object.keys(Object(requirement))) : [];
  });
  for (const name of new Set(named.filter((one) => !known.includes(one)))) {
    warn(
      `The OpenAPI document names the scheme '${name}' in 'security', but 'securitySchemes' of openapi() does not have it.${didYouMean(name, known)}`,
    );
  }
}

/** The methods that a document can describe (OpenAPI 3.1, section 4.8.9). */
const pathItemMethods: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);

/** Tells whether a route is one of the API, and not a page. Rules that only redirect, or that no request matches, are none. */
function isPartOfApi({ endpoint, isAlias, isBuildOnly, schemas }: Route<Endpoint>): boolean {
  const { form, json, openapi, query, returns } = schemas;
  if (isAlias || isBuildOnly) {
    return false;
  }
  if (openapi !== undefined) {
    return openapi !== false;
  }
  const hasInput = query !== undefined || form !== undefined;
  return json !== undefined || returns !== undefined || (hasInput && endpoint.scope.errorFormat === "json");
}

/** A path of a document, with the names of its variables, and its operations and their routes by method. */
interface PathItem {
  readonly path: string;
  readonly names: readonly string[];
  readonly item: Record<string, OpenApiObject>;
  readonly routes: Map<string, Route<Endpoint>>;
}

/** The paths of a document: rules that differ in the names of their variables alone are one path there. */
class Paths {
  readonly #items = new Map<string, PathItem>();
  readonly #ids = new Set<string>();
  readonly #warn: (message: string) => void;

  /** @param warn Tells of an operation that two views have. */
  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Adds an operation, unless another view has it already. */
  add(route: Route<Endpoint>, method: string, describe: (id: string) => OpenApiObject): void {
    const names = route.rule.variables.map(({ name }) => name);
    const path = route.rule.template;
    const key = path.replace(/\{\w+\}/g, "{}");
    const known = this.#items.get(key) ?? { path, names, item: {}, routes: new Map<string, Route<Endpoint>>() };
    this.#items.set(key, known);
    const name = method.toLowerCase();
    const other = known.routes.get(name);
    if (other === undefined) {
      known.routes.set(name, route);
      known.item[name] = rename(this.#describe(route.endpoint.name, method, describe), names, known.names);
    } else if (isSameView(other.endpoint, route.endpoint)) {
      known.item[name] = joinServers(known.item[name] ?? {}, describe(other.endpoint.name));
    } else {
      this.#warn(
        `Two views are the operation ${method} ${known.path} of the OpenAPI document: ${other.endpoint.label}${nameHost(other)} and ${route.endpoint.label}${nameHost(route)}. A document has one for each method of a path, whatever the types of its variables and its host. It shows the first. Take the other out: { openapi: false }.`,
      );
    }
  }

  toObject(): OpenApiObject {
    return Object.fromEntries([...this.#items.values()].map(({ path, item }) => [path, item]));
  }

  /** Describes an operation under an id that no other one has (OpenAPI 3.1, section 4.8.10), also if the route states the id. */
  #describe(endpoint: string, method: string, describe: (id: string) => OpenApiObject): OpenApiObject {
    const id = this.#createId(endpoint, method);
    const operation = describe(id);
    const { operationId } = operation;
    return typeof operationId === "string" && operationId !== id
      ? { ...operation, operationId: this.#createId(operationId, method) }
      : operation;
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

/** Tells whether two endpoints have one view: that of a blueprint that is registered twice. */
function isSameView(one: Endpoint, other: Endpoint): boolean {
  return one.label === other.label && one.owner === other.owner;
}

/** Joins the hosts of an operation with those of another one. An operation of any host names none. */
function joinServers(operation: OpenApiObject, other: OpenApiObject): OpenApiObject {
  const { servers, ...rest } = operation;
  return Array.isArray(servers) && Array.isArray(other.servers) ? { ...operation, servers: [...servers, ...other.servers] } : rest;
}

function nameHost({ host }: Route<Endpoint>): string {
  return host === null ? "" : ` of the host '${host.source}'`;
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
