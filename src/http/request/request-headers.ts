import type { RequestSource } from "./request-source";

/** The headers of a request, read like the web's `Headers`. */
export class RequestHeaders {
  readonly #source: RequestSource;

  /**
   * @param source The request they came with.
   * @internal
   */
  constructor(source: RequestSource) {
    this.#source = source;
  }

  /** Returns the value of a header, several joined by `", "`, or `null` without one. */
  get(name: string): string | null {
    return this.#source.header(name.toLowerCase()) ?? null;
  }

  /** Tells whether a header was sent. */
  has(name: string): boolean {
    return this.#source.header(name.toLowerCase()) !== undefined;
  }

  /** Iterates over names, in lower case, and values. */
  *entries(): Generator<readonly [string, string]> {
    yield* this.#source.headers();
  }

  /** Iterates over names, in lower case. */
  *keys(): Generator<string> {
    for (const [name] of this.#source.headers()) {
      yield name;
    }
  }

  /** Iterates over values. */
  *values(): Generator<string> {
    for (const [, value] of this.#source.headers()) {
      yield value;
    }
  }

  /** Iterates over names, in lower case, and values. */
  [Symbol.iterator](): Generator<readonly [string, string]> {
    return this.entries();
  }

  /** Calls a function with each value and its name. */
  forEach(callback: (value: string, name: string) => void): void {
    for (const [name, value] of this.#source.headers()) {
      callback(value, name);
    }
  }
}
