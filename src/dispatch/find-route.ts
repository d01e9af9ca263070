import { BadRequest, MethodNotAllowed, NotFound } from "../http/exceptions/client-errors";
import { HTTPException, withoutStack } from "../http/exceptions/http-exception";
import type { FlagonRequest } from "../http/request/request";
import { checkPath } from "../http/request/request-head";
import { FlagonResponse } from "../http/response/response";
import type { RequestContext, RoutingAnswer } from "./context";

const overridable = new Set(["PUT", "PATCH", "DELETE"]);

/** Takes the method from the form field `_method`, if the setting `methodOverride` is on: HTML forms know only `GET` and `POST`. */
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

/** Finds the route. An answer of routing, such as 404 or a redirect, waits for the before hooks, which may answer instead. */
export function findRoute(context: RequestContext): undefined {
  const { request } = context;
  const answer = route(context, request);
  context.routingAnswer = answer;
  if (answer instanceof HTTPException) {
    request.routingException = answer;
  }
}

function route(context: RequestContext, request: FlagonRequest): RoutingAnswer | undefined {
  const { routes } = context.app.registry;
  if (request.target === "*" && request.method === "OPTIONS") {
    // The question is about the server as a whole (RFC 9110, section 9.3.7).
    return new FlagonResponse(null, 200, { allow: routes.listMethods().join(", ") });
  }
  try {
    checkPath(request.target);
  } catch (error) {
    return error instanceof HTTPException ? error : new BadRequest(undefined, { cause: error });
  }
  const match = routes.match(request.method, request.path, request);
  context.match = match;
  switch (match.kind) {
    case "redirect": {
      const response = redirectToPath(`${request.rootPath}${match.path}${request.queryString === "" ? "" : `?${request.queryString}`}`);
      if (match.host !== undefined) {
        const { pattern, values } = match.host;
        response.location = `${request.scheme}://${pattern.format(values, request.host)}${response.location}`;
      }
      return response;
    }
    case "missing":
      return withoutStack(() => (match.allowed.length === 0 ? new NotFound() : new MethodNotAllowed(match.allowed)));
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

/** Responds with a redirect that keeps method and body, to a path of the app: it begins with one slash, so it names no other host. */
export function redirectToPath(path: string): FlagonResponse {
  const response = new FlagonResponse(null, 308);
  response.location = path;
  return response;
}
