import { type PolicySources, toDirective } from "../../config/policy-setting";

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

/** The directives that a nonce belongs to. Those of elements come before the general ones where a policy has them. */
const nonceDirectives = ["script-src", "style-src", "script-src-elem", "style-src-elem"];

/**
 * Adds a nonce to the directives of a policy for scripts, and to those for styles if there are any (CSP Level 3,
 * sections 2.3.1 and 6.1).
 *
 * Styles with `'unsafe-inline'` get no nonce: it would switch `'unsafe-inline'` off, and styles without a nonce would
 * be lost.
 *
 * @param policy The value of the header: one policy, or several with commas between them, which all hold.
 */
export function addNonce(policy: string, nonce: string): string {
  return policy
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => addNonceToOne(part, nonce))
    .join(", ");
}

function addNonceToOne(policy: string, nonce: string): string {
  const directives = new Map<string, readonly string[]>();
  for (const part of policy.split(";")) {
    const [name = "", ...sources] = part.trim().split(/\s+/);
    // Of two directives of one name, browsers take the first.
    if (name !== "" && !directives.has(name.toLowerCase())) {
      directives.set(name.toLowerCase(), sources);
    }
  }
  const fallback = directives.get("default-src");
  for (const name of nonceDirectives) {
    const isOptional = name.endsWith("-elem");
    const sources = directives.get(name) ?? (isOptional ? undefined : (fallback ?? (name === "script-src" ? ["'self'"] : undefined)));
    const isOpen = name.startsWith("style-") && sources?.some((source) => source.toLowerCase() === "'unsafe-inline'") === true;
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
