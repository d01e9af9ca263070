/** Tells whether an address or a host's name, without its port, means this very machine. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || address.endsWith(".localhost") || /^(?:::ffff:)?127\./.test(address);
}
