import { SetupError } from "../base/errors";
import { builtInConverters, type ConverterFactory } from "./converters";
import type { HostPattern } from "./host-pattern";
import { listVariables, type Match, type Route, takesValue } from "./route";
import { RouteTree } from "./route-tree";

/** The rules of one host, or of any. */
interface HostRoutes<Endpoint extends { readonly name: string }> {
  readonly host: HostPattern | null;
  readonly tree: RouteTree<Endpoint>;
}

/** The rules of an app: finds the route of a path, and the rules of an endpoint. */
export class RouteMap<Endpoint extends { readonly name: string }> {
  /** The converters by name; set your own before the rules that use them. */
  readonly converters: Map<string, ConverterFactory> = new Map(builtInConverters);
  readonly #routes: Route<Endpoint>[] = [];
  readonly #byEndpoint = new Map<string, Route<Endpoint>[]>();
  /** The routes by method, host and expression. */
  readonly #taken = new Map<string, Route<Endpoint>>();
  #hosts: readonly HostRoutes<Endpoint>[] = [];
  /** The rules for any host, if there are no others: the host is not read then. */
  #only: RouteTree<Endpoint> | undefined;

  /** Every route, in the order of registration. */
  get routes(): readonly Route<Endpoint>[] {
    return this.#routes;
  }

  /**
   * Adds a route.
   *
   * @throws {SetupError} If another one takes the same requests.
   */
  add(route: Route<Endpoint>): void {
    if (!route.isBuildOnly) {
      this.#take(route);
    }
    this.#routes.push(route);
    this.#byEndpoint.set(route.endpoint.name, [...this.routesOf(route.endpoint.name), route].sort(compareForBuilding));
    this.#hosts = [];
  }

  /** Lists the methods of all rules, with the `HEAD` of `GET` and the automatic `OPTIONS`. */
  listMethods(): readonly string[] {
    const methods = this.#routes.flatMap((route) => [...route.methods]);
    return [...new Set(["OPTIONS", ...(methods.includes("GET") ? ["HEAD"] : []), ...methods])].sort();
  }

  /** Tells whether any route has a variable or a default of a name. */
  hasValue(name: string): boolean {
    return this.#routes.some((route) => takesValue(route, name));
  }

  /** Returns the routes of an endpoint, in the order in which a URL is built from them. */
  routesOf(endpoint: string): readonly Route<Endpoint>[] {
    return this.#byEndpoint.get(endpoint) ?? [];
  }

  /** Builds the router from all rules, the most specific first: the order of registration never matters. */
  build(): void {
    const byHost = new Map<string, Route<Endpoint>[]>([["", []]]);
    for (const route of this.#routes.filter(({ isBuildOnly }) => !isBuildOnly)) {
      const routes = byHost.get(hostKey(route)) ?? [];
      byHost.set(hostKey(route), routes);
      routes.push(route);
    }
    const routesOf = (endpoint: string): readonly Route<Endpoint>[] => this.routesOf(endpoint);
    this.#hosts = [...byHost.values()]
      .map((routes) => ({ host: routes[0]?.host ?? null, tree: new RouteTree(routes, routesOf) }))
      .sort((left, right) => weighHost(left.host) - weighHost(right.host));
    this.#only = this.#hosts.length === 1 ? this.#hosts[0]?.tree : undefined;
  }

  /**
   * Finds the route of a path.
   *
   * @param method The method of the request, in upper case.
   * @param path The decoded path.
   * @param request Knows the host, which is read only if rules ask for one.
   */
  match(method: string, path: string, request: { readonly host: string }): Match<Endpoint> {
    if (this.#hosts.length === 0) {
      this.build();
    }
    return this.#only === undefined ? this.#matchHosts(method, path, request.host) : this.#only.match(method, path);
  }

  /** The rules of the host itself come before those of a pattern, and these before those for any host. */
  #matchHosts(method: string, path: string, hostname: string): Match<Endpoint> {
    const allowed = new Set<string>();
    for (const { host, tree } of this.#hosts) {
      const values = host === null ? {} : host.match(hostname);
      const match = values === undefined ? undefined : tree.match(method, path);
      if (match?.kind === "missing") {
        for (const other of match.allowed) {
          allowed.add(other);
        }
      } else if (match !== undefined) {
        return "args" in match ? { ...match, args: { ...values, ...match.args } } : match;
      }
    }
    return { kind: "missing", allowed: [...allowed].sort() };
  }

  #take(route: Route<Endpoint>): void {
    for (const method of route.methods) {
      const key = `${method} ${hostKey(route)} ${route.rule.regex?.source ?? route.rule.pattern}`;
      const other = this.#taken.get(key);
      if (other !== undefined && isAuxiliary(method) && hasOtherMethods(route) && hasOtherMethods(other)) {
        // The first rule answers, as in Flask: two pages of one path may both list OPTIONS.
        continue;
      }
      if (other !== undefined) {
        throw new SetupError(
          `The rules '${other.rule.source}' of '${other.endpoint.name}' and '${route.rule.source}' of '${route.endpoint.name}' both answer ${method} at the same paths. Change one of them, or its methods.`,
        );
      }
      this.#taken.set(key, route);
    }
  }
}

function isAuxiliary(method: string): boolean {
  return method === "OPTIONS" || method === "HEAD";
}

function hasOtherMethods({ methods }: Route<unknown>): boolean {
  return [...methods].some((method) => !isAuxiliary(method));
}

function hostKey({ host }: Route<unknown>): string {
  return host?.source.toLowerCase() ?? "";
}

function weighHost(host: HostPattern | null): number {
  return host === null ? Number.POSITIVE_INFINITY : host.variables.length - host.source.length / 1000;
}

/** URLs are built from the rule that takes the most values, and of those from the one with the most defaults. */
function compareForBuilding(left: Route<unknown>, right: Route<unknown>): number {
  return countValues(right) - countValues(left) || Object.keys(right.defaults).length - Object.keys(left.defaults).length;
}

function countValues(route: Route<unknown>): number {
  return new Set([...listVariables(route).map(({ name }) => name), ...Object.keys(route.defaults)]).size;
}
