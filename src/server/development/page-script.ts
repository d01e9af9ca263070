import type { ServerResponse } from "node:http";
import type { FlagonRequest } from "../../http/request/request";
import type { FlagonResponse } from "../../http/response/response";

/**
 * Puts a script at the end of a page; anything else than a page stays as it is.
 *
 * HTML without the end of a document, such as `<h1>Hello</h1>`, is a page if the browser opens it as one
 * (`Sec-Fetch-Dest`). Parts that a script asks for stay as they are.
 */
export function insertScript(response: FlagonResponse, request: FlagonRequest, script: string): void {
  const { body } = response;
  if (typeof body === "string" && response.mimeType === "text/html") {
    const end = ["</body>", "</html>"].map((tag) => body.lastIndexOf(tag)).find((index) => index >= 0);
    const place = end ?? (request.headers.get("sec-fetch-dest") === "document" ? body.length : undefined);
    if (place !== undefined) {
      response.body = `${body.slice(0, place)}${script}${body.slice(place)}`;
    }
  }
}

/** Answers with a script. */
export function sendScript(reply: ServerResponse, script: string): void {
  reply.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-store" }).end(script);
}
