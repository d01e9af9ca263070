import { Readable } from "node:stream";
import { contexts, type RequestContext } from "./context";
import type { FlagonResponse, ResponseBody } from "./http/response";

/** The bodies that are sent piece by piece. */
export type StreamedBody = Exclude<ResponseBody, string | Uint8Array | null>;

/**
 * Iterates over a streamed body with its request's context, whoever asks for the next piece. Each is to go through {@link toPiece}.
 *
 * @param context The request's context.
 * @param body The body.
 */
export function iterateBody(context: RequestContext, body: StreamedBody): AsyncIterator<unknown> {
  if (body instanceof Readable) {
    // A stream that fails before anybody reads it would otherwise end the process; who reads it gets the error all the same.
    body.on("error", () => undefined);
  }
  const iterator: AsyncIterator<unknown> = body[Symbol.asyncIterator]();
  const next = (): Promise<IteratorResult<unknown>> => iterator.next();
  const end = async (): Promise<IteratorResult<unknown>> => {
    await iterator.return?.();
    if (body instanceof Readable) {
      // An iterator that was never asked for a piece does not end its stream.
      body.destroy();
    }
    return { done: true, value: undefined };
  };
  return {
    next: () => contexts.run(context, next),
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

/**
 * Returns what an iterated body gave, if it can be sent.
 *
 * @throws {TypeError} If it is neither text nor bytes.
 */
export function toPiece(value: unknown): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) {
    return value;
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
