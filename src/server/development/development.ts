import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { join } from "node:path";
import { maskTarget } from "../../base/secret-names";
import { writeToTerminal } from "../../base/terminal";
import { isUnderCommandLine } from "../../commands/command-line";
import { isLoopback } from "../../http/loopback";
import type { Application } from "../../setup/application";
import { warnAtStart, warnInDevelopment } from "../../setup/start-warnings";
import { Connections } from "../connections";
import { finishAndStop } from "../finish-and-stop";
import { ServedExchange } from "../node/listener";
import { emptyRequestOptions } from "../node/tuning/empty-requests";
import { type Certificate, createNodeServer } from "../node-server";
import { explainFailure } from "../production/listening-place";
import { StartFailure } from "../start-failure";
import { endOnUncaughtError } from "../uncaught-errors";
import { ExtensionPages } from "./extension-pages";
import { LiveReload } from "./live-reload";
import { followParent, isRestarted, portInUseCode, reportLoaded, tellParent } from "./parent-process";
import { Reloader } from "./reloader";
import { provideSecretKey } from "./secret-key";
import { Toolbar } from "./toolbar";

/** Milliseconds between two closings of idle connections while the server stops. */
const stopInterval = 50;

/** Options of `app.run()`. */
export interface RunOptions {
  /** The address. Default: `FLAGON_RUN_HOST` of the environment, or `"127.0.0.1"`, which only this machine reaches. */
  host?: string;
  /** The port. Default: `FLAGON_RUN_PORT` of the environment, or 5000; 0 takes any that is free. */
  port?: number;
  /** Whether errors are shown with their stack, and templates read again. Default: `true` on a loopback address. */
  debug?: boolean;
  /** A certificate with its key, as PEM, to serve HTTPS. Default: none. */
  tls?: Certificate;
  /** Whether the app restarts when its code changes. Default: `true` if `debug` is given as `true`, else `false`. */
  reload?: boolean;
}

/**
 * Serves an app for its developer. It prints the address and a line for each request, makes a secret key if there is
 * none, and reloads the page in the browser after changes.
 *
 * @returns The server; or nothing if a child process serves, which restarts when the code changes.
 */
export function runDevelopmentServer(app: Application, options: RunOptions): Server | undefined {
  if ((options.reload ?? options.debug === true) && !isRestarted() && !isUnderCommandLine()) {
    reloadProgram(app.root, options);
    return undefined;
  }
  if (isRestarted()) {
    followParent();
  }
  const host = options.host ?? process.env.FLAGON_RUN_HOST ?? "127.0.0.1";
  const port = options.port ?? Number(process.env.FLAGON_RUN_PORT ?? 5000);
  const debug = options.debug ?? isLoopback(host);
  process.setSourceMapsEnabled(true);
  app.config.update({ debug });
  app.config.check();
  provideSecretKey(app);
  const liveReload = debug ? new LiveReload(app, [...app.templates.folders, join(app.root, "static")]) : undefined;
  const tools = liveReload === undefined ? [] : [liveReload, new Toolbar(app), new ExtensionPages(app)];
  const inFlight = new Set<ServedExchange>();
  const handle = (message: IncomingMessage, reply: ServerResponse, expectsContinue = false): void => {
    if (tools.some((tool) => tool.answer(message, reply))) {
      return;
    }
    const exchange = new ServedExchange(message, reply, {});
    exchange.expectsContinue = expectsContinue;
    inFlight.add(exchange);
    logAccess(exchange);
    exchange.onEnd(() => {
      exchange.outlive(app);
      inFlight.delete(exchange);
    });
    exchange.start(app);
  };
  const server = createNodeServer(emptyRequestOptions, options.tls, (message, reply) => handle(message, reply));
  server.on("checkContinue", (message, reply) => handle(message, reply, true));
  server.on("error", (error: NodeJS.ErrnoException) => {
    const isInUse = error.code === "EADDRINUSE";
    say(isInUse ? explainPort(host, port) : explainFailure(error, { host, port }));
    void app.lifeCycle.stop().then(() => process.exit(isInUse && isRestarted() ? portInUseCode : 1));
  });
  const serve = (actual: number): string => {
    const scheme = options.tls === undefined ? "http" : "https";
    const name = host.includes(":") ? `[${host}]` : host;
    app.lifeCycle.address = { scheme, host: `${isWildcard(host) ? "localhost" : name}:${actual}` };
    return `${scheme}://${name}:${actual}`;
  };
  app.lifeCycle.mode = "run";
  // Jobs begin with the app, before it listens.
  serve(port);
  const ready = app.lifeCycle.start().then(() => {
    warnAtStart(app);
    return liveReload?.ready;
  });
  const listen = (): Server =>
    server.listen(port, host, () => {
      const address = server.address();
      const actual = typeof address === "object" && address !== null ? address.port : port;
      reportLoaded();
      tellParent({ listening: { host, port: actual } });
      say(` * Serving the Flagon app '${app.name}' for development${debug ? ", with debug on" : ""}`);
      say(` * Running on ${serve(actual)} (press Ctrl+C to stop)`);
      void warnInDevelopment(app);
    });
  let stopped: Promise<void> | undefined;
  ready.then(
    () => (stopped === undefined ? listen() : undefined),
    (error: unknown) => {
      // A signal that comes while the app starts ends the start.
      if (stopped === undefined) {
        say(new StartFailure(app, error).message);
        process.exit(1);
      }
    },
  );
  const stopApp = (): Promise<void> => {
    stopped ??= finishAndStop(app);
    return stopped;
  };
  server.once("close", () => void stopApp());
  const stop = stopOnSignal(server, tools, inFlight, stopApp);
  const forget = endOnUncaughtError(app, stop);
  server.once("close", forget);
  return server;
}

