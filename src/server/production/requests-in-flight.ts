import type { Socket } from "node:net";
import { ServiceUnavailable } from "../../http/exceptions/by-status";
import { RequestTimeout } from "../../http/exceptions/client-errors";
import type { Application } from "../../setup/application";
import type { ServedExchange } from "../node/listener";

/** Milliseconds between two checks of the times of requests. */
const checkInterval = 100;
/** The least that a body brings, in bytes a second. */
const leastBodyRate = 64;
/** Seconds after which a client can try again. */
const retryAfter = 30;

/** A request in flight, with the times that are watched. */
interface Entry {
  readonly exchange: ServedExchange;
  /** The time at which the view's time began: that of the last byte of the body. */
  viewStart: number;
  /** The start of the current period of the body, and the bytes that had come before it. */
  spanStart: number;
  spanBytes: number;
  /** The bytes that had come at the last check. */
  bytes: number;
  isWhole: boolean;
}

/**
 * The requests that a server is answering: limits their time, and ends them when the server stops.
 *
 * One timer checks all of them. The time of a view counts from the end of the body (503), that of a body by its progress (408).
 */
export class RequestsInFlight {
  readonly #app: Application;
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  /** @param app The app that the server serves. */
  constructor(app: Application) {
    this.#app = app;
  }

  /** Watches a request until it ends. */
  add(exchange: ServedExchange): void {
    const now = performance.now();
    const { bytesRead } = exchange.message.socket;
    const entry = { exchange, viewStart: now, spanStart: now, spanBytes: bytesRead, bytes: bytesRead, isWhole: false };
    this.#entries.add(entry);
    exchange.onEnd(() => {
      exchange.outlive(this.#app);
      this.#forget(entry);
    });
    this.#timer ??= setInterval(() => this.#check(performance.now()), checkInterval).unref();
  }

  /** Tells the clients that their connections close after the answers, and ends the streams of events. */
  stop(): void {
    this.#isStopping = true;
    for (const { exchange } of this.#entries) {
      if (!exchange.reply.headersSent) {
        exchange.reply.setHeader("connection", "close");
      }
      exchange.stopEvents();
    }
  }

  /** Logs each request that the end of the stop cuts off, and their number. */
  reportCut(): void {
    const cut = [...this.#entries].filter(({ exchange: { hasLeft, reply } }) => !hasLeft && !reply.writableFinished);
    for (const { exchange } of cut) {
      const { context, message } = exchange;
      const path = message.url?.split("?", 1)[0];
      this.#app.logger.warn(
        { requestId: context?.request.id, method: message.method, path },
        `The server stops without the answer to ${message.method} ${path}: it was not sent within the setting shutdownTimeout`,
      );
    }
    if (cut.length > 0) {
      this.#app.logger.warn({ requests: cut.length }, "Requests were cut off when the server stopped.");
    }
  }

  /** Whether a response has ended, but its last bytes are not sent yet: the client reads slowly. */
  get isFlushing(): boolean {
    return [...this.#entries].some(({ exchange: { hasLeft, reply } }) => !hasLeft && reply.writableEnded && !reply.writableFinished);
  }

  /** Returns the requests that came on a connection and are not answered whole. */
  on(socket: Socket): ServedExchange[] {
    return [...this.#entries].map(({ exchange }) => exchange).filter(({ message }) => message.socket === socket);
  }

  /** Forgets a request that has ended. If its view still runs after the client has left, its time limit stays. */
  #forget(entry: Entry): void {
    const { isExpired, pending } = entry.exchange;
    if (pending === undefined || isExpired) {
      this.#entries.delete(entry);
    }
  }

  #check(now: number): void {
    if (this.#entries.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const entry of this.#entries) {
      if (this.#isStopping) {
        entry.exchange.stopEvents();
      }
      const { exchange } = entry;
      if (exchange.hasLeft) {
        this.#checkLeft(entry, now);
      } else if (!exchange.isExpired) {
        this.#checkTimes(entry, now);
      }
    }
  }

  /** Ends a request whose client has left: when its view has ended, or has used up its time. */
  #checkLeft(entry: Entry, now: number): void {
    const { exchange } = entry;
    if (exchange.pending !== undefined && !exchange.isExpired && now - entry.viewStart >= this.#timesOf(exchange).viewTimeout * 1000) {
      exchange.expire(this.#app, new ServiceUnavailable());
    }
    this.#forget(entry);
  }

  #checkTimes(entry: Entry, now: number): void {
    const { exchange } = entry;
    const { message, reply } = exchange;
    const { bodyTimeout, viewTimeout } = this.#timesOf(exchange);
    const waitsForClient = !message.complete && isRead(exchange) && message.readableLength === 0;
    if (!message.complete) {
      const { bytesRead } = message.socket;
      if (bytesRead !== entry.bytes) {
        entry.bytes = bytesRead;
        entry.viewStart = now;
      }
      if (!waitsForClient || now - entry.spanStart >= bodyTimeout * 1000) {
        const isLate = waitsForClient && bytesRead - entry.spanBytes < leastBodyRate * bodyTimeout;
        entry.spanStart = now;
        entry.spanBytes = bytesRead;
        if (isLate) {
          this.#refuseBody(exchange);
          return;
        }
      }
    } else if (!entry.isWhole) {
      entry.isWhole = true;
      entry.viewStart = now;
    }
    if (!reply.headersSent && !waitsForClient && now - entry.viewStart >= viewTimeout * 1000) {
      this.#app.logger.error(
        `No answer to ${message.method} ${message.url?.split("?", 1)[0]} within ${viewTimeout} s (the setting viewTimeout)`,
      );
      exchange.expire(this.#app, new ServiceUnavailable("The server took too long to answer. Try again later.", { retryAfter }));
    }
  }

  /** Refuses a body that comes too slowly: where the app reads it, or in place of a foreign reader. */
  #refuseBody(exchange: ServedExchange): void {
    const refusal = new RequestTimeout("The body of the request came too slowly.");
    exchange.isBodyGone = true;
    if (exchange.failBody !== undefined) {
      exchange.failBody(refusal);
    } else if (exchange.reply.headersSent) {
      exchange.reply.destroy();
    } else {
      exchange.expire(this.#app, refusal);
    }
  }

  #timesOf({ context }: ServedExchange): { readonly bodyTimeout: number; readonly viewTimeout: number } {
    const { config } = context?.app ?? this.#app;
    const match = context?.match;
    const route = match !== undefined && "route" in match ? match.route : undefined;
    return { bodyTimeout: route?.bodyTimeout ?? config.bodyTimeout, viewTimeout: route?.viewTimeout ?? config.viewTimeout };
  }
}

/** Tells whether the body of a request is being read. */
function isRead({ failBody, message }: ServedExchange): boolean {
  return failBody !== undefined || message.listenerCount("data") > 0 || message.listenerCount("readable") > 0;
}
