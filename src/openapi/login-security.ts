import type { OpenApiObject } from "./components";

/** The security that an app states for its document. */
interface StatedSecurity {
  readonly securitySchemes?: Readonly<Record<string, unknown>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

/** The security of routes for logged-in visitors only. */
export class LoginSecurity {
  readonly #cookie: string;
  readonly #stated: StatedSecurity;
  #isUsed = false;

  /**
   * @param cookie The name of the session cookie.
   * @param stated The security that the app states.
   */
  constructor(cookie: string, stated: StatedSecurity) {
    this.#cookie = cookie;
    this.#stated = stated;
  }

  /** Describes the requirement of an operation: the session cookie or any scheme of the app. Security for all operations stays as stated. */
  require(): OpenApiObject {
    const { security, securitySchemes = {} } = this.#stated;
    if (security !== undefined) {
      return {};
    }
    this.#isUsed = true;
    const names = new Set(["session", ...Object.keys(securitySchemes)]);
    return { security: [...names].map((name) => ({ [name]: [] })) };
  }

  /** Returns the schemes of the document. */
  toComponents(): OpenApiObject {
    const session = this.#isUsed ? { session: { type: "apiKey", in: "cookie", name: this.#cookie } } : {};
    const schemes = { ...session, ...this.#stated.securitySchemes };
    return Object.keys(schemes).length === 0 ? {} : { securitySchemes: schemes };
  }
}
