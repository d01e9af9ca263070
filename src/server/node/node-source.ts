import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { BadRequest } from "../../http/exceptions/client-errors";
import { isHost } from "../../http/request/head-error";
import { tooLarge } from "../../http/request/read-body";
import type { RequestSource } from "../../http/request/request-source";
import type { Exchange } from "./exchange";
import { findParsedBody } from "./parsed-body";
import { isOfHttp2 } from "./protocol-errors";
import { findHeader, findRepeated, listRawHeaders } from "./raw-headers";

/** A request as `node:http` knows it. */
export class NodeSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly rootPath: string;
  readonly #exchange: Exchange;
  readonly #message: IncomingMessage;
  /** The host of a target in absolute form. */
  readonly #authority: string | undefined;

  /** @param exchange The request and its reply. */
  constructor(exchange: Exchange) {
    const { message } = exchange;
    this.#exchange = exchange;
    this.#message = message;
    this.method = message.method ?? "GET";
    const { authority, target } = splitTarget(message.url ?? "/");
    this.target = target;
    this.#authority = isOfHttp2(message) ? readAuthority(message) : authority;
    // Express states the path of a mounted handler here.
    const { baseUrl }: IncomingMessage & { readonly baseUrl?: unknown } = message;
    this.rootPath = typeof baseUrl === "string" ? baseUrl : "";
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
    const value = findHeader(listRawHeaders(this.#message), name);
    // A malformed host is refused, also where it does not count (RFC 9112, section 3.2).
    return name === "host" && this.#authority !== undefined && (value === undefined || isHost(value)) ? this.#authority : value;
  }

  findRepeated(): string | undefined {
    return findRepeated(listRawHeaders(this.#message));
  }

  *headers(): Generator<readonly [string, string]> {
    const rawHeaders = listRawHeaders(this.#message);
    // The names of HTTP/2's pseudo-headers begin with a colon.
    const names = new Set(rawHeaders.filter((name, index) => index % 2 === 0 && !name.startsWith(":")).map((name) => name.toLowerCase()));
    for (const name of names) {
      yield [name, this.header(name) ?? ""];
    }
  }

  hasOpenBody(): boolean {
    const message: IncomingMessage & { readonly stream?: { readonly endAfterHeaders?: unknown } } = this.#message;
    if (message.readableDidRead && !this.#exchange.isBodyBegun) {
      // Foreign code reads it.
      return false;
    }
    return isOfHttp2(message)
      ? message.stream?.endAfterHeaders === false && this.header("content-length") === undefined
      : this.header("transfer-encoding") !== undefined;
  }

  /** Reads the body as it comes. A body that is refused half way leaves the connection open, so that the client can read the answer. */
  async *body(): AsyncGenerator<Uint8Array> {
    const parsed = this.#exchange.isBodyBegun ? undefined : findParsedBody(this.#message);
    if (parsed !== undefined) {
      yield parsed;
      return;
    }
    const message = this.#message;
    let failure: Error | undefined;
    let wake = (): void => undefined;
    const onEvent = (): void => wake();
    const stop = this.#watchBody((error) => {
      failure ??= error;
      wake();
    });
    message.on("readable", onEvent).on("end", onEvent);
    try {
      for (;;) {
        if (failure !== undefined) {
          throw failure;
        }
        const piece: unknown = message.read();
        if (piece instanceof Uint8Array) {
          yield piece;
        } else if (message.readableEnded) {
          return;
        } else if (message.destroyed) {
          throw endedEarly(message.errored);
        } else {
          // An await keeps the context, which the events of the stream would lose.
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      stop();
      message.off("readable", onEvent).off("end", onEvent);
    }
  }

  readBody(limit: number): Promise<Uint8Array> {
    const message = this.#message;
    return new Promise((resolve, reject) => {
      const parsed = this.#exchange.isBodyBegun ? undefined : findParsedBody(message);
      if (parsed !== undefined) {
        if (parsed.byteLength > limit) {
          throw tooLarge(limit);
        }
        resolve(parsed);
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      const take = (chunk: Buffer): void => {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > limit) {
          fail(tooLarge(limit));
        }
      };
      const end = (): void => {
        stop();
        const [first] = chunks;
        resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size));
      };
      const fail = (error: Error): void => {
        stop();
        // The connection stays open, so that the client can read the answer.
        message.off("data", take).off("end", end).pause();
        reject(error);
      };
      if (message.readableEnded) {
        resolve(new Uint8Array());
        return;
      }
      const stop = this.#watchBody(fail);
      message.on("data", take).on("end", end);
    });
  }

  signal(): AbortSignal {
    return this.#exchange.signal;
  }

  /**
   * Begins to read the body.
   *
   * @param fail Is called when the body ends early, or the server gives the request up.
   * @returns A function that ends the watch.
   */
  #watchBody(fail: (error: Error) => void): () => void {
    const exchange = this.#exchange;
    const message = this.#message;
    const onError = (cause: unknown): void => fail(endedEarly(cause));
    // A body that has come whole is closed as well.
    const onClose = (): void => (message.readableEnded ? undefined : fail(endedEarly(undefined)));
    exchange.askForBody();
    exchange.isBodyBegun = true;
    exchange.failBody = fail;
    message.on("error", onError).on("close", onClose);
    if (message.destroyed && !message.readableEnded) {
      process.nextTick(onClose);
    }
    return () => {
      exchange.failBody = undefined;
      message.off("error", onError).off("close", onClose);
    };
  }
}

function endedEarly(cause: unknown): BadRequest {
  return new BadRequest("The body of the request ended early.", { cause });
}

/** Splits a target. One in absolute form names the host, and `Host` then does not count (RFC 9112, section 3.2.2). */
function splitTarget(url: string): { readonly authority: string | undefined; readonly target: string } {
  if (url.charCodeAt(0) === 0x2f) {
    return { authority: undefined, target: url };
  }
  const [, authority, rest = url] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  return { authority, target: authority !== undefined && !rest.startsWith("/") ? `/${rest}` : rest };
}

/** Reads the host of a request of HTTP/2. Two that differ are joined, and thereby none (RFC 9113, section 8.3.1). */
function readAuthority({ headers }: IncomingMessage): string | undefined {
  const authority = headers[":authority"];
  const { host } = headers;
  return typeof authority !== "string" || host === undefined || host === authority
    ? (host ?? String(authority ?? ""))
    : `${authority}, ${host}`;
}

function isEncrypted(socket: Socket & { readonly encrypted?: unknown }): boolean {
  return socket.encrypted === true;
}
