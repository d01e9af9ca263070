import type { Config } from "../../config/config";
import type { FlagonResponse } from "./response";
import { addDefaults, peekHeader } from "./response-headers";

const always: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-frame-options": "SAMEORIGIN",
};
const withHtml: Readonly<Record<string, string>> = {
  "content-security-policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
  "cross-origin-opener-policy": "same-origin",
};

/** The headers of every response that does not set them itself. */
export class DefaultHeaders {
  readonly #always: readonly string[];
  readonly #withHtml: readonly string[];

  /** @param config Its `defaultHeaders` add to the built-in ones, change them, or take them away by `null`. */
  constructor({ defaultHeaders }: Config) {
    const changes = new Map(Object.entries(defaultHeaders).map(([name, value]) => [name.toLowerCase(), value]));
    const apply = (headers: Readonly<Record<string, string>>): string[] =>
      Object.entries(headers).flatMap(([name, value]) => {
        const changed = changes.get(name);
        return changed === null ? [] : [name, changed ?? value];
      });
    const added = [...changes].flatMap(([name, value]) => (value === null || name in always || name in withHtml ? [] : [name, value]));
    this.#always = [...apply(always), ...added];
    this.#withHtml = [...this.#always, ...apply(withHtml)];
  }

  /** Adds them to a response. */
  apply({ headers }: FlagonResponse): void {
    addDefaults(headers, peekHeader(headers, "content-type")?.startsWith("text/html") === true ? this.#withHtml : this.#always);
  }

  /** Tells whether a header is one of them, with its very value. */
  includes(name: string, value: string): boolean {
    return this.#withHtml.some((entry, index) => index % 2 === 0 && entry === name && this.#withHtml[index + 1] === value);
  }
}
