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
  /** The TCP connections below those. Without TLS they are the same. */
  readonly #sockets = new Set<Socket>();
  /** The connections in the handshake of TLS, by the client's address and port. */
  readonly #handshakes = new Map<string, Socket>();

  /** @param server The server, before it listens. */
  constructor(server: Server) {
    const isSecure = "setSecureContext" in server;
    server.on("connection", (socket: Socket) => {
      const client = nameClient(socket);
      this.accepted++;
      this.#sockets.add(socket);
      if (isSecure) {
        this.#handshakes.set(client, socket);
      }
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (this.#handshakes.get(client) === socket) {
          this.#handshakes.delete(client);
        }
      });
    });
    // A connection of TLS has two sockets: `connection` gives that of TCP, and `secureConnection` that of the requests.
    server.on(isSecure ? "secureConnection" : "connection", (socket: Socket) => {
      this.#handshakes.delete(nameClient(socket));
      this.#bytesAtStart.set(socket, socket.bytesRead);
      socket.once("close", () => this.#bytesAtStart.delete(socket));
    });
  }

  /** The connections that are open, below TLS. */
  get open(): Iterable<Socket> {
    return this.#sockets;
  }

  /** Tells whether nothing has come on a connection. */
  isSilent(socket: Socket): boolean {
    return this.#bytesAtStart.get(socket) === socket.bytesRead;
  }

  /** Closes the connections on which nothing has come, and those whose handshake of TLS has not ended. */
  closeSilent(): void {
    for (const socket of this.#handshakes.values()) {
      socket.destroy();
    }
    for (const socket of this.#bytesAtStart.keys()) {
      if (this.isSilent(socket)) {
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

/** Names the client of a connection. The two sockets of a connection of TLS have the same client. */
function nameClient({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
