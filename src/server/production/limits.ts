import type { Server as HttpServer, IncomingMessage, ServerOptions, ServerResponse } from "node:http";

/** The largest head of a request, in bytes, and the most lines that it may have. */
const maxHeaderSize = 16 * 1024;
const maxHeaderLines = 100;
/** How long things may take, in milliseconds. */
const headersTimeout = 15_000;
const requestTimeout = 60_000;
const viewTimeout = 30_000;
const socketTimeout = 120_000;
const keepAliveTimeout = 5_000;

/** The limits of a server that the world reaches. */
export const serverOptions: ServerOptions = {
  maxHeaderSize,
  headersTimeout,
  requestTimeout,
  keepAliveTimeout,
  connectionsCheckingInterval: 5_000,
};

/** Ends connections on which nothing happens. */
export function limitSockets(server: HttpServer): void {
  server.timeout = socketTimeout;
}

/** Answers a request whose head has too many lines with 431, and tells whether it did. */
export function refuseLongHead(message: IncomingMessage, reply: ServerResponse): boolean {
  if (message.rawHeaders.length / 2 <= maxHeaderLines) {
    return false;
  }
  reply.writeHead(431, { connection: "close", "content-type": "text/plain; charset=utf-8" });
  reply.end("The request has too many headers.\n");
  return true;
}

/** Answers a request with 503 if no answer has begun in time. */
export function limitView(reply: ServerResponse, isLate: () => void): void {
  const timer = setTimeout(() => {
    if (!reply.headersSent) {
      isLate();
      reply.writeHead(503, { connection: "close", "content-type": "text/plain; charset=utf-8", "retry-after": "30" });
      reply.end("The server took too long to answer.\n");
    }
  }, viewTimeout);
  reply.once("close", () => clearTimeout(timer));
}
