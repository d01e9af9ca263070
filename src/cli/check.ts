import type { Flagon } from "../app";
import type { Finding } from "../setup/registry";

/** Looks for what is not to be in production. */
export function checkDeployment({ config, routes }: Flagon, nodeVersion: string = process.versions.node): Finding[] {
  const findings: Finding[] = [];
  const check = (isWrong: boolean, problem: string, cure: string): void => {
    if (isWrong) {
      findings.push({ problem, cure });
    }
  };
  const key = config.secretKey;
  check(key === null, "There is no secret key: sessions cannot be written.", "Set FLAGON_SECRET_KEY; npx flagon secret makes one.");
  check(key !== null && key.length < 32, "The secret key is short, which makes it easy to guess.", "Make one: npx flagon secret");
  check(
    typeof key === "string" && /secret|changeme|change-me|password|test|dev|^(.)\1*$/i.test(key),
    "The secret key looks like one from an example.",
    "Make one: npx flagon secret",
  );
  check(config.debug, "The setting 'debug' is on, which shows errors to visitors.", "Set FLAGON_DEBUG=false, or leave it out.");
  check(config.testing, "The setting 'testing' is on, which lets errors through.", "Leave it out.");
  check(
    config.trustedHosts.length === 0,
    "Any host is answered for, so that links may be made to lead elsewhere.",
    'Set trustedHosts, such as ["example.com"].',
  );
  check(
    config.sessionCookieSecure === false,
    "The session cookie is also sent without HTTPS.",
    'Set sessionCookieSecure to true, or "auto".',
  );
  check(
    config.sessionCookieSecure === "auto" && config.trustProxy === 0,
    "No proxy is trusted, so that behind one the session cookie is not marked Secure.",
    "Set trustProxy to the number of proxies in front of the app, or sessionCookieSecure to true.",
  );
  check(
    config.sessionCookieSameSite === "None",
    "The session cookie is sent with requests from other sites.",
    'Set sessionCookieSameSite to "Lax".',
  );
  check(!config.csrf, "Requests from other sites are not refused.", "Set csrf to true.");
  check(Number(nodeVersion.split(".")[0]) < 20, `Node ${nodeVersion} gets no more security fixes.`, "Use Node 20 or later.");
  check(routes.length === 0, "The app has no routes.", "Register its controllers.");
  return findings;
}

/** Looks for what extensions do not want in production, such as migrations that are pending. One that cannot tell says why. */
export async function checkExtensions({ registry }: Flagon): Promise<readonly Finding[]> {
  const found = registry.deploymentChecks.map(async (check) => {
    try {
      return await check();
    } catch (error) {
      return [{ problem: error instanceof Error ? error.message : String(error), cure: "Fix that, and check again." }];
    }
  });
  return (await Promise.all(found)).flat();
}
