import { METHODS } from "node:http";
import createRouter, { type ConstraintStrategy, type Handler, type HTTPMethod, type HTTPVersion } from "find-my-way";
import { RuleError, SetupError } from "../errors";
import { builtInConverters, type ConverterFactory } from "./converters";
import { compareRules, encodePath, type Rule } from "./rule";

/** A rule with the endpoint that it leads to. */
export interface Route<Endpoint> {
  /** The rule. */
  readonly rule: Rule;
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** The methods that the route itself takes, in upper case, without the `HEAD` that comes with `GET`. */
  readonly methods: ReadonlySet<string>;
  /** Values of the view that the rule has no variable for. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether a missing slash at the end redirects, and one too many is not found. */
  readonly strictSlashes: boolean;
  /** Whether `OPTIONS` is answered without the view. */
  readonly automaticOptions: boolean;
  /** The largest body that the route takes, in bytes, if it has a limit of its own. */
  readonly maxContentLength?: number | undefined;
}

/** What a path leads to. */
export type Match<Endpoint> =
  | { readonly kind: "found"; readonly route: Route<Endpoint>; readonly args: Record<string, unknown> }
  | {
      readonly kind: "options";
      readonly route: Route<Endpoint>;
      readonly args: Record<string, unknown>;
      readonly allowed: readonly string[];
    }
  | { readonly kind: "redirect"; readonly path: string }
  | { readonly kind: "missing"; readonly allowed: readonly string[] };

/** What the router keeps with a pattern: a route, or that the whole rules have to be looked at. */
interface Leaf<Endpoint> {
  readonly route: Route<Endpoint>;
  /** The request lacks the slash at the end. */
  readonly lacksSlash: boolean;
  /** The routes of the same endpoint whose defaults may say what this one's variables say. */
  readonly shorter: readonly Route<Endpoint>[];
  /** Whether the view gets the rule's values alone: no redirect, no defaults. */
  readonly isPlain: boolean;
}

/** A rule with a variable that may hold slashes, looked at as a whole. */
interface Spanning<Endpoint> extends Leaf<Endpoint> {
  readonly regex: RegExp;
}

interface Found<Endpoint> {
  readonly leaf: Leaf<Endpoint>;
  readonly args: Record<string, unknown>;
}

type Router = ReturnType<typeof createRouter>;

/** What the router keeps with a pattern is the position of its leaf, or this: the whole rules have to be looked at. */
const spanning = -1;

/**
 * A constraint that tells apart patterns that differ in their expressions alone, which find-my-way takes for the same.
 *
 * Each has a value of its own when it is added, so that none is refused as declared twice; a request takes whichever
 * the tree leads to. A leaf of the tree never holds two, since one expression is added once.
 */
const patternConstraint: ConstraintStrategy<HTTPVersion.V1> = {
  name: "pattern",
  mustMatchWhenDerived: false,
  deriveConstraint: () => "",
  storage() {
    let only: Handler<HTTPVersion.V1> | null = null;
    return {
      get: () => only,
      set: (_, handler) => {
        only = handler;
      },
    };
  },
};
const anyPattern = { pattern: "" };

/** Paths come without their query. */
const noQuery = {};

/** The rules of an app: finds the route of a path by find-my-way, with the results of Flask. */
export class RouteMap<Endpoint extends { readonly name: string }> {
  /** The converters by name; set your own before the rules that use them. */
  readonly converters: Map<string, ConverterFactory> = new Map(builtInConverters);
  readonly #routes: Route<Endpoint>[] = [];
  readonly #byEndpoint = new Map<string, Route<Endpoint>[]>();
  readonly #spanning = new Map<string, Spanning<Endpoint>[]>();
  /** The leaves of rules without variables, by method and path: what is wholly static comes before anything else. */
  readonly #static = new Map<string, Map<string, Leaf<Endpoint>>>();
  #leaves: Leaf<Endpoint>[] = [];
  #router: Router | undefined;
  #methods: ReadonlySet<string> = new Set();

  /** Every route, in the order of registration. */
  get routes(): readonly Route<Endpoint>[] {
    return this.#routes;
  }

  /** Adds a route. */
  add(route: Route<Endpoint>): void {
    this.#routes.push(route);
    this.#byEndpoint.set(route.endpoint.name, [...this.routesOf(route.endpoint.name), route].sort(compareForBuilding));
    this.#router = undefined;
  }

  /** Returns the routes of an endpoint, in the order in which a URL is built from them. */
  routesOf(endpoint: string): readonly Route<Endpoint>[] {
    return this.#byEndpoint.get(endpoint) ?? [];
  }

  /** Lists the names of all endpoints that have a route. */
  get endpoints(): Iterable<string> {
    return this.#byEndpoint.keys();
  }

