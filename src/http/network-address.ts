import { isIPv4, isIPv6 } from "node:net";

/**
 * Returns an IP address in its canonical spelling, without port, brackets and zone.
 *
 * An IPv4 address that is written as IPv6 (`::ffff:1.2.3.4`, RFC 4291, section 2.5.5.2) is the IPv4 address.
 *
 * @param text The address, as a socket or a proxy gives it: `"1.2.3.4"`, `"1.2.3.4:5678"`, `"2001:db8::1"` or
 * `"[2001:db8::1]:80"`.
 * @returns The address, or `undefined` for text that is none.
 */
export function normalizeAddress(text: string): string | undefined {
  if (isIPv4(text)) {
    return text;
  }
  const [, bracketed, four] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text) ?? [];
  if (four !== undefined) {
    return isIPv4(four) ? four : undefined;
  }
  const address = (bracketed ?? text).replace(/%[\w.-]+$/, "");
  if (!isIPv6(address)) {
    return undefined;
  }
  // The URL parser writes each address in the one way of RFC 5952.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) {
    return short;
  }
  const bytes = [high, low].map((part) => Number.parseInt(part, 16)).flatMap((part) => [part >> 8, part & 0xff]);
  return bytes.join(".");
}
