import type { Readable } from "node:stream";
import { andThen, isPromise, type MaybePromise } from "../../base/maybe-promise";
import { answerRequest, type Respond, type Sender } from "../../dispatch/answer-mount";
import { abandonBody, discardBody, iterateBodyIn, measureBody, reportFailure, type StreamedBody } from "../../dispatch/body-stream";
import { contexts, type RequestContext } from "../../dispatch/context";
import { needsTearDown, tearDown } from "../../dispatch/tear-down";
import { keepAssets } from "../../http/files/platform-assets";
import type { RequestSource } from "../../http/request/request-source";
import { PushedStream } from "../../http/response/pushed-stream";
import type { FlagonResponse } from "../../http/response/response";
import { toWire } from "../../http/response/response-headers";
import { isBodiless } from "../../http/status";
import type { Application } from "../../setup/application";
import { exchangeInProcess } from "../node/in-process";
import { findBunFile } from "./bun-file";
import { FetchSource } from "./fetch-source";

/**
 * Answers a web `Request`: the interface of Bun, Deno and Workers.
 *
 * @param bindings The second argument of the runtime. The binding `ASSETS` of a Worker serves static files.
 * @param execution The third argument. If it has `waitUntil`, the Worker stays up until the background work is done.
 */
export function handleFetch(app: Application, request: Request, bindings?: unknown, execution?: unknown): Promise<Response> {
  keepAssets(request, bindings);
  const answered = handleSource(app, new FetchSource(request));
  if (!canWait(execution)) {
    return answered;
  }
  return answered.then((response) => {
    execution.waitUntil(app.backgroundWork.finish(maxBackgroundTime));
    return response;
  });
}

/** The longest background work of a Worker after its answer, in milliseconds. After that the platform stops it. */
const maxBackgroundTime = 30_000;

function canWait(execution: unknown): execution is { waitUntil(work: Promise<unknown>): void } {
  return typeof execution === "object" && execution !== null && "waitUntil" in execution && typeof execution.waitUntil === "function";
}

/** Answers a request from any source with a web `Response`; its teardown runs when the body has been read. */
export async function handleSource(app: Application, source: RequestSource): Promise<Response> {
  if (!app.lifeCycle.isReady) {
    await app.lifeCycle.start();
  }
  return answerRequest(app, source, fetchSender);
}

/** Sends answers as web responses. Connect middleware and Node handlers get a request and a reply of `node:http`, without a socket. */
const fetchSender: Sender<MaybePromise<Response>> = {
  runMiddleware: exchangeInProcess,
  callNodeHandler: (app, _listener, source) => exchangeInProcess(app, source.outer),
  enterMount: () => undefined,
  send: respond,
};

function respond(context: RequestContext, answer: Respond): MaybePromise<Response> {
  try {
    const sent = andThen(contexts.run(context, answer, context), (response) => toWebResponse(context, response));
    return isPromise(sent) ? sent.catch((error: unknown) => fail(context, error)) : sent;
  } catch (error) {
    return fail(context, error);
  }
}

async function fail(context: RequestContext, error: unknown): Promise<never> {
  await contexts.run(context, tearDown, context);
  throw error;
}

function toWebResponse(context: RequestContext, response: FlagonResponse): MaybePromise<Response> {
  const { body, headers, status } = response;
  const wire = toWire(headers, null);
  const init = new Headers();
  for (let index = 0; index < wire.length; index += 2) {
    init.append(wire[index] ?? "", wire[index + 1] ?? "");
  }
  const end = (sent: Response): MaybePromise<Response> =>
    needsTearDown(context) ? contexts.run(context, tearDown, context).then(() => sent) : sent;
  if (isBodiless(status) || context.request.method === "HEAD" || body === null) {
    const length = context.request.method === "HEAD" && !isBodiless(status) ? measureBody(response) : null;
    if (length !== null) {
      init.set("content-length", String(length));
    }
    const head = new Response(null, { status, headers: init });
    return body === null ? end(head) : discardBody(context, body).then(() => end(head));
  }
  if (typeof body === "string" || body instanceof Uint8Array) {
    return end(new Response(typeof body === "string" ? body : new Uint8Array(body), { status, headers: init }));
  }
  const file = needsTearDown(context) ? undefined : findBunFile(body);
  if (file !== undefined) {
    response.discardBody();
    if (!init.has("content-disposition")) {
      // Bun would add the name of the file on the disk. This header has the same effect as no header.
      init.set("content-disposition", "inline");
    }
    return new Response(file, { status, headers: init });
  }
  const stream = body instanceof PushedStream ? pushToWebStream(context, body) : toWebStream(context, body);
  return new Response(stream, { status, headers: init });
}

/** Converts a pushed stream, which does not slow down for its reader, to a web stream. */
function pushToWebStream(context: RequestContext, body: Readable): ReadableStream<Uint8Array> {
  const end = createEnd(context);
  let isCancelled = false;
  const source = {
    start(controller: ReadableStreamDefaultController<Uint8Array>): void {
      body.pause();
      body.on("data", (piece: Uint8Array) => {
        body.pause();
        controller.enqueue(piece);
      });
      body.once("end", () => void end().then(() => (isCancelled ? undefined : controller.close())));
      body.once("error", (error) => {
        reportFailure(context, error);
        controller.error(error);
        void end();
      });
    },
    pull(): void {
      body.resume();
    },
    cancel(): Promise<void> {
      isCancelled = true;
      body.destroy();
      return end();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

function toWebStream(context: RequestContext, body: StreamedBody): ReadableStream<Uint8Array> {
  const iterator = iterateBodyIn(context, body);
  const end = createEnd(context);
  let isCancelled = false;
  const send = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const next = await iterator.next();
      if (next.done === true) {
        await end();
        if (!isCancelled) {
          controller.close();
        }
      } else if (!isCancelled) {
        const piece = iterator.toPiece(next.value);
        controller.enqueue(typeof piece === "string" ? Buffer.from(piece, "utf8") : piece);
      }
    } catch (error) {
      reportFailure(context, error);
      controller.error(error);
      await abandonBody(iterator);
      await end();
    }
  };
  const source = {
    pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
      const sent = send(controller);
      // The app stops after a stream that is being read.
      context.app.backgroundWork.add(sent);
      return sent;
    },
    async cancel(): Promise<void> {
      isCancelled = true;
      try {
        await iterator.end();
      } catch (error) {
        reportFailure(context, error);
      }
      await end();
    },
  };
  // The body is not read before its reader asks for it.
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** Returns a function that tears the request down, at most once. */
function createEnd(context: RequestContext): () => Promise<void> {
  let ended: Promise<void> | undefined;
  return () => {
    ended ??= contexts.run(context, tearDown, context);
    return ended;
  };
}
