import { SetupError } from "../base/errors";
import { isAtHostOf, isSameValue, type Match, type Route, takesMethod } from "./route";
import { addToRouter, anyPattern, createTree, isAmong, isCodeForbidden, type Router } from "./router";
import { compareRules, encodePath, type Rule } from "./rule";

/** The entry of a pattern in the router. */
interface Leaf<Endpoint> {
  readonly route: Route<Endpoint>;
  /** The request lacks the slash at the end. */
  readonly lacksSlash: boolean;
  /** The routes of the same endpoint that have defaults for some of this route's variables. */
  readonly shorter: readonly Route<Endpoint>[];
  /** Whether the view gets the rule's values alone: no redirect, no defaults. */
  readonly isPlain: boolean;
}

/** A rule with a variable that may hold slashes, matched as one expression. */
interface Spanning<Endpoint> extends Leaf<Endpoint> {
  readonly regex: RegExp;
}

interface Found<Endpoint> {
  readonly leaf: Leaf<Endpoint>;
  readonly args: Record<string, unknown>;
}

/** The result for a path at which there is nothing. */
const missing = { kind: "missing", allowed: [] } as const;

/**
 * The routes of one host, in the tree of find-my-way, with the results of Flask.
 *
 * ```text
 * /users/<int:id>   GET /users/:p1(^...$)   -> leaf 1       the tree keeps the position of a leaf
 * /users/           GET /users/             -> leaf 2       and of its other spelling:
 *                   GET /users              -> leaf 3       lacksSlash: a redirect
 * /f/<path:name>    GET /f/*                -> list -1      spanning: the rules of a list are tried by their
 * /f/<path:a>.txt   GET /f/*                -> list -1      expressions, the most specific first
 * ```
 *
 * A *leaf* is an entry of the tree: a route, in one of its two spellings. A route is *spanning* if a variable can hold
 * slashes: the tree cannot tell such rules apart, so that it keeps one entry for a list of them. A route is *shorter*
 * than another one of its endpoint if it has defaults for some of the other's variables: a path with these values
 * redirects to it.
 */
export class RouteTree<Endpoint extends { readonly name: string }> {
  /**
   * find-my-way's tree; `undefined` where code cannot be made of text, as during a request in a Worker: rules are then
   * tried in their order.
   */
  #router: Router | undefined;
  readonly #routesOf: (endpoint: string) => readonly Route<Endpoint>[];
  /** The entries of the tree, by method and pattern. */
  readonly #taken = new Map<string, Leaf<Endpoint>>();
  /** The leaves of rules without variables, by method and path: a wholly static rule comes before any other. */
  readonly #static = new Map<string, Map<string, Leaf<Endpoint>>>();
  /** The tree keeps the position of a leaf here, counted from 1, or of a list below, counted from -1: it reads a stored 0 as no entry. */
  readonly #leaves: Leaf<Endpoint>[] = [];
  /** The rules with a variable that may hold slashes that the tree cannot tell apart, the most specific first. */
  readonly #spanningLists: Spanning<Endpoint>[][] = [];
  readonly #spanningByPattern = new Map<string, Spanning<Endpoint>[]>();
  /** All rules with a variable that may hold slashes, by method, the most specific first. */
  readonly #spanning = new Map<string, Spanning<Endpoint>[]>();
  #methods: ReadonlySet<string> = new Set();

  /**
   * @param routes The routes, in any order.
   * @param routesOf Returns all routes of an endpoint.
   * @throws {RuleError} If the expression of a converter cannot be used.
   */
  constructor(routes: readonly Route<Endpoint>[], routesOf: (endpoint: string) => readonly Route<Endpoint>[]) {
    this.#routesOf = routesOf;
    const sorted = [...routes].sort((left, right) => compareRules(left.rule, right.rule));
    this.#router = createTree();
    try {
      this.#build(sorted);
    } catch (error) {
      if (this.#router === undefined || !isCodeForbidden(error)) {
        throw error;
      }
      this.#router = undefined;
      for (const known of [this.#taken, this.#static, this.#spanning, this.#spanningByPattern]) {
        known.clear();
      }
      this.#build(sorted);
    }
  }

  #build(sorted: readonly Route<Endpoint>[]): void {
    for (const route of sorted) {
      this.#insert(this.#createLeaf(route, false), route.rule.pattern, route.rule.regex);
    }
    // A rule that is written in this spelling goes before the other spelling of a rule.
    for (const route of sorted) {
      const { rule, strictSlashes } = route;
      if (rule.source !== "/" && (rule.isBranch || !strictSlashes)) {
        const pattern = rule.isBranch ? rule.pattern.slice(0, -1) : `${rule.pattern}/`;
        const regex = rule.regex && toggleSlash(rule.regex);
        this.#insert(this.#createLeaf(route, strictSlashes), pattern, regex);
      }
    }
    this.#methods = new Set(sorted.flatMap((route) => [...route.methods]));
    this.#router?.compile();
  }

