/** The settings that depend on each other. */
interface Dependent {
  readonly sessionEncrypted?: unknown;
  readonly sessionDigest?: unknown;
  readonly sessionCookieName?: unknown;
  readonly sessionCookieSecure?: unknown;
  readonly sessionCookieSameSite?: unknown;
  readonly sessionCookiePath?: unknown;
  readonly sessionCookieDomain?: unknown;
  readonly sessionCookiePartitioned?: unknown;
}

/**
 * Lists the settings that contradict each other.
 *
 * Browsers drop cookies that break the rules of their attributes (RFC 6265bis, section 5.7) without a word. The visitor would
 * be logged out by every page.
 */
export function findConflicts(settings: Dependent): string[] {
  const { sessionCookieDomain, sessionCookieName, sessionCookiePath, sessionCookieSameSite, sessionCookieSecure } = settings;
  const problems: string[] = [];
  if (settings.sessionEncrypted === true && settings.sessionDigest === "sha1") {
    problems.push("The setting 'sessionEncrypted' cannot be on while 'sessionDigest' is \"sha1\": Flask could not read the sessions.");
  }
  const [, prefix = ""] = /^(__(?:host|secure)-)/i.exec(String(sessionCookieName)) ?? [];
  const reason =
    prefix !== ""
      ? `its name begins with '${prefix}'`
      : sessionCookieSameSite === "None"
        ? "'sessionCookieSameSite' is \"None\""
        : undefined;
  if (sessionCookieSecure === false && settings.sessionCookiePartitioned !== true && reason !== undefined) {
    problems.push(
      `Browsers drop the session cookie: 'sessionCookieSecure' is false, and ${reason}. Set sessionCookieSecure to true or "auto".`,
    );
  }
  if (/^__host-/i.test(prefix) && sessionCookieDomain !== null) {
    problems.push(
      `Browsers drop the session cookie: its name begins with '${prefix}', and 'sessionCookieDomain' is set. Remove one of them.`,
    );
  }
  if (/^__host-/i.test(prefix) && sessionCookiePath !== null && sessionCookiePath !== "/") {
    problems.push(
      `Browsers drop the session cookie: its name begins with '${prefix}', and 'sessionCookiePath' is not "/". Change one of them.`,
    );
  }
  return problems;
}
