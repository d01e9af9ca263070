/** Schemes of HTTP whose names are not written with one capital letter. */
const spellings: ReadonlyMap<string, string> = new Map([
  ["hoba", "HOBA"],
  ["dpop", "DPoP"],
  ["ntlm", "NTLM"],
  ["scram-sha-256", "SCRAM-SHA-256"],
]);

/** Parameters that are written without quotes (RFC 7616, section 3.3). */
const plainParameters: ReadonlySet<string> = new Set(["algorithm", "stale"]);

/**
 * A challenge of a 401 answer: a way in which clients can authenticate (RFC 9110, section 11.6.1).
 *
 * @example
 * ```ts
 * abort(401, "Give your name and password.", { wwwAuthenticate: new WWWAuthenticate("basic", { realm: "Admin" }) });
 * ```
 */
export class WWWAuthenticate {
  /** The scheme in lower case, such as `"basic"` or `"bearer"`. */
  readonly type: string;

  /**
   * @param type The scheme, such as `"basic"` or `"bearer"`. Case does not matter.
   * @param parameters The parameters by name, such as the `realm`. Default: none.
   * @param token A text in place of parameters, as Negotiate has one. Default: none.
   * @throws {RangeError} If the scheme or the name of a parameter has characters that the header cannot hold.
   */
  constructor(
    type: string,
    readonly parameters: Readonly<Record<string, string>> = {},
    readonly token?: string,
  ) {
    for (const name of [type, ...Object.keys(parameters)]) {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
        throw new RangeError(`'${name}' cannot be the name of a scheme or a parameter of WWW-Authenticate.`);
      }
    }
    this.type = type.toLowerCase();
  }

  /**
   * Reads the scheme of a challenge that is written as text; the rest stays as it is.
   *
   * @param challenge The text, such as `Basic realm="Admin"`.
   * @throws {RangeError} If the text does not begin with a scheme.
   */
  static parse(challenge: string): WWWAuthenticate {
    const [type = "", ...rest] = challenge.trim().split(/ +/);
    return new WWWAuthenticate(type, {}, rest.length === 0 ? undefined : rest.join(" "));
  }

  /**
   * Returns the challenge with more parameters. One that has a token stays as it is.
   *
   * @param parameters The parameters by name.
   */
  with(parameters: Readonly<Record<string, string>>): WWWAuthenticate {
    if (this.token === undefined) {
      return new WWWAuthenticate(this.type, { ...this.parameters, ...parameters });
    }
    const isToken = !this.token.includes("=") || /^[\w.~+/-]+=*$/.test(this.token);
    return isToken ? this : new WWWAuthenticate(this.type, {}, `${this.token}, ${formatParameters(parameters)}`);
  }

  /** Writes the challenge as the header holds it: `Basic realm="Admin"`. */
  toString(): string {
    const scheme = spellings.get(this.type) ?? this.type.charAt(0).toUpperCase() + this.type.slice(1);
    return [scheme, this.token ?? formatParameters(this.parameters)].filter((part) => part !== "").join(" ");
  }
}

/** One challenge or several, as objects or as texts such as `Basic realm="Admin"`. */
export type Challenges = string | WWWAuthenticate | readonly (string | WWWAuthenticate)[];

/** Lists challenges as objects. */
export function readChallenges(challenges: Challenges | undefined): readonly WWWAuthenticate[] {
  return toList(challenges).map((challenge) => (typeof challenge === "string" ? WWWAuthenticate.parse(challenge) : challenge));
}

/** Formats the header `WWW-Authenticate` of an answer. */
export function formatChallenges(challenges: Challenges | undefined): Readonly<Record<string, string>> {
  const texts = toList(challenges);
  return texts.length === 0 ? {} : { "www-authenticate": texts.map(String).join(", ") };
}

function toList(challenges: Challenges | undefined): readonly (string | WWWAuthenticate)[] {
  if (challenges === undefined) {
    return [];
  }
  return typeof challenges === "string" || challenges instanceof WWWAuthenticate ? [challenges] : challenges;
}

function formatParameters(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${plainParameters.has(name.toLowerCase()) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`)
    .join(", ");
}
