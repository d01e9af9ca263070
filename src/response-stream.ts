import { Readable } from "node:stream";
import { contexts, type RequestContext } from "./context";
import type { ResponseBody } from "./http/response";

/** The bodies that are sent piece by piece. */
export type StreamedBody = Exclude<ResponseBody, string | Uint8Array | null>;

/**
 * Iterates over a streamed body with its request's context, whoever asks for the next piece.
 *
 * @param context The request's context.
 * @param body The body.
 */
export function iterateBody(context: RequestContext, body: StreamedBody): AsyncIterator<Uint8Array> {
  if (body instanceof Readable) {
    // A stream that fails before anybody reads it would otherwise end the process; who reads it gets the error all the same.
    body.on("error", () => undefined);
  }
  const iterator: AsyncIterator<unknown> = body[Symbol.asyncIterator]();
  return {
    next: () => contexts.run(context, async () => toResult(await iterator.next())),
    return: () => contexts.run(context, async () => toResult((await iterator.return?.()) ?? { done: true, value: undefined })),
  };
}

function toResult({ done, value }: IteratorResult<unknown, unknown>): IteratorResult<Uint8Array, undefined> {
  if (done === true) {
    return { done, value: undefined };
  }
  if (typeof value === "string") {
    return { done: false, value: Buffer.from(value, "utf8") };
  }
  if (value instanceof Uint8Array) {
    return { done: false, value };
  }
  throw new TypeError(`A stream gave a ${value === null ? "null" : typeof value}, but a response sends text and bytes.`);
}
