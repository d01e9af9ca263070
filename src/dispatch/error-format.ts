import type { Match } from "../routing/route";
import { type Endpoint, type ErrorArea, findErrorFormat, type Scope } from "../setup/registry";
import type { RequestContext } from "./context";

/**
 * Tells whether a client gets errors as problem details (RFC 9457).
 *
 * Where the app speaks JSON, all clients get them, also curl and `fetch()`, except those that prefer HTML by name.
 * Elsewhere, clients get them that ask for JSON, or that sent JSON and accept any type.
 */
export function wantsJson(context: RequestContext): boolean {
  const { request } = context;
  const accept = request.headers.get("accept");
  if (speaksJson(context)) {
    return !prefersHtml(context);
  }
  if (accept === null || accept.trim() === "*/*") {
    return request.isJson;
  }
  const best = request.accepts.types("text/html", "application/json", "application/problem+json");
  return best === "application/json" || best === "application/problem+json";
}

/**
 * Tells whether problem details replace the page that an error handler has rendered. They do where the app speaks JSON,
 * for clients that do not prefer HTML by name. Handlers of a blueprint that speaks JSON, or is inside such an app, are
 * made for it, so that their pages stay.
 *
 * @param scope The app or the blueprint of the handler.
 */
export function replacesPage(context: RequestContext, scope: Scope): boolean {
  if (!speaksJson(context) || prefersHtml(context)) {
    return false;
  }
  const chain = context.endpoint?.scope.chain ?? [];
  const isOwn = chain.length > 1 && chain.indexOf(scope) >= Math.max(1, findFirstInJson(chain));
  return !isOwn;
}

/** Returns the position of the outermost scope from which on all scopes speak JSON, or 0 if a route alone does. */
function findFirstInJson(chain: readonly Scope[]): number {
  const others = chain.findLastIndex(({ errorFormat }) => errorFormat !== "json");
  return (others + 1) % chain.length;
}

const htmlType = /\btext\/html\b|\bapplication\/xhtml\+xml\b/i;
/** Matches a type that a client does not take. */
const refusedType = /;\s*q=0(?:\.0*)?\s*(?:;|$)/i;

/** Tells whether a client names HTML in its header `Accept`, and likes nothing else of the formats of errors better. */
function prefersHtml({ request }: RequestContext): boolean {
  const accept = request.headers.get("accept") ?? "";
  const isNamed = accept.split(",").some((type) => htmlType.test(type) && !refusedType.test(type));
  if (!isNamed) {
    return false;
  }
  const best = request.accepts.types("text/html", "application/json", "application/problem+json");
  return best === "text/html" || best === undefined;
}

/** Tells whether errors of a request are JSON for clients that prefer no format: by its route, by its path, or by the whole app. */
function speaksJson(context: RequestContext): boolean {
  const { app } = context;
  const match = context.match ?? matchRefused(context);
  if (match !== undefined && "route" in match) {
    return findErrorFormat(match.route) === "json";
  }
  const { registry } = app;
  const byPath = findPathFormat(context);
  if (byPath !== undefined) {
    return byPath === "json";
  }
  if (registry.speaksJson) {
    return true;
  }
  return (
    match?.kind === "missing" && (match.allowed.length > 0 ? isAllowedInJson(context, match) : registry.isLikeJson(context.request.path))
  );
}

/** Finds the route that a request asks for which was refused before routing, for its head or a malformed path. */
function matchRefused({ app, request }: RequestContext): Match<Endpoint> | undefined {
  try {
    return app.registry.routes.match(request.method, request.path, request);
  } catch {
    return undefined;
  }
}

/** Returns the format of the innermost blueprint that states one, and whose prefix and host are those of the request. */
function findPathFormat({ app, request }: RequestContext): Scope["errorFormat"] {
  let format: Scope["errorFormat"];
  let longest = 0;
  for (const { errorArea, errorFormat } of app.registry.blueprints.values()) {
    const length = errorArea === undefined ? undefined : measure(errorArea, request);
    if (length !== undefined && length >= longest) {
      longest = length;
      format = errorFormat;
    }
  }
  return format;
}

/** Returns the length of the prefix that a request is below, if it is for the area. One with a host comes before one without. */
function measure({ host, paths }: ErrorArea, request: RequestContext["request"]): number | undefined {
  try {
    const prefix = host === null || host.match(request.host) !== undefined ? paths.exec(request.path)?.[0] : undefined;
    return prefix === undefined ? undefined : prefix.length + (host === null ? 0 : 0.5);
  } catch {
    // A path that is not well-formed is below no prefix.
    return undefined;
  }
}

/** Tells whether a path takes JSON by another method than that of the request. */
function isAllowedInJson({ app, request }: RequestContext, match: Match<Endpoint>): boolean {
  return (
    match.kind === "missing" &&
    match.allowed.some((method) => {
      const other = app.registry.routes.match(method, request.path, request);
      return "route" in other && findErrorFormat(other.route) === "json";
    })
  );
}
