import type { RequestSource } from "./request-source";

/** Headers that name a connection, which a web `Request` has none of. */
const ofConnection = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);

/** Creates a web `Request` of what a server knows, for handlers that take one. Its URL has the target alone. */
export function toWebRequest(source: RequestSource): Request {
  const host = source.header("host") || "localhost";
  const headers = new Headers();
  for (const [name, value] of source.headers()) {
    if (!ofConnection.has(name)) {
      headers.set(name, value);
    }
  }
  const body = source.method === "GET" || source.method === "HEAD" ? null : source.body();
  return new Request(`${source.scheme}://${host}${source.target}`, {
    method: source.method,
    headers,
    signal: source.signal(),
    ...(body === null ? {} : { body: toWebStream(body), duplex: "half" }),
  });
}

/** Makes a web stream of bytes that come one after another; it asks for them as it is read. */
export function toWebStream(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller): Promise<void> {
      const next = await iterator.next();
      if (next.done === true) {
        controller.close();
      } else {
        controller.enqueue(next.value);
      }
    },
    async cancel(): Promise<void> {
      await iterator.return?.();
    },
  });
}
