import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { join } from "node:path";
import { writeToTerminal } from "../../base/terminal";
import { isUnderCommandLine } from "../../commands/command-line";
import { isLoopback } from "../../http/loopback";
import type { Application } from "../../setup/application";
import { createListener } from "../node/listener";
import { type Certificate, createNodeServer } from "../node-server";
import { StartFailure } from "../start-failure";
import { LiveReload } from "./live-reload";
import { Reloader } from "./reloader";
import { provideSecretKey } from "./secret-key";
import { Toolbar } from "./toolbar";

/** The time for the functions of `onStop`, in milliseconds. */
const stopTime = 10_000;

/** Where the development server listens. */
export interface RunOptions {
  /** The address. Default: `FLAGON_RUN_HOST` of the environment, or `"127.0.0.1"`, which only this machine reaches. */
  host?: string;
  /** The port. Default: `FLAGON_RUN_PORT` of the environment, or 5000; 0 takes any that is free. */
  port?: number;
  /** Whether errors are shown with their stack, and templates read again. Default: `true` on a loopback address. */
  debug?: boolean;
  /** A certificate with its key, as PEM, to serve HTTPS. Default: none. */
  tls?: Certificate;
  /** Whether the app is started anew when its code changes. Default: `true` if `debug` is given as `true`, else `false`. */
  reload?: boolean;
}

/**
 * Serves an app for its developer: says where, writes a line for each request, makes a secret key if there is none, and
 * keeps the browser's page up to date.
 *
 * @returns The server; or nothing if another process serves, which is started anew when the code changes.
 */
export function runDevelopmentServer(app: Application, options: RunOptions): Server | undefined {
  const isReloaded = process.env.FLAGON_RELOADED === "1";
  if ((options.reload ?? options.debug === true) && !isReloaded && !isUnderCommandLine()) {
    reloadProgram(app.root);
    return undefined;
  }
  if (isReloaded) {
    endWithParent();
  }
  const host = options.host ?? process.env.FLAGON_RUN_HOST ?? "127.0.0.1";
  const port = options.port ?? Number(process.env.FLAGON_RUN_PORT ?? 5000);
  const debug = options.debug ?? isLoopback(host);
  process.setSourceMapsEnabled(true);
  app.config.update({ debug });
  provideSecretKey(app);
  const tools = debug ? [new LiveReload(app, [...app.templates.folders, join(app.root, "static")]), new Toolbar(app)] : [];
  const listener = createListener(app);
  const handle = (message: IncomingMessage, reply: ServerResponse): void => {
    if (!tools.some((tool) => tool.answer(message, reply))) {
      logAccess(message, reply);
      listener(message, reply);
    }
  };
  const server = createNodeServer({}, options.tls, handle);
  server.on("error", (error: NodeJS.ErrnoException) => {
    say(error.code === "EADDRINUSE" ? explainPort(host, port) : `The server could not start: ${error.message}`);
    process.exit(1);
  });
  app.lifeCycle.mode = "run";
  const ready = app.lifeCycle.start();
  const listen = (): Server =>
    server.listen(port, host, () => {
      const address = server.address();
      const actual = typeof address === "object" && address !== null ? address.port : port;
      say(` * Serving the Flagon app '${app.name}' for development${debug ? ", with debug on" : ""}`);
      say(
        ` * Running on ${options.tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${actual} (press Ctrl+C to stop)`,
      );
    });
  ready.then(listen, (error: unknown) => {
    say(new StartFailure(app, error).message);
    process.exit(1);
  });
  server.once("close", () => void app.lifeCycle.stop(stopTime));
  stopOnSignal(server, tools);
  return server;
}

/** Runs this very program again in another process, and once more whenever code below a folder changes. */
function reloadProgram(folder: string): void {
  // What loads TypeScript is among the arguments of Node: ts-node puts itself there.
  const reloader = new Reloader(folder, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], say);
  const stop = (): void => void reloader.stop().then(() => process.exit());
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** Whoever started this process is gone, so that nobody would ever end it. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => (process.ppid === parent ? undefined : process.exit()), 500).unref();
}

function logAccess({ method, url }: IncomingMessage, reply: ServerResponse): void {
  const start = performance.now();
  reply.once("close", () => {
    const time = `${(performance.now() - start).toFixed(1)} ms`;
    const target = (url ?? "").replace(/[^\x20-\x7e]/g, (character) => JSON.stringify(character).slice(1, -1));
    say(`${method} ${target} ${reply.writableFinished ? reply.statusCode : "client left"} ${time}`);
  });
}

/** Lets requests in flight finish on the first signal; the second ends the process at once. */
function stopOnSignal(server: Server, tools: readonly { close(): void }[]): void {
  const closeTools = (): void => {
    for (const tool of tools) {
      tool.close();
    }
  };
  const stop = (): void => {
    closeTools();
    server.close();
    server.closeIdleConnections();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  server.once("close", () => {
    closeTools();
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  });
}

function explainPort(host: string, port: number): string {
  const hint =
    port === 5000 && process.platform === "darwin" ? " On macOS it may be the AirPlay Receiver, which the system settings turn off." : "";
  return `Port ${port} on ${host} is in use by another program. Stop that program, or choose another port: ${isUnderCommandLine() ? `flagon run --port ${port + 1}` : `app.run({ port: ${port + 1} })`}.${hint}`;
}

function say(line: string): void {
  writeToTerminal(`${line}\n`);
}
