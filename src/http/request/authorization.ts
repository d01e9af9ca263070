/** The credentials of an `Authorization` header. */
export interface Authorization {
  /** The scheme in lower case, such as `"basic"` or `"bearer"`. */
  type: string;
  /** The user name of Basic credentials. */
  username?: string;
  /** The password of Basic credentials. */
  password?: string;
  /** The text after the scheme, of credentials that are not Basic. */
  token?: string;
  /** The parameters by name, of schemes that have some, such as Digest. */
  parameters?: Readonly<Record<string, string>>;
}

/** Parses an `Authorization` header (RFC 9110, section 11.6.2), or gives `null` for one that is missing or malformed. */
export function parseAuthorization(header: string | undefined): Authorization | null {
  if (header === undefined) {
    return null;
  }
  const match = /^([A-Za-z][\w-]*) +(\S.*)$/.exec(header);
  const [, scheme = "", rest = ""] = match ?? [];
  if (match === null) {
    return null;
  }
  const type = scheme.toLowerCase();
  if (type !== "basic") {
    const token = rest.trim();
    const parameters = parseParameters(token);
    return parameters === undefined ? { type, token } : { type, token, parameters };
  }
  const decoded = Buffer.from(rest, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  return colon < 0 ? null : { type, username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** Parses `name="value", name=value`, or gives `undefined` for a token; the padding of base64 makes no parameter of it. */
function parseParameters(text: string): Record<string, string> | undefined {
  if (!/^[\w-]+\s*=\s*[^=\s]/.test(text)) {
    return undefined;
  }
  const parameters: Record<string, string> = Object.create(null);
  // The search continues after each parameter, without looking ahead: the time stays linear.
  const parameter = /[\s,]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
  for (let match = parameter.exec(text); match !== null; match = parameter.exec(text)) {
    const [, name = "", quoted, plain = ""] = match;
    parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
  }
  return parameters;
}
