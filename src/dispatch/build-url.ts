import { BuildError } from "../base/errors";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import { suggestEndpoint } from "../base/suggestion";
import { refuseUnknown } from "../base/unknown-options";
import { isSameValue, listVariables, type Route, takesMethod, takesValue } from "../routing/route";
import { toText } from "../routing/rule-parser";
import type { Application } from "../setup/application";
import type { Endpoint } from "../setup/registry";
import { type AppContext, RequestContext } from "./context";
import { warnOfMisplacedOptions } from "./misplaced-options";

/** A value for a URL: text, a number and the like, or a list of them for the query. */
export type UrlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | null
  | undefined
  | readonly (string | number | bigint | boolean | null | undefined)[];

/** Options for building a URL. */
export interface UrlOptions {
  /** Whether it has scheme and host. Default: `false`, unless the rule is for another host than the request's. */
  external?: boolean;
  /** The part after `#`. */
  anchor?: string;
  /** The scheme, such as `"https"`; the URL is then external. */
  scheme?: string;
  /** The method for which the URL is meant, where an endpoint has several rules. Default: the current request's, if one takes it. */
  method?: string;
}

const urlOptions = Object.keys({ external: true, anchor: true, scheme: true, method: true } satisfies Record<keyof UrlOptions, true>);

/** The names of Flask's options, which stand among the values there. */
const flaskNames: ReadonlySet<string> = new Set(["_external", "_anchor", "_scheme", "_method"]);

/**
 * Builds the URL of an endpoint.
 *
 * @param app The app.
 * @param context The current request, or the context without one, if there is any.
 * @param endpoint The endpoint; one that begins with a dot is of the current blueprint.
 * @param values The rule's variables; the other values become the query.
 * @throws {BuildError} If the endpoint is unknown, values are missing, promises or not convertible, or one has the name of an option of Flask.
 */
export function buildUrl(
  app: Application,
  context: AppContext | undefined,
  endpoint: string,
  values: Readonly<Record<string, unknown>> = {},
  options: UrlOptions = {},
): string {
  const name = resolveName(requestOf(context), endpoint);
  refuseAwaited(name, values, "values");
  refuseAwaited(name, options, "options");
  refuseUnknown(options, urlOptions, "urlFor()");
  const all: Record<string, unknown> = { ...values };
  try {
    return build(app, context, name, all, options);
  } catch (error) {
    const handled = error instanceof BuildError ? askHandlers(app, error, name, all) : undefined;
    if (handled === undefined) {
      throw error;
    }
    return handled;
  }
}

function requestOf(context: AppContext | undefined): RequestContext | undefined {
  return context instanceof RequestContext ? context : undefined;
}

