import { escapeText, type Markup } from "../base/html";
import { didYouMean, sortByLikeness } from "../base/suggestion";
import {
  Forbidden,
  Gone,
  MethodNotAllowed,
  NotAcceptable,
  NotFound,
  TooManyRequests,
  Unauthorized,
} from "../http/exceptions/client-errors";
import type { HTTPException } from "../http/exceptions/http-exception";
import { ValidationFailed } from "../http/request/request-body";
import { FlagonResponse } from "../http/response/response";
import { addDefaults } from "../http/response/response-headers";
import { type NameNode, toTree } from "../schemas/field-names";
import type { RequestContext } from "./context";
import { mayDebug } from "./debug-page";
import { wantsJson } from "./error-format";
import { formatStyleNonce } from "./style-nonce";

/** The parts of an error that the debug mode shows to the developer. */
export interface DebugInformation {
  /** The error with its causes and their stacks, as text. */
  readonly text: string;
  /** A page that explains it. */
  readonly page: Markup;
}

const errorHeaders = ["vary", "accept", "cache-control", "no-store"];

/** Responds with an error: problem details (RFC 9457) for clients that want JSON, a plain page for browsers. */
export function respondWithError(error: HTTPException, context: RequestContext, debug?: DebugInformation): FlagonResponse {
  const response = wantsJson(context)
    ? new FlagonResponse(formatProblem(error, debug?.text), error.status, { "content-type": "application/problem+json" })
    : new FlagonResponse(debug?.page.html ?? formatPage(error, context), error.status);
  addDefaults(response.headers, errorHeaders);
  if (Object.keys(error.headers).length > 0) {
    response.headers.update(error.headers);
  }
  return response;
}

/** The descriptions that speak to visitors of a page, each with the words for a program. */
const wordsForPrograms: ReadonlyMap<string, string> = new Map([
  [Unauthorized.description, "Credentials are missing, or they are wrong."],
  [Forbidden.description, "The request is not allowed."],
  [NotFound.description, "There is no resource at this path."],
  [NotAcceptable.description, "The resource has no form that the client accepts."],
  [Gone.description, "The resource at this path was removed for good."],
  [TooManyRequests.description, "The client sent too many requests."],
]);

function formatProblem(error: HTTPException, details: string | undefined): string {
  return JSON.stringify({
    type: "about:blank",
    title: error.title,
    status: error.status,
    detail: wordsForPrograms.get(error.description) ?? error.description,
    ...(error instanceof ValidationFailed
      ? { errors: error.issues.map(({ in: place, path, message }) => ({ in: place, path: path.map(String), detail: message })) }
      : {}),
    ...(details === undefined ? {} : { debug: details }),
  });
}

/** Names each value that a schema refused, with the value itself if it came with the query. */
function describeIssues({ issues }: ValidationFailed, { app, request }: RequestContext): string {
  const lines = issues.flatMap(({ in: place, path, message, issue }) => {
    const keys = Array.isArray(issue?.keys) ? issue.keys.map((key: unknown) => [...path, String(key)]) : [path];
    return keys.map((key) => {
      const name = key.map(String).join(".");
      const sent = place === "query" && key.length > 0 ? findSent(request.query, key.map(String)) : [];
      const values = sent.map((value) => `<q>${escapeText(value)}</q>`).join(", ");
      const reason = app.config.debug ? ` (${escapeText(message)})` : "";
      return name === "" && reason === "" ? "" : `<li><code>${escapeText(name)}</code>${values === "" ? "" : `: ${values}`}${reason}</li>`;
    });
  });
  const list = [...new Set(lines)].join("");
  return list === "" ? "" : `<ul>${list}</ul>\n`;
}

/** Finds the values that a query sends for a field: those of its name, or the item of a list. */
function findSent(query: URLSearchParams, path: readonly string[]): readonly string[] {
  const node = path.reduce<NameNode | undefined>((found, key) => found?.children.get(key) ?? found?.items[Number(key)], toTree(query));
  return (node?.values ?? []).filter((value) => typeof value === "string");
}

/** The most routes that are listed. */
const maxRoutes = 50;

