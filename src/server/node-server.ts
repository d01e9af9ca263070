import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { lazily } from "../base/lazily";

const loadHttps = lazily((): typeof import("node:https") => require("node:https"));

/** A certificate with its key, as PEM. */
export interface Certificate {
  /** The certificate, with the intermediate ones. */
  readonly cert: string | Buffer;
  /** Its key. */
  readonly key: string | Buffer;
}

/** Creates a server of Node's: one of HTTPS if there is a certificate. */
export function createNodeServer(options: ServerOptions, tls: Certificate | undefined, listener: RequestListener): Server {
  return tls === undefined
    ? createServer(options, listener)
    : loadHttps().createServer({ ...options, cert: tls.cert, key: tls.key }, listener);
}
