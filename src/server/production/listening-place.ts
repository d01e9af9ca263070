import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** The place where a server listens: an address with a port, or a Unix socket. */
export type ListeningPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** The options of `app.serve()` that name a place. */
interface PlaceOptions {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
}

/** Finds the place for options of `app.serve()`: they win over the environment, and the environment over the defaults. */
export function findPlace({ host, port, socketPath }: PlaceOptions): ListeningPlace {
  if (socketPath !== undefined) {
    return { path: socketPath };
  }
  const { FLAGON_SERVE_HOST, FLAGON_SERVE_PORT, PORT } = process.env;
  return { host: host ?? FLAGON_SERVE_HOST ?? "127.0.0.1", port: port ?? Number(FLAGON_SERVE_PORT ?? PORT ?? 8000) };
}

/** Returns the reason that a server cannot listen at a place, as a sentence with its cure. */
export function explainFailure({ code, message }: NodeJS.ErrnoException, place: ListeningPlace): string {
  if ("path" in place) {
    return explainSocket(place.path, code) ?? `The server could not start: ${message}`;
  }
  switch (code) {
    case "EADDRINUSE":
      return `The port ${place.port} is in use by another program. Stop that, or choose another port.`;
    case "EACCES":
      return `The port ${place.port} is not open to this user: ports below 1024 belong to root on most systems. Choose a higher port, with a proxy in front.`;
    case "EADDRNOTAVAIL":
    case "EAI_AGAIN":
    case "ENOTFOUND":
      return `The address '${place.host}' is none of this machine (${code}). Choose 127.0.0.1, or 0.0.0.0 for all of its addresses.`;
    default:
      return `The server could not start: ${message}`;
  }
}

function explainSocket(path: string, code: string | undefined): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `The socket '${path}' is in use by another program, or is a file of another kind. Stop that program, or choose another path.`;
    // The system has this code also for a folder that is missing.
    case "EACCES":
      return existsSync(dirname(path))
        ? `The socket '${path}' cannot be created: this user may not write to its folder.`
        : `The folder of the socket '${path}' does not exist. Create it.`;
    default:
      return undefined;
  }
}
