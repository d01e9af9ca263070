import { createServer, type IncomingMessage, request as sendRequest } from "node:http";
import { duplexPair, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isConnectionHeader } from "../../http/connection-headers";
import type { RequestSource } from "../../http/request/request-source";
import { toWebStream } from "../../http/request/web-request";
import { isBodiless } from "../../http/status";
import type { Application } from "../../setup/application";
import { createListener } from "./listener";

/**
 * Answers a request by Node's own server, without a network: for middleware and handlers that know nothing else.
 *
 * @param app The app.
 * @param source The request.
 * @returns The response; an error that the server could not answer rejects.
 */
export function exchangeInProcess(app: Application, source: RequestSource): Promise<Response> {
  const [near, far] = duplexPair();
  Object.assign(far, { remoteAddress: source.remoteAddress, encrypted: source.scheme === "https" });
  return new Promise((resolve, reject) => {
    const listener = createListener(app, {
      crash(error) {
        reject(error);
        near.destroy();
      },
    });
    const server = createServer((message, reply) => {
      Object.assign(message, { baseUrl: source.rootPath });
      listener(message, reply);
    });
    server.emit("connection", far);
    const outgoing = sendRequest({
      createConnection: () => near,
      method: source.method,
      path: source.target,
      headers: listHeaders(source),
    });
    outgoing.on("response", (message) => resolve(toWebResponse(message, source.method)));
    outgoing.on("error", reject);
    source.signal().addEventListener("abort", () => near.destroy(), { once: true });
    const body = source.body();
    if (body === null) {
      outgoing.end();
    } else {
      if (!outgoing.hasHeader("content-length")) {
        outgoing.setHeader("transfer-encoding", "chunked");
      }
      pipeline(Readable.from(body), outgoing).catch(reject);
    }
  });
}

function listHeaders(source: RequestSource): Record<string, string> {
  return Object.fromEntries([...source.headers()].filter(([name]) => !isConnectionHeader(name)));
}

function toWebResponse(message: IncomingMessage, method: string): Response {
  const headers = new Headers();
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? "").toLowerCase();
    // The server that answers in the end writes a date of its own.
    if (!isConnectionHeader(name) && name !== "date") {
      headers.append(name, message.rawHeaders[index + 1] ?? "");
    }
  }
  const status = message.statusCode ?? 500;
  if (isBodiless(status) || method === "HEAD") {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(toWebStream(message), { status, headers });
}
