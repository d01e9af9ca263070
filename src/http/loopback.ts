/** Tells whether an address or a host's name, without its port, means this very machine. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.endsWith(".localhost") || /^(?:::ffff:)?127\./.test(address);
}

/** Returns the name of a `Host` header, without its port and the brackets of an IPv6 address. */
export function hostName(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
