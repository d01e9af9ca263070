import { parseLength } from "../../http/content-length";
import { readBytes, tooLarge } from "../../http/request/read-body";
import type { RequestSource } from "../../http/request/request-source";

/** The request as a web `Request` describes it. */
export class FetchSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly rootPath = "";
  readonly isUnmeasured = true;
  readonly scheme: "http" | "https";
  readonly #request: Request;
  readonly #host: string;

  constructor(request: Request) {
    // The URL of a web `Request` is normalized and has no user, so that it needs no parser.
    const { url } = request;
    const start = url.indexOf("://") + 3;
    const [path, fragment] = [url.indexOf("/", start), url.indexOf("#", start)];
    this.#request = request;
    this.#host = url.slice(start, path);
    this.method = request.method;
    this.target = fragment < 0 ? url.slice(path) : url.slice(path, fragment);
    this.scheme = url.startsWith("https:") ? "https" : "http";
  }

  get remoteAddress(): string {
    return "";
  }

  get raw(): unknown {
    return this.#request;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? (name === "host" ? this.#host : undefined);
  }

  headers(): Iterable<readonly [string, string]> {
    return this.#request.headers;
  }

  hasOpenBody(): boolean {
    const request = this.#request;
    return request.body !== null && !request.bodyUsed && !request.body.locked && parseLength(this.header("content-length")) === null;
  }

  body(): AsyncIterable<Uint8Array> | null {
    return this.#request.body;
  }

  async readBody(limit: number): Promise<Uint8Array> {
    if (parseLength(this.header("content-length")) === null) {
      const { body } = this.#request;
      return body === null ? new Uint8Array() : readBytes(body, limit);
    }
    // Its stated length was checked, so that the runtime can read it at once, without a stream.
    const bytes = new Uint8Array(await this.#request.arrayBuffer());
    if (bytes.byteLength > limit) {
      throw tooLarge(limit);
    }
    return bytes;
  }

  signal(): AbortSignal {
    return this.#request.signal;
  }
}
