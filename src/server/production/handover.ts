import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The message with which a worker that ends gives an idle connection to the primary, and the primary to another worker. */
export const handoverMessage = "flagon: connection";

/** The message with which the primary tells a worker that ends that another one serves in its place. */
export const replacedMessage = "flagon: replaced";

/** A connection of Node's own, below its socket. Node takes it where its types name a socket. */
type ConnectionHandle = Socket & { close(): void; readStop(): void };

/**
 * Gives the idle connections of a worker that ends to another worker, by way of the primary.
 *
 * A client may send its next request at any time. If its connection were closed at that moment, the request would be lost. The
 * bytes that have not been read stay in the system's buffer, and the next worker reads them.
 */
export class Handover {
  readonly #server: Server;
  readonly #sending = new Map<Socket, Promise<void>>();

  /** @param server The server of this worker, without TLS: the state of TLS cannot be given away. */
  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Gives connections away, all that are idle.
   *
   * @param sockets The open connections.
   * @param isSilent Tells whether nothing has come on a connection. Node does not count such a one as idle.
   */
  giveIdle(sockets: Iterable<Socket>, isSilent: (socket: Socket) => boolean): void {
    for (const socket of findIdle(this.#server, [...sockets], isSilent)) {
      if (!this.#sending.has(socket)) {
        this.#sending.set(socket, this.#give(socket));
      }
    }
  }

  /** Resolves when the connections are on their way. */
  async settle(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  #give(socket: Socket): Promise<void> {
    const handle: unknown = Reflect.get(socket, "_handle");
    if (!isConnection(handle)) {
      socket.destroy();
      return Promise.resolve();
    }
    // From here on, what comes is for the other worker.
    handle.readStop();
    return new Promise((resolve) => {
      const end = (): void => {
        // The other process holds the connection as well, so that it stays open.
        socket.destroy();
        resolve();
      };
      try {
        process.send?.(handoverMessage, handle, {}, end);
      } catch {
        end();
      }
    });
  }
}

/** The connections that a worker has taken from another one. */
export class TakenConnections {
  readonly #server: Server;
  readonly #taken = new WeakSet<Socket>();

  /** @param server The server of this worker. */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Serves a connection. */
  take(handle: unknown): void {
    const listening: unknown = Reflect.get(this.#server, "_handle");
    const accept: unknown = typeof listening === "object" && listening !== null ? Reflect.get(listening, "onconnection") : undefined;
    if (typeof accept === "function") {
      this.#server.prependOnceListener("connection", (socket: Socket) => this.#taken.add(socket));
      Reflect.apply(accept, listening, [0, handle]);
    } else if (isConnection(handle)) {
      handle.close();
    }
  }

  /**
   * Tells whether a connection was taken and nothing has come on it since. For Node it is new, and its first request is late
   * after the 15 s of a head; for its client it is idle, as after an answer.
   */
  isIdle(socket: Socket): boolean {
    return socket.bytesRead === 0 && this.#taken.has(socket);
  }
}

/** Tells whether a value is a connection below a socket. */
export function isConnection(value: unknown): value is ConnectionHandle {
  return typeof value === "object" && value !== null && "close" in value && "readStop" in value;
}

/** Finds the connections between two requests. Node knows them, and tells them by closing them. */
function findIdle(server: Server, sockets: readonly Socket[], isSilent: (socket: Socket) => boolean): Socket[] {
  const idle = new Set<Socket>();
  const open = sockets.filter((socket) => !socket.destroyed && socket.writableLength === 0);
  for (const socket of open) {
    socket.destroy = () => {
      idle.add(socket);
      return socket;
    };
  }
  try {
    server.closeIdleConnections();
  } finally {
    for (const socket of open) {
      Reflect.deleteProperty(socket, "destroy");
    }
  }
  return open.filter((socket) => idle.has(socket) || isSilent(socket));
}
