import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isPromise, type MaybePromise } from "../../base/maybe-promise";
import { handleError } from "../../dispatch/answer";
import { contexts, type RequestContext } from "../../dispatch/context";
import { createContext, dispatch } from "../../dispatch/dispatch";
import { createMountContext, findMount } from "../../dispatch/mounting";
import { tearDown } from "../../dispatch/tear-down";
import type { MountedSource } from "../../http/request/mounted-source";
import type { RequestSource } from "../../http/request/request-source";
import type { FlagonResponse } from "../../http/response/response";
import type { Application } from "../../setup/application";
import { runNodeMiddleware } from "./node-middleware";
import { send } from "./node-reply";
import { NodeSource } from "./node-source";
import { keepTickShape } from "./tick-shape";

/** Is told an error for which there is no response. */
type Crash = (error: unknown, app: Application, reply: ServerResponse) => void;

/** One request and the response to it, as Node's server hands them over. */
interface Exchange {
  readonly message: IncomingMessage;
  readonly reply: ServerResponse;
  readonly crash: Crash;
  readonly observe: Observe | undefined;
}

/** What a server does besides serving. */
export interface ListenerOptions {
  /** Is told an error for which there is no response. By default it is logged and answered with 500. */
  readonly crash?: Crash;
  /** Sees each request that the app itself, or one inside of it, answers, before that. */
  readonly observe?: Observe;
}

/** Sees a request that is to be answered. */
type Observe = (context: RequestContext, reply: ServerResponse) => void;

/**
 * Creates the listener that makes a `node:http` server serve an app. Nothing of the web's `Request` is built.
 *
 * @param app The app.
 * @param options What is done besides serving.
 */
export function createListener(app: Application, { crash = reportCrash, observe }: ListenerOptions = {}): RequestListener {
  keepTickShape();
  return (message, reply) => {
    const exchange = { message, reply, crash, observe };
    if (app.lifeCycle.isReady) {
      serve(app, exchange, () => new NodeSource(message, reply));
    } else {
      app.lifeCycle.start().then(
        () => serve(app, exchange, () => new NodeSource(message, reply)),
        (error: unknown) => crash(error, app, reply),
      );
    }
  };
}

/** Serves a request: by the app's middleware, by what is mounted, or by the app itself. */
function serve(app: Application, exchange: Exchange, createSource: () => RequestSource): void {
  if (app.nodeMiddleware.length === 0) {
    handle(app, exchange, createSource());
    return;
  }
  // What middleware makes of the URL is what the app gets to see.
  runNodeMiddleware(app.nodeMiddleware, exchange.message, exchange.reply, (failure) => {
    const source = createSource();
    if (failure === undefined) {
      handle(app, exchange, source);
    } else {
      const context = createContext(app, source);
      respond(exchange, context, () => handleError(context, failure.error));
    }
  });
}

function handle(app: Application, exchange: Exchange, source: RequestSource): void {
  if (app.mounts.length > 0) {
    const mount = findMount(app, source);
    switch (mount?.kind) {
      case "app":
        enter(exchange.message, mount.source);
        serve(mount.app, exchange, () => mount.source.withTarget(exchange.message.url ?? "/"));
        return;
      case "node":
        enter(exchange.message, mount.source);
        hand(app, mount.listener, exchange);
        return;
      case "response": {
        const context = createMountContext(app, source);
        respond(exchange, context, () => mount.respond(context));
        return;
      }
    }
  }
  const context = createContext(app, source);
  respond(exchange, context, dispatch);
}

/** Says to handlers of Node's where they are mounted, in the manner of Connect and Express. */
function enter(message: IncomingMessage & { baseUrl?: string; originalUrl?: string | undefined }, { prefix, target }: MountedSource): void {
  message.originalUrl ??= message.url;
  message.baseUrl = (message.baseUrl ?? "") + prefix;
  message.url = target;
}

/** Lets a handler of Node's answer; what it throws is the server's. */
function hand(app: Application, listener: RequestListener, { message, reply, crash }: Exchange): void {
  try {
    const result: unknown = listener(message, reply);
    if (isPromise(result)) {
      result.catch((error: unknown) => crash(error, app, reply));
    }
  } catch (error) {
    crash(error, app, reply);
  }
}

function respond(exchange: Exchange, context: RequestContext, answer: (context: RequestContext) => MaybePromise<FlagonResponse>): void {
  exchange.observe?.(context, exchange.reply);
  try {
    const response = contexts.run(context, answer, context);
    if (isPromise(response)) {
      response.then(
        (settled) => attempt(exchange, context, settled),
        (error: unknown) => end(exchange, context, error),
      );
    } else {
      send(context, response, exchange.message, exchange.reply);
    }
  } catch (error) {
    end(exchange, context, error);
  }
}

function attempt(exchange: Exchange, context: RequestContext, response: FlagonResponse): void {
  try {
    send(context, response, exchange.message, exchange.reply);
  } catch (error) {
    end(exchange, context, error);
  }
}

function end({ crash, reply }: Exchange, context: RequestContext, error: unknown): void {
  void contexts.run(context, tearDown, context);
  crash(error, context.app, reply);
}

function reportCrash(error: unknown, app: Application, reply: ServerResponse): void {
  app.logger.error({ err: error }, "A request could not be answered.");
  if (!reply.headersSent) {
    reply.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
  }
  reply.end();
}
