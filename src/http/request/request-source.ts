/** One request, as a server or the test client describes it. */
export interface RequestSource {
  /** The method, in upper case. */
  readonly method: string;
  /** The target as it came, without {@link RequestSource.rootPath}: a path with its query. */
  readonly target: string;
  /** The path under which another app has mounted this one, without a slash at the end; the empty string for none. */
  readonly rootPath: string;
  /** `"http"` or `"https"`, as the connection shows it. */
  readonly scheme: "http" | "https";
  /** The address of the peer, or the empty string. */
  readonly remoteAddress: string;
  /** The request of the server itself: an `IncomingMessage`, a web `Request`, or `null` in tests. */
  readonly raw: unknown;
  /** Reads a header by its name in lower case, several joined by `", "`. */
  header(name: string): string | undefined;
  /** Whether no server has limited the lines and the size of the head. Default: `false`. */
  readonly isUnmeasured?: boolean;
  /** Finds a header that came more than once though it may come only once: `host`, `content-type` or `authorization`. */
  findRepeated?(): string | undefined;
  /** Lists all headers. */
  headers(): Iterable<readonly [string, string]>;
  /** Tells whether there is a body whose length the head does not state, and that no foreign code has begun to read. */
  hasOpenBody(): boolean;
  /** The body, or `null` without one. Read once. */
  body(): AsyncIterable<Uint8Array> | null;
  /**
   * Reads the body whole. Resolves to an empty array without a body.
   *
   * @throws {ContentTooLarge} If it has more bytes than that.
   */
  readBody?(limit: number): Promise<Uint8Array>;
  /** Is aborted when the client leaves. */
  signal(): AbortSignal;
}
