import { compileNetworks, type TrustedProxies, type TrustProxy } from "../../config/trust-proxy";
import { normalizeAddress } from "../network-address";
import type { RequestSource } from "./request-source";

/** The client and the server of a request, as its trusted proxies state them. */
export interface Connection {
  /** The address of the client. */
  readonly remoteAddress: string;
  /** The addresses on the way: that of the client first, then those of the trusted proxies. */
  readonly route: readonly string[];
  /** The scheme that the client used. */
  readonly scheme: "http" | "https";
  /** The host that the client asked for. */
  readonly host: string;
  /** The path under which the client sees the app, without a slash at the end, or `null` if no trusted proxy states one. */
  readonly prefix: string | null;
}

/** Creates the trust of the setting `trustProxy`, or gives `null` if it trusts no proxy. */
export function createProxyTrust(setting: TrustProxy): ProxyTrust | null {
  const proxies: TrustedProxies = typeof setting === "object" && "hops" in setting ? setting : { hops: setting };
  return proxies.hops === 0 ? null : new ProxyTrust(proxies);
}

/**
 * Decides which `X-Forwarded-…` headers are believed, for address, scheme, host, port and prefix alike.
 *
 * Each trusted proxy adds one value at the right end of a list. The values to the left of those may come from anybody.
 */
export class ProxyTrust {
  /** The number of proxies, or a test of their addresses. */
  readonly #proxies: number | ((address: string) => boolean);
  readonly #trusted: TrustedProxies;

  /**
   * @param trusted The proxies, and the headers that are believed besides X-Forwarded-For and X-Forwarded-Proto.
   * @throws {ConfigError} If an address is malformed.
   */
  constructor(trusted: TrustedProxies) {
    const { hops } = trusted;
    this.#trusted = trusted;
    this.#proxies = typeof hops === "number" ? hops : compileNetworks(hops);
  }

  /** Finds the client and the server of a request. */
  resolve(source: RequestSource): Connection {
    const { host, port, prefix } = this.#trusted;
    const addresses = this.#findAddresses(source);
    const hops = addresses.length - 1;
    const read = (name: string, isBelieved: boolean): string | undefined =>
      isBelieved && hops > 0 ? nthFromRight(source.header(name), hops) : undefined;
    // Some proxies, such as Traefik, name the scheme of a web socket: its handshake is a request over HTTP.
    const scheme = read("x-forwarded-proto", true)
      ?.toLowerCase()
      .replace(/^ws(?=s?$)/, "http");
    const ends = addresses.filter((address) => address !== null);
    return {
      remoteAddress: ends.at(-1) ?? "",
      route: ends.reverse(),
      scheme: scheme === "http" || scheme === "https" ? scheme : source.scheme,
      host: withPort(read("x-forwarded-host", host === true) ?? source.header("host") ?? "", read("x-forwarded-port", port === true)),
      prefix: normalizePrefix(read("x-forwarded-prefix", prefix === true)),
    };
  }

  /**
   * Lists the addresses from the peer to the client: one for each trusted proxy, and the client. An address that is not
   * known is `null`: a trusted peer states the scheme, even if it states no address. If the list has the peer alone, no
   * header is believed.
   */
  #findAddresses(source: RequestSource): (string | null)[] {
    const peer = normalizeAddress(source.remoteAddress) ?? source.remoteAddress;
    const header = source.header("x-forwarded-for");
    const forwarded = (header?.split(",") ?? []).map((address) => normalizeAddress(address.trim())).reverse();
    const proxies = this.#proxies;
    if (typeof proxies === "number") {
      const believed = forwarded.slice(0, proxies).filter((address) => address !== undefined);
      if (believed.length === proxies) {
        return [peer, ...believed];
      }
      // A request with fewer addresses has not come through all proxies, unless they state none at all.
      return header === undefined || proxies === 1 ? [peer, ...new Array<null>(proxies).fill(null)] : [peer];
    }
    if (!proxies(peer)) {
      return [peer];
    }
    const addresses = [peer];
    for (const address of forwarded) {
      if (address === undefined || !proxies(addresses.at(-1) ?? "")) {
        break;
      }
      addresses.push(address);
    }
    return addresses.length === 1 ? [peer, null] : addresses;
  }
}

/** Returns the value that the outermost trusted proxy added. Where not every proxy adds one, it is the leftmost. */
function nthFromRight(header: string | undefined, hops: number): string | undefined {
  const values = header?.split(",").map((value) => value.trim());
  const value = values?.[Math.max(0, values.length - hops)];
  return value === "" ? undefined : value;
}

function withPort(host: string, port: string | undefined): string {
  const isPort = port !== undefined && /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= 65_535;
  return isPort ? `${host.replace(/:\d+$/, "")}:${port}` : host;
}

/** Refuses a prefix that would name another host, or end a header. */
function normalizePrefix(prefix: string | undefined): string | null {
  return prefix !== undefined && /^(?:\/[\w.~!$&'()*+;=:@%-]+)*\/?$/.test(prefix) ? prefix.replace(/\/$/, "") : null;
}
