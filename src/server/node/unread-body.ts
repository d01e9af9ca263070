import type { Exchange, UnreadBody } from "./exchange";
import { announcedLength, listRawHeaders } from "./raw-headers";
import { skipEmptyBody } from "./tuning/empty-requests";

/** The limits for reading an unread body before the connection is closed, in bytes and in milliseconds. */
const drainBytes = 1024 * 1024;
const drainTime = 5000;
/** The longest unread body, in bytes, after which the connection stays open. */
const shortBody = 64 * 1024;

/**
 * Tells how much of a request's body is unread when the response is ready.
 *
 * @returns "none" for a request without a body; "short" if Node reads the rest by itself; "long" if the connection must
 * close after the response, since the rest is long, or may never come.
 */
export function findUnreadBody(exchange: Exchange): UnreadBody {
  const { message } = exchange;
  if (message.complete || message.httpVersionMajor !== 1) {
    return "none";
  }
  const length = announcedLength(listRawHeaders(message));
  if (length === 0) {
    skipEmptyBody(message);
    return "none";
  }
  return length > shortBody || exchange.expectsContinue || exchange.isBodyGone ? "long" : "short";
}

/**
 * Reads the rest of a request's body within limits, then calls a function that ends the reply.
 *
 * A server that closes a connection with unread bytes resets it, and the client may lose the answer (RFC 9112, section
 * 9.6).
 *
 * @param exchange The request, whose answer is written but not ended.
 * @param end Ends the reply.
 */
export function drainBody(exchange: Exchange, end: () => void): void {
  const { message } = exchange;
  if (message.complete || message.destroyed || exchange.expectsContinue || exchange.isBodyGone) {
    end();
    return;
  }
  let left = drainBytes;
  const finish = (): void => {
    clearTimeout(timer);
    message.off("data", count).off("end", finish).off("close", finish);
    message.socket.off("close", finish);
    end();
  };
  const count = (piece: Uint8Array): void => {
    left -= piece.byteLength;
    if (left < 0) {
      finish();
    }
  };
  const timer = setTimeout(finish, drainTime);
  message.socket.once("close", finish);
  message.on("data", count).on("end", finish).on("close", finish).resume();
}

/** Closes a connection whose client does not send the short rest of a body after the answer. */
export function limitShortRest({ message, reply }: Exchange): void {
  const { socket } = message;
  const timer = setTimeout(() => socket.destroy(), drainTime);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("close", stop);
  };
  // Node reports the end of a connection to a message only while the response is being sent.
  socket.once("close", stop);
  message.once("end", stop).once("close", stop);
  reply.once("close", () => (message.complete ? stop() : undefined));
}
