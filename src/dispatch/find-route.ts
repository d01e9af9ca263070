import { BadRequest, MethodNotAllowed, URITooLong } from "../http/exceptions/client-errors";
import { HTTPException, withoutStack } from "../http/exceptions/http-exception";
import { Miss } from "../http/exceptions/miss";
import type { FlagonRequest } from "../http/request/request";
import { FlagonResponse } from "../http/response/response";
import type { RequestContext } from "./context";

/** An answer that routing found, or what it failed with. */
export type RoutingAnswer = HTTPException | Miss | FlagonResponse | undefined;

const maxTargetLength = 8 * 1024;
/** The host that was last seen to be well-formed: an app has few, and asks about them with each request. */
let wellFormedHost = "";
const hostPattern = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/**
 * Refuses a request whose target is too long, or whose host is not one that the app answers for.
 *
 * @throws {URITooLong} If the target is over 8 KiB.
 * @throws {BadRequest} If the host is malformed, or not among the setting `trustedHosts`.
 */
export function checkHead({ app, request }: RequestContext): void {
  if (request.target.length > maxTargetLength) {
    throw new URITooLong();
  }
  const { host } = request;
  if (host !== wellFormedHost) {
    if (host !== "" && !hostPattern.test(host)) {
      throw new BadRequest("The Host header of the request is not well-formed.");
    }
    wellFormedHost = host;
  }
  const { trustedHosts } = app.config;
  if (trustedHosts.length > 0 && !isTrusted(host, trustedHosts)) {
    throw new BadRequest("The server does not answer for the host of the request.");
  }
}

const overridable = new Set(["PUT", "PATCH", "DELETE"]);

/** Takes the method from a form's field `_method`, if the setting `methodOverride` lets it: HTML forms know only `GET` and `POST`. */
export function overrideMethod({ app, request }: RequestContext): Promise<void> | undefined {
  if (!app.config.methodOverride || request.method !== "POST") {
    return undefined;
  }
  return request.form().then((form) => {
    const method = form.getText("_method")?.toUpperCase() ?? "";
    if (overridable.has(method)) {
      request.method = method;
    }
  });
}

/** Finds the route; errors are kept, to be thrown after the before hooks, which may answer instead. */
export function findRoute(context: RequestContext): RoutingAnswer {
  const { request } = context;
  const answer = route(context, request);
  if (answer instanceof Miss || answer instanceof HTTPException) {
    request.routingException = answer;
  }
  return answer;
}

function route(context: RequestContext, request: FlagonRequest): RoutingAnswer {
  let path: string;
  try {
    path = request.path;
  } catch (error) {
    return error instanceof HTTPException ? error : new BadRequest(undefined, { cause: error });
  }
  const match = context.app.registry.routes.match(request.method, path, request);
  context.match = match;
  switch (match.kind) {
    case "redirect":
      return redirectToPath(`${request.rootPath}${match.path}${request.queryString === "" ? "" : `?${request.queryString}`}`);
    case "missing":
      return match.allowed.length === 0 ? new Miss() : withoutStack(() => new MethodNotAllowed(match.allowed));
    default: {
      const { endpoint, maxContentLength, rule } = match.route;
      context.endpoint = endpoint;
      context.hooks = endpoint.scope.all;
      request.endpoint = endpoint.name;
      request.rule = rule.source;
      request.blueprint = endpoint.scope.name === "" ? null : endpoint.scope.name;
      request.viewArgs = match.args;
      if (maxContentLength !== undefined) {
        request.maxContentLength = maxContentLength;
      }
      return match.kind === "options" ? new FlagonResponse(null, 200, { allow: match.allowed.join(", ") }) : undefined;
    }
  }
}

function isTrusted(host: string, trustedHosts: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return trustedHosts.some((trusted) => {
    const wanted = trusted.toLowerCase();
    return wanted.startsWith(".") ? name === wanted.slice(1) || name.endsWith(wanted) : name === wanted || host.toLowerCase() === wanted;
  });
}

/** Responds with a redirect that keeps method and body, to a path of the app's own: it begins with one slash, so that it names no other host. */
export function redirectToPath(path: string): FlagonResponse {
  const response = new FlagonResponse(null, 308);
  response.location = path;
  return response;
}
