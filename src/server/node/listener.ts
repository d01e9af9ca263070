import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { FlagonError } from "../../base/errors";
import { toLoggedPath } from "../../base/logged-path";
import { isPromise } from "../../base/maybe-promise";
import { logUnseen } from "../../base/unseen-errors";
import { handleError } from "../../dispatch/after-view";
import { answerBehindMiddleware, answerRequest, type Respond, type Sender } from "../../dispatch/answer-mount";
import { discardBody } from "../../dispatch/body-stream";
import { contexts, type RequestContext } from "../../dispatch/context";
import { createContext } from "../../dispatch/dispatch";
import { respondWithError } from "../../dispatch/error-pages";
import { needsTearDown, tearDown } from "../../dispatch/tear-down";
import type { HTTPException } from "../../http/exceptions/http-exception";
import { MountedSource } from "../../http/request/mounted-source";
import { closeRequest } from "../../http/request/request";
import type { RequestSource } from "../../http/request/request-source";
import type { FlagonResponse } from "../../http/response/response";
import type { Application } from "../../setup/application";
import { noHooks } from "../../setup/registry";
import { Exchange } from "./exchange";
import { waitsForContinue } from "./expect-continue";
import { toHttpError } from "./middleware-error";
import { runNodeMiddleware } from "./node-middleware";
import { sendResponse } from "./node-reply";
import { NodeSource } from "./node-source";
import { findProtocolError, hasEndlessBody } from "./protocol-errors";
import { reportCrash } from "./report-crash";
import { keepTickShape } from "./tuning/tick-shape";

/** Gets an error for which there is no response. */
type OnCrash = (error: unknown, app: Application, reply: ServerResponse) => void;

/** Gets a request before an app answers it. */
type OnRequest = (context: RequestContext, exchange: Exchange) => void;

/** The callbacks of a server besides its answers. */
export interface ListenerOptions {
  /** Gets an error for which there is no response. By default it is logged and answered with 500. */
  readonly onCrash?: OnCrash;
  /** Gets each request before the app, or an app mounted in it, answers. */
  readonly onRequest?: OnRequest;
}

/**
 * Creates the listener that makes a `node:http` server serve an app. It builds no web `Request`.
 *
 * @param app The app.
 * @param options The callbacks of the server.
 */
export function createListener(app: Application, options: ListenerOptions = {}): RequestListener {
  keepTickShape();
  return (message, reply) => new ServedExchange(message, reply, options).start(app);
}

/** A request that an app answers: it runs middleware and handlers of Node's, sends responses, and tears the request down. */
export class ServedExchange extends Exchange implements Sender<void> {
  /** The context of the app that answers, once that is known. */
  context: RequestContext | undefined;
  /** The making of the response, while the app makes it; its rejections are handled. */
  pending: Promise<void> | undefined;
  readonly #options: ListenerOptions;
  #isTornDown = false;

  /**
   * @param message The request.
   * @param reply The reply.
   * @param options The callbacks of the server.
   */
  constructor(message: IncomingMessage, reply: ServerResponse, options: ListenerOptions) {
    super(message, reply);
    this.#options = options;
  }

  /** Answers the request once the app has started. */
  start(app: Application): void {
    const { socket } = this.message;
    if (socket.writableEnded || socket.destroyed) {
      // The answer before this one closes the connection (RFC 9112, section 9.6). Node would fail on a second answer.
      return;
    }
    this.expectsContinue ||= waitsForContinue(this.reply);
    if (app.lifeCycle.isReady) {
      this.#answer(app);
    } else {
      app.lifeCycle.start().then(
        () => this.#answer(app),
        (error: unknown) => this.#crash(app, error),
      );
    }
  }

  /** Answers with an error in place of the app, which runs no hook, and closes the connection. */
  refuse(app: Application, refusal: HTTPException): void {
    const context = createContext(app, new NodeSource(this));
    context.hooks = noHooks;
    context.isBegun = true;
    this.send(context, () => {
      const response = respondWithError(refusal, context);
      app.defaultHeaders.apply(response);
      this.isClosing = true;
      response.headers.set("connection", "close");
      return response;
    });
  }

