const names = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);

/**
 * Tells whether a header belongs to one connection, so that it is never passed on (RFC 9110, section 7.6.1).
 *
 * @param name The name of the header, in lower case.
 */
export function isConnectionHeader(name: string): boolean {
  return names.has(name);
}
