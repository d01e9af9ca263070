import { Readable } from "node:stream";
import { ReturnValueError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { describeGiven } from "../base/unknown-options";
import { FilePart } from "../http/response/file-part";
import { PushedStream } from "../http/response/pushed-stream";
import type { FlagonResponse, ResponseBody } from "../http/response/response";
import { isBodiless } from "../http/status";
import { TextStream, toPiece, WebStreamItems } from "./body-stream";
import { labelOf, type RequestContext } from "./context";

/** The time that the head of an event stream waits for a first event, in milliseconds: browsers report the open stream by it. */
const eventsTimeout = 20;

/**
 * Waits until a streamed body has its first piece, its end, or a failure, so that a failure can still be answered with
 * an error page. The wait ends when the client leaves.
 *
 * @returns A promise, unless there is nothing to wait for.
 * @throws {ReturnValueError} If other code reads the stream, or has read it.
 */
export function primeBody(context: RequestContext, response: FlagonResponse): Promise<void> | undefined {
  const { body, status } = response;
  if (body === null || typeof body === "string" || body instanceof Uint8Array || body instanceof FilePart) {
    return undefined;
  }
  if (isBodiless(status) || context.request.method === "HEAD") {
    return undefined;
  }
  const timeout = response.headers.get("content-type")?.startsWith("text/event-stream") === true ? eventsTimeout : undefined;
  silenceErrors(body);
  if (body instanceof Readable) {
    const begun = body instanceof PushedStream ? body.begin() : undefined;
    const isReady = checkUnread(context, body);
    if (!body.readableObjectMode) {
      const ready = isReady ? begun : waitUntilReadable(body).then(() => checkNotDrained(context, body));
      return ready && settle(context, ready, timeout);
    }
  }
  if (body instanceof ReadableStream && (body.locked || (typeof isDisturbed === "function" && isDisturbed(body) === true))) {
    throw new ReturnValueError(
      `${labelOf(context)} returned a stream that something else ${body.locked ? "reads" : "has read"}. Return it unread, or one half of tee().`,
    );
  }
  if (body instanceof TextStream) {
    const items = new PrimedItems(body.items);
    response.body = new TextStream(items, body.write);
    return settle(context, items.check(body.write), timeout);
  }
  if (!(body instanceof ReadableStream) && !(typeof body === "object" && Symbol.asyncIterator in body)) {
    throw new ReturnValueError(
      `${labelOf(context)} returned a response whose body is ${describeGiven(body)}. A body is text, bytes or a stream; data is sent as JSON by json(value, status).`,
    );
  }
  const items = new PrimedItems<string | Uint8Array>(body instanceof ReadableStream ? new WebStreamItems(body) : body);
  response.body = items;
  return settle(context, items.check(toPiece), timeout);
}

/** Tells whether a stream was read or cancelled. Some runtimes do not. */
const isDisturbed: unknown = Reflect.get(Readable, "isDisturbed");

/**
 * Keeps an error of an unread body from ending the process. Its reader still gets the error.
 *
 * @throws {ReturnValueError} If the body is a promise.
 */
export function silenceErrors(body: ResponseBody): void {
  refusePromise(body, "body of a response", ReturnValueError);
  if (body instanceof Readable) {
    body.on("error", () => undefined);
  }
}

/**
 * Tells whether a stream of Node's can be sent without waiting for a first piece.
 *
 * @throws The error of a stream that has failed.
 * @throws {ReturnValueError} If it is at its end.
 */
function checkUnread(context: RequestContext, body: Readable): boolean {
  if (body.errored !== null) {
    throw body.errored;
  }
  if (body.destroyed || body.readableEnded) {
    throw readBefore(context);
  }
  return body instanceof PushedStream || body.readableLength > 0;
}

/** Refuses a stream whose data went elsewhere before it was sent, such as by `pipe()`. */
function checkNotDrained(context: RequestContext, body: Readable): void {
  if (body.readableEnded && body.readableDidRead) {
    throw readBefore(context);
  }
}

function readBefore(context: RequestContext): ReturnValueError {
  return new ReturnValueError(
    `${labelOf(context)} returned a stream that was read or destroyed before. Create a new one for each request.`,
  );
}

function waitUntilReadable(body: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error): void => {
      for (const event of ["readable", "end", "close"]) {
        body.off(event, succeed);
      }
      body.off("error", end);
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    };
    const succeed = (): void => end();
    body.once("readable", succeed).once("end", succeed).once("close", succeed).once("error", end);
  });
}

/** Waits for a promise, at most until the time is over or the client has left. A later rejection is for the reader of the body. */
function settle({ request }: RequestContext, ready: Promise<void>, timeout: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    const timer = timeout === undefined ? undefined : setTimeout(() => leave(), timeout);
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    };
    const leave = (): void => {
      end();
      resolve();
    };
    signal.addEventListener("abort", leave);
    ready.then(leave, (error: unknown) => {
      end();
      reject(error);
    });
    if (signal.aborted) {
      leave();
    }
  });
}

/** The items of a stream whose first one is asked for already. */
class PrimedItems<Item> implements AsyncIterable<Item> {
  readonly #iterator: AsyncIterator<Item>;
  readonly #first: Promise<IteratorResult<Item>>;
  #isFirstThere = false;

  constructor(items: AsyncIterable<Item>) {
    this.#iterator = items[Symbol.asyncIterator]();
    this.#first = this.#iterator.next();
    const note = (): void => {
      this.#isFirstThere = true;
    };
    this.#first.then(note, note);
  }

  /** Waits for the first item, and rejects with its error, or that of making a piece of it. */
  async check(toPiece: (item: Item) => unknown): Promise<void> {
    const { done, value } = await this.#first;
    if (done !== true) {
      toPiece(value);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Item> {
    let isFirstGiven = false;
    return {
      next: () => {
        if (isFirstGiven) {
          return this.#iterator.next();
        }
        isFirstGiven = true;
        return this.#first;
      },
      return: async () => {
        const ended = this.#iterator.return?.();
        if (this.#isFirstThere) {
          await ended;
        } else {
          // A generator that waits for its first piece cannot be ended before that piece comes.
          ended?.catch(() => undefined);
        }
        return { done: true, value: undefined };
      },
    };
  }
}