/** Tells whether a host stands for all addresses of this machine, where no link leads. */
function isWildcard(host: string): boolean {
  return /^(?:0\.0\.0\.0|::|)$/.test(host);
}

/** Runs this program in another process, and restarts it when its code changes. */
function reloadProgram(folder: string, { host, port }: RunOptions): void {
  // The loader of TypeScript is among the arguments of Node: ts-node adds itself there.
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const reloader = new Reloader({ folder, command, host, port, say });
  const stop = (): void => void reloader.stop();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  void reloader.ended.then((code) => process.exit(code));
}

function logAccess(exchange: ServedExchange): void {
  const { message, reply } = exchange;
  const { method } = message;
  const start = performance.now();
  exchange.onEnd(() => {
    const time = `${(performance.now() - start).toFixed(1)} ms`;
    const masked = maskTarget(message.url ?? "", exchange.context?.request.viewArgs);
    const target = masked.replace(/[^\x20-\x7e•]/g, (character) => JSON.stringify(character).slice(1, -1));
    say(`${method} ${target} ${reply.writableFinished ? reply.statusCode : "client left"} ${time}`);
  });
}

/**
 * On the first signal, lets requests in flight finish, ends streams of events, stops the app, and ends the process. On the second, ends
 * the process at once.
 *
 * @returns A function that does the same, but leaves the process.
 */
function stopOnSignal(
  server: Server,
  tools: readonly { close(): void }[],
  inFlight: ReadonlySet<ServedExchange>,
  stopApp: () => Promise<void>,
): () => Promise<void> {
  const connections = new Connections(server);
  const closeTools = (): void => {
    for (const tool of tools) {
      tool.close();
    }
  };
  const stop = async (): Promise<void> => {
    closeTools();
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    const end = (): void => {
      for (const exchange of inFlight) {
        exchange.stopEvents();
      }
      server.closeIdleConnections();
      connections.closeSilent();
    };
    end();
    const timer = setInterval(end, stopInterval);
    await closed;
    clearInterval(timer);
    await stopApp();
  };
  const stopOnce = async (): Promise<void> => {
    // The process that restarts this one tells it otherwise.
    const isTold = !isRestarted();
    if (isTold) {
      say(" * Stopping: requests in flight finish first");
    }
    await stop();
    if (isTold) {
      say(" * Stopped");
    }
    // A start or a stop that hangs would keep the process.
    process.exit(0);
  };
  const onSignal = (): void => void stopOnce();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  server.once("close", () => {
    closeTools();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  });
  return stop;
}

function explainPort(host: string, port: number): string {
  const hint =
    port === 5000 && process.platform === "darwin" ? " On macOS it may be the AirPlay Receiver, which the system settings turn off." : "";
  const choice = isUnderCommandLine() ? `npx flagon run --port ${port + 1}` : `app.run({ port: ${port + 1} })`;
  return `Port ${port} on ${host} is in use by another program. Stop that program, or choose another port: ${choice}.${hint}`;
}

function say(line: string): void {
  writeToTerminal(`${line}\n`);
}
