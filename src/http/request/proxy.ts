import { ConfigError } from "../../base/errors";
import { lazily } from "../../base/lazily";
import type { TrustProxy } from "../../config/settings";
import type { RequestSource } from "./request-source";

const loadProxyAddr = lazily((): typeof import("proxy-addr") => require("proxy-addr"));

/** The client of a request, and the address that the client asked. */
export interface Connection {
  /** The address of the client. */
  readonly remoteAddress: string;
  /** The addresses on the way: the client's first, then those of the proxies that are believed. */
  readonly route: readonly string[];
  /** The scheme that the client used. */
  readonly scheme: "http" | "https";
  /** The host that the client asked for. */
  readonly host: string;
  /** The path under which the client sees the app, without a slash at the end, or `null` if no proxy says so. */
  readonly prefix: string | null;
}

/**
 * Decides what is believed of the `X-Forwarded-…` headers: for address, scheme, host, port and prefix alike.
 *
 * Each proxy that is trusted adds one value at the right of a list; what stands further left may come from anybody.
 */
export class ProxyTrust {
  readonly #trusts: (address: string, hop: number) => boolean;

  /**
   * @param trust How many proxies stand in front of the app; or their addresses: `"loopback"`, `"10.0.0.0/8"`, or a list.
   * @throws {ConfigError} If an address cannot be read.
   */
  constructor(trust: TrustProxy) {
    if (typeof trust === "number") {
      this.#trusts = (_, hop) => hop < trust;
      return;
    }
    try {
      this.#trusts = loadProxyAddr().compile(typeof trust === "string" ? trust.split(",").map((part) => part.trim()) : [...trust]);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(
        `The setting 'trustProxy' must be a number of proxies, or addresses such as "loopback" and "10.0.0.0/8": ${reason}.`,
        { cause },
      );
    }
  }

  /** Finds out who a request came from. */
  resolve(source: RequestSource): Connection {
    const forwarded = source.header("x-forwarded-for")?.split(",") ?? [];
    // From the peer on, as long as each is trusted: the first that is not is the client.
    const all = [source.remoteAddress, ...forwarded.map((address) => address.trim()).reverse()];
    const untrusted = all.findIndex((address, hop) => !this.#trusts(address, hop));
    const addresses = untrusted < 0 ? all : all.slice(0, untrusted + 1);
    const hops = untrusted === 0 ? 0 : Math.max(1, addresses.length - 1);
    const read = (name: string): string | undefined => (hops === 0 ? undefined : nthFromRight(source.header(name), hops));
    const scheme = read("x-forwarded-proto")?.toLowerCase();
    return {
      remoteAddress: addresses.at(-1) ?? "",
      route: [...addresses].reverse(),
      scheme: scheme === "http" || scheme === "https" ? scheme : source.scheme,
      host: withPort(read("x-forwarded-host") ?? source.header("host") ?? "", read("x-forwarded-port")),
      prefix: normalizePrefix(read("x-forwarded-prefix")),
    };
  }
}

/** Returns the value that the outermost trusted proxy added; where not every proxy adds one, the leftmost there is. */
function nthFromRight(header: string | undefined, hops: number): string | undefined {
  const values = header?.split(",").map((value) => value.trim());
  const value = values?.[Math.max(0, values.length - hops)];
  return value === "" ? undefined : value;
}

function withPort(host: string, port: string | undefined): string {
  return port === undefined || !/^\d{1,5}$/.test(port) ? host : `${host.replace(/:\d+$/, "")}:${port}`;
}

/** A prefix that would name another host, or end a header, is not one. */
function normalizePrefix(prefix: string | undefined): string | null {
  return prefix !== undefined && /^(?:\/[\w.~!$&'()*+;=:@%-]+)*\/?$/.test(prefix) ? prefix.replace(/\/$/, "") : null;
}
