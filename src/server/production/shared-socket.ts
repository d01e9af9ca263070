import cluster, { type Worker } from "node:cluster";
import { lookup } from "node:dns/promises";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import type { ListeningPlace } from "./listening-place";

/** The variable by which a process knows that it is a worker of `app.serve()`. */
const workerVariable = "FLAGON_WORKER";

/** The messages between the primary and a worker, which come in this order. */
const messages = { asks: "flagon: socket, please", gives: "flagon: socket", listens: "flagon: listening" } as const;

/** A socket of Node's own that is bound and not yet listening. */
interface BoundHandle {
  close(): void;
  /** Gives the errno of a bind that failed late. A Unix socket has none. */
  getsockname?(out: object): number;
}

/**
 * The socket on which all workers of a server take connections.
 *
 * The primary binds it and keeps it, but accepts nothing: the workers listen on it. Connections wait in its queue while no
 * worker is there. Node's own module `cluster` closes its socket with the last worker, and connections would be refused then.
 */
export class SharedSocket {
  readonly #handle: BoundHandle | undefined;

  private constructor(handle: BoundHandle | undefined) {
    this.#handle = handle;
  }

  /**
   * Binds a socket to a place.
   *
   * @throws {Error} If that fails, with the code of the system, such as `"EADDRINUSE"`.
   */
  static async bind(place: ListeningPlace): Promise<SharedSocket> {
    if ("path" in place) {
      return new SharedSocket(createHandle(place.path, -1, -1));
    }
    const { address, family } = place.host === "" ? { address: null, family: 4 } : await lookup(place.host);
    return new SharedSocket(createHandle(address, place.port, family));
  }

  /** Starts a worker, which can ask for the socket. */
  fork(): Worker {
    const worker = cluster.fork({ [workerVariable]: "1" });
    worker.on("message", (message: unknown) => {
      if (message === messages.asks && worker.isConnected()) {
        const handle: unknown = this.#handle;
        worker.send(messages.gives, isSendable(handle) ? handle : undefined);
      }
    });
    return worker;
  }

  /** Closes the socket in the primary. Listening workers continue. */
  close(): void {
    this.#handle?.close();
  }
}

/** Calls a function once when a worker listens, with the address in words if there is one. */
export function onListening(worker: Worker, callback: (address: string) => void): void {
  worker.on("message", (message: unknown) => {
    if (typeof message === "string" && message.startsWith(messages.listens)) {
      callback(message.slice(messages.listens.length));
    }
  });
}

/** Tells whether this process is a worker of `app.serve()`. A worker that the app itself started by `cluster` does not count. */
export function isServingWorker(): boolean {
  return cluster.isWorker && process.env[workerVariable] === "1";
}

/** Asks the primary for the socket. Resolves to `undefined` if it has none of its own. */
export function receiveSocket(): Promise<object | undefined> {
  return new Promise((resolve) => {
    const take = (message: unknown, handle: unknown): void => {
      if (message === messages.gives) {
        process.off("message", take);
        resolve(typeof handle === "object" && handle !== null ? handle : undefined);
      }
    };
    process.on("message", take);
    process.send?.(messages.asks);
  });
}

/**
 * Makes a worker's server listen, and tells the primary when it does.
 *
 * @param server The server.
 * @param socket The primary's socket, or `undefined` if it has none.
 * @param place The place, where `cluster` shares a socket then.
 */
export function listenInWorker(server: net.Server, socket: object | undefined, place: ListeningPlace): void {
  server.once("listening", () => {
    const address = server.address();
    process.send?.(messages.listens + (typeof address === "object" && address !== null ? `${address.address}:${address.port}` : ""));
  });
  if (socket !== undefined && "path" in place) {
    // `listen()` would ask the primary's `cluster` for the Unix socket, which does not know it.
    Object.assign(server, { _handle: socket });
    Reflect.apply(findListen() ?? server.listen, server, [null, -1, -1]);
  } else {
    server.listen(socket ?? place);
  }
}

/** Finds the method of Node's servers that listens on the socket that a server already has. */
function findListen(): ((...parameters: unknown[]) => unknown) | undefined {
  const listen: unknown = Reflect.get(net.Server.prototype, "_listen2");
  return isFunction(listen) ? listen : undefined;
}

function isFunction(value: unknown): value is (...parameters: unknown[]) => unknown {
  return typeof value === "function";
}

/**
 * Creates a bound socket by the function of `node:net` that Node's module `cluster` uses for its own.
 *
 * It has no page in Node's manual. `net.BoundSocket` of newer lines does the same, but Node 20 and 22 do not have it.
 * Where Node has no such function, the workers share a socket by `cluster` itself.
 */
function createHandle(address: string | null, port: number, family: number): BoundHandle | undefined {
  const create: unknown = Reflect.get(net, "_createServerHandle");
  if (!isFunction(create) || findListen() === undefined) {
    return undefined;
  }
  const made = create(address, port, family);
  if (typeof made === "number") {
    throw toError(made);
  }
  if (!isBoundHandle(made)) {
    return undefined;
  }
  // The error of a port in use comes only when the socket is used.
  const errno = made.getsockname?.({}) ?? 0;
  if (errno !== 0) {
    made.close();
    throw toError(errno);
  }
  return made;
}

function toError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`The socket cannot be bound: ${code}`), { code });
}

function isBoundHandle(value: unknown): value is BoundHandle {
  return typeof value === "object" && value !== null && "close" in value;
}

/** Types a socket for `worker.send()`, which takes Node's own sockets, although its types do not name them. */
function isSendable(handle: unknown): handle is net.Server {
  return handle !== undefined;
}