/** Refuses promises among values or options. */
function refuseAwaited(endpoint: string, given: object, label: string): void {
  if (Object.values(given).some((value) => typeof value === "object")) {
    try {
      refusePromises(given, `${label} of urlFor()`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new BuildError(`Could not build a URL for endpoint '${endpoint}': a value cannot be used. ${reason}`, endpoint);
    }
  }
}

function build(
  app: Application,
  context: AppContext | undefined,
  name: string,
  values: Record<string, unknown>,
  options: UrlOptions,
): string {
  const target = app.registry.endpoints.get(name);
  if (target === undefined) {
    throw new BuildError(`Could not build a URL for endpoint '${name}'.${suggestEndpoint(name, [...app.registry.endpoints.keys()])}`, name);
  }
  if (options.scheme !== undefined && !isScheme(options.scheme)) {
    throw new BuildError(`Could not build a URL for endpoint '${name}': '${options.scheme}' is no scheme of a link.`, name);
  }
  if (options.scheme !== undefined && options.external === false) {
    throw new BuildError(`Could not build a URL for endpoint '${name}': one with a scheme is external.`, name);
  }
  for (const hook of target.scope.all.urlDefaults) {
    refusePromise(hook(target.name, values), "result of a function of urlDefaults");
  }
  target.extendValues?.(values);
  const request = requestOf(context);
  const route = chooseRoute(app, request, target, values, options);
  const path = rootPathOf(app, request) + formatPath(route, values) + formatQuery(route, values) + formatAnchor(options.anchor);
  const host = findOtherHost(app, request, route, values);
  if (app.config.debug) {
    warnOfMisplacedOptions(app, route, values, options);
  }
  return options.external === true || options.scheme !== undefined || host !== undefined
    ? findOrigin(app, context, options.scheme, host) + path
    : path;
}

/** Tells whether a text is a scheme whose URLs lead somewhere: those of scripts and data run or show their own text. */
function isScheme(scheme: string): boolean {
  return /^[a-z][a-z\d+.-]*$/i.test(scheme) && !/^(?:javascript|vbscript|data|blob|about|view-source)$/i.test(scheme);
}

function resolveName(context: RequestContext | undefined, endpoint: string): string {
  const blueprint = context?.endpoint?.scope.name ?? "";
  return endpoint.startsWith(".") ? (blueprint === "" ? endpoint.slice(1) : blueprint + endpoint) : endpoint;
}

/** Returns the URL of the first handler that has one. A `BuildError` inside a handler moves on to the next handler. */
function askHandlers(app: Application, error: BuildError, endpoint: string, values: Readonly<Record<string, unknown>>): string | undefined {
  for (const handler of app.registry.urlBuildErrorHandlers) {
    try {
      const url = handler(error, endpoint, values);
      refusePromise(url, "URL of a urlBuildErrorHandler");
      if (url !== undefined) {
        return url;
      }
    } catch (failure) {
      if (!(failure instanceof BuildError)) {
        throw failure;
      }
    }
  }
  return undefined;
}

function chooseRoute(
  app: Application,
  context: RequestContext | undefined,
  target: Endpoint,
  values: Readonly<Record<string, unknown>>,
  { method }: UrlOptions,
): Route<Endpoint> {
  const routes = app.registry.routes.routesOf(target.name);
  const wanted = method?.toUpperCase();
  const preferred = wanted ?? context?.request.method;
  let first: Route<Endpoint> | undefined;
  for (const route of routes) {
    if (!route.isAlias && (wanted === undefined || takesMethod(route, wanted)) && isSuitable(route, values)) {
      if (preferred === undefined || takesMethod(route, preferred)) {
        return route;
      }
      first ??= route;
    }
  }
  if (first === undefined) {
    throw explain(target, routes, values, method);
  }
  return first;
}

function isSuitable(route: Route<Endpoint>, values: Readonly<Record<string, unknown>>): boolean {
  const { defaults } = route;
  return (
    listVariables(route).every(({ name }) => isGiven(values, name) || isGiven(defaults, name)) &&
    Object.keys(defaults).every((name) => !isGiven(values, name) || isSameValue(values[name], defaults[name]))
  );
}

/** Tells whether there is a value of a name; an inherited name, such as `constructor`, does not count. */
function isGiven(values: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.hasOwn(values, name) && (values[name] ?? null) !== null;
}

function rootPathOf({ config }: Application, context: RequestContext | undefined): string {
  return context?.request.rootPath ?? config.applicationRoot.replace(/\/$/, "");
}

function formatPath(route: Route<Endpoint>, values: Readonly<Record<string, unknown>>): string {
  return converting(route, () => {
    const path = route.rule.format({ ...route.defaults, ...values });
    // Slashes inside of a variable that may hold them stay as they are.
    if (route.mergeSlashes && path.includes("//") && !route.rule.variables.some(({ spans }) => spans)) {
      throw new TypeError(`the path '${path}' has two slashes in a row, which redirect to one; give the route { mergeSlashes: false }`);
    }
    return path;
  });
}

/** Returns the host that a rule is for, if it is another than the current request's. */
function findOtherHost(
  app: Application,
  context: RequestContext | undefined,
  route: Route<Endpoint>,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  const { host } = route;
  if (host === null) {
    return undefined;
  }
  const current = (context?.request.host || app.config.serverName) ?? "";
  const own = converting(route, () => host.format({ ...route.defaults, ...values }, current));
  return own.toLowerCase() === context?.request.host.toLowerCase() ? undefined : own;
}

function converting<Result>(route: Route<Endpoint>, format: () => Result): Result {
  try {
    return format();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(
      `Could not build a URL for endpoint '${route.endpoint.name}' by the rule '${route.rule.source}': ${reason}.`,
      route.endpoint.name,
    );
  }
}

function formatQuery(route: Route<Endpoint>, values: Readonly<Record<string, unknown>>): string {
  const left = Object.entries(values).filter(([name]) => !takesValue(route, name));
  if (left.length === 0) {
    return "";
  }
  const query = new URLSearchParams();
  for (const [name, value] of left) {
    if (flaskNames.has(name)) {
      throw refuseFlaskName(route.endpoint.name, name, value);
    }
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) {
        query.append(
          name,
          converting(route, () => toText(item)),
        );
      }
    }
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function refuseFlaskName(endpoint: string, name: string, value: unknown): BuildError {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return new BuildError(
    `Could not build a URL for endpoint '${endpoint}': '${name}' is an option. Give it as the third argument: urlFor("${endpoint}", values, { ${name.slice(1)}: ${text} }).`,
    endpoint,
  );
}

function formatAnchor(anchor: string | undefined): string {
  return anchor === undefined
    ? ""
    : `#${encodeURIComponent(anchor).replace(/%(?:21|24|26|27|28|29|2A|2B|2C|2F|3A|3B|3D|3F|40)/g, decodeURIComponent)}`;
}

function findOrigin(app: Application, context: AppContext | undefined, scheme: string | undefined, other: string | undefined): string {
  const request = requestOf(context)?.request;
  const own = request === undefined && other === undefined ? context?.origin : undefined;
  const host = other ?? own?.host ?? (request?.host || app.config.serverName);
  if (host === null || host === "") {
    throw new BuildError(
      request === undefined
        ? "Could not build an external URL outside of a request, or in a mail: a visitor chooses the host of a request. Set the configuration's serverName, and preferredUrlScheme if it is not http."
        : "Could not build an external URL: the request names no host. Set the configuration's serverName.",
      "",
    );
  }
  return `${scheme ?? own?.scheme ?? request?.scheme ?? app.config.preferredUrlScheme}://${host}`;
}

function explain(
  target: Endpoint,
  all: readonly Route<Endpoint>[],
  values: Readonly<Record<string, unknown>>,
  method: string | undefined,
): BuildError {
  const routes = all.filter(({ isAlias }) => !isAlias);
  const closest = routes.find((route) => method === undefined || takesMethod(route, method.toUpperCase()));
  if (closest === undefined) {
    const methods = [...new Set(routes.flatMap((route) => [...route.methods]))].sort().join(", ");
    return new BuildError(
      `Could not build a URL for endpoint '${target.name}' and the method ${method}: its rules take ${methods}.`,
      target.name,
    );
  }
  const missing = listVariables(closest)
    .map(({ name }) => name)
    .filter((name) => !isGiven(values, name) && !isGiven(closest.defaults, name));
  return new BuildError(
    `Could not build a URL for endpoint '${target.name}' by the rule '${closest.rule.source}': ${missing.length === 0 ? "its defaults differ from the values given" : `the value of '${missing.join("', '")}' is missing`}.`,
    target.name,
  );
}
