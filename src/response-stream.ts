import { Readable } from "node:stream";
import { contexts, type RequestContext } from "./context";
import type { FlagonResponse, ResponseBody } from "./http/response";

/** The bodies that are sent piece by piece. */
export type StreamedBody = Exclude<ResponseBody, string | Uint8Array | null>;

/** What goes through a streamed body: each piece is to go through {@link toPiece}, and what was begun is to be ended. */
export interface BodyIterator {
  /** Gives the next piece. */
  next(): Promise<IteratorResult<unknown>>;
  /** Ends the stream, whether or not it is at its end. */
  end(): Promise<void>;
}

/** Iterates over a streamed body for who stays in its request's context. */
export function iterateBody(body: StreamedBody): BodyIterator {
  if (body instanceof Readable) {
    // A stream that fails before anybody reads it would otherwise end the process; who reads it gets the error all the same.
    body.on("error", () => undefined);
  }
  const iterator: AsyncIterator<unknown> = body[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    async end() {
      await iterator.return?.();
      if (body instanceof Readable) {
        // An iterator that was never asked for a piece does not end its stream.
        body.destroy();
      }
    },
  };
}

/** Iterates over a streamed body with its request's context, whoever asks for the next piece. */
export function iterateBodyIn(context: RequestContext, body: StreamedBody): BodyIterator {
  const { end, next } = iterateBody(body);
  return {
    next: () => contexts.run(context, next),
    end: () => contexts.run(context, end),
  };
}

/** Ends a stream that nobody is to read, so that it holds no file open. */
export async function discardBody(context: RequestContext, body: ResponseBody): Promise<void> {
  // A stream that is locked belongs to who reads it.
  if (body === null || typeof body === "string" || body instanceof Uint8Array || (body instanceof ReadableStream && body.locked)) {
    return;
  }
  try {
    await iterateBodyIn(context, body).end();
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
