import type { ServerResponse } from "node:http";
import { findRequestContext } from "../../dispatch/context";
import type { FlagonRequest } from "../../http/request/request";
import type { FlagonResponse } from "../../http/response/response";
import { isBodiless } from "../../http/status";

/** The destinations of a request for a whole page (Fetch Metadata, section 2.1). */
const pageDestinations = new Set(["document", "frame", "iframe"]);
/** The headers by which libraries ask for a part of a page. */
const partHeaders = ["hx-request", "x-requested-with", "turbo-frame"];

/**
 * Puts a script at the end of a page. Other responses stay unchanged.
 *
 * HTML without the end of a document, such as `<h1>Hello</h1>`, is a page if the browser opens it as one. Parts that a
 * script asks for stay as they are. The script gets the nonce of the page, if it has one: a policy with `'strict-dynamic'` wants it.
 */
export function insertScript(response: FlagonResponse, request: FlagonRequest, script: string): void {
  const { body } = response;
  if (typeof body === "string" && response.mimeType === "text/html") {
    const end = ["</body>", "</html>"].map((tag) => body.lastIndexOf(tag)).find((index) => index >= 0);
    const place = end ?? (isForPage(request) && !isBodiless(response.status) ? body.length : undefined);
    if (place !== undefined) {
      const nonce = findRequestContext()?.usedCspNonce;
      const allowed = nonce === undefined ? script : script.replace("<script", `<script nonce="${nonce}"`);
      response.body = `${body.slice(0, place)}${allowed}${body.slice(place)}`;
    }
  }
}

/** Tells whether the browser opens the answer as a page. Browsers say so on this machine and over HTTPS; elsewhere `Accept` tells. */
function isForPage({ headers }: FlagonRequest): boolean {
  const destination = headers.get("sec-fetch-dest");
  return destination === null
    ? headers.get("accept")?.includes("text/html") === true && !partHeaders.some((name) => headers.has(name))
    : pageDestinations.has(destination);
}

/** Answers with a script. */
export function sendScript(reply: ServerResponse, script: string): void {
  reply.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-store" }).end(script);
}
