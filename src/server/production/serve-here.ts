import cluster from "node:cluster";
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ConfigError } from "../../base/errors";
import { toLoggedPath } from "../../base/logged-path";
import { findShortKey } from "../../config/secret-keys";
import type { RequestContext } from "../../dispatch/context";
import type { Application } from "../../setup/application";
import { warnAtStart } from "../../setup/start-warnings";
import { Connections } from "../connections";
import { finishAndStop } from "../finish-and-stop";
import type { Exchange } from "../node/exchange";
import { type ListenerOptions, ServedExchange } from "../node/listener";
import { emptyRequestOptions } from "../node/tuning/empty-requests";
import { type Certificate, createNodeServer } from "../node-server";
import { StartFailure } from "../start-failure";
import { answerClientErrors } from "./client-errors";
import { giveBack, Handover, handoverMessage, replacedMessage, TakenConnections } from "./handover";
import { answerHealth } from "./health-path";
import { findPlace } from "./listening-place";
import { RequestsInFlight } from "./requests-in-flight";
import { isServingWorker, listenInWorker, receiveSocket } from "./shared-socket";
import { removeStaleSocket } from "./unix-socket";

/** Milliseconds without traffic after which a connection is closed. */
const socketTimeout = 120_000;
/**
 * Milliseconds for which idle connections stay when the server stops. A request that comes meanwhile is answered, and
 * told that its connection closes: HTTP/1.1 cannot announce the end of an idle connection.
 */
const idleTimes = { single: 1000, worker: 2000 };
/**
 * The share of `shutdownTimeout` for which a replaced worker keeps the idle connections that it cannot give away, as with
 * TLS. Another worker serves meanwhile, so nobody waits for the end of this one.
 */
const idleShare = 0.8;
/** Milliseconds between two closings of idle connections. */
const idleInterval = 100;

/** Heads of 16 KiB within 15 seconds. The times of bodies and views are limited by their progress, not by Node. */
const serverOptions: ServerOptions = {
  ...emptyRequestOptions,
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 0,
  // The app refuses such a request itself, with its default headers.
  requireHostHeader: false,
  connectionsCheckingInterval: 5_000,
};

