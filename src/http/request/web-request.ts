import { isConnectionHeader } from "../connection-headers";
import type { RequestSource } from "./request-source";

/** Creates a web `Request` from a source, for handlers that take one. Its URL ends in the target, without the path of a mount. */
export function toWebRequest(source: RequestSource): Request {
  const host = source.header("host") || "localhost";
  const headers = new Headers();
  for (const [name, value] of source.headers()) {
    if (!isConnectionHeader(name)) {
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

/** Creates a web stream of pieces of bytes. It pulls a piece only when its reader asks for one. */
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