  /**
   * Finds the route of a path.
   *
   * @param method The method of the request, in upper case.
   * @param path The decoded path.
   */
  match(method: string, path: string): Match<Endpoint> {
    const found = this.#find(method, path) ?? (method === "HEAD" ? this.#find("GET", path) : undefined);
    if (found === undefined) {
      return this.#explainMiss(method, path);
    }
    const { args } = found;
    const { isPlain, lacksSlash, route, shorter } = found.leaf;
    if (lacksSlash) {
      return { kind: "redirect", path: `${encodeSegments(path)}/` };
    }
    if (route.isAlias) {
      return this.#redirectAlias(route, args);
    }
    if (shorter.length > 0) {
      const same = findSame(shorter, method, { ...route.defaults, ...args });
      if (same !== undefined) {
        return { kind: "redirect", path: same.rule.format(args) };
      }
    }
    return { kind: "found", route, args: isPlain ? args : Object.assign(args, route.defaults) };
  }

  #insert(leaf: Leaf<Endpoint>, pattern: string, regex: RegExp | null): void {
    const { rule, methods } = leaf.route;
    const position = this.#leaves.push(leaf);
    for (const method of methods) {
      const key = `${method} ${regex?.source ?? pattern}`;
      if (this.#taken.has(key)) {
        continue;
      }
      this.#taken.set(key, leaf);
      if (rule.variables.length === 0) {
        const paths = this.#static.get(method) ?? new Map<string, Leaf<Endpoint>>();
        this.#static.set(method, paths.set(pathOf(rule, pattern), leaf));
      }
      if (this.#router === undefined) {
        this.#insertSpanning(method, { ...leaf, regex: regex ?? toExpression(rule, pattern) });
      } else if (regex === null) {
        addToRouter(this.#router, method, rule, pattern, position);
      } else {
        this.#insertSpanning(method, { ...leaf, regex });
      }
    }
  }

  #insertSpanning(method: string, leaf: Spanning<Endpoint>): void {
    const { rule } = leaf.route;
    const all = this.#spanning.get(method) ?? [];
    this.#spanning.set(method, all);
    all.push(leaf);
    if (this.#router === undefined) {
      return;
    }
    const key = `${method} ${rule.pattern}`;
    const list = this.#spanningByPattern.get(key);
    if (list === undefined) {
      const first = [leaf];
      this.#spanningByPattern.set(key, first);
      addToRouter(this.#router, method, rule, rule.pattern, -this.#spanningLists.push(first));
    } else {
      list.push(leaf);
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
    if (this.#router === undefined) {
      return findSpanning(this.#spanning.get(method) ?? [], path);
    }
    // The path is decoded; find-my-way would decode it once more, and end it at a question mark.
    const quoted = /[%?#]/.test(path) ? path.replace(/[%?#]/g, encodeURIComponent) : path;
    const result = this.#router.find(method, quoted, anyPattern);
    if (result === null) {
      return undefined;
    }
    const store: unknown = result.store;
    if (typeof store !== "number" || store < 0) {
      const list = this.#spanningLists[-Number(store) - 1] ?? [];
      // A rule with less static text before its variable may still take paths that those of this list do not.
      return findSpanning(list, path) ?? findSpanning(this.#spanning.get(method) ?? [], path);
    }
    const leaf = this.#leaves[store - 1];
    const args = leaf?.route.rule.parse(result.params);
    return leaf === undefined || args === undefined ? undefined : { leaf, args };
  }

  #createLeaf(route: Route<Endpoint>, lacksSlash: boolean): Leaf<Endpoint> {
    return { route, lacksSlash, shorter: this.#listShorter(route), isPlain: !lacksSlash && !route.isAlias && !hasValues(route.defaults) };
  }

  /** Lists the rules of the same endpoint that have defaults for some of this rule's variables: both give the view the same names. */
  #listShorter(route: Route<Endpoint>): readonly Route<Endpoint>[] {
    const names = listNames(route);
    return this.#routesOf(route.endpoint.name).filter(
      (other) =>
        !other.isAlias &&
        !other.isBuildOnly &&
        isAtHostOf(other, route) &&
        other.rule.variables.length < route.rule.variables.length &&
        hasValues(other.defaults) &&
        names.size === listNames(other).size &&
        [...listNames(other)].every((name) => names.has(name)),
    );
  }

  /** Redirects to the rule that an alias stands for: one at the same host, or else one at another host. */
  #redirectAlias(alias: Route<Endpoint>, args: Readonly<Record<string, unknown>>): Match<Endpoint> {
    const values: Readonly<Record<string, unknown>> = { ...alias.defaults, ...args };
    const fitting = this.#routesOf(alias.endpoint.name).filter(
      ({ defaults, isAlias, rule }) =>
        !isAlias &&
        rule.variables.every(({ name }) => Object.hasOwn(values, name)) &&
        Object.keys(defaults).every((name) => !Object.hasOwn(values, name) || isSameValue(values[name], defaults[name])),
    );
    const canonical =
      fitting.find((route) => isAtHostOf(route, alias)) ??
      fitting.find(({ host }) => host?.variables.every(({ name }) => Object.hasOwn(values, name)) === true);
    if (canonical === undefined) {
      throw new SetupError(
        `The rule '${alias.rule.source}' is an alias, but '${alias.endpoint.name}' has no other rule with its variables.`,
      );
    }
    const path = canonical.rule.format(values);
    return canonical.host === null || isAtHostOf(canonical, alias)
      ? { kind: "redirect", path }
      : { kind: "redirect", path, host: { pattern: canonical.host, values } };
  }

