import type { ServerResponse } from "node:http";
import type { FlagonResponse } from "../../http/response/response";

/** Puts a script at the end of a page; anything else than a page stays as it is. */
export function insertScript(response: FlagonResponse, script: string): void {
  const { body } = response;
  if (typeof body === "string" && response.mimeType === "text/html") {
    const place = ["</body>", "</html>"].map((tag) => body.lastIndexOf(tag)).find((index) => index >= 0);
    if (place !== undefined) {
      response.body = `${body.slice(0, place)}${script}${body.slice(place)}`;
    }
  }
}

/** Answers with a script. */
export function sendScript(reply: ServerResponse, script: string): void {
  reply.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-store" }).end(script);
}
