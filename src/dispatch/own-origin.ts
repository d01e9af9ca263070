import type { Application } from "../setup/application";
import type { Origin } from "../setup/life-cycle";

/** The address of `flagon run`, for a process beside it, such as a command. */
const usual: Origin = { scheme: "http", host: "127.0.0.1:5000" };

/**
 * Returns scheme and host of the links in jobs and mails, which are made outside of a request.
 *
 * They are those of the setting `serverName`. Without it, a test has the host of its test client, and development the address that
 * `flagon run` serves. Production has none: a visitor chooses the host that a request names.
 */
export function findOwnOrigin(app: Application): Origin | undefined {
  const { config, lifeCycle } = app;
  if (config.serverName || config.testing) {
    return findTestOrigin(app);
  }
  return lifeCycle.address ?? (config.debug || lifeCycle.isDevelopment || lifeCycle.mode === "run" ? usual : undefined);
}

/** Returns scheme and host of a request of the test client that names none. */
export function findTestOrigin({ config }: Application): Origin {
  const [trusted = "localhost"] = config.trustedHosts;
  return { scheme: config.preferredUrlScheme, host: config.serverName ?? trusted.replace(/^\./, "") };
}
