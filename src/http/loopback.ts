/** A whole address of the network 127.0.0.0/8: a name may begin like one. */
const loopbackPattern = /^(?:::ffff:)?127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

/** Tells whether an address or a host's name, without its port, means this machine. */
export function isLoopback(address: string): boolean {
  const name = address.toLowerCase().replace(/(?<=[a-z])\.$/, "");
  return name === "localhost" || name === "::1" || name.endsWith(".localhost") || loopbackPattern.test(name);
}

/** Returns the name of a `Host` header, without its port and the brackets of an IPv6 address. */
export function hostName(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
