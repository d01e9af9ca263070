import { Readable } from "node:stream";
import { contexts, type RequestContext } from "./context";
import type { FlagonResponse, ResponseBody } from "./http/response";

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
  const end = async (): Promise<IteratorResult<Uint8Array>> => {
    await iterator.return?.();
    if (body instanceof Readable) {
      // An iterator that was never asked for a piece does not end its stream.
      body.destroy();
    }
    return { done: true, value: undefined };
  };
  return {
    next: () => contexts.run(context, async () => toResult(await iterator.next())),
    return: () => contexts.run(context, end),
  };
}

/** Ends a stream that nobody is to read, so that it holds no file open. */
export async function discardBody(context: RequestContext, body: ResponseBody): Promise<void> {
  // A stream that is locked belongs to who reads it.
  if (body === null || typeof body === "string" || body instanceof Uint8Array || (body instanceof ReadableStream && body.locked)) {
    return;
  }
  try {
    await iterateBody(context, body).return?.();
  } catch (error) {
    context.app.logger.error({ err: error }, "A streamed response failed.");
  }
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

/** Returns the length of a body in bytes, or `null` when it is only known at its end. */
export function measureBody({ body, streamLength }: FlagonResponse): number | null {
  if (body === null) {
    return 0;
  }
  return typeof body === "string" ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.byteLength : streamLength;
}
