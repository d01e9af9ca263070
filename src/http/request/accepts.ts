import type Negotiator from "negotiator";
import { lazily } from "../../base/lazily";

const loadNegotiator = lazily((): typeof Negotiator => require("negotiator"));

const maxLength = 2048;

/** The options of negotiator 1.0, which its types lack. */
interface PreferringNegotiator {
  encodings(available: readonly string[], options: { readonly preferred: readonly string[] }): string[];
}

/** The types, languages and encodings that a client accepts, best first (RFC 9110, section 12.5). */
export class Accepts {
  readonly #negotiator: Negotiator;

  /** @param header Reads a header of the request by its name in lower case. */
  constructor(header: (name: string) => string | undefined) {
    const headers: Record<string, string> = {};
    for (const name of ["accept", "accept-language", "accept-encoding"]) {
      const value = header(name);
      if (value !== undefined) {
        // Each of thousands of choices would cost time, and no browser has a hundred.
        headers[name] = value.slice(0, maxLength);
      }
    }
    const Negotiator = loadNegotiator();
    this.#negotiator = new Negotiator({ headers });
  }

  /**
   * Returns the media type that the client likes best, or `undefined` if it accepts none of them.
   *
   * @param offered Full media types, such as `"text/html"`; the first wins where the client has no preference.
   */
  types<Offered extends string>(...offered: readonly Offered[]): Offered | undefined {
    return best(offered, this.#negotiator.mediaTypes([...offered]));
  }

  /**
   * Returns the language that the client likes best, or `undefined`.
   *
   * @param offered The languages that the app has, such as `"en"` and `"pt-BR"`.
   */
  languages<Offered extends string>(...offered: readonly Offered[]): Offered | undefined {
    return best(offered, this.#negotiator.languages([...offered]));
  }

  /**
   * Returns the encoding that the client likes best, or `undefined`. A client that names none accepts only content without one.
   *
   * @param offered The encodings; the first wins where the client has no preference, as browsers have none.
   */
  encodings<Offered extends string>(...offered: readonly Offered[]): Offered | undefined {
    const negotiator: PreferringNegotiator = this.#negotiator;
    return best(offered, negotiator.encodings(offered, { preferred: offered }));
  }
}

function best<Offered extends string>(offered: readonly Offered[], accepted: readonly string[]): Offered | undefined {
  const [first] = accepted;
  return offered.find((value) => value === first);
}
