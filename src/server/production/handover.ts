import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The message with which a worker that ends gives an idle connection to the primary, and the primary to another worker. */
export const handoverMessage = "flagon: connection";

/** The message with which the primary tells a worker that ends that another one serves in its place. */
export const replacedMessage = "flagon: replaced";

/** A connection of Node's own, below its socket. Node takes it where its types name a socket. */
export type ConnectionHandle = Socket & { close(): void; readStart(): void; readStop(): void };

/**
 * Gives the idle connections of a worker that ends to another worker, by way of the primary.
 *
 * A client may send its next request at any time. If its connection were closed at that moment, the request would be lost. The
 * bytes that have not been read stay in the system's buffer, and the next worker reads them.
 *
 * Node has no public method for it. Where a member that is used here is missing or fails, `isPossible` becomes false, and the
 * connections are left to be closed as in any other stop.
 */
export class Handover {
  readonly #server: Server;
  readonly #given = new WeakSet<Socket>();
  #hasFailed = false;

  /** @param server The server of this worker, without TLS: the state of TLS cannot be given away. */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Whether this process can give connections away. */
  get isPossible(): boolean {
    return !this.#hasFailed && process.connected && typeof process.send === "function";
  }

  /**
   * Gives connections away, all that are idle. Each closes in this process when it is on its way.
   *
   * @param sockets The open connections.
   * @param isSilent Tells whether nothing has come on a connection. Node does not count such a one as idle.
   */
  giveIdle(sockets: Iterable<Socket>, isSilent: (socket: Socket) => boolean): void {
    for (const socket of findIdle(this.#server, [...sockets], isSilent)) {
      if (this.isPossible && !this.#given.has(socket)) {
        this.#give(socket);
      }
    }
  }

  #give(socket: Socket): void {
    const handle: unknown = Reflect.get(socket, "_handle");
    const isSent =
      isConnection(handle) &&
      sendConnection(handle, (error) => {
        if (error === null) {
          // The other process holds the connection as well, so that it stays open.
          socket.destroy();
        } else {
          this.#hasFailed = true;
          handle.readStart();
        }
      });
    if (isSent) {
      this.#given.add(socket);
    } else {
      this.#hasFailed = true;
    }
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

  /** Serves a connection. One that cannot be served is closed. */
  take(handle: unknown): void {
    if (isConnection(handle) && !this.#serve(handle)) {
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

  #serve(handle: ConnectionHandle): boolean {
    const listening: unknown = Reflect.get(this.#server, "_handle");
    const accept: unknown = typeof listening === "object" && listening !== null ? Reflect.get(listening, "onconnection") : undefined;
    let isServed = false;
    const note = (socket: Socket): void => {
      isServed = true;
      this.#taken.add(socket);
    };
    this.#server.prependOnceListener("connection", note);
    try {
      if (typeof accept === "function") {
        Reflect.apply(accept, listening, [0, handle]);
      }
    } catch (error) {
      if (isServed) {
        // The error is one of those that listen to new connections, as it would be for any of them.
        throw error;
      }
    } finally {
      this.#server.off("connection", note);
    }
    return isServed;
  }
}

/** Sends a connection that this worker cannot serve any more back to the primary, and closes it in this process. */
export function giveBack(handle: unknown): void {
  if (isConnection(handle) && !(process.connected && sendConnection(handle, () => handle.close()))) {
    handle.close();
  }
}

/** Tells whether a value is a connection below a socket. */
export function isConnection(value: unknown): value is ConnectionHandle {
  return (
    typeof value === "object" &&
    value !== null &&
    ["close", "readStart", "readStop"].every((name) => typeof Reflect.get(value, name) === "function")
  );
}

/**
 * Sends a connection to the primary, and reads nothing more from it.
 *
 * @param onEnd Called when it is on its way, or with the error for which it is not.
 * @returns Whether it could be sent. If not, nothing has changed.
 */
function sendConnection(handle: ConnectionHandle, onEnd: (error: Error | null) => void): boolean {
  if (process.send === undefined) {
    return false;
  }
  let hasEnded = false;
  try {
    process.send(handoverMessage, handle, {}, (error) => {
      hasEnded = true;
      onEnd(error);
    });
  } catch {
    return false;
  }
  if (!hasEnded) {
    // From here on, the bytes that come are for the other worker. Nothing has been read since the connection was sent.
    handle.readStop();
  }
  return true;
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
