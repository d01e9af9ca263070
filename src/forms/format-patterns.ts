import { safeUrlPattern } from "../schemas/text-formats";
import type { ZodCheck } from "../schemas/zod";

const group = "[\\da-fA-F]{1,4}";
const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const lastGroups = `(?:${group}:${group}|(?:${byte}\\.){3}${byte})`;
/** IPv6 addresses, also with an IPv4 address at their end (RFC 3986, section 3.2.2). */
const ipv6 = [
  `(?:${group}:){6}${lastGroups}`,
  `::(?:${group}:){5}${lastGroups}`,
  `(?:${group})?::(?:${group}:){4}${lastGroups}`,
  `(?:(?:${group}:){0,1}${group})?::(?:${group}:){3}${lastGroups}`,
  `(?:(?:${group}:){0,2}${group})?::(?:${group}:){2}${lastGroups}`,
  `(?:(?:${group}:){0,3}${group})?::${group}:${lastGroups}`,
  `(?:(?:${group}:){0,4}${group})?::${lastGroups}`,
  `(?:(?:${group}:){0,5}${group})?::${group}`,
  `(?:(?:${group}:){0,6}${group})?::`,
].join("|");

/** Patterns of the formats that zod checks by code: its own patterns of them take more, or less. */
const exact: Readonly<Record<string, RegExp>> = {
  ipv6: new RegExp(`^(?:${ipv6})$`),
  // Zod takes a length with a fraction too.
  cidrv6: new RegExp(`^(?:${ipv6})/(?:(?:\\d|[1-9]\\d|1[01]\\d|12[0-7])(?:\\.\\d{0,14}[1-9])?|128)$`),
  base64: /^(?:[\da-zA-Z+/]{4})*(?:[\da-zA-Z+/]{2}==|[\da-zA-Z+/]{3}=)?$/,
  base64url: /^(?:[\w-]{4})*(?:[\w-]{2,3})?$/,
};

/** The beginning of a pattern of URLs that refuses a blank in the host, which Chromium takes. */
const wholeHost = String.raw`(?!(?i:https?|wss?|ftp):[\/\\]*(?:[^\/\\?#]*@)?[^@\/\\?#]*(?:[^\S\t\n\r]|%20)[^@\/\\?#]*(?:[\/\\?#]|$))`;

/** Returns the expression that a text of a format must match, or its source for the flag `v`. */
export function readPattern(check: ZodCheck): unknown {
  const { format, pattern, protocol } = check;
  if (format === "url") {
    const source = protocol instanceof RegExp ? readProtocol(protocol) : safeUrlPattern;
    return source && wholeHost + source;
  }
  // A host has no character that counts as two.
  return format === "hostname" && pattern instanceof RegExp ? new RegExp(pattern, "u") : (exact[String(format)] ?? pattern);
}

/** An expression of whole names, such as `^https?$` or `^(?:ftp|sftp)$`. Others are left to the server. */
const wholeNames = /^\^([\w+.?-]+|\((?:\?:)?[\w+.?|-]+\))\$$/;

/** Returns the source of a pattern of URLs with a protocol. zod asks for `//` where it allows HTTP alone. */
function readProtocol({ source }: RegExp): string | undefined {
  const names = wholeNames.exec(source)?.[1];
  return names && `(?i:${names}):${names === "https?" ? "//" : ""}[\\s\\S]*`;
}
