import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * The open connections of a server, also those on which no request has come yet: browsers open such ones in advance, and
 * Node's `closeIdleConnections()` leaves them.
 */
export class Connections {
  /** The number of connections that were accepted so far. */
  accepted = 0;
  /** The bytes that had come on each connection when it was ready for requests. */
  readonly #bytesAtStart = new Map<Socket, number>();
  /** The connections below those, or those themselves without TLS. */
  readonly #sockets = new Set<Socket>();

  /** @param server The server, before it listens. */
  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    // A connection of TLS has two sockets: `connection` gives the one below, and `secureConnection` the one of the requests.
    server.on("setSecureContext" in server ? "secureConnection" : "connection", (socket: Socket) => {
      this.#bytesAtStart.set(socket, socket.bytesRead);
      socket.once("close", () => this.#bytesAtStart.delete(socket));
    });
  }

  /** Closes the connections on which nothing has come. */
  closeSilent(): void {
    for (const [socket, bytes] of this.#bytesAtStart) {
      if (socket.bytesRead === bytes) {
        socket.destroy();
      }
    }
  }

  /** Closes all connections, also those in the handshake of TLS. */
  closeAll(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }
}
