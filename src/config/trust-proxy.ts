import { ConfigError } from "../base/errors";
import { lazily } from "../base/lazily";
import { isWholeFrom } from "./setting-check";

const loadProxyAddr = lazily((): typeof import("proxy-addr") => require("proxy-addr"));

/** The trusted proxies, with the headers that they set besides `X-Forwarded-For` and `X-Forwarded-Proto`. */
export interface TrustedProxies {
  /** The number of proxies in front of the app, or their addresses: `"loopback"`, `"10.0.0.0/8"`, or a list. */
  readonly hops: number | string | readonly string[];
  /** Whether each proxy sets `X-Forwarded-Host`. Default: `false`. */
  readonly host?: boolean;
  /** Whether each proxy sets `X-Forwarded-Port`. Default: `false`. */
  readonly port?: boolean;
  /** Whether each proxy sets `X-Forwarded-Prefix`. Default: `false`. */
  readonly prefix?: boolean;
}

/** The trusted proxies: their number, their addresses, or an object that also names the headers that they set. */
export type TrustProxy = number | string | readonly string[] | TrustedProxies;

/** Tells whether a value states trusted proxies. */
export function isTrustProxy(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return areProxies(value);
  }
  return (
    "hops" in value &&
    Object.entries(value).every(([key, item]) =>
      key === "hops" ? areProxies(item) : ["host", "port", "prefix"].includes(key) && typeof item === "boolean",
    )
  );
}

/**
 * Makes a test of addresses.
 *
 * @param networks Addresses, networks such as `"10.0.0.0/8"`, and names such as `"loopback"`: a list, or one text with commas.
 * @throws {ConfigError} If one of them is malformed.
 */
export function compileNetworks(networks: string | readonly string[]): (address: string) => boolean {
  try {
    const trusts = loadProxyAddr().compile(typeof networks === "string" ? networks.split(",").map((part) => part.trim()) : [...networks]);
    return (address) => trusts(address, 0);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `The setting 'trustProxy' must be a number of proxies, or addresses such as "loopback" and "10.0.0.0/8": ${reason}.`,
      { cause },
    );
  }
}

function areProxies(value: unknown): boolean {
  return isWholeFrom(value, 0) || (isListOfTexts(value) && areNetworks(value));
}

function isListOfTexts(value: unknown): value is string | readonly string[] {
  return typeof value === "string"
    ? value !== ""
    : Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string" && item !== "");
}

function areNetworks(networks: string | readonly string[]): boolean {
  try {
    compileNetworks(networks);
    return true;
  } catch (error) {
    if (error instanceof ConfigError) {
      return false;
    }
    throw error;
  }
}
