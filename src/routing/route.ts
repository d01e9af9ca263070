import { isDeepStrictEqual } from "node:util";
import type { HostPattern } from "./host-pattern";
import type { RouteSchemas } from "./route-options";
import type { Rule } from "./rule";
import type { Variable } from "./rule-parser";

/** A route of an app, to read: `app.routes` lists them. */
export interface RouteInfo {
  /** The rule. */
  readonly rule: {
    /** The rule as it was written, with the prefixes of its blueprints. */
    readonly source: string;
  };
  /** The host that the rule is for, or `null` for any. */
  readonly host: {
    /** The host as it was written, such as `"<user>.example.com"`. */
    readonly source: string;
  } | null;
  /** The endpoint. */
  readonly endpoint: {
    /** The dotted name, which `urlFor()` takes. */
    readonly name: string;
  };
  /** The methods that the route itself takes, in upper case, without the `HEAD` that comes with `GET`. */
  readonly methods: ReadonlySet<string>;
  /** Values of the view that the rule has no variable for. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether a missing slash at the end redirects, and one too many is not found. */
  readonly strictSlashes: boolean;
  /** Whether a path with doubled slashes redirects to the rule. */
  readonly mergeSlashes: boolean;
  /** Whether `OPTIONS` is answered without the view. */
  readonly automaticOptions: boolean;
  /** Whether it redirects to the endpoint's other rule. */
  readonly isAlias: boolean;
  /** Whether URLs are built from it, but no request matches it. */
  readonly isBuildOnly: boolean;
}

/** A route as the router knows it. */
export interface Route<Endpoint> extends Omit<RouteInfo, "endpoint"> {
  /** The rule. */
  readonly rule: Rule;
  /** The host that the rule is for, or `null` for any. */
  readonly host: HostPattern | null;
  /** The endpoint. */
  readonly endpoint: Endpoint;
  /** The schemas of its input and its result. */
  readonly schemas: RouteSchemas;
  /** The largest body that the route takes, in bytes, if it has a limit of its own. */
  readonly maxContentLength?: number | undefined;
  /** The longest time of the view, in seconds, if the route has a limit of its own. */
  readonly viewTimeout?: number | undefined;
  /** The longest time without progress of the body, in seconds, if the route has a limit of its own. */
  readonly bodyTimeout?: number | undefined;
}

/** The host that a redirect leads to, if it is another than that of the request. */
interface HostTarget {
  /** The host. */
  readonly pattern: HostPattern;
  /** The values of its variables. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The result of matching a path. */
export type Match<Endpoint> =
  | { readonly kind: "found"; readonly route: Route<Endpoint>; readonly args: Record<string, unknown> }
  | {
      readonly kind: "options";
      readonly route: Route<Endpoint>;
      readonly args: Record<string, unknown>;
      readonly allowed: readonly string[];
    }
  | { readonly kind: "redirect"; readonly path: string; readonly host?: HostTarget }
  | { readonly kind: "missing"; readonly allowed: readonly string[] };

/** Lists the variables of a route: those of its rule, and those of its host. */
export function listVariables({ rule, host }: Route<unknown>): readonly Variable[] {
  return host === null ? rule.variables : [...rule.variables, ...host.variables];
}

/** Tells whether a route has a place for a value of this name: a variable or a default. */
export function takesValue(route: Route<unknown>, name: string): boolean {
  return Object.hasOwn(route.defaults, name) || listVariables(route).some((variable) => variable.name === name);
}

/** Tells whether a value is the default of a route: lists, dates and other objects are compared by their content. */
export function isSameValue(left: unknown, right: unknown): boolean {
  return left === right || isDeepStrictEqual(left, right);
}

/** Tells whether a route answers at the host of another one. */
export function isAtHostOf(route: Route<unknown>, other: Route<unknown>): boolean {
  return route.host === null || route.host.source.toLowerCase() === other.host?.source.toLowerCase();
}

/** Tells whether a route takes a method; `GET` comes with `HEAD`. */
export function takesMethod({ methods }: Route<unknown>, method: string): boolean {
  return methods.has(method) || (method === "HEAD" && methods.has("GET"));
}