/** Lists the routes for the developer, the nearest first, if none has matched. */
function describeRoutes(context: RequestContext): string {
  const { app, match, request } = context;
  if (match?.kind !== "missing" || !mayDebug(context)) {
    return "";
  }
  const methods = new Map<string, Set<string>>();
  for (const { endpoint, host, methods: taken, rule } of app.registry.routes.routes) {
    const name = `${host?.source ?? ""}${rule.source}`;
    const row = methods.get(name) ?? new Set();
    methods.set(name, new Set([...row, ...[...taken].filter((method) => method !== "OPTIONS" && method !== "HEAD"), endpoint.label]));
  }
  const near = sortByLikeness(request.path, methods.keys());
  const [nearest] = near;
  const rows = near.slice(0, maxRoutes).map((rule) => {
    const words = [...(methods.get(rule) ?? [])].map(escapeText).join(", ");
    return `<li><code>${escapeText(rule)}</code> <small>${words}</small></li>`;
  });
  const more = near.length - rows.length;
  return `<hr>
<p><small>Debug mode, for you alone: no route matches <code>${escapeText(request.path)}</code>.${
    nearest === undefined
      ? " The app has no routes. Are its classes registered by app.register()?"
      : `${escapeText(didYouMean(request.path, near))} These are the app's routes, the nearest first. If yours is missing: has its method @route, and is its class registered by app.register()?`
  }</small></p>
<ul>${rows.join("")}${more > 0 ? `<li>and ${more} more: <code>npx flagon routes</code></li>` : ""}</ul>
`;
}

/** Names the views of the path for the developer, and the way to take the method, if a route takes only others. */
function describeMethods(context: RequestContext): string {
  const { app, match, request } = context;
  if (match?.kind !== "missing" || !mayDebug(context)) {
    return "";
  }
  const { method } = request;
  const takers = new Map<string, { readonly isFunction: boolean; readonly rule: string; readonly methods: string[] }>();
  for (const allowed of match.allowed.filter((name) => name !== "HEAD" && name !== "OPTIONS")) {
    const other = app.registry.routes.match(allowed, request.path, request);
    if (other.kind === "found") {
      const { endpoint, rule } = other.route;
      const taker = takers.get(endpoint.label) ?? { isFunction: typeof endpoint.owner === "function", rule: rule.source, methods: [] };
      takers.set(endpoint.label, taker);
      taker.methods.push(allowed);
    }
  }
  const lines = [...takers].map(([label, { isFunction, methods, rule }]) => {
    const options = JSON.stringify([...methods, method]).replaceAll(",", ", ");
    const shortcut = /^(?:GET|POST|PUT|PATCH|DELETE)$/.test(method)
      ? `${isFunction ? "app" : "@route"}.${method.toLowerCase()}("${rule}"${isFunction ? ", view" : ""})`
      : "";
    const whole = isFunction ? `app.route("${rule}", view, { methods: ${options} })` : `@route("${rule}", { methods: ${options} })`;
    const cures = [whole, shortcut].filter(Boolean).map((code) => `<code>${escapeText(code)}</code>`);
    return `<li><code>${escapeText(label)}</code> takes ${methods.join(", ")} at <code>${escapeText(rule)}</code>. Let it take ${escapeText(method)}, or add a view: ${cures.join(" or ")}</li>`;
  });
  return lines.length === 0
    ? ""
    : `<hr>
<p><small>Debug mode, for you alone: the path <code>${escapeText(request.path)}</code> has a route, but none that takes ${escapeText(method)}.${
        method === "POST" ? " A form is posted to the path of its own page unless it has an <code>action</code>." : ""
      }</small></p>
<ul>${lines.join("")}</ul>
`;
}

function formatPage(error: HTTPException, context: RequestContext): string {
  const details = error instanceof ValidationFailed ? describeIssues(error, context) : "";
  const title = escapeText(error.title);
  const description = escapeText(error.description).replaceAll("\n", "<br>");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${error.status} ${title}</title>
<style${formatStyleNonce(context).html}>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:15vh auto;padding:0 1rem}</style>
<h1>${title}</h1>
<p>${description}</p>
${details}${error instanceof NotFound ? describeRoutes(context) : error instanceof MethodNotAllowed ? describeMethods(context) : ""}</html>
`;
}
