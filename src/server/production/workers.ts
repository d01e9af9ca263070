import cluster, { type Worker } from "node:cluster";
import { availableParallelism } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Application } from "../../setup/application";
import { StartFailure } from "../start-failure";
import { type RunningServer, type ServeOptions, serveHere } from "./serve-here";
import { removeStaleSocket } from "./unix-socket";

/** How long is waited before a worker that has ended is replaced: at first, at most, and after how long it counts as healthy, in milliseconds. */
const firstDelay = 100;
const longestDelay = 10_000;
const healthyAfter = 10_000;
/** How long a worker that takes no more connections stays, in milliseconds. */
const handoverTime = 250;

/**
 * Serves an app until a signal tells it to stop: in this process, or in several that share a port.
 *
 * SIGTERM and SIGINT let requests in flight finish; a second one ends at once. SIGHUP replaces the workers one by one, so that a
 * new version takes over without losing a request.
 */
export function serve(app: Application, options: ServeOptions = {}): RunningServer | undefined {
  const workers = options.workers === "auto" ? availableParallelism() : (options.workers ?? 1);
  if (workers > 1 && cluster.isPrimary) {
    app.lifeCycle.start("primary").then(
      () => supervise(app, workers, options),
      (error: unknown) => {
        app.logger.fatal(new StartFailure(app, error).message);
        process.exit(1);
      },
    );
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
    app.logger.fatal(explain(error, options));
    process.exit(1);
  });
  onStop(async () => {
    await running.stop();
    if (cluster.isWorker) {
      // A connection that is on its way from the primary is refused by this process, and handed to another one.
      await wait(handoverTime);
    }
  });
  return running;
}

function explain(error: NodeJS.ErrnoException, { port, socketPath }: ServeOptions): string {
  if (error instanceof StartFailure) {
    return error.message;
  }
  if (error.code === "EADDRINUSE" && socketPath !== undefined) {
    return `The socket '${socketPath}' is in use by another program, or is a file of another kind. Stop that program, or choose another path.`;
  }
  return error.code === "EADDRINUSE"
    ? `The port ${port ?? process.env.FLAGON_SERVE_PORT ?? process.env.PORT ?? 8000} is in use by another program. Stop that, or choose another port.`
    : `The server could not start: ${error.message}`;
}

/** Ends the process once a step is done; a second signal ends it at once. */
function onStop(stop: () => Promise<void>): void {
  let isStopping = false;
  const handle = (): void => {
    if (isStopping) {
      process.exit(1);
    }
    isStopping = true;
    void stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", handle);
  process.on("SIGINT", handle);
}

function supervise(app: Application, count: number, options: ServeOptions): void {
  const started = new Map<Worker, number>();
  /** Those that end because they are told to. */
  const leaving = new Set<Worker>();
  let isStopping = false;
  let hasListened = false;
  let delay = firstDelay;
  const start = (): Worker => {
    const worker = cluster.fork();
    started.set(worker, Date.now());
    return worker;
  };
  cluster.on("exit", (worker, code, signal) => {
    const age = Date.now() - (started.get(worker) ?? 0);
    started.delete(worker);
    if (isStopping || leaving.delete(worker)) {
      return;
    }
    if (!hasListened) {
      // What keeps the very first from starting would keep all others as well; it has said what it is.
      process.exit(1);
    }
    delay = age > healthyAfter ? firstDelay : Math.min(delay * 2, longestDelay);
    app.logger.error(`The worker ${worker.process.pid} ended (${signal ?? code}); another one takes its place in ${delay} ms.`);
    setTimeout(() => (isStopping ? undefined : start()), delay);
  });
  if (options.socketPath === undefined) {
    start();
  } else {
    void removeStaleSocket(options.socketPath).then(start);
  }
  cluster.once("listening", (_, { address, port }) => {
    hasListened = true;
    for (let index = 1; index < count; index++) {
      start();
    }
    const where = options.socketPath ?? `${address ?? "*"}:${port}`;
    app.logger.info(`Serving the app '${app.name}' on ${where}, in ${count} workers`);
  });
  const end = async (worker: Worker): Promise<void> => {
    leaving.add(worker);
    const gone = new Promise((resolve) => worker.once("exit", resolve));
    worker.process.kill("SIGTERM");
    await Promise.race([gone, wait((options.shutdownTimeout ?? 10) * 1000 + 2000)]);
    worker.process.kill("SIGKILL");
  };
  let replacing = Promise.resolve();
  process.on("SIGHUP", () => {
    replacing = replacing.then(async () => {
      for (const old of [...started.keys()]) {
        const next = start();
        await new Promise((resolve) => next.once("listening", resolve));
        await end(old);
      }
      app.logger.info("All workers have been replaced.");
    });
  });
  onStop(async () => {
    isStopping = true;
    await Promise.all([...started.keys()].map(end));
    await app.lifeCycle.stop((options.shutdownTimeout ?? 10) * 1000, "primary");
  });
}