  /**
   * Builds the router from all rules, the most specific first: the order of registration never matters.
   *
   * @throws {SetupError} If two routes take the same requests.
   */
  build(): void {
    const router = createRouter({ maxParamLength: 1024, querystringParser: () => noQuery, constraints: { pattern: patternConstraint } });
    const taken = new Map<string, Leaf<Endpoint>>();
    const sorted = [...this.#routes].sort((left, right) => compareRules(left.rule, right.rule));
    this.#spanning.clear();
    this.#static.clear();
    this.#leaves = [];
    for (const route of sorted) {
      this.#insert(router, taken, this.#createLeaf(route, false), route.rule.pattern, route.rule.regex);
    }
    // The spelling with a slash less or more gives way to a rule that is written so.
    for (const route of sorted) {
      const { rule, strictSlashes } = route;
      if (rule.source !== "/" && (rule.isBranch || !strictSlashes)) {
        const pattern = rule.isBranch ? rule.pattern.slice(0, -1) : `${rule.pattern}/`;
        const regex = rule.regex && toggleSlash(rule.regex);
        this.#insert(router, taken, this.#createLeaf(route, strictSlashes), pattern, regex);
      }
    }
    this.#methods = new Set(sorted.flatMap((route) => [...route.methods]));
    router.compile();
    this.#router = router;
  }

  /**
   * Finds what a path leads to.
   *
   * @param method The method of the request, in upper case.
   * @param path The decoded path.
   */
  match(method: string, path: string): Match<Endpoint> {
    if (this.#router === undefined) {
      this.build();
    }
    const found = this.#find(method, path) ?? (method === "HEAD" ? this.#find("GET", path) : undefined);
    if (found === undefined) {
      return this.#explainMiss(method, path);
    }
    const { args } = found;
    const { isPlain, lacksSlash, route, shorter } = found.leaf;
    if (lacksSlash) {
      return { kind: "redirect", path: `${encodeSegments(path)}/` };
    }
    if (shorter.length > 0) {
      const same = findSame(shorter, method, args);
      if (same !== undefined) {
        return { kind: "redirect", path: same.rule.format(args) };
      }
    }
    return { kind: "found", route, args: isPlain ? args : Object.assign(args, route.defaults) };
  }

  #insert(router: Router, taken: Map<string, Leaf<Endpoint>>, leaf: Leaf<Endpoint>, pattern: string, regex: RegExp | null): void {
    // Counted from 1: find-my-way takes a stored 0 for nothing.
    const position = this.#leaves.push(leaf);
    for (const method of leaf.route.methods) {
      const key = `${method} ${regex?.source ?? pattern}`;
      const other = taken.get(key);
      if (other !== undefined) {
        if (other.route.rule.pattern === leaf.route.rule.pattern && !other.lacksSlash && !leaf.lacksSlash && other.route !== leaf.route) {
          throw conflict(method, other.route, leaf.route);
        }
        continue;
      }
      taken.set(key, leaf);
      if (leaf.route.rule.variables.length === 0) {
        const paths = this.#static.get(method) ?? new Map<string, Leaf<Endpoint>>();
        this.#static.set(method, paths.set(pathOf(leaf.route.rule.source, leaf.route.rule.pattern, pattern), leaf));
      }
      if (regex !== null) {
        this.#spanning.set(method, [...(this.#spanning.get(method) ?? []), { ...leaf, regex }]);
        if (taken.has(`${method} ${leaf.route.rule.pattern}`)) {
          continue;
        }
        taken.set(`${method} ${leaf.route.rule.pattern}`, leaf);
      }
      addToRouter(
        router,
        method,
        leaf.route.rule,
        regex === null ? pattern : leaf.route.rule.pattern,
        regex === null ? position : spanning,
      );
    }
  }

