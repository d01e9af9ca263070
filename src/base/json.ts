/** Reads and writes the JSON of an app: that of requests, responses, templates and the test client. */
export interface JsonProvider {
  /** Serializes a value; throws for one that JSON cannot hold. */
  stringify(value: unknown): string | undefined;
  /** Parses a text; throws for one that is not JSON. */
  parse(text: string): unknown;
}

/** JavaScript's own JSON. */
export const defaultJson: JsonProvider = {
  stringify: (value) => JSON.stringify(value),
  parse: (text) => JSON.parse(text),
};
