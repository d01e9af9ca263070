import type { Application } from "./application";
import type { RequestContext } from "./context";
import { BuildError } from "./errors";
import type { Endpoint } from "./registry";
import type { Route } from "./routing/route-map";
import { didYouMean } from "./suggestion";

/** What a URL can be built from: text, numbers and the like, or lists of them for the query. */
export type UrlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | null
  | undefined
  | readonly (string | number | bigint | boolean | null | undefined)[];

/** How a URL is built. */
export interface UrlOptions {
  /** Whether it has scheme and host. Default: `false`. */
  external?: boolean;
  /** The part after `#`. */
  anchor?: string;
  /** The scheme, such as `"https"`; the URL is then external. */
  scheme?: string;
  /** The method for which the URL is meant, where an endpoint has several rules. */
  method?: string;
}

/**
 * Builds the URL of an endpoint.
 *
 * @param app The app.
 * @param context The current request, if there is one.
 * @param endpoint The endpoint; one that begins with a dot is of the current blueprint.
 * @param values The rule's variables; what is left over becomes the query.
 * @throws {BuildError} If the endpoint is unknown, or values are missing or not convertible.
 */
export function buildUrl(
  app: Application,
  context: RequestContext | undefined,
  endpoint: string,
  values: Readonly<Record<string, unknown>> = {},
  options: UrlOptions = {},
): string {
  const { registry } = app;
  const target = findEndpoint(app, context, endpoint);
  const all: Record<string, unknown> = { ...values };
  for (const hook of target.scope.all.urlDefaults) {
    hook(target.name, all);
  }
  target.extendValues?.(all);
  const candidates = registry.routes
    .routesOf(target.name)
    .filter((route) => options.method === undefined || accepts(route, options.method));
  const route = candidates.find((candidate) => isSuitable(candidate, all));
  if (route === undefined) {
    throw explain(target, candidates, all, options);
  }
  const path = formatPath(route, all) + formatQuery(route, all) + formatAnchor(options.anchor);
  return options.external === true || options.scheme !== undefined ? findOrigin(app, context, options.scheme) + path : path;
}

function findEndpoint(app: Application, context: RequestContext | undefined, endpoint: string): Endpoint {
  const blueprint = context?.endpoint?.scope.name ?? "";
  const name = endpoint.startsWith(".") ? (blueprint === "" ? endpoint.slice(1) : blueprint + endpoint) : endpoint;
  const found = app.registry.endpoints.get(name);
  if (found === undefined) {
    throw new BuildError(`Could not build a URL for endpoint '${name}'.${didYouMean(name, app.registry.endpoints.keys())}`, name);
  }
  return found;
}

function accepts(route: Route<Endpoint>, method: string): boolean {
  const upper = method.toUpperCase();
  return route.methods.has(upper) || (upper === "HEAD" && route.methods.has("GET"));
}

function isSuitable({ rule, defaults }: Route<Endpoint>, values: Readonly<Record<string, unknown>>): boolean {
  return (
    rule.variables.every(({ name }) => (values[name] ?? defaults[name] ?? null) !== null) &&
    Object.entries(defaults).every(([name, value]) => (values[name] ?? null) === null || values[name] === value)
  );
}

function formatPath(route: Route<Endpoint>, values: Readonly<Record<string, unknown>>): string {
  try {
    return route.rule.format({ ...route.defaults, ...values });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(
      `Could not build a URL for endpoint '${route.endpoint.name}' by the rule '${route.rule.source}': ${reason}.`,
      route.endpoint.name,
    );
  }
}

function formatQuery(route: Route<Endpoint>, values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (name in route.defaults || route.rule.variables.some((variable) => variable.name === name)) {
      continue;
    }
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) {
        query.append(name, item instanceof Date ? item.toISOString() : String(item));
      }
    }
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function formatAnchor(anchor: string | undefined): string {
  return anchor === undefined
    ? ""
    : `#${encodeURIComponent(anchor).replace(/%(?:21|24|26|27|28|29|2A|2B|2C|2F|3A|3B|3D|3F|40)/g, decodeURIComponent)}`;
}

function findOrigin(app: Application, context: RequestContext | undefined, scheme: string | undefined): string {
  const host = context?.request.host ?? app.config.serverName;
  if (host === null) {
    throw new BuildError(
      "Could not build an external URL outside of a request. Set the configuration's serverName, and preferredUrlScheme if it is not http.",
      "",
    );
  }
  return `${scheme ?? context?.request.scheme ?? app.config.preferredUrlScheme}://${host}`;
}

function explain(
  target: Endpoint,
  candidates: readonly Route<Endpoint>[],
  values: Readonly<Record<string, unknown>>,
  options: UrlOptions,
): BuildError {
  const [closest] = candidates;
  if (closest === undefined) {
    return new BuildError(
      `Could not build a URL for endpoint '${target.name}' and the method ${options.method}: no rule of it takes that method.`,
      target.name,
    );
  }
  const missing = closest.rule.variables.map(({ name }) => name).filter((name) => (values[name] ?? null) === null);
  return new BuildError(
    `Could not build a URL for endpoint '${target.name}' by the rule '${closest.rule.source}': ${missing.length === 0 ? "its defaults differ from the values given" : `the value of '${missing.join("', '")}' is missing`}.`,
    target.name,
  );
}
