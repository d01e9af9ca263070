import { hideValues } from "./query-errors";

/** The text in place of a secret on the pages of the development server. */
export const secretMask = "•••";

const secretPattern =
  /passw(?:or)?d|passphrase|passcode|secret|credential|authorization|cookies?$|tokens?$|signature(?:\d+)?$|assertion$|jwt$|otp$|sessionid$|(?:api|access|auth|private|signing|encryption)keys?$|cardnumber$|cv[cv]$|^(?:pwd|pass|pin|csrf|xsrf|sid|sig)$/;
/** The fingerprint of a client in the session of `flagon/login`. */
const fingerprintName = "_id";
/** Cached answers: logs ask for the same names again and again, and the answer depends on the name alone. */
const known = new Map<string, boolean>();
/** The most names whose answer is cached: names of query parameters come from clients. */
const maxKnown = 1000;

/**
 * Tells whether the value under a name is a secret. The one list for logs, the debug page and the request reports.
 *
 * Names are compared without case and punctuation: `X-Api-Key`, `api_key` and `apiKey` are one name.
 *
 * @param name The name of a header, parameter, member or field.
 */
export function isSecretName(name: string): boolean {
  let isSecret = known.get(name);
  if (isSecret === undefined) {
    isSecret = name === fingerprintName || secretPattern.test(name.replace(/[^a-zA-Z0-9]/g, "").toLowerCase());
    if (known.size < maxKnown) {
      known.set(name, isSecret);
    }
  }
  return isSecret;
}

/** The text in place of a token in a path. */
const tokenMask = "(token)";
/** A whole segment of a path that is a token as `signToken()` makes it (data, expiry and signature), or a JWT. */
const token = /(^|\/)(?:[\w-]{2,}\.[\w-]{4,8}\.[\w-]{27,86}|eyJ[\w-]{8,}\.[\w-]{2,}\.[\w-]{16,})(?=\/|$)/g;

/**
 * Hides tokens in a path, by which anybody could act for a user.
 *
 * @param path The path, as it came.
 * @param values The values of the rule's variables. Those with secret names, as of `/join/<token>`, are hidden too.
 */
export function hideTokens(path: string, values: Readonly<Record<string, unknown>> = {}): string {
  const secrets = Object.keys(values).filter((name) => typeof values[name] === "string" && values[name] !== "" && isSecretName(name));
  const plain = path.includes(".") ? path.replace(token, `$1${tokenMask}`) : path;
  return secrets.length === 0
    ? plain
    : plain.replace(/[^/]+/g, (segment) => (secrets.some((name) => values[name] === decode(segment)) ? tokenMask : segment));
}

/**
 * Masks tokens in the path of a URL or request target, the values of secret parameters in its query, and a password before the host:
 * `/reset/(token)?token=…`.
 */
export function maskTarget(whole: string, values: Readonly<Record<string, unknown>> = {}): string {
  const end = whole.search(/[?#]/);
  const given = end < 0 ? hideTokens(whole, values) : hideTokens(whole.slice(0, end), values) + whole.slice(end);
  const target = given.includes("@") ? given.replace(/(\/\/[^/?#@:\s]*):[^/?#@\s]*@/g, `$1:${secretMask}@`) : given;
  const start = target.indexOf("?");
  if (start < 0) {
    return target;
  }
  const masked = target
    .slice(start + 1)
    .replace(/([^&=#]+)=([^&#]*)/g, (pair, name: string, value: string) =>
      isSecretName(decode(name)) || isToken(value) ? `${name}=${secretMask}` : pair,
    );
  return `${target.slice(0, start)}?${masked}`;
}

function isToken(value: string): boolean {
  return value.includes(".") && value.search(token) === 0;
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The levels of an object that are looked at: pino writes no deeper ones. */
const maxDepth = 5;

/**
 * Returns a value without its secrets: a copy in which the members with secret names are masked, or the value itself.
 *
 * @param value The value. Bytes stay as they are, and so does an error without secret members.
 * @param mask The text in place of a secret.
 * @param depth The levels to look at. Default: 5.
 */
export function maskSecrets(value: unknown, mask: string = secretMask, depth: number = maxDepth): unknown {
  if (typeof value !== "object" || value === null || depth === 0 || ArrayBuffer.isView(value)) {
    return value;
  }
  if (value instanceof Error) {
    return maskError(value, mask, depth);
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    const masked = typeof plain === "object" ? maskSecrets(plain, mask, depth - 1) : plain;
    return masked === plain ? value : masked;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => maskSecrets(item, mask, depth - 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return maskMembers(value, mask, depth);
}

/** Returns an error itself or, if members of it are secret, an object with its name, its stack and the masked members. */
function maskError(error: Error, mask: string, depth: number): unknown {
  hideValues(error);
  try {
    const masked = maskMembers(error, mask, depth);
    return masked === error ? error : Object.assign({ name: error.name, message: error.message, stack: error.stack }, masked);
  } catch {
    // Its members cannot be read.
    return error;
  }
}

/** Returns an object without its secrets; see {@link maskSecrets}. */
export function maskMembers<Members extends object>(value: Members, mask: string = secretMask, depth: number = maxDepth): Members {
  let copy: Members | undefined;
  for (const [name, member] of Object.entries(value)) {
    const masked = member !== undefined && member !== null && isSecretName(name) ? mask : maskSecrets(member, mask, depth - 1);
    if (masked !== member) {
      copy ??= { ...value };
      Reflect.set(copy, name, masked);
    }
  }
  return copy ?? value;
}
