import { SetupError } from "../base/errors";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import type { Application } from "../setup/application";
import type { RunOptions } from "./development/development";
import type { ServeOptions } from "./production/serve-here";

const runOptions = Object.keys({ host: true, port: true, debug: true, tls: true, reload: true } satisfies Record<keyof RunOptions, true>);
const serveOptions = Object.keys({
  host: true,
  port: true,
  socketPath: true,
  workers: true,
  healthPath: true,
  shutdownTimeout: true,
  jobs: true,
  tls: true,
} satisfies Record<keyof ServeOptions, true>);

/**
 * Checks the options of `app.run()` or `app.serve()`. An app can share one object between the two: an option of the other one is
 * logged, and left out.
 *
 * @throws {SetupError} If neither of the two has an option, or the port is no number of a port.
 */
export function checkServerOptions(app: Application, options: RunOptions | ServeOptions, call: "run" | "serve"): void {
  const [own, other, otherCall] = call === "run" ? [runOptions, serveOptions, "serve"] : [serveOptions, runOptions, "run"];
  const given: unknown = options;
  if (typeof given === "number") {
    throw new SetupError(`app.${call}() takes an object: app.${call}({ port: ${given} }).`);
  }
  const shared = typeof given === "object" && given !== null ? Object.keys(given).filter((name) => other.includes(name)) : [];
  refuseUnknown(options, [...own, ...shared], `app.${call}()`, SetupError);
  for (const name of shared.filter((one) => !own.includes(one))) {
    app.logger.warn(`app.${call}() has no option '${name}', which belongs to app.${otherCall}(). It is left out.`);
  }
  const { port }: { readonly port?: unknown } = options;
  // Node takes digits too, such as those of process.env.PORT.
  if (port !== undefined && !(isPort(port) || (typeof port === "string" && /^\d+$/.test(port) && isPort(Number(port))))) {
    throw new SetupError(`The option 'port' of app.${call}() must be a whole number from 0 to 65535, but got ${describeGiven(port)}.`);
  }
}

function isPort(port: unknown): boolean {
  return typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65_535;
}
