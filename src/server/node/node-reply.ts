import { ReadStream } from "node:fs";
import { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { lazily } from "../../base/lazily";
import { discardBody, iterateBody, measureBody, reportFailure, type StreamedBody } from "../../dispatch/body-stream";
import { contexts, type RequestContext } from "../../dispatch/context";
import { FilePart } from "../../http/response/file-part";
import { PushedStream } from "../../http/response/pushed-stream";
import type { FlagonResponse } from "../../http/response/response";
import { closesConnection, toWire } from "../../http/response/response-headers";
import { isBodiless } from "../../http/status";
import type { Exchange } from "./exchange";
import { FileSender } from "./node-file";
import { drainBody, findUnreadBody, limitShortRest } from "./unread-body";

/** Milliseconds for which the head waits for the first piece of a stream. */
const firstPieceTimeout = 20;

const fileSender = lazily(() => new FileSender());

/** A response that is being sent. */
export interface Sending {
  readonly exchange: Exchange;
  readonly context: RequestContext;
  readonly response: FlagonResponse;
  /** Answers in place of the response, which failed before any of it was sent. */
  answerError(error: unknown): void;
}

/** Sends a response by Node's own reply. */
export function sendResponse(sending: Sending): void {
  const { context, exchange, response } = sending;
  const { body, status } = response;
  if (isBodiless(status) || context.request.method === "HEAD" || body === null) {
    writeHead(sending);
    endReply(exchange, null);
    if (body !== null) {
      void discardBody(context, body);
    }
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    writeHead(sending);
    endReply(exchange, body);
  } else if (body instanceof FilePart && isPlainReply(exchange.reply)) {
    fileSender().send(body, {
      exchange,
      writeHead: () => writeHead(sending),
      end: (piece, onEnd) => endReply(exchange, piece, onEnd),
      fail: (error) => failStream(sending, error),
    });
  } else if (body instanceof ReadStream) {
    pipeFile(sending, body);
  } else if (body instanceof PushedStream) {
    pipeEvents(sending, body);
  } else {
    // It starts in the context. Its awaits keep the context.
    void contexts.run(context, streamBody, sending, body);
  }
}

/** Writes the head of a response, and decides whether the connection closes after it. */
function writeHead({ context, exchange, response }: Sending): void {
  const { headers, status } = response;
  const { reply } = exchange;
  exchange.unreadBody = findUnreadBody(exchange);
  if (exchange.unreadBody === "long") {
    headers.set("connection", "close");
  }
  if (exchange.unreadBody !== "none") {
    exchange.isClosing ||= closesConnection(headers);
  }
  if (exchange.message.httpVersionMajor === 2) {
    // HTTP/2 has no such header (RFC 9113, section 8.2.2), and Node warns of it.
    headers.delete("connection");
  }
  const wire = toWire(headers, isBodiless(status) ? null : measureBody(response));
  if (context.app.nodeMiddleware.length > 0 || reply.getHeaderNames().length > 0) {
    addHeaders(context, wire, reply);
    reply.writeHead(status);
  } else {
    reply.writeHead(status, wire);
  }
}

/** Ends a reply with its last piece. If the client still sends its body, the end waits until the body is read. */
function endReply(exchange: Exchange, piece: string | Uint8Array | null, onEnd?: () => void): void {
  const { message, reply } = exchange;
  if (message.complete || exchange.unreadBody === "none") {
    endNow(reply, piece, onEnd);
  } else if (!exchange.closesConnection) {
    limitShortRest(exchange);
    endNow(reply, piece, onEnd);
  } else {
    if (piece === null) {
      reply.flushHeaders();
    } else {
      reply.write(piece);
    }
    exchange.isWritten = true;
    drainBody(exchange, () => reply.end(onEnd));
  }
}

function endNow(reply: ServerResponse, piece: string | Uint8Array | null, onEnd: (() => void) | undefined): void {
  if (piece === null) {
    reply.end(onEnd);
  } else {
    reply.end(piece, onEnd);
  }
}

/** Tells whether a response has the methods of Node itself: middleware such as `compression` replaces them. */
function isPlainReply(reply: ServerResponse): boolean {
  return reply.write === ServerResponse.prototype.write && reply.end === ServerResponse.prototype.end;
}

/**
 * Adds a response's headers to those that middleware has set: those of the middleware replace Flagon's defaults,
 * cookies and `Vary` are joined, and for other headers the response wins.
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

/** Answers for a stream that failed: with an error, as long as nothing is sent; otherwise only a cut connection tells the client. */
function failStream({ answerError, context, exchange }: Sending, error: unknown): void {
  if (!exchange.isAnswered) {
    answerError(error);
    return;
  }
  reportFailure(context, error);
  exchange.reply.destroy();
}

/** Sends a file that the app has opened. The head waits for the file. */
function pipeFile(sending: Sending, body: ReadStream): void {
  const { exchange } = sending;
  const begin = (): void => {
    if (!exchange.hasLeft) {
      writeHead(sending);
      pipe(sending, body);
    }
  };
  body.once("error", (error) => failStream(sending, error));
  exchange.onEnd(() => body.destroy());
  if (body.errored !== null) {
    failStream(sending, body.errored);
  } else if (body.pending && !body.destroyed) {
    body.once("ready", begin);
  } else {
    begin();
  }
}

/** Sends events as they come. The head goes out at once: it tells the client that the stream is open. */
function pipeEvents(sending: Sending, body: Readable): void {
  const { exchange } = sending;
  if (body.errored !== null) {
    failStream(sending, body.errored);
    return;
  }
  body.once("error", (error) => failStream(sending, error));
  exchange.onEnd(() => body.destroy());
  body.read(0);
  if (body.errored !== null) {
    return;
  }
  writeHead(sending);
  exchange.reply.flushHeaders();
  exchange.endEvents = () => {
    body.destroy();
    endReply(exchange, null);
  };
  pipe(sending, body);
}

/** Sends a stream of Node as fast as the client reads it. It needs no context. */
function pipe({ exchange }: Sending, body: Readable): void {
  body.pipe(exchange.reply, { end: false });
  body.once("end", () => endReply(exchange, null));
}

/** Sends a stream as fast as the client reads it, and stops it when the client leaves. */
async function streamBody(sending: Sending, body: StreamedBody): Promise<void> {
  const { context, exchange, response } = sending;
  const { reply } = exchange;
  const begin = (): void => {
    if (!reply.headersSent) {
      writeHead(sending);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    const iterator = iterateBody(body);
    let ended: Promise<void> | undefined;
    const end = (): Promise<void> => (ended ??= contexts.run(context, iterator.end));
    let isStopped = false;
    let wake: (() => void) | undefined;
    exchange.onEnd(() => {
      if (exchange.hasLeft) {
        // Its error is reported below.
        end().catch(() => undefined);
      }
      wake?.();
    });
    if (response.mimeType === "text/event-stream") {
      exchange.endEvents = () => {
        isStopped = true;
        begin();
        endReply(exchange, null);
        end().catch(() => undefined);
      };
    }
    timer = setTimeout(() => {
      if (!exchange.isAnswered) {
        begin();
        reply.flushHeaders();
      }
    }, firstPieceTimeout);
    try {
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        clearTimeout(timer);
        if (exchange.hasLeft || isStopped) {
          break;
        }
        const piece = iterator.toPiece(next.value);
        begin();
        if (!reply.write(piece) && !exchange.hasLeft) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            reply.once("drain", resolve);
          });
        }
      }
      clearTimeout(timer);
      if (exchange.hasLeft) {
        await end();
      } else if (!isStopped) {
        begin();
        endReply(exchange, null);
      }
    } catch (error) {
      // A stream that was destroyed because its client left fails for its reader.
      if (!isStopped && !(exchange.hasLeft && body instanceof Readable)) {
        failStream(sending, error);
      }
      await end().catch(() => undefined);
    }
  } catch (error) {
    failStream(sending, error);
  } finally {
    clearTimeout(timer);
  }
}
