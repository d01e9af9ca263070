import type { ServerResponse } from "node:http";
import { FlagonResponse } from "../../http/response/response";
import { toWire } from "../../http/response/response-headers";
import { reasonOf } from "../../http/status";
import type { Application } from "../../setup/application";

/**
 * Creates an error of the server itself, for a request that the app cannot answer: problem details (RFC 9457) of an app that speaks
 * JSON, plain text of any other one.
 */
export function createServerError(app: Application, status: number, text: string): FlagonResponse {
  if (!app.registry.speaksJson) {
    return create(app, status, `${text}\n`, "text/plain; charset=utf-8");
  }
  const problem = { type: "about:blank", title: reasonOf(status), status, detail: text };
  return create(app, status, JSON.stringify(problem), "application/problem+json");
}

/** Creates a response with the app's default headers, which caches do not store. */
function create(app: Application, status: number, body: string, type: string): FlagonResponse {
  const response = new FlagonResponse(body, status, { "content-type": type, "cache-control": "no-store" });
  app.defaultHeaders.apply(response);
  return response;
}

/** Answers with text in place of the app. */
export function writePlain(app: Application, reply: ServerResponse, status: number, text: string): void {
  write(reply, create(app, status, `${text}\n`, "text/plain; charset=utf-8"));
}

/** Answers with an error of the server itself. */
export function writeServerError(app: Application, reply: ServerResponse, status: number, text: string): void {
  write(reply, createServerError(app, status, text));
}

function write(reply: ServerResponse, { body, headers, status }: FlagonResponse): void {
  reply.writeHead(status, toWire(headers, Buffer.byteLength(String(body))));
  reply.end(body);
}
