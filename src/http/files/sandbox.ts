import type { FlagonResponse } from "../response/response";

/** The types of documents that run scripts, or load style sheets that do, at any place in a list of types. */
const activeTypes = /\bx?html\b|[/+]xml\b|\bsvg\b|\bxslt?\b|\bx-mixed-replace\b/i;

/** The policy of a document of a visitor: it shows text, styles and its own pictures, runs nothing, and belongs to no site. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; frame-ancestors 'self'; sandbox";

/**
 * Separates a document that may come from a visitor from the app's site: an HTML, SVG or XML file runs no script, and
 * its origin is opaque (CSP Level 3, section 6.4.2).
 *
 * Files of other types, and those that the browser saves, stay as they are.
 */
export function sandboxDocument(response: FlagonResponse): FlagonResponse {
  const { headers } = response;
  const isSaved = headers.get("content-disposition")?.startsWith("attachment") === true;
  if (!isSaved && activeTypes.test(headers.get("content-type") ?? "")) {
    headers.set("content-security-policy", policy);
  }
  return response;
}
