import type { IncomingMessage, ServerResponse } from "node:http";

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
    // What is being read is not read to its end by Node, which takes half a dozen steps where there is nothing. The
    // option `optimizeEmptyRequests` of Node's newer servers has the same effect.
    message.read(0);
  }
  return false;
}

/** Tells whether nobody waits for the end of a message; one of HTTP/2 may have a body without saying so. */
function isEndUnheard(message: IncomingMessage): boolean {
  return message.httpVersionMajor === 1 && message.listenerCount("end") === 0 && message.listenerCount("close") === 0;
}

/** Returns how long the body is to be, in bytes; infinite if only its end will tell. */
function announcedLength({ headers }: IncomingMessage): number {
  const { "content-length": length, "transfer-encoding": coding } = headers;
  return coding !== undefined ? Number.POSITIVE_INFINITY : length === undefined ? 0 : Number(length);
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