  #find(method: string, path: string): Found<Endpoint> | undefined {
    const leaf = this.#static.get(method)?.get(path);
    return leaf === undefined ? this.#findByTree(method, path) : { leaf, args: {} };
  }

  #findByTree(method: string, path: string): Found<Endpoint> | undefined {
    if (!isAmong(method, this.#methods)) {
      return undefined;
    }
    // The path is decoded; find-my-way would decode it once more, and end it at a question mark.
    const quoted = /[%?#]/.test(path) ? path.replace(/[%?#]/g, encodeURIComponent) : path;
    const result = this.#router?.find(method, quoted, anyPattern);
    if (result === null || result === undefined) {
      return undefined;
    }
    const store: unknown = result.store;
    if (typeof store !== "number" || store === spanning) {
      return this.#findSpanning(method, path);
    }
    const leaf = this.#leaves[store - 1];
    const args = leaf?.route.rule.parse(result.params);
    return leaf === undefined || args === undefined ? undefined : { leaf, args };
  }

  #findSpanning(method: string, path: string): Found<Endpoint> | undefined {
    for (const candidate of this.#spanning.get(method) ?? []) {
      const groups = candidate.regex.exec(path)?.groups;
      if (groups !== undefined) {
        const args = candidate.route.rule.parse(groups);
        return args === undefined ? undefined : { leaf: candidate, args };
      }
    }
    return undefined;
  }

  #createLeaf(route: Route<Endpoint>, lacksSlash: boolean): Leaf<Endpoint> {
    return { route, lacksSlash, shorter: this.#listShorter(route), isPlain: !lacksSlash && !hasValues(route.defaults) };
  }

  /** Lists the rules of the same endpoint that say by their defaults what this one says by its variables. */
  #listShorter({ endpoint, rule }: Route<Endpoint>): readonly Route<Endpoint>[] {
    return this.routesOf(endpoint.name).filter(
      (other) =>
        other.rule.variables.length < rule.variables.length &&
        hasValues(other.defaults) &&
        rule.variables.every(({ name }) => name in other.defaults || other.rule.variables.some((variable) => variable.name === name)),
    );
  }

  #explainMiss(method: string, path: string): Match<Endpoint> {
    const allowed = new Set<string>();
    let automatic: Found<Endpoint> | undefined;
    for (const candidate of this.#methods) {
      const found = this.#find(candidate, path);
      if (found !== undefined && !found.leaf.lacksSlash) {
        allowed.add(candidate);
        if (candidate === "GET") {
          allowed.add("HEAD");
        }
        if (found.leaf.route.automaticOptions) {
          allowed.add("OPTIONS");
          automatic ??= found;
        }
      }
    }
    if (method === "OPTIONS" && automatic !== undefined) {
      const { args, leaf } = automatic;
      return { kind: "options", route: leaf.route, args: Object.assign(args, leaf.route.defaults), allowed: [...allowed].sort() };
    }
    if (allowed.size === 0 && path.includes("//")) {
      const merged = path.replace(/\/{2,}/g, "/");
      const match = this.match(method, merged);
      if (match.kind !== "missing") {
        return { kind: "redirect", path: match.kind === "redirect" ? match.path : encodeSegments(merged) };
      }
    }
    return { kind: "missing", allowed: [...allowed].sort() };
  }
}

function addToRouter(router: Router, method: string, rule: Rule, pattern: string, store: number): void {
  if (!isMethod(method)) {
    throw new SetupError(`The rule '${rule.source}' has the method '${method}', which HTTP does not know.`);
  }
  try {
    // Patterns with expressions are told apart by a constraint, since find-my-way takes all expressions for one.
    const constraints = pattern.includes("(") ? { pattern: String(store) } : {};
    router.on(method, pattern, { constraints }, unused, store);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuleError(`The expression of a converter cannot be used: ${reason}`, rule.source, 0);
  }
}

/** Finds the route that gives the same values by its defaults, so that a page has one address. */
function findSame<Endpoint>(
  routes: readonly Route<Endpoint>[],
  method: string,
  args: Readonly<Record<string, unknown>>,
): Route<Endpoint> | undefined {
  return routes.find(
    ({ defaults, methods }) =>
      (methods.has(method) || (method === "HEAD" && methods.has("GET"))) &&
      Object.entries(defaults).every(([name, value]) => args[name] === value),
  );
}

function hasValues(values: object): boolean {
  for (const _ in values) {
    return true;
  }
  return false;
}

/** find-my-way wants a handler with each pattern; only what is stored beside it is used here. */
function unused(): void {}

function isMethod(method: string): method is HTTPMethod {
  return METHODS.includes(method);
}

function isAmong(method: string, methods: ReadonlySet<string>): method is HTTPMethod {
  return methods.has(method);
}

/** Returns the path of a static rule, or the other spelling of it if the pattern is not the rule's own. */
function pathOf(source: string, own: string, pattern: string): string {
  return pattern === own ? source : source.endsWith("/") ? source.slice(0, -1) : `${source}/`;
}

function toggleSlash(regex: RegExp): RegExp {
  const source = regex.source.slice(0, -1);
  return new RegExp(source.endsWith("\\/") ? `${source.slice(0, -2)}$` : `${source}\\/$`);
}

function encodeSegments(path: string): string {
  return path.split("/").map(encodePath).join("/");
}

function conflict<Endpoint extends { readonly name: string }>(method: string, first: Route<Endpoint>, second: Route<Endpoint>): SetupError {
  return new SetupError(
    `The rules '${first.rule.source}' of '${first.endpoint.name}' and '${second.rule.source}' of '${second.endpoint.name}' both answer ${method} at the same paths. Change one of them, or its methods.`,
  );
}

/** URLs are built from the rule that takes the most values, and of those from the one with the most defaults. */
function compareForBuilding<Endpoint>(left: Route<Endpoint>, right: Route<Endpoint>): number {
  return countValues(right) - countValues(left) || Object.keys(right.defaults).length - Object.keys(left.defaults).length;
}

function countValues<Endpoint>({ rule, defaults }: Route<Endpoint>): number {
  return new Set([...rule.variables.map((variable) => variable.name), ...Object.keys(defaults)]).size;
}
