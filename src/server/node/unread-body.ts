import type { IncomingMessage, ServerResponse } from "node:http";
import { findHeader } from "./node-source";

/** How much of a body that nobody read is taken in before the connection is closed, in bytes and in milliseconds. */
const drainBytes = 1024 * 1024;
const drainTime = 5000;
/** How long a body may be that nobody read for the connection to stay open, in bytes. */
const shortBody = 64 * 1024;

/**
 * Sees to a body that has not come to its end when the answer is there.
 *
 * @returns Whether the connection is to be closed after the answer, since the body may be long. A short one is taken in by Node.
 */
export function settleUnreadBody(message: IncomingMessage, reply: ServerResponse): boolean {
  const length = announcedLength(message);
  if (length > shortBody) {
    closeAfter(message, reply);
    return true;
  }
  if (length === 0 && isEndUnheard(message)) {
    // Node reads to its end what nobody reads, in half a dozen steps also where there is nothing. This counts as
    // reading. The option `optimizeEmptyRequests` of Node's newer servers has the same effect.
    message.read(0);
  }
  return false;
}

/** Tells whether nobody waits for the end of a message; one of HTTP/2 may have a body without saying so. */
function isEndUnheard(message: IncomingMessage): boolean {
  return message.httpVersionMajor === 1 && message.listenerCount("end") === 0 && message.listenerCount("close") === 0;
}

/** Returns how long the body is to be, in bytes; infinite if only its end will tell. The headers are as they came: middleware may have changed the others. */
function announcedLength({ rawHeaders }: IncomingMessage): number {
  return findHeader(rawHeaders, "transfer-encoding") === undefined
    ? Number(findHeader(rawHeaders, "content-length") ?? 0)
    : Number.POSITIVE_INFINITY;
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
