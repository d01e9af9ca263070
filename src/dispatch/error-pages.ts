import { escapeText, type Markup } from "../base/html";
import type { HTTPException } from "../http/exceptions/http-exception";
import type { FlagonRequest } from "../http/request/request";
import { ValidationFailed } from "../http/request/request-body";
import { FlagonResponse } from "../http/response/response";
import { addDefaults } from "../http/response/response-headers";

/** The parts of an error that the debug mode shows to the developer. */
export interface DebugInformation {
  /** The error and where it came from, as text. */
  readonly stack: string;
  /** A page that explains it. */
  readonly page: Markup;
}

const errorHeaders = ["vary", "accept", "cache-control", "no-store"];

/** Responds with an error: problem details (RFC 9457) for clients that ask for JSON, a plain page for browsers. */
export function respondWithError(error: HTTPException, request: FlagonRequest, debug?: DebugInformation): FlagonResponse {
  const response = prefersJson(request)
    ? new FlagonResponse(formatProblem(error, debug?.stack), error.status, { "content-type": "application/problem+json" })
    : new FlagonResponse(debug?.page.html ?? formatPage(error), error.status);
  addDefaults(response.headers, errorHeaders);
  if (Object.keys(error.headers).length > 0) {
    response.headers.update(error.headers);
  }
  return response;
}

/** Tells whether a client would rather have JSON than HTML; one that takes anything, and sent JSON, gets JSON back. */
function prefersJson(request: FlagonRequest): boolean {
  const accept = request.headers.get("accept");
  if (accept === null || accept === "*/*") {
    return request.isJson;
  }
  const best = request.accepts.types("text/html", "application/json", "application/problem+json");
  return best === "application/json" || best === "application/problem+json";
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

function formatPage(error: HTTPException): string {
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
</html>
`;
}
