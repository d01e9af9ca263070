import { escapeText, type Markup } from "./html";
import type { HTTPException } from "./http/exceptions";
import type { FlagonRequest } from "./http/request";
import { ValidationFailed } from "./http/request-body";
import { FlagonResponse } from "./http/response";

/** What is shown of an error to who wrote the app. */
export interface DebugInformation {
  /** The error and where it came from, as text. */
  readonly stack: string;
  /** A page that explains it. */
  readonly page: Markup;
}

const ofErrors = ["vary", "accept", "cache-control", "no-store"];

/** Responds with an exception: problem details (RFC 9457) for clients that ask for JSON, a plain page for browsers. */
export function respondWithException(exception: HTTPException, request: FlagonRequest, debug?: DebugInformation): FlagonResponse {
  const response = prefersJson(request)
    ? new FlagonResponse(formatProblem(exception, debug?.stack), exception.status, { "content-type": "application/problem+json" })
    : new FlagonResponse(debug?.page.html ?? formatPage(exception), exception.status);
  response.headers.addDefaults(ofErrors);
  if (Object.keys(exception.headers).length > 0) {
    response.headers.update(exception.headers);
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

function formatProblem(exception: HTTPException, details: string | undefined): string {
  return JSON.stringify({
    type: "about:blank",
    title: exception.title,
    status: exception.status,
    detail: exception.description,
    ...(exception instanceof ValidationFailed
      ? { errors: exception.issues.map(({ in: place, path, message }) => ({ in: place, path: path.map(String), detail: message })) }
      : {}),
    ...(details === undefined ? {} : { debug: details }),
  });
}

/** The page that was last written for each class: most say the same of each, and machines ask for what is not there again and again. */
const lastPages = new WeakMap<
  object,
  { readonly status: number; readonly title: string; readonly description: string; readonly page: string }
>();

function formatPage(exception: HTTPException): string {
  const { constructor, description, status, title } = exception;
  const last = lastPages.get(constructor);
  if (last?.description === description && last.status === status && last.title === title) {
    return last.page;
  }
  const page = writePage(exception);
  lastPages.set(constructor, { status, title, description, page });
  return page;
}

function writePage(exception: HTTPException): string {
  const description = escapeText(exception.description).replaceAll("\n", "<br>");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${exception.status} ${escapeText(exception.title)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:15vh auto;padding:0 1rem}</style>
<h1>${escapeText(exception.title)}</h1>
<p>${description}</p>
</html>
`;
}
