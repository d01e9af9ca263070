import type { Flagon } from "../app";
import type { Finding } from "../setup/registry";
import { findMisplacedSettings, findMissingFolders, findMissingKey } from "../setup/start-warnings";
import { findEndOfLife } from "./node-releases";

/**
 * Looks for settings that should not be in production.
 *
 * The cookie of the session is checked if the app has a secret key, or seems to use sessions. A JSON service does neither.
 */
export function checkDeployment(app: Flagon, nodeVersion: string = process.versions.node, today: Date = new Date()): Finding[] {
  const { config, routes } = app;
  const findings: Finding[] = [];
  const check = (isWrong: boolean, problem: string, cure: string): void => {
    if (isWrong) {
      findings.push({ problem, cure });
    }
  };
  const key = config.secretKey;
  const missingKey = findMissingKey(app);
  const hasSessions = key !== null || missingKey !== undefined;
  const cookie = { isAlwaysSecure: config.sessionCookieSecure === true, isNeverSecure: config.sessionCookieSecure === false };
  if (missingKey !== undefined) {
    findings.push(missingKey);
  }
  check(key !== null && key.length < 32, "The secret key is short, which makes it easy to guess.", "Make one: npx flagon secret");
  check(
    typeof key === "string" && /secret|changeme|change-me|password|test|dev|^(.)\1*$/i.test(key),
    "The secret key looks like one from an example.",
    "Make one: npx flagon secret",
  );
  check(
    config.secretKeyFallbacks.some((former) => former.length < 32),
    "A key in 'secretKeyFallbacks' is short: sessions can be forged with it.",
    "Remove it from the list. Visitors with a session of that key log in again.",
  );
  check(config.debug, "The setting 'debug' is on, which shows errors to visitors.", "Set FLAGON_DEBUG=false, or leave it out.");
  check(config.testing, "The setting 'testing' is on, so errors without a handler are thrown, not answered.", "Leave it out.");
  check(
    config.trustedHosts.length === 0,
    "'trustedHosts' is empty: every Host header is accepted, so an attacker can change the domain in your links.",
    'Set trustedHosts, such as ["example.com"], or FLAGON_TRUSTED_HOSTS=example.com.',
  );
  check(
    hasSessions && cookie.isNeverSecure,
    "The session cookie is also sent without HTTPS.",
    'Set sessionCookieSecure to true, or "auto".',
  );
  check(
    hasSessions && !cookie.isNeverSecure && !cookie.isAlwaysSecure && config.trustProxy === 0 && !config.isSet("trustProxy"),
    "No proxy is trusted: behind a proxy with HTTPS the session cookie is not marked Secure.",
    "Set trustProxy to the number of proxies in front of the app: 0 says that there is none. Or set sessionCookieSecure to true.",
  );
  check(
    hasSessions && config.sessionCookieSameSite === "None",
    "The session cookie is sent with requests from other sites.",
    'Set sessionCookieSameSite to "Lax".',
  );
  check(!config.csrf, "Requests from other sites are not refused.", "Set csrf to true.");
  const endOfLife = findEndOfLife(nodeVersion);
  if (endOfLife !== undefined && endOfLife <= today) {
    findings.push({
      problem: `Node ${nodeVersion} gets no more security fixes since ${endOfLife.toISOString().slice(0, 10)}.`,
      cure: "Use a line of Node that gets them: https://nodejs.org/en/about/previous-releases",
      // Flagon supports the line, and an app cannot choose it where a platform does.
      isWarning: true,
    });
  }
  findings.push(...findMisplacedSettings(app), ...findMissingFolders(app));
  check(routes.length === 0, "The app has no routes.", "Register its controllers.");
  return findings;
}

/** Collects the findings of extensions, such as pending migrations. The error of one that fails is a finding. */
export async function checkExtensions(app: Flagon): Promise<readonly Finding[]> {
  const found = app.registry.deploymentChecks.map(async (check) => {
    try {
      return await check();
    } catch (error) {
      return [{ problem: error instanceof Error ? error.message : String(error), cure: "Fix that, and check again." }];
    }
  });
  return (await Promise.all(found)).flat();
}
