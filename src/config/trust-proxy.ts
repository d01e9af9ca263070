import { isWholeFrom } from "./setting-check";

/** The trusted proxies, with the headers that they set beside `X-Forwarded-For` and `X-Forwarded-Proto`. */
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

function areProxies(value: unknown): boolean {
  return (
    isWholeFrom(value, 0) ||
    (typeof value === "string" && value !== "") ||
    (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string" && item !== ""))
  );
}
