import { parseCookies } from "../http/cookies";

interface StoredCookie {
  readonly name: string;
  /** The value as it was sent, quotes and all. */
  readonly value: string;
  readonly domain: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
  readonly expires: number;
}

/** Keeps cookies as a browser does: by host, path and `Secure`, until they expire (RFC 6265, section 5). */
export class CookieJar {
  #cookies: StoredCookie[] = [];

  /**
   * Takes in the `Set-Cookie` headers of a response.
   *
   * @internal
   */
  store(url: URL, headers: readonly string[]): void {
    for (const header of headers) {
      const cookie = parseSetCookie(url, header);
      if (cookie !== undefined) {
        const isSame = (other: StoredCookie): boolean =>
          other.name === cookie.name && other.domain === cookie.domain && other.path === cookie.path;
        this.#cookies = [...this.#cookies.filter((other) => !isSame(other)), cookie].filter(({ expires }) => expires > Date.now());
      }
    }
  }

  /**
   * Formats the `Cookie` header for a request, or gives `undefined` when none applies.
   *
   * @internal
   */
  format(url: URL): string | undefined {
    const now = Date.now();
    const applying = this.#cookies.filter(
      (cookie) =>
        cookie.expires > now &&
        (cookie.domain === url.hostname || (!cookie.isHostOnly && url.hostname.endsWith(`.${cookie.domain}`))) &&
        (url.pathname === cookie.path || url.pathname.startsWith(cookie.path.endsWith("/") ? cookie.path : `${cookie.path}/`)) &&
        (!cookie.isSecure || url.protocol === "https:"),
    );
    return applying.length === 0 ? undefined : applying.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /**
   * Returns the value of a cookie that would be sent to a URL, or `undefined`.
   *
   * @param url The URL.
   */
  get(url: URL, name: string): string | undefined {
    return parseCookies(this.format(url) ?? "")[name];
  }

  /**
   * Sets a cookie by hand, as the `Set-Cookie` header would.
   *
   * @param url The URL that sets the cookie.
   * @param header The value of `Set-Cookie`, such as `"theme=dark; Path=/"`.
   */
  set(url: URL, header: string): void {
    this.store(url, [header]);
  }

  /** Forgets all cookies. */
  clear(): void {
    this.#cookies = [];
  }
}

function parseSetCookie(url: URL, header: string): StoredCookie | undefined {
  const [pair = "", ...attributes] = header.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  if (equals < 1) {
    return undefined;
  }
  const options = new Map(
    attributes.map((attribute) => {
      const [key = "", ...value] = attribute.split("=");
      return [key.toLowerCase(), value.join("=")] as const;
    }),
  );
  const domain = options.get("domain")?.replace(/^\./, "").toLowerCase();
  if (domain !== undefined && domain !== url.hostname && !url.hostname.endsWith(`.${domain}`)) {
    return undefined;
  }
  const maxAge = /^-?\d+$/.exec(options.get("max-age") ?? "")?.[0];
  const expires = Date.parse(options.get("expires") ?? "");
  const path = options.get("path") ?? "";
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    domain: domain ?? url.hostname,
    isHostOnly: domain === undefined,
    // RFC 6265, section 5.1.4: without a path, it is the folder of the URL.
    path: path.startsWith("/") ? path : url.pathname.replace(/\/[^/]*$/, "") || "/",
    isSecure: options.has("secure"),
    expires: maxAge !== undefined ? Date.now() + Number(maxAge) * 1000 : Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires,
  };
}