  #explainMiss(method: string, path: string): Match<Endpoint> {
    const allowed = new Set<string>();
    let automatic: Found<Endpoint> | undefined;
    for (const candidate of this.#methods) {
      const found = candidate === method ? undefined : this.#find(candidate, path);
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
    if (method === "OPTIONS") {
      if (automatic !== undefined) {
        const { args, leaf } = automatic;
        return { kind: "options", route: leaf.route, args: Object.assign(args, leaf.route.defaults), allowed: [...allowed].sort() };
      }
      // `OPTIONS` is answered at the place of the page, as its other methods are.
      const slashed = allowed.size === 0 ? this.#findSlashed(path) : undefined;
      if (slashed !== undefined) {
        return { kind: "redirect", path: `${encodeSegments(path)}/` };
      }
    }
    if (allowed.size > 0) {
      return { kind: "missing", allowed: [...allowed].sort() };
    }
    return path.includes("//") ? this.#merge(method, path) : missing;
  }

  #findSlashed(path: string): Found<Endpoint> | undefined {
    for (const method of this.#methods) {
      const found = this.#find(method, path);
      if (found?.leaf.lacksSlash === true && found.leaf.route.automaticOptions) {
        return found;
      }
    }
    return undefined;
  }

  /** Redirects a path with doubled slashes, if a rule matches the path without them. */
  #merge(method: string, path: string): Match<Endpoint> {
    const merged = path.replace(/\/{2,}/g, "/");
    const match = this.match(method, merged);
    if (match.kind === "redirect") {
      return match;
    }
    const mayMerge = match.kind !== "missing" && match.route.mergeSlashes;
    return mayMerge ? { kind: "redirect", path: encodeSegments(merged) } : { kind: "missing", allowed: [] };
  }
}

function findSpanning<Endpoint>(list: readonly Spanning<Endpoint>[], path: string): Found<Endpoint> | undefined {
  for (const leaf of list) {
    const found = leaf.regex.exec(path);
    if (found !== null) {
      const args = leaf.route.rule.parseGroups(found.groups ?? {});
      return args === undefined ? undefined : { leaf, args };
    }
  }
  return undefined;
}

/** The expression of a rule, or of its spelling with a slash less or more, if the pattern is not the rule's own. */
function toExpression(rule: Rule, pattern: string): RegExp {
  return pattern === rule.pattern ? rule.toExpression() : toggleSlash(rule.toExpression());
}

/** Finds the route that gives the same values by its defaults, so that a page has one address. */
function findSame<Endpoint>(
  routes: readonly Route<Endpoint>[],
  method: string,
  args: Readonly<Record<string, unknown>>,
): Route<Endpoint> | undefined {
  return routes.find(
    (route) => takesMethod(route, method) && Object.entries(route.defaults).every(([name, value]) => isSameValue(args[name], value)),
  );
}

/** Lists the names of all values that a route gives to its view. */
function listNames({ defaults, host, rule }: Route<unknown>): ReadonlySet<string> {
  return new Set([...rule.variables.map(({ name }) => name), ...(host?.variables ?? []).map(({ name }) => name), ...Object.keys(defaults)]);
}

function hasValues(values: object): boolean {
  for (const _ in values) {
    return true;
  }
  return false;
}

/** Returns the path of a static rule, or the other spelling of it if the pattern is not the rule's own. */
function pathOf({ pattern: own, source }: Rule, pattern: string): string {
  return pattern === own ? source : source.endsWith("/") ? source.slice(0, -1) : `${source}/`;
}

function toggleSlash(regex: RegExp): RegExp {
  const source = regex.source.slice(0, -1);
  return new RegExp(source.endsWith("\\/") ? `${source.slice(0, -2)}$` : `${source}\\/$`);
}

function encodeSegments(path: string): string {
  return path.split("/").map(encodePath).join("/");
}
