import type { ServerResponse } from "node:http";
import { FlagonResponse } from "../../http/response/response";
import { toWire } from "../../http/response/response-headers";
import type { Application } from "../../setup/application";

/** Creates a response of the server itself: plain text with the app's default headers, which caches do not store. */
export function createPlainResponse(app: Application, status: number, text: string): FlagonResponse {
  const response = new FlagonResponse(`${text}\n`, status, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
  });
  app.defaultHeaders.apply(response);
  return response;
}

/** Answers with text in place of the app. */
export function writePlain(app: Application, reply: ServerResponse, status: number, text: string): void {
  const { body, headers } = createPlainResponse(app, status, text);
  reply.writeHead(status, toWire(headers, Buffer.byteLength(String(body))));
  reply.end(body);
}
