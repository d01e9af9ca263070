import type { RequestHead } from "./request-head";
import type { RequestSource } from "./request-source";

/** The request for a mounted app or handler: the outer request without the path of the mount. */
export class MountedSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  /** The path of the mount with those around it, as the client sent it. */
  readonly rootPath: string;
  /** The path of the mount alone, as the client sent it. */
  readonly prefix: string;
  readonly #source: RequestSource;
  readonly #outer: RequestHead;

  /**
   * @param source The request as the app around it got it.
   * @param outer The head as that app reads it: its trust in proxies also holds for its mounts.
   * @param prefix The path of the mount, as the client sent it.
   * @param target The rest of the target.
   */
  constructor(source: RequestSource, outer: RequestHead, prefix: string, target: string) {
    this.method = source.method;
    this.target = target;
    this.prefix = prefix;
    this.rootPath = outer.rootPath + prefix;
    this.#source = source;
    this.#outer = outer;
  }

  get scheme(): "http" | "https" {
    return this.#outer.scheme;
  }

  get remoteAddress(): string {
    return this.#outer.remoteAddress;
  }

  get raw(): unknown {
    return this.#source.raw;
  }

  /** The request as the app around the mount knows it. */
  get outer(): RequestSource {
    return this.#source;
  }

  /** The same request with another target, which middleware has made of it. */
  withTarget(target: string): MountedSource {
    return new MountedSource(this.#source, this.#outer, this.prefix, target);
  }

  /** The prefix that a proxy forwards is part of the root path already. */
  header(name: string): string | undefined {
    switch (name) {
      case "host":
        return this.#source.header("host") === undefined ? undefined : this.#outer.host;
      case "x-forwarded-prefix":
        return undefined;
      default:
        return this.#source.header(name);
    }
  }

  get isUnmeasured(): boolean {
    return this.#source.isUnmeasured === true;
  }

  findRepeated(): string | undefined {
    return this.#source.findRepeated?.();
  }

  *headers(): Generator<readonly [string, string]> {
    for (const [name] of this.#source.headers()) {
      const value = this.header(name);
      if (value !== undefined) {
        yield [name, value];
      }
    }
  }

  hasOpenBody(): boolean {
    return this.#source.hasOpenBody();
  }

  body(): AsyncIterable<Uint8Array> | null {
    return this.#source.body();
  }

  signal(): AbortSignal {
    return this.#source.signal();
  }
}
