import { type Server, STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { toWire } from "../../http/response/response-headers";
import type { Application } from "../../setup/application";
import { createServerError } from "../node/write-plain";
import type { TakenConnections } from "./handover";
import type { RequestsInFlight } from "./requests-in-flight";

/** Milliseconds for which a connection stays after its last answer, so that the client can read it. */
const lingerTime = 1000;

const answers: Readonly<Record<string, readonly [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The headers of the request are too large."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "The extensions of the chunks are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request took too long to arrive."],
};
const malformed = [400, "The request is not well-formed HTTP."] as const;

/** Answers requests that Node's parser refuses or does not emit, with the app's default headers and a sentence. */
export function answerClientErrors(server: Server, app: Application, inFlight: RequestsInFlight, taken: TakenConnections): void {
  const answered = new WeakSet<Duplex>();
  server.on("connect", (_message, socket: Duplex) => {
    socket.on("error", () => undefined).end(formatAnswer(app, 501, "The server is no proxy."));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const isIdle = socket instanceof Socket && error.code === "ERR_HTTP_REQUEST_TIMEOUT" && taken.isIdle(socket);
    if (isIdle || answered.has(socket)) {
      return;
    }
    answered.add(socket);
    const pending = socket instanceof Socket ? inFlight.on(socket) : [];
    const isWaiting = pending.some(({ message, reply }) => message.complete && !reply.writableEnded);
    if (isWaiting && error.code !== "ECONNRESET" && socket.writable) {
      // A request before this one waits for its answer, which comes first.
      for (const { reply } of pending) {
        if (!reply.headersSent) {
          reply.setHeader("connection", "close");
        }
        reply.once("close", () => socket.destroy());
      }
      return;
    }
    const written = pending.find(({ isWritten, reply }) => isWritten && reply.socket === socket);
    if (error.code !== "ECONNRESET" && written !== undefined) {
      // The malformed bytes are the rest of a body that was answered.
      written.reply.end();
      return;
    }
    if (error.code === "ECONNRESET" || !socket.writable || pending.some(({ reply }) => reply.headersSent)) {
      socket.destroy();
      return;
    }
    socket.end(formatAnswer(app, ...(answers[error.code ?? ""] ?? malformed)));
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), lingerTime);
    socket.once("end", () => socket.destroy()).once("close", () => clearTimeout(timer));
  });
}

function formatAnswer(app: Application, status: number, text: string): string {
  const { body, headers } = createServerError(app, status, text);
  headers.set("connection", "close");
  const wire = toWire(headers, Buffer.byteLength(String(body)));
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, `date: ${new Date().toUTCString()}`];
  for (let index = 0; index < wire.length; index += 2) {
    lines.push(`${wire[index]}: ${wire[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n${String(body)}`;
}
