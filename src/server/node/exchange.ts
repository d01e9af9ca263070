import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { findHeader } from "./raw-headers";

/** The part of a request's body that the app has not read before the response. */
export type UnreadBody = "none" | "short" | "long";

/**
 * The functions to call when a connection closes, for replies that wait behind another one on it. They are kept here,
 * since a socket is an object of Node.
 */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * One request with its reply on a Node server: the one place that learns of the end of a request.
 *
 * A request ends when its reply is sent whole or its client has left. If the client leaves while a reply waits behind
 * another one on its connection, Node sends no event for it, so this also listens to the connection.
 */
export class Exchange {
  /** The request. */
  readonly message: IncomingMessage;
  /** The reply. */
  readonly reply: ServerResponse;
  /** Whether the client sends its body only after `100 Continue` (RFC 9110, section 10.1.1). */
  expectsContinue = false;
  /** Whether an answer was sent in place of the app's, which came too late. */
  isExpired = false;
  /** Whether the server closes the connection after the reply. */
  isClosing = false;
  /** Whether all of the reply is written, and only its end waits for the rest of the body. */
  isWritten = false;
  /** Whether the app has begun to read the body. */
  isBodyBegun = false;
  /** Whether the rest of the body is given up: the client sends it too slowly, or its end cannot be known. */
  isBodyGone = false;
  /** The part of the body that was unread when the head of the reply was written. */
  unreadBody: UnreadBody = "none";
  /** Makes the code that reads the body fail. */
  failBody: ((error: Error) => void) | undefined;
  /** Ends a stream of events, which would otherwise continue until the client leaves. */
  endEvents: (() => void) | undefined;
  #controller: AbortController | undefined;
  #abortReason: { readonly reason: unknown } | undefined;
  #callbacks: (() => void)[] | undefined;
  #isOver = false;

  /**
   * @param message The request.
   * @param reply The reply.
   */
  constructor(message: IncomingMessage, reply: ServerResponse) {
    this.message = message;
    this.reply = reply;
  }

  /** Whether the client has left before the whole reply was sent. */
  get hasLeft(): boolean {
    const { reply } = this;
    return !reply.writableFinished && (reply.destroyed || (reply.socket === null && this.message.socket.destroyed));
  }

  /** Whether the connection closes after the reply, by the server's will or the client's. */
  get closesConnection(): boolean {
    const { message, reply } = this;
    return (
      this.isClosing ||
      message.httpVersionMinor === 0 ||
      reply.getHeader("connection") === "close" ||
      /\bclose\b/i.test(findHeader(message.rawHeaders, "connection") ?? "")
    );
  }

  /** Whether the app can no longer answer: the reply has begun, or the client has left. */
  get isAnswered(): boolean {
    return this.isExpired || this.reply.headersSent || this.hasLeft;
  }

  /** A signal that is aborted when the client leaves, or the request takes too long. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) {
        this.#controller.abort(this.#abortReason.reason);
      } else if (this.hasLeft) {
        this.#controller.abort();
      } else {
        this.#listen();
      }
    }
    return this.#controller.signal;
  }

  /** Aborts the signal, also for code that asks for it later. */
  abort(reason?: unknown): void {
    this.#abortReason ??= { reason };
    this.#controller?.abort(reason);
  }

  /** Calls a function once when the request has ended; soon, if it has ended already. */
  onEnd(callback: () => void): void {
    if (this.#isOver) {
      process.nextTick(callback);
      return;
    }
    this.#listen().push(callback);
  }

  /** Lets the client send its body, if it waits to be told. Called when the app begins to read the body. */
  askForBody(): void {
    if (this.expectsContinue && !this.reply.headersSent) {
      this.expectsContinue = false;
      this.reply.writeContinue();
    }
  }

  #listen(): (() => void)[] {
    if (this.#callbacks === undefined) {
      this.#callbacks = [];
      const { message, reply } = this;
      const isQueued = reply.socket === null && !reply.writableFinished;
      if (reply.closed || (isQueued && message.socket.closed)) {
        process.nextTick(this.#end);
      } else {
        reply.once("close", this.#end);
        if (isQueued) {
          listenToConnection(message.socket).add(this.#end);
        }
      }
    }
    return this.#callbacks;
  }

  readonly #end = (): void => {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    waiting.get(this.message.socket)?.delete(this.#end);
    if (!this.reply.writableFinished) {
      this.abort();
    }
    for (const callback of this.#callbacks ?? []) {
      callback();
    }
  };
}

/** Returns the functions that are called when a connection closes: one listener for all requests that wait on it. */
function listenToConnection(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) {
    return known;
  }
  const callbacks = new Set<() => void>();
  waiting.set(socket, callbacks);
  socket.once("close", () => {
    for (const callback of [...callbacks]) {
      callback();
    }
  });
  return callbacks;
}