/** Options of `app.serve()`. */
export interface ServeOptions {
  /** The address. Default: `FLAGON_SERVE_HOST` of the environment, or `"127.0.0.1"`; `"0.0.0.0"` is all addresses of the machine. */
  host?: string;
  /** The port. Default: `FLAGON_SERVE_PORT` or `PORT` of the environment, or 8000. */
  port?: number;
  /** A Unix socket, in place of address and port. */
  socketPath?: string;
  /** The number of processes that share the port. `"auto"`: one for each processor. Default: 1. */
  workers?: number | "auto";
  /** A path that answers 200 while requests are taken, and 503 while the server stops; `null` for none. Default: `null`. */
  healthPath?: string | null;
  /** Seconds that requests in flight have to finish after a signal to stop. Default: the setting `shutdownTimeout`, 10. */
  shutdownTimeout?: number;
  /** Whether the serving processes also run jobs. Default: `false`: `flagon jobs work` runs them in another process. */
  jobs?: boolean;
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
 * Serves an app in this process: with limits, timeouts, a line in the log for each request, and a stop that loses none.
 *
 * @throws {ConfigError} If the secret key is short, or the health path is none.
 */
export function serveHere(app: Application, options: ServeOptions): RunningServer {
  checkFitness(app, options);
  const { healthPath = null, shutdownTimeout = app.config.shutdownTimeout, tls } = options;
  const role = cluster.isWorker ? "worker" : "single";
  let isStopping = false;
  let isReplaced = false;
  const inFlight = new RequestsInFlight(app);
  const listenerOptions: ListenerOptions = { onRequest: logAccess };
  const handle = (message: IncomingMessage, reply: ServerResponse, expectsContinue = false): void => {
    if (isStopping) {
      reply.setHeader("connection", "close");
    }
    if (healthPath !== null && message.url?.split("?", 1)[0] === healthPath) {
      answerHealth(app, reply, isStopping);
      return;
    }
    const exchange = new ServedExchange(message, reply, listenerOptions);
    exchange.expectsContinue = expectsContinue;
    inFlight.add(exchange);
    exchange.start(app);
  };
  const server = createNodeServer({ ...serverOptions, keepAliveTimeout: app.config.keepAliveTimeout * 1000 }, tls, (message, reply) =>
    handle(message, reply),
  );
  server.on("checkContinue", (message, reply) => handle(message, reply, true));
  // Node's own answer has neither the default headers nor a body.
  server.on("checkExpectation", (message, reply) => handle(message, reply));
  server.timeout = socketTimeout;
  server.on("timeout", (socket) => {
    // A view may take longer without sending: `viewTimeout` limits it.
    if (!inFlight.on(socket).some(({ reply }) => !reply.headersSent)) {
      socket.destroy();
    }
  });
  const taken = new TakenConnections(server);
  answerClientErrors(server, app, inFlight, taken);
  const connections = new Connections(server);
  const stop = async (): Promise<void> => {
    const end = performance.now() + shutdownTimeout * 1000;
    isStopping = true;
    // Connections that wait to be accepted would be reset. One turn of the event loop may accept a single one.
    let accepted: number;
    do {
      accepted = connections.accepted;
      await nextTurn();
      await nextTurn();
    } while (connections.accepted > accepted && performance.now() < end);
    // Node's own close() closes idle connections at once, also those on which a request is on its way.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    inFlight.stop();
    const handover = tls === undefined ? new Handover(server) : undefined;
    const closeIdle = (): void => {
      connections.closeSilent();
      // Node counts a connection as idle while its response is still being sent to a slow client.
      if (!inFlight.isFlushing) {
        server.closeIdleConnections();
      }
    };
    const idleStart = performance.now();
    const getIdleTime = (): number => (isReplaced ? shutdownTimeout * 1000 * idleShare : Math.min(idleTimes[role], shutdownTimeout * 500));
    // Bytes that clients have sent are read before, so that only idle connections are closed or given away.
    const idleTimer = setInterval(() => {
      if (isReplaced && handover?.isPossible === true) {
        setImmediate(() => handover.giveIdle(connections.open, (socket) => connections.isSilent(socket)));
      } else if (performance.now() - idleStart >= getIdleTime()) {
        setImmediate(closeIdle);
      }
    }, idleInterval);
    const lastTimer = setTimeout(() => {
      inFlight.reportCut();
      connections.closeAll();
    }, shutdownTimeout * 1000);
    await closed;
    clearInterval(idleTimer);
    clearTimeout(lastTimer);
    await finishAndStop(app, end, role);
  };
  const { socketPath } = options;
  const open = async (): Promise<void> => {
    app.lifeCycle.mode = "serve";
    app.lifeCycle.runsJobs = options.jobs ?? false;
    await app.lifeCycle.start(role);
    if (!cluster.isWorker) {
      warnAtStart(app);
    }
    if (socketPath !== undefined && !cluster.isWorker) {
      await removeStaleSocket(socketPath);
    }
    const isWorker = isServingWorker();
    const socket = isWorker ? await receiveSocket() : undefined;
    if (isStopping) {
      return;
    }
    if (isWorker) {
      process.on("message", (message: unknown, handle: unknown) => {
        isReplaced ||= message === replacedMessage;
        if (message === handoverMessage) {
          isStopping ? giveBack(handle) : taken.take(handle);
        }
      });
      listenInWorker(server, socket, findPlace(options));
    } else {
      server.listen(findPlace(options));
    }
  };
  open().catch((error: unknown) => {
    // A signal that comes while the app starts ends the start.
    if (!isStopping) {
      server.emit("error", new StartFailure(app, error));
    }
  });
  return { server, stop };
}

function checkFitness({ config, logger }: Application, { healthPath = null }: ServeOptions): void {
  config.check();
  if (healthPath !== null && !/^\/[^\s?#]*$/.test(healthPath)) {
    throw new ConfigError(`The health path must be a path such as "/healthz", without a query, but got '${healthPath}'.`);
  }
  const problem = findShortKey(config);
  if (problem !== undefined) {
    throw new ConfigError(problem);
  }
  if (config.debug) {
    logger.warn("The setting 'debug' is on, which shows errors to visitors. It is turned off to serve.");
    config.debug = false;
  }
}

function logAccess({ app, request }: RequestContext, exchange: Exchange): void {
  const { reply } = exchange;
  const start = performance.now();
  exchange.onEnd(() => {
    app.logger.info(
      {
        requestId: request.id,
        method: request.method,
        path: toLoggedPath(request.target, request.viewArgs),
        status: reply.statusCode,
        duration: Math.round(performance.now() - start),
        remoteAddress: request.remoteAddress,
        ...(reply.writableFinished ? {} : { isAborted: true }),
      },
      "request",
    );
  });
}
