import { ReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { abandonBody, discardBody, iterateBody, measureBody, reportFailure, type StreamedBody } from "../../dispatch/body-stream";
import { contexts, type RequestContext } from "../../dispatch/context";
import { needsTearDown, tearDown } from "../../dispatch/tear-down";
import { FilePart } from "../../http/response/file-part";
import { PushedStream } from "../../http/response/pushed-stream";
import type { FlagonResponse } from "../../http/response/response";
import { toWire } from "../../http/response/response-headers";
import { isBodiless } from "../../http/status";
import { isPlainReply, sendPart } from "./node-file";
import { settleUnreadBody } from "./unread-body";

/** How long the first piece of a stream may take before the head is sent without it, in milliseconds. */
const patience = 20;
/** Whether Node, as before version 24, ends a reply by one more piece, which is empty, so that it gathers two of them for the socket. */
let addsEmptyPiece: boolean | undefined;

/** Sends a response by Node's own, and ends the request with it. */
export function send(context: RequestContext, response: FlagonResponse, message: IncomingMessage, reply: ServerResponse): void {
  const { body, headers, status } = response;
  if (reply.destroyed || reply.headersSent) {
    // The client left, or was told that it takes too long, before there was an answer.
    void discardBody(context, body).then(() => contexts.run(context, tearDown, context));
    return;
  }
  const hasBody = !isBodiless(status);
  if (!message.complete && settleUnreadBody(message, reply)) {
    headers.set("connection", "close");
  }
  if (needsTearDown(context)) {
    reply.once("close", () => void contexts.run(context, tearDown, context));
  }
  const wire = toWire(headers, hasBody ? measureBody(response) : null);
  if (context.app.nodeMiddleware.length > 0 || reply.getHeaderNames().length > 0) {
    addHeaders(context, wire, reply);
    reply.writeHead(status);
  } else {
    reply.writeHead(status, wire);
  }
  if (!hasBody || context.request.method === "HEAD" || body === null) {
    reply.end();
    void discardBody(context, body);
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    endWith(body, reply);
  } else if (body instanceof FilePart) {
    if (isPlainReply(reply)) {
      sendPart(context, body, reply);
    } else {
      pipe(context, body.open(), reply);
    }
  } else if (body instanceof ReadStream) {
    pipe(context, body, reply);
  } else if (body instanceof PushedStream) {
    // Who waits for events is to know at once that they will come here.
    reply.flushHeaders();
    pipe(context, body, reply);
  } else {
    // Started in the context, which its awaits keep.
    void contexts.run(context, stream, context, body, reply);
  }
}

/** Ends a reply with the whole of its body. */
function endWith(body: string | Uint8Array, reply: ServerResponse): void {
  const { socket } = reply;
  addsEmptyPiece ??= Number.parseInt(process.versions.node, 10) < 24;
  if (!addsEmptyPiece || socket === null || socket.writableLength > 0 || !isPlainReply(reply)) {
    reply.end(body);
    return;
  }
  // Written to the socket by itself, before the end.
  socket.cork();
  reply.write(body);
  socket.uncork();
  reply.end();
}

/**
 * Adds a response's headers to those that middleware has set: its own stand over Flagon's defaults, cookies and what
 * the response varies by add up, and for the rest the response decides.
 */
function addHeaders({ app }: RequestContext, wire: readonly string[], reply: ServerResponse): void {
  const present = new Set(reply.getHeaderNames());
  for (let index = 0; index < wire.length; index += 2) {
    const name = wire[index] ?? "";
    const value = wire[index + 1] ?? "";
    if (name === "set-cookie" || !present.has(name)) {
      reply.appendHeader(name, value);
    } else if (name === "vary") {
      reply.setHeader(name, `${reply.getHeader(name)}, ${value}`);
    } else if (!app.defaultHeaders.includes(name, value)) {
      reply.setHeader(name, value);
    }
  }
}

/** Writes a stream that needs no context of its readers as fast as the client reads it. */
function pipe(context: RequestContext, body: Readable, reply: ServerResponse): void {
  body.once("error", (error) => {
    reportFailure(context, error);
    reply.destroy();
  });
  reply.once("close", () => body.destroy());
  body.pipe(reply);
}

/** Writes a stream as fast as the client reads it, and stops it when the client leaves. */
async function stream(context: RequestContext, body: StreamedBody, reply: ServerResponse): Promise<void> {
  const iterator = iterateBody(body);
  // Who waits for events is to know at once that they will come here.
  const timer = setTimeout(() => reply.flushHeaders(), patience);
  try {
    const first = await iterator.next();
    clearTimeout(timer);
    for (let next = first; next.done !== true; next = await iterator.next()) {
      if (reply.destroyed) {
        break;
      }
      if (!reply.write(iterator.toPiece(next.value))) {
        await writable(reply);
      }
    }
    if (reply.destroyed) {
      await iterator.end();
    } else {
      reply.end();
    }
  } catch (error) {
    // The status line is sent, so that only a connection cut short tells the client.
    reportFailure(context, error);
    reply.destroy();
    await abandonBody(iterator);
  } finally {
    clearTimeout(timer);
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
