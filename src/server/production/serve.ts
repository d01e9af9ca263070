import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import type { Application } from "../../setup/application";
import type { ProcessRole } from "../../setup/life-cycle";
import { warnAtStart } from "../../setup/start-warnings";
import { StartFailure } from "../start-failure";
import { endOnUncaughtError } from "../uncaught-errors";
import { warnOfHiddenViews } from "./health-path";
import { explainFailure, findPlace } from "./listening-place";
import { type RunningServer, type ServeOptions, serveHere } from "./serve-here";
import { SharedSocket } from "./shared-socket";
import { removeStaleSocket } from "./unix-socket";
import { Workers } from "./workers";

/**
 * Serves an app until a signal tells it to stop: in this process, or in several that share a port.
 *
 * SIGTERM and SIGINT let requests in flight finish; a second one ends at once. SIGHUP replaces the workers one by one, so that a
 * new version takes over without losing a request. An error that nothing caught is logged as fatal, lets requests in flight
 * finish, and ends the process with 1.
 */
export function serve(app: Application, options: ServeOptions = {}): RunningServer | undefined {
  if (!cluster.isWorker) {
    warnOfLoop(app, options);
    warnOfHiddenViews(app, options.healthPath ?? "");
  }
  const workers = options.workers === "auto" ? availableParallelism() : (options.workers ?? 1);
  if (workers > 1 && cluster.isPrimary) {
    void startPrimary(app, workers, options);
    return undefined;
  }
  const running = serveHere(app, options);
  running.server.once("listening", () => {
    if (!cluster.isWorker) {
      const address = running.server.address();
      const where = typeof address === "string" ? address : `${address?.address}:${address?.port}`;
      app.logger.info(`Serving the app '${app.name}' on ${where}`);
    }
  });
  running.server.once("error", (error: NodeJS.ErrnoException) => {
    app.logger.fatal(error instanceof StartFailure ? error.message : explainFailure(error, findPlace(options)));
    // A start that failed has stopped all that had started.
    if (error instanceof StartFailure) {
      process.exit(1);
    }
    void giveUp(app, options, cluster.isWorker ? "worker" : "single");
  });
  if (!cluster.isWorker) {
    process.on("SIGHUP", () => {
      app.logger.warn("SIGHUP replaces workers, but this app has one process. Serve it with two workers or more: --workers 2.");
    });
  }
  onStop(app, options, running.stop);
  endOnUncaughtError(app, running.stop);
  return running;
}

/** Warns of a server that never sees a request as secure, and so redirects each of them to HTTPS, without an end. */
function warnOfLoop({ config, logger }: Application, { tls }: ServeOptions): void {
  if (config.httpsOnly && config.trustProxy === 0 && tls === undefined) {
    logger.warn(
      "The setting httpsOnly redirects every request, also those that a proxy has received over HTTPS: set trustProxy to the number of proxies, or give --cert and --key.",
    );
  }
}

/** Ends with 1 a process that cannot serve, after the stop of all that the app has started in it. */
async function giveUp(app: Application, options: ServeOptions, role: ProcessRole): Promise<never> {
  await app.lifeCycle.stop((options.shutdownTimeout ?? app.config.shutdownTimeout) * 1000, role);
  return process.exit(1);
}

/**
 * Ends the process once a step is done; a second signal ends it at once. The log tells both, once for all workers.
 *
 * A worker ignores a second signal: a terminal, or systemd, signals the worker and the primary, which then tells the worker to stop as
 * well. If the primary ends at once, so does the worker.
 */
function onStop(app: Application, options: ServeOptions, stop: () => Promise<void>): void {
  const tell = (text: string): void => (cluster.isWorker ? undefined : app.logger.info(text));
  let isStopping = false;
  const handle = (signal: string): void => {
    if (isStopping) {
      if (!cluster.isWorker) {
        process.exit(1);
      }
      return;
    }
    isStopping = true;
    const time = options.shutdownTimeout ?? app.config.shutdownTimeout;
    tell(`Stopping the app '${app.name}' (${signal}): requests in flight have ${time} s to finish. A second signal ends it at once.`);
    void stop().then(
      () => {
        tell(`Stopped the app '${app.name}'`);
        process.exit(0);
      },
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", handle);
  process.on("SIGINT", handle);
}

/** Starts the app in the primary process, and its workers after that. A signal that comes meanwhile ends the start. */
async function startPrimary(app: Application, count: number, options: ServeOptions): Promise<void> {
  const shutdownTimeout = options.shutdownTimeout ?? app.config.shutdownTimeout;
  let isStopping = false;
  let workers: Workers | undefined;
  const stop = async (): Promise<void> => {
    isStopping = true;
    await workers?.stop();
    await app.lifeCycle.stop(shutdownTimeout * 1000, "primary");
  };
  onStop(app, options, stop);
  endOnUncaughtError(app, stop);
  try {
    await app.lifeCycle.start("primary");
  } catch (error) {
    if (!isStopping) {
      app.logger.fatal(new StartFailure(app, error).message);
      process.exit(1);
    }
  }
  if (isStopping) {
    return;
  }
  warnAtStart(app);
  const place = findPlace(options);
  if ("path" in place) {
    await removeStaleSocket(place.path);
  }
  const socket = await SharedSocket.bind(place).catch((error: NodeJS.ErrnoException) => {
    app.logger.fatal(explainFailure(error, place));
    return giveUp(app, options, "primary");
  });
  if (isStopping) {
    socket.close();
    return;
  }
  workers = new Workers(count, shutdownTimeout, app.logger, socket);
  process.on("SIGHUP", () => workers?.replace());
  const address = await workers.start();
  if (isStopping) {
    return;
  }
  if (address === undefined) {
    socket.close();
    return giveUp(app, options, "primary");
  }
  app.logger.info(`Serving the app '${app.name}' on ${"path" in place ? place.path : address}, in ${count} workers`);
}
