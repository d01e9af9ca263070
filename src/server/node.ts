import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Application } from "../application";
import { contexts, type RequestContext } from "../context";
import { createContext, dispatch, isPromise, needsTearDown, tearDown } from "../dispatch";
import { BadRequest } from "../http/exceptions";
import type { RequestSource } from "../http/request-source";
import type { FlagonResponse } from "../http/response";
import { isBodiless } from "../http/status";
import { discardBody, iterateBody, type StreamedBody } from "../response-stream";

/** How much of a body that nobody read is taken in before the connection is closed, in bytes and in milliseconds. */
const drainBytes = 1024 * 1024;
const drainTime = 5000;

/** Creates the listener that makes a `node:http` server serve an app. Nothing of the web's `Request` is built. */
export function createListener(app: Application): RequestListener {
  return (message, reply) => {
    const context = createContext(app, new NodeSource(message, reply));
    try {
      const response = contexts.run(context, dispatch, context);
      if (isPromise(response)) {
        response.then((settled) => send(context, settled, message, reply)).catch((error: unknown) => crash(context, error, reply));
      } else {
        send(context, response, message, reply);
      }
    } catch (error) {
      crash(context, error, reply);
    }
  };
}

/** What `node:http` knows of a request. */
class NodeSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly #message: IncomingMessage;
  readonly #reply: ServerResponse;
  #controller: AbortController | undefined;

  constructor(message: IncomingMessage, reply: ServerResponse) {
    this.#message = message;
    this.#reply = reply;
    this.method = message.method ?? "GET";
    this.target = toTarget(message.url ?? "/");
  }

  get scheme(): "http" | "https" {
    return isEncrypted(this.#message.socket) ? "https" : "http";
  }

  get remoteAddress(): string {
    return this.#message.socket.remoteAddress ?? "";
  }

  get raw(): unknown {
    return this.#message;
  }

  header(name: string): string | undefined {
    return findHeader(this.#message.rawHeaders, name);
  }

  *headers(): Generator<readonly [string, string]> {
    const { rawHeaders } = this.#message;
    const names = new Set(rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
    for (const name of names) {
      yield [name, findHeader(rawHeaders, name) ?? ""];
    }
  }

  async *body(): AsyncGenerator<Uint8Array> {
    try {
      // Asynchronous iteration keeps the context, which the events of the stream would lose. A body that is refused half
      // way leaves the connection open, so that the client gets to see why.
      yield* this.#message.iterator({ destroyOnReturn: false });
    } catch (cause) {
      throw new BadRequest("The body of the request ended early.", { cause });
    }
  }

  signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#reply.once("close", () => {
        if (!this.#reply.writableFinished) {
          controller.abort();
        }
      });
    }
    return this.#controller.signal;
  }
}

/**
 * Finds a header in the list that the parser made, without making an object of all.
 *
 * Values of one name are joined, also where it may come only once: two hosts or types are then none that is valid.
 */
function findHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = rawHeaders[index] ?? "";
    if (key.length === name.length && (key === name || key.toLowerCase() === name)) {
      const value = rawHeaders[index + 1] ?? "";
      found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
    }
  }
  return found;
}

/** A proxy's target names the host again; only the path counts, and `Host` for the rest (RFC 9112, section 3.2.2). */
function toTarget(url: string): string {
  if (url.charCodeAt(0) === 0x2f) {
    return url;
  }
  const absolute = /^https?:\/\/[^/?#]*(.*)$/i.exec(url);
  const rest = absolute?.[1] ?? url;
  return absolute !== null && !rest.startsWith("/") ? `/${rest}` : rest;
}

function isEncrypted(socket: Socket): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}

function send(context: RequestContext, response: FlagonResponse, message: IncomingMessage, reply: ServerResponse): void {
  const { body, headers, status } = response;
  if (reply.destroyed) {
    // The client left before there was an answer.
    void discardBody(context, body).then(() => contexts.run(context, tearDown, context));
    return;
  }
  const hasBody = !isBodiless(status);
  if (!message.complete && hasUnreadBody(message)) {
    closeAfter(message, reply);
    headers.set("connection", "close");
  }
  if (needsTearDown(context)) {
    reply.once("close", () => void contexts.run(context, tearDown, context));
  }
  reply.writeHead(status, headers.toWire(hasBody ? measure(response) : null));
  if (!hasBody || context.request.method === "HEAD" || body === null) {
    reply.end();
    void discardBody(context, body);
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    reply.end(body);
  } else {
    void stream(context, body, reply);
  }
}

/** Returns the length of a body in bytes, or `null` when it is only known at its end. */
function measure({ body, streamLength }: FlagonResponse): number | null {
  if (body === null) {
    return 0;
  }
  return typeof body === "string" ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.byteLength : streamLength;
}

/** Writes a stream as fast as the client reads it, and stops it when the client leaves. */
async function stream(context: RequestContext, body: StreamedBody, reply: ServerResponse): Promise<void> {
  const iterator = iterateBody(context, body);
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (reply.destroyed) {
        break;
      }
      if (!reply.write(next.value)) {
        await writable(reply);
      }
    }
    if (reply.destroyed) {
      await iterator.return?.();
    } else {
      reply.end();
    }
  } catch (error) {
    // The status line is sent, so that only a connection cut short tells the client.
    context.failure = error;
    context.app.logger.error({ err: error }, "A streamed response failed.");
    reply.destroy();
  }
}

function writable(reply: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      reply.off("drain", settle);
      reply.off("close", settle);
      resolve();
    };
    reply.once("drain", settle);
    reply.once("close", settle);
  });
}

function hasUnreadBody({ rawHeaders }: IncomingMessage): boolean {
  return (findHeader(rawHeaders, "content-length") ?? "0") !== "0" || findHeader(rawHeaders, "transfer-encoding") !== undefined;
}

/** Takes in a bounded part of a body that nobody read, so that the client gets to see the answer, then closes. */
function closeAfter(message: IncomingMessage, reply: ServerResponse): void {
  let left = drainBytes;
  const { socket } = message;
  reply.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), drainTime);
    socket.once("close", () => clearTimeout(timer));
  });
  message.on("data", (chunk: Uint8Array) => {
    left -= chunk.byteLength;
    if (left < 0) {
      socket.destroy();
    }
  });
  message.resume();
}

function crash(context: RequestContext, error: unknown, reply: ServerResponse): void {
  context.app.logger.error({ err: error }, "A request could not be answered.");
  void contexts.run(context, tearDown, context);
  if (!reply.headersSent) {
    reply.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
  }
  reply.end();
}
