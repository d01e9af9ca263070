import type { Config } from "../../config/config";
import type { StrictTransportSecurity } from "../../config/settings";
import { addNonce, formatPolicy } from "./content-security-policy";
import type { FlagonResponse } from "./response";
import { addDefaults, peekHeader } from "./response-headers";

const always: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-frame-options": "SAMEORIGIN",
};
const policyHeader = "content-security-policy";
const htmlHeaders: Readonly<Record<string, string>> = {
  [policyHeader]: "",
  "cross-origin-opener-policy": "same-origin",
};

/** The headers of every response that does not set them itself. */
export class DefaultHeaders {
  readonly #always: readonly string[];
  readonly #htmlHeaders: readonly string[];
  readonly #withHttps: readonly string[];

  /** @param config Its `defaultHeaders` add to the built-in ones, change them, or remove them by `null`. */
  constructor({ contentSecurityPolicy, defaultHeaders, strictTransportSecurity }: Config) {
    const changes = new Map(Object.entries(defaultHeaders).map(([name, value]) => [name.toLowerCase(), value]));
    const apply = (headers: Readonly<Record<string, string>>): string[] =>
      Object.entries(headers).flatMap(([name, value]) => {
        const changed = changes.get(name);
        return changed === null ? [] : [name, changed ?? value];
      });
    const added = [...changes].flatMap(([name, value]) => (value === null || name in always || name in htmlHeaders ? [] : [name, value]));
    this.#always = [...apply(always), ...added];
    const policy = contentSecurityPolicy === null ? "" : formatPolicy(contentSecurityPolicy);
    const pageHeaders = Object.entries(htmlHeaders).map(([name, value]) => [name, name === policyHeader ? policy : value]);
    this.#htmlHeaders = [...this.#always, ...apply(Object.fromEntries(pageHeaders.filter(([, value]) => value !== "")))];
    this.#withHttps = strictTransportSecurity === null ? [] : ["strict-transport-security", formatTransport(strictTransportSecurity)];
  }

  /** Whether the policy of pages limits their styles, so that a style in a page needs a nonce. */
  get limitsStyles(): boolean {
    const place = this.#htmlHeaders.indexOf(policyHeader);
    return place % 2 === 0 && /(?:^|[;,])\s*(?:default-src|style-src(?:-elem)?)\s/i.test(this.#htmlHeaders[place + 1] ?? "");
  }

  /** Adds them to a response. */
  apply({ headers }: FlagonResponse): void {
    addDefaults(headers, peekHeader(headers, "content-type")?.startsWith("text/html") === true ? this.#htmlHeaders : this.#always);
  }

  /** Adds `Strict-Transport-Security` to a response over HTTPS (RFC 6797, section 7.2: never over HTTP). */
  applyHttps({ headers }: FlagonResponse): void {
    addDefaults(headers, this.#withHttps);
  }

  /** Whether responses over HTTPS have `Strict-Transport-Security`. */
  get concernsHttps(): boolean {
    return this.#withHttps.length > 0;
  }

  /** Tells whether a header is one of them, with the same value. */
  includes(name: string, value: string): boolean {
    return this.#htmlHeaders.some((entry, index) => index % 2 === 0 && entry === name && this.#htmlHeaders[index + 1] === value);
  }
}

/**
 * Names a nonce in the policies of a page, also in those that only report. A 304 loses its policies: the client keeps the page
 * with the nonce that is in it.
 */
export function applyNonce({ headers, status }: FlagonResponse, nonce: string): void {
  for (const header of [policyHeader, `${policyHeader}-report-only`]) {
    const policy = headers.get(header);
    if (policy !== null && status !== 304) {
      headers.set(header, addNonce(policy, nonce));
    } else if (policy !== null) {
      headers.delete(header);
    }
  }
}

function formatTransport({ includeSubDomains = false, maxAge, preload = false }: StrictTransportSecurity): string {
  return [`max-age=${maxAge}`, ...(includeSubDomains ? ["includeSubDomains"] : []), ...(preload ? ["preload"] : [])].join("; ");
}
