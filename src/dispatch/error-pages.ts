import { escapeText, type Markup } from "../base/html";
import type { HTTPException } from "../http/exceptions/http-exception";
import { ValidationFailed } from "../http/request/request-body";
import { FlagonResponse } from "../http/response/response";
import { addDefaults } from "../http/response/response-headers";
import type { RequestContext } from "./context";
import { wantsJson } from "./error-format";

/** The parts of an error that the debug mode shows to the developer. */
export interface DebugInformation {
  /** The error and where it came from, as text. */
  readonly stack: string;
  /** A page that explains it. */
  readonly page: Markup;
}

const errorHeaders = ["vary", "accept", "cache-control", "no-store"];

/** Responds with an error: problem details (RFC 9457) for clients that want JSON, a plain page for browsers. */
export function respondWithError(error: HTTPException, context: RequestContext, debug?: DebugInformation): FlagonResponse {
  const response = wantsJson(context)
    ? new FlagonResponse(formatProblem(error, debug?.stack), error.status, { "content-type": "application/problem+json" })
    : new FlagonResponse(debug?.page.html ?? formatPage(error, context), error.status);
  addDefaults(response.headers, errorHeaders);
  if (Object.keys(error.headers).length > 0) {
    response.headers.update(error.headers);
  }
  return response;
}

function formatProblem(error: HTTPException, details: string | undefined): string {
  return JSON.stringify({
    type: "about:blank",
    title: error.title,
    status: error.status,
    detail: error.description,
    ...(error instanceof ValidationFailed
      ? { errors: error.issues.map(({ in: place, path, message }) => ({ in: place, path: path.map(String), detail: message })) }
      : {}),
    ...(details === undefined ? {} : { debug: details }),
  });
}

/** Names each value that a schema refused, with the value itself if it came with the query. */
function describeIssues({ issues }: ValidationFailed, { app, request }: RequestContext): string {
  const lines = issues.map(({ in: place, path, message }) => {
    const name = path.map(String).join(".");
    const sent = place === "query" ? request.query.get(name) : null;
    const value = sent === null ? "" : `: <q>${escapeText(sent)}</q>`;
    return `<li><code>${escapeText(name)}</code>${value}${app.config.debug ? ` (${escapeText(message)})` : ""}</li>`;
  });
  return `<ul>${lines.join("")}</ul>\n`;
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
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:15vh auto;padding:0 1rem}</style>
<h1>${title}</h1>
<p>${description}</p>
${details}</html>
`;
}