  /**
   * Gives a request up that takes too long: aborts its signal, answers with an error in place of the app, and tears it down.
   *
   * A response that the app makes later is ended unsent.
   */
  expire(app: Application, refusal: HTTPException): void {
    const { context } = this;
    this.isExpired = true;
    this.abort(refusal);
    this.failBody?.(refusal);
    if (context !== undefined) {
      this.onEnd(() => this.#tearDown(context));
    }
    if (this.reply.headersSent || this.hasLeft) {
      return;
    }
    const late = new Exchange(this.message, this.reply);
    late.isClosing = true;
    late.isBodyGone = this.isBodyGone;
    const own = createContext(app, new NodeSource(late));
    const response = respondWithError(refusal, own);
    app.defaultHeaders.apply(response);
    response.headers.set("connection", "close");
    this.isWritten = true;
    sendResponse({ exchange: late, context: own, response, answerError: () => this.reply.destroy() });
  }

  /** Lets the stop of the app wait for a view that still runs although its client has left. */
  outlive(app: Application): void {
    if (this.pending !== undefined && !this.isExpired) {
      app.backgroundWork.add(this.pending);
    }
  }

  /** Ends a stream of events, if the reply is one: browsers come back, to another server. */
  stopEvents(): void {
    const { endEvents } = this;
    if (endEvents !== undefined) {
      this.endEvents = undefined;
      endEvents();
      this.abort();
    }
  }

  runMiddleware(app: Application, source: RequestSource): void {
    runNodeMiddleware(app.nodeMiddleware, this.message, this.reply, (failure) => {
      // The app gets to see the URL that the middleware made.
      const seen = source instanceof MountedSource ? source.withTarget(this.message.url ?? "/") : new NodeSource(this);
      if (failure === undefined) {
        answerBehindMiddleware(app, seen, this);
      } else {
        this.send(createContext(app, seen), (context) => handleError(context, toHttpError(failure.error)));
      }
    });
  }

  /** Tells handlers of Node's where they are mounted, in the manner of Connect and Express. */
  enterMount({ prefix, target }: MountedSource): void {
    const message: IncomingMessage & { baseUrl?: string; originalUrl?: string | undefined } = this.message;
    message.originalUrl ??= message.url;
    message.baseUrl = (message.baseUrl ?? "") + prefix;
    message.url = target;
  }

  callNodeHandler(app: Application, listener: RequestListener, source: MountedSource): void {
    this.enterMount(source);
    try {
      const result: unknown = listener(this.message, this.reply);
      if (isPromise(result)) {
        result.catch((error: unknown) => this.#crash(app, error));
      }
    } catch (error) {
      this.#crash(app, error);
    }
  }

  send(context: RequestContext, respond: Respond): void {
    this.context = context;
    this.#options.onRequest?.(context, this);
    this.#respond(context, respond);
  }

  /** Answers the request by an app, by its middleware, or by a mount of it. */
  #answer(app: Application): void {
    if (this.expectsContinue) {
      // Foreign code reads the body without sending `100 Continue`.
      this.message.on("newListener", (name) => (name === "data" || name === "readable" ? this.askForBody() : undefined));
    }
    const refusal = findProtocolError(this.message);
    if (refusal === undefined) {
      answerRequest(app, new NodeSource(this), this);
    } else {
      // Node destroys the connection at once, so that the answer has to be written before.
      this.isBodyGone = hasEndlessBody(this.message);
      this.refuse(app, refusal);
    }
  }

  #respond(context: RequestContext, respond: Respond): void {
    try {
      const response = contexts.run(context, respond, context);
      if (isPromise(response)) {
        this.pending = response.then(
          (settled) => {
            this.pending = undefined;
            this.#sendOrCrash(context, settled);
          },
          (error: unknown) => {
            this.pending = undefined;
            this.#fail(context, error);
          },
        );
      } else {
        this.#sendOrCrash(context, response);
      }
    } catch (error) {
      this.#fail(context, error);
    }
  }

  #sendOrCrash(context: RequestContext, response: FlagonResponse): void {
    try {
      if (this.isAnswered) {
        this.#endBegun(context);
        context.app.backgroundWork.add(this.#discard(context, response));
        return;
      }
      if (needsTearDown(context)) {
        this.onEnd(() => this.#tearDown(context));
      }
      const answerError = (error: unknown): void => {
        context.abandon(response);
        this.onEnd(() => this.#tearDown(context));
        this.#respond(context, () => handleError(context, error));
      };
      sendResponse({ exchange: this, context, response, answerError });
    } catch (error) {
      this.#fail(context, error);
    }
  }

  /** Cuts a response off that middleware has begun before it passed the request on: nothing else would end it. */
  #endBegun({ app, request }: RequestContext): void {
    const { reply } = this;
    if (reply.headersSent && !reply.writableEnded && !this.isExpired && !this.hasLeft) {
      const error = new FlagonError(
        "A middleware began a response, and then called next(). It has to end the response itself, or to leave it.",
      );
      app.logger.error({ err: error }, `Exception on ${toLoggedPath(request.target, request.viewArgs)} [${request.method}]`);
      reply.destroy();
    }
  }

  /** Ends a response that comes when the client has left, or was told that it takes too long. */
  async #discard(context: RequestContext, response: FlagonResponse): Promise<void> {
    await discardBody(context, response.body);
    if (!this.#isTornDown) {
      this.#tearDown(context);
      return;
    }
    for (const callback of response.closeCallbacks) {
      try {
        await contexts.run(context, callback);
      } catch (error) {
        logUnseen(context.app, error, "A function that waits for the end of the response failed.");
      }
    }
    await closeRequest(context.request);
  }

  #fail(context: RequestContext, error: unknown): void {
    this.#tearDown(context);
    this.#crash(context.app, error);
  }

  #tearDown(context: RequestContext): void {
    if (!this.#isTornDown) {
      this.#isTornDown = true;
      // The app stops after it.
      context.app.backgroundWork.add(contexts.run(context, tearDown, context));
    }
  }

  #crash(app: Application, error: unknown): void {
    (this.#options.onCrash ?? reportCrash)(error, app, this.reply);
  }
}
