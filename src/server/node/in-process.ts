import { createServer, type IncomingMessage, type Server, request as sendRequest } from "node:http";
import { type Duplex, duplexPair, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isConnectionHeader } from "../../http/connection-headers";
import type { RequestSource } from "../../http/request/request-source";
import { toWebStream } from "../../http/request/web-request";
import { isBodiless } from "../../http/status";
import type { Application } from "../../setup/application";
import { createListener } from "./listener";

/** A request that is answered without a network. */
interface Call {
  readonly rootPath: string;
  /** Gets an error that the server could not answer. */
  fail(error: unknown): void;
}

/** A server without a port, and its running calls, by the server's end of their connection. */
interface InnerServer {
  readonly server: Server;
  readonly calls: WeakMap<Duplex, Call>;
}

/**
 * The servers of apps that were called without a network. They are kept here, since an app does not know servers, and
 * are released with the app.
 */
const servers = new WeakMap<Application, InnerServer>();

/**
 * Answers a request by Node's own server, without a network: for middleware and handlers that need Node's objects.
 *
 * @param app The app.
 * @param source The request.
 * @returns The response; an error that the server could not answer rejects.
 */
export function exchangeInProcess(app: Application, source: RequestSource): Promise<Response> {
  const [near, far] = duplexPair();
  Object.assign(far, { remoteAddress: source.remoteAddress, encrypted: source.scheme === "https" });
  return new Promise((resolve, reject) => {
    const { calls, server } = getServer(app);
    calls.set(far, {
      rootPath: source.rootPath,
      fail(error) {
        reject(error);
        near.destroy();
      },
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

/** Returns the server of an app: one for all its requests. */
function getServer(app: Application): InnerServer {
  const known = servers.get(app);
  if (known !== undefined) {
    return known;
  }
  const calls = new WeakMap<Duplex, Call>();
  const listener = createListener(app, { onCrash: (error, _app, reply) => calls.get(reply.req.socket)?.fail(error) });
  const server = createServer((message, reply) => {
    Object.assign(message, { baseUrl: calls.get(message.socket)?.rootPath ?? "" });
    listener(message, reply);
  });
  const inner = { server, calls };
  servers.set(app, inner);
  return inner;
}

function listHeaders(source: RequestSource): Record<string, string> {
  return Object.fromEntries([...source.headers()].filter(([name]) => !isConnectionHeader(name)));
}

function toWebResponse(message: IncomingMessage, method: string): Response {
  const headers = new Headers();
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? "").toLowerCase();
    // The outer server adds its own date.
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
