import { Readable } from "node:stream";
import { toLoggedPath } from "../base/logged-path";
import { FilePart } from "../http/response/file-part";
import type { FlagonResponse, ResponseBody } from "../http/response/response";
import { contexts, type RequestContext } from "./context";

/** The bodies that are sent piece by piece. */
export type StreamedBody = Exclude<ResponseBody, string | Uint8Array | null>;

/** A stream of items that are written as text when they are sent. */
export class TextStream implements AsyncIterable<string> {
  constructor(
    readonly items: AsyncIterable<unknown>,
    readonly write: (item: unknown) => string,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for await (const item of this.items) {
      yield this.write(item);
    }
  }
}

/** Iterates over a streamed body. The caller must end it. */
export interface BodyIterator {
  /** Returns the item of the next piece. */
  next(): Promise<IteratorResult<unknown>>;
  /**
   * Makes a piece of an item.
   *
   * @throws {TypeError} If it is neither text nor bytes.
   */
  toPiece(value: unknown): string | Uint8Array;
  /** Ends the stream, also before its last piece. */
  end(): Promise<void>;
}

/** Iterates over a streamed body, for a caller that runs in the request's context. */
export function iterateBody(body: StreamedBody): BodyIterator {
  if (body instanceof Readable) {
    // A stream that fails before it is read would end the process. Its reader still gets the error.
    body.on("error", () => undefined);
  }
  const isText = body instanceof TextStream;
  const items: AsyncIterable<unknown> = isText ? body.items : body;
  const iterator = items[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    toPiece: isText ? body.write : toPiece,
    async end() {
      if (body instanceof Readable) {
        // The iterator does not end its stream while it waits for a piece, or if it was never asked for one.
        body.destroy();
      }
      await iterator.return?.();
    },
  };
}

/** The pieces of a web stream. Unlike the stream's own iterator, theirs can be ended while it waits for a piece. */
export class WebStreamItems implements AsyncIterable<Uint8Array> {
  readonly #stream: ReadableStream<Uint8Array>;

  /** @param stream The stream. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const reader = this.#stream.getReader();
    let hasFailed = false;
    reader.closed.catch(() => {
      hasFailed = true;
    });
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return done ? { done, value: undefined } : { done, value };
      },
      return: async () => {
        if (!hasFailed) {
          await reader.cancel();
        }
        return { done: true, value: undefined };
      },
    };
  }
}

/** Iterates over a streamed body in its request's context, for a caller that runs outside of it. */
export function iterateBodyIn(context: RequestContext, body: StreamedBody): BodyIterator {
  const { end, next, toPiece } = iterateBody(body);
  return {
    toPiece,
    next: () => contexts.run(context, next),
    end: () => contexts.run(context, end),
  };
}

/** Logs that a streamed response failed, and stores the error for teardown. */
export function reportFailure(context: RequestContext, error: unknown): void {
  context.failure = error;
  logFailure(context, error);
}

/** Ends a stream that has failed, or gave an item that cannot be sent, so that it holds nothing open. The failure is known already. */
export async function abandonBody(iterator: BodyIterator): Promise<void> {
  await iterator.end().catch(() => undefined);
}

/** Ends a stream that is not sent, so that it holds no file open. */
export async function discardBody(context: RequestContext, body: ResponseBody): Promise<void> {
  // A locked stream belongs to its reader.
  if (body === null || typeof body === "string" || body instanceof Uint8Array || (body instanceof ReadableStream && body.locked)) {
    return;
  }
  try {
    await iterateBodyIn(context, body).end();
  } catch (error) {
    logFailure(context, error);
  }
}

/** Logs the error with the request, as those of views are logged. */
function logFailure({ request }: RequestContext, error: unknown): void {
  request.log.error({ err: error }, `A streamed response failed on ${toLoggedPath(request.target, request.viewArgs)} [${request.method}]`);
}

/**
 * Makes a piece of an item of a stream.
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
  if (typeof body === "string") {
    return Buffer.byteLength(body);
  }
  return body instanceof Uint8Array || body instanceof FilePart ? body.byteLength : streamLength;
}
