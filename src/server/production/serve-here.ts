import cluster from "node:cluster";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { ConfigError } from "../../base/errors";
import { findShortKey } from "../../config/secret-keys";
import type { RequestContext } from "../../dispatch/context";
import type { Application } from "../../setup/application";
import { createListener } from "../node/listener";
import { type Certificate, createNodeServer } from "../node-server";
import { StartFailure } from "../start-failure";
import { answerHealth } from "./health-path";
import { limitSockets, limitView, refuseLongHead, serverOptions } from "./limits";
import { removeStaleSocket } from "./unix-socket";

/** The least time for the functions of `onStop`, in milliseconds, if requests have used up that of the stop. */
const leastStopTime = 1000;

/** How an app is served to the world. */
export interface ServeOptions {
  /** The address. Default: `FLAGON_SERVE_HOST` of the environment, or `"127.0.0.1"`; `"0.0.0.0"` is all of the machine's. */
  host?: string;
  /** The port. Default: `FLAGON_SERVE_PORT` or `PORT` of the environment, or 8000. */
  port?: number;
  /** A Unix socket, in place of address and port. */
  socketPath?: string;
  /** How many processes share the port; `"auto"` is one for each processor. Default: 1. */
  workers?: number | "auto";
  /** A path that answers 200 while requests are taken, and 503 while the server stops; `null` for none. Default: `null`. */
  healthPath?: string | null;
  /** How long requests in flight may take to finish after a signal to stop, in seconds. Default: 10. */
  shutdownTimeout?: number;
  /** A certificate with its key, as PEM, to serve HTTPS. Default: none. */
  tls?: Certificate;
}

/** A server that can be stopped without losing a request. */
export interface RunningServer {
  /** Node's own server. */
  readonly server: Server;
  /** Stops: takes no more connections, lets requests in flight and background work finish, and resolves. */
  stop(): Promise<void>;
}

/**
 * Serves an app in this process: with limits, timeouts, a line in the log for each request, and an end that loses none.
 *
 * @throws {ConfigError} If the app is not fit for it: its secret key is short.
 */
export function serveHere(app: Application, options: ServeOptions): RunningServer {
  checkFitness(app);
  const { healthPath = null, shutdownTimeout = 10, tls } = options;
  const role = cluster.isWorker ? "worker" : "single";
  let isStopping = false;
  const listener = createListener(app, { onRequest: (context, { reply }) => logAccess(context, reply) });
  const handle = (message: IncomingMessage, reply: ServerResponse): void => {
    if (isStopping) {
      reply.setHeader("connection", "close");
    }
    if (healthPath !== null && message.url === healthPath) {
      answerHealth(reply, app.lifeCycle.health, isStopping);
    } else if (!refuseLongHead(message, reply)) {
      limitView(reply, () => app.logger.error(`No answer in time to ${message.method} ${message.url?.split("?", 1)[0]}`));
      listener(message, reply);
    }
  };
  const server = createNodeServer(serverOptions, tls, handle);
  limitSockets(server);
  const stop = async (): Promise<void> => {
    const end = performance.now() + shutdownTimeout * 1000;
    isStopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), shutdownTimeout * 1000);
    await closed;
    clearTimeout(timer);
    await app.backgroundWork.finish(shutdownTimeout * 1000);
    await app.lifeCycle.stop(Math.max(leastStopTime, end - performance.now()), role);
  };
  const { socketPath } = options;
  const open = async (): Promise<void> => {
    await app.lifeCycle.start(role);
    if (socketPath !== undefined && !cluster.isWorker) {
      await removeStaleSocket(socketPath);
    }
    if (!isStopping) {
      listen(server, options);
    }
  };
  open().catch((error: unknown) => server.emit("error", new StartFailure(app, error)));
  return { server, stop };
}

function checkFitness({ config, logger }: Application): void {
  const problem = findShortKey(config);
  if (problem !== undefined) {
    throw new ConfigError(problem);
  }
  if (config.debug) {
    logger.warn("The setting 'debug' is on, which shows errors to visitors. It is turned off to serve.");
    config.debug = false;
  }
}

function listen(server: Server, { host, port, socketPath }: ServeOptions): void {
  if (socketPath !== undefined) {
    server.listen(socketPath);
    return;
  }
  const { FLAGON_SERVE_HOST, FLAGON_SERVE_PORT, PORT } = process.env;
  server.listen(port ?? Number(FLAGON_SERVE_PORT ?? PORT ?? 8000), host ?? FLAGON_SERVE_HOST ?? "127.0.0.1");
}

function logAccess({ app, request }: RequestContext, reply: ServerResponse): void {
  const start = performance.now();
  reply.once("close", () => {
    app.logger.info(
      {
        requestId: request.id,
        method: request.method,
        path: request.target.split("?", 1)[0],
        status: reply.statusCode,
        duration: Math.round(performance.now() - start),
        remoteAddress: request.remoteAddress,
        ...(reply.writableFinished ? {} : { isAborted: true }),
      },
      "request",
    );
  });
}
