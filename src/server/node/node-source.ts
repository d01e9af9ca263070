import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { BadRequest } from "../../http/exceptions/client-errors";
import { tooLarge } from "../../http/request/read-body";
import type { RequestSource } from "../../http/request/request-source";

/** What `node:http` knows of a request. */
export class NodeSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly rootPath: string;
  readonly #message: IncomingMessage;
  readonly #reply: ServerResponse;
  #controller: AbortController | undefined;

  constructor(message: IncomingMessage, reply: ServerResponse) {
    this.#message = message;
    this.#reply = reply;
    this.method = message.method ?? "GET";
    this.target = toTarget(message.url ?? "/");
    // Express and its like say so under which path they have mounted a handler.
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

  readBody(limit: number): Promise<Uint8Array> {
    const message = this.#message;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const take = (chunk: Buffer): void => {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > limit) {
          // The connection stays open, so that the client gets to see why.
          message.off("data", take).pause();
          reject(tooLarge(limit));
        }
      };
      const end = (): void => {
        const [first] = chunks;
        resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size));
      };
      const fail = (cause?: unknown): void => {
        // Also a body that is whole is closed.
        if (!message.readableEnded) {
          reject(new BadRequest("The body of the request ended early.", { cause }));
        }
      };
      if (message.readableEnded || message.destroyed) {
        (message.readableEnded ? end : fail)();
        return;
      }
      message.on("data", take).on("end", end).on("error", fail).on("close", fail);
    });
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
export function findHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = rawHeaders[index] ?? "";
    if (key.length === name.length && (key === name || equalsInLowerCase(key, name))) {
      const value = rawHeaders[index + 1] ?? "";
      found = found === undefined ? value : `${found}${name === "cookie" ? "; " : ", "}${value}`;
    }
  }
  return found;
}

/** Compares the name of a header to one in lower case that is as long. */
function equalsInLowerCase(key: string, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const [unit, wanted] = [key.charCodeAt(index), name.charCodeAt(index)];
    if (unit !== wanted && (unit < 0x41 || unit > 0x5a || unit + 0x20 !== wanted)) {
      return false;
    }
  }
  return true;
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

function isEncrypted(socket: Socket & { readonly encrypted?: unknown }): boolean {
  return socket.encrypted === true;
}
