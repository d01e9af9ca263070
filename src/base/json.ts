/** Reads and writes the JSON of an app: that of requests, responses, templates and the test client. */
export interface JsonProvider {
  /** Serializes a value; throws for one that JSON cannot hold. */
  stringify(value: unknown): string | undefined;
  /** Parses a text; throws for one that is not JSON. */
  parse(text: string): unknown;
}

/** JavaScript's own JSON, with a bigint as its digits in a text: as a number, readers would round it. */
export const defaultJson: JsonProvider = {
  stringify: (value) => {
    try {
      return JSON.stringify(value);
    } catch (error) {
      // A replacer for each value would be slow, and hardly any value holds a bigint.
      if (!(error instanceof TypeError)) {
        throw error;
      }
      return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
    }
  },
  parse: (text) => JSON.parse(text),
};
