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

/** Returns the reason that a server cannot listen at a place, as a sentence. */
export function explainFailure({ code, message }: NodeJS.ErrnoException, place: ListeningPlace): string {
  if (code !== "EADDRINUSE") {
    return `The server could not start: ${message}`;
  }
  return "path" in place
    ? `The socket '${place.path}' is in use by another program, or is a file of another kind. Stop that program, or choose another path.`
    : `The port ${place.port} is in use by another program. Stop that, or choose another port.`;
}
