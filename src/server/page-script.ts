import type { FlagonResponse } from "../http/response";

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
