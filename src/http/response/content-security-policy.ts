import type { PolicySources } from "../../config/policy-setting";

const defaults: Readonly<Record<string, PolicySources>> = { "object-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'self'" };

/**
 * Formats the header `Content-Security-Policy`: Flagon's own directives, and the app's over them.
 *
 * @param policy The directives by name, in the spelling of the header or in camelCase; or the whole header.
 */
export function formatPolicy(policy: string | Readonly<Record<string, PolicySources>>): string {
  if (typeof policy === "string") {
    return policy;
  }
  const directives = new Map(Object.entries(defaults));
  for (const [name, sources] of Object.entries(policy)) {
    directives.set(toDirective(name), sources);
  }
  return [...directives].flatMap(([name, sources]) => (sources === null ? [] : [formatDirective(name, sources)])).join("; ");
}

/**
 * Adds a nonce to the directives of a policy for scripts, and to those for styles if there are any (CSP Level 3,
 * section 2.3.1).
 *
 * Styles with `'unsafe-inline'` get no nonce: it would switch `'unsafe-inline'` off, and styles without a nonce would
 * be lost.
 */
export function addNonce(policy: string, nonce: string): string {
  const directives = new Map(
    policy.split(";").flatMap((part): [string, string[]][] => {
      const [name = "", ...sources] = part.trim().split(/\s+/);
      return name === "" ? [] : [[name.toLowerCase(), sources]];
    }),
  );
  const fallback = directives.get("default-src");
  for (const name of ["script-src", "style-src"]) {
    const sources = directives.get(name) ?? fallback ?? (name === "script-src" ? ["'self'"] : undefined);
    const isOpen = name === "style-src" && sources?.some((source) => source.toLowerCase() === "'unsafe-inline'") === true;
    if (sources !== undefined && !isOpen) {
      directives.set(name, [...sources.filter((source) => source.toLowerCase() !== "'none'"), `'nonce-${nonce}'`]);
    }
  }
  return [...directives].map(([name, sources]) => formatDirective(name, sources)).join("; ");
}

function formatDirective(name: string, sources: string | readonly string[]): string {
  const text = typeof sources === "string" ? sources : sources.join(" ");
  return text === "" ? name : `${name} ${text}`;
}

function toDirective(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
