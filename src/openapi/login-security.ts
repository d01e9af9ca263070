import type { OpenApiObject } from "./components";

/** The security that an app states for its document. */
interface StatedSecurity {
  readonly securitySchemes?: Readonly<Record<string, unknown>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

/** The security of routes that need a login. */
export class LoginSecurity {
  readonly #cookie: string;
  readonly #stated: StatedSecurity;
  /** The schemes of HTTP that the 401 answers of the app name, unless the app states them under a name of its own. */
  readonly #challenges: Readonly<Record<string, unknown>>;
  #isUsed = false;

  /**
   * @param cookie The name of the session cookie.
   * @param stated The security that the app states.
   * @param challenges The schemes of the challenges of a 401, in lower case.
   */
  constructor(cookie: string, stated: StatedSecurity, challenges: readonly string[]) {
    this.#cookie = cookie;
    this.#stated = stated;
    const known = Object.values(stated.securitySchemes ?? {}).map(readScheme);
    const others = challenges.filter((type) => !known.includes(type));
    this.#challenges = Object.fromEntries(others.map((type) => [type, { type: "http", scheme: type }]));
  }

  /** Describes the requirement of an operation: the session cookie or any scheme of the app. Security for all operations stays as stated. */
  require(): OpenApiObject {
    const { security, securitySchemes = {} } = this.#stated;
    if (security !== undefined) {
      return {};
    }
    this.#isUsed = true;
    const names = new Set(["session", ...Object.keys(this.#challenges), ...Object.keys(securitySchemes)]);
    return { security: [...names].map((name) => ({ [name]: [] })) };
  }

  /** Returns the schemes of the document. */
  toComponents(): OpenApiObject {
    const session = this.#isUsed ? { session: { type: "apiKey", in: "cookie", name: this.#cookie } } : {};
    const schemes = { ...session, ...this.#challenges, ...this.#stated.securitySchemes };
    return Object.keys(schemes).length === 0 ? {} : { securitySchemes: schemes };
  }
}

/** Returns the scheme of HTTP that a security scheme stands for. */
function readScheme(scheme: unknown): unknown {
  const isHttp = typeof scheme === "object" && scheme !== null && "scheme" in scheme && typeof scheme.scheme === "string";
  return isHttp ? String(scheme.scheme).toLowerCase() : undefined;
}
