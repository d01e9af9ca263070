import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** A connection on which a test writes bytes as they are, and gathers what comes back. */
export interface RawConnection {
  readonly socket: Socket;
  /** Writes bytes. */
  write(bytes: string | Uint8Array): void;
  /** Everything that has come so far, as latin1. */
  received(): string;
  /** Waits until something matches, the connection is closed, or the time is over; returns everything that has come. */
  until(pattern: RegExp, time?: number): Promise<string>;
  /** Waits until the server has closed the connection, and returns everything that has come. */
  closed(time?: number): Promise<string>;
}

/** Opens a connection to a port of this machine or to a Unix socket, which is closed after the test. */
export function openSocket(place: number | string): RawConnection {
  const socket = connect({ ...(typeof place === "string" ? { path: place } : { port: place, host: "127.0.0.1" }), allowHalfOpen: true });
  let received = "";
  let isOver = false;
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  socket.on("end", () => (isOver = true)).on("close", () => (isOver = true));
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  const until = async (hasHappened: () => boolean, time: number): Promise<string> => {
    for (const end = Date.now() + time; !hasHappened() && Date.now() < end; ) {
      await wait(5);
    }
    return received;
  };
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    received: () => received,
    until: (pattern, time = 5000) => until(() => isOver || pattern.test(received), time),
    closed: (time = 8000) => until(() => isOver, time),
  };
}

/** Sends bytes, and returns everything that comes back until the server closes the connection. */
export async function exchange(port: number, bytes: string | Uint8Array, time?: number): Promise<string> {
  const connection = openSocket(port);
  connection.write(bytes);
  return connection.closed(time);
}

/** Returns the status codes of the responses in what came back. */
export function statuses(received: string): number[] {
  return [...received.matchAll(/(?:^|[\s\S])HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
