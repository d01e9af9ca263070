import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { describeCopies } from "../base/copies";
import { ContextError, FlagonError, SessionError } from "../base/errors";
import { setWatchFinder } from "../base/watched-promise";
import { setWatchQuestion } from "../base/watching";
import type { HTTPException } from "../http/exceptions/http-exception";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import type { Match } from "../routing/route";
import { closeSession, Session } from "../sessions/session";
import { guardSession } from "../sessions/session-guard";
import type { Application } from "../setup/application";
import type { Origin } from "../setup/life-cycle";
import type { AnyAfterRequestHook, Endpoint, Hooks } from "../setup/registry";

/** The type of `g`. Augment it: `declare module "flagon" { interface Globals { user: User } }`. */
export interface Globals {}

/** An answer of routing: an error, a redirect, or the answer to `OPTIONS`. */
export type RoutingAnswer = HTTPException | FlagonResponse;

/** The state of one request, or of one call of `app.appContext()`. */
export class AppContext {
  #g: (Globals & Record<string, unknown>) | undefined;

  /**
   * @param app The app.
   * @param origin The scheme and host of external links without a request. Default: those of the setting `serverName`.
   */
  constructor(
    readonly app: Application,
    readonly origin?: Origin | undefined,
  ) {}

  /** Values that hooks and views share. It starts empty. */
  get g(): Globals & Record<string, unknown> {
    if (this.#g === undefined) {
      const empty: Globals & Record<string, unknown> = Object.create(null);
      this.#g = empty;
    }
    return this.#g;
  }
}

/** The state of one request. Inside the framework it is an argument and is never looked up. */
export class RequestContext extends AppContext {
  /**
   * The result of routing.
   *
   * @internal
   */
  match: Match<Endpoint> | undefined;
  /**
   * The answer that routing gives in place of a view.
   *
   * @internal
   */
  routingAnswer: RoutingAnswer | undefined;
  /**
   * The endpoint, once one is found.
   *
   * @internal
   */
  endpoint: Endpoint | undefined;
  /**
   * The hooks that run for the request.
   *
   * @internal
   */
  hooks: Hooks;
  /**
   * The status of a plain return value.
   *
   * @internal
   */
  status = 200;
  /**
   * The hooks for this response alone.
   *
   * @internal
   */
  afterThisRequest: AnyAfterRequestHook[] | undefined;
  /**
   * The flashed messages that this request has taken from the session.
   *
   * @internal
   */
  flashes: readonly (readonly [category: string, message: unknown])[] | undefined;
  /**
   * Whether the request is known to come from the app's own pages.
   *
   * @internal
   */
  isCsrfChecked = false;
  /**
   * The reason that a form was refused, until the form shows it. The page is then rendered as if by `GET`.
   *
   * @internal
   */
  refusal: HTTPException | undefined;
  /**
   * Whether a form has shown the reason that it was refused.
   *
   * @internal
   */
  isRefusalShown = false;
  /**
   * Whether the session was saved, or could not be.
   *
   * @internal
   */
  isSessionSaved = false;
  /**
   * Whether the before hooks have begun to run.
   *
   * @internal
   */
  isBegun = false;
  /**
   * The error that refused the request before the before hooks ran, or for the token of a form that cannot be shown again.
   *
   * @internal
   */
  refusedBy: HTTPException | undefined;
  /**
   * The number of errors so far.
   *
   * @internal
   */
  errors = 0;
  /**
   * The number of runs of the after hooks.
   *
   * @internal
   */
  afterRuns = 0;
  /**
   * The error that nothing handled.
   *
   * @internal
   */
  failure: unknown;
  /**
   * The response, before it is sent.
   *
   * @internal
   */
  response: FlagonResponse | undefined;
  /**
   * Responses that another one has replaced: they end with the request.
   *
   * @internal
   */
  abandoned: FlagonResponse[] | undefined;
  /**
   * Whether the headers of the response are complete.
   *
   * @internal
   */
  isAnswered = false;
  #session: Session | undefined;
  #isSessionUsed = false;
  #cspNonce: string | undefined;

  /**
   * @param app The app.
   * @param request The request.
   */
  constructor(
    app: Application,
    readonly request: FlagonRequest,
  ) {
    super(app);
    this.hooks = app.registry.scope.all;
  }

  /** The session; a lazy one is opened now. */
  get session(): Session {
    this.#isSessionUsed = true;
    if (this.#session === undefined) {
      const session = this.app.sessionInterface.open(this.request, this.app.config);
      if (!(session instanceof Session)) {
        throw new SessionError("The session interface awaits when it opens a session, so its 'isLazy' must be false.");
      }
      this.#session = this.#guardSession(session);
      if (this.isAnswered) {
        closeSession(session);
      }
    }
    return this.#session;
  }

  /**
   * The session, if it was used: one that was only opened changes no response.
   *
   * @internal
   */
  get usedSession(): Session | undefined {
    return this.#isSessionUsed ? this.#session : undefined;
  }

  /**
   * The nonce of the response, which its policy then names.
   *
   * @throws {FlagonError} If the headers of the response are complete without it.
   * @internal
   */
  get cspNonce(): string {
    if (this.#cspNonce === undefined) {
      if (this.isAnswered) {
        throw new FlagonError(
          "cspNonce() was called while the page is on its way, so that its headers cannot name the nonce any more. Call it in the view, before it returns the stream.",
        );
      }
      this.#cspNonce = randomBytes(16).toString("base64");
    }
    return this.#cspNonce;
  }

  /**
   * The nonce, if the page has one.
   *
   * @internal
   */
  get usedCspNonce(): string | undefined {
    return this.#cspNonce;
  }

  /**
   * Notes that the headers of the response are complete. A later change of the session would be lost, so it is an error.
   *
   * @internal
   */
  completeHeaders(): void {
    this.isAnswered = true;
    if (this.#session !== undefined) {
      closeSession(this.#session);
    }
  }

  /**
   * Keeps a response that is not sent, so that its files and streams are closed.
   *
   * @internal
   */
  abandon(response: FlagonResponse): void {
    this.abandoned ??= [];
    this.abandoned.push(response);
  }

  /**
   * Opens a session that cannot be opened lazily.
   *
   * @internal
   */
  async openSession(): Promise<void> {
    this.#session ??= this.#guardSession(await this.app.sessionInterface.open(this.request, this.app.config));
  }

  /** Refuses members that a session does not have, in debug mode and in tests: nothing keeps them for the next request. */
  #guardSession(session: Session): Session {
    return this.app.requestSettings.isWatched ? guardSession(session) : session;
  }
}

/** Names the view of a request in error messages. */
export function labelOf(context: RequestContext): string {
  const { endpoint } = context;
  return endpoint === undefined ? "An error handler or hook" : `The view '${endpoint.label}'`;
}

/** Holds the current context through awaits, timers and streams. */
export const contexts: AsyncLocalStorage<AppContext> = new AsyncLocalStorage();

/**
 * Returns the current app's context.
 *
 * @throws {ContextError} If there is none.
 */
export function getAppContext(name: string): AppContext {
  const context = contexts.getStore();
  if (context === undefined) {
    throw new ContextError(
      `Working outside of application context.\n\n'${name}' was used while no app is active. Use it inside a view, or open a context with app.appContext(() => …).${aboutCopies()}`,
    );
  }
  return context;
}

/**
 * Returns the current request's context.
 *
 * @throws {ContextError} If there is none.
 */
export function getRequestContext(name: string): RequestContext {
  const context = contexts.getStore();
  if (!(context instanceof RequestContext)) {
    throw new ContextError(
      `Working outside of request context.\n\n'${name}' was used while no request is active. Use it inside a view, or open a context with app.testRequestContext("/", {}, () => …).${aboutCopies()}`,
    );
  }
  return context;
}

/** Returns the current app's context, if there is one. */
export function findAppContext(): AppContext | undefined {
  return contexts.getStore();
}

/** Returns the current request's context, if there is one. */
export function findRequestContext(): RequestContext | undefined {
  const context = contexts.getStore();
  return context instanceof RequestContext ? context : undefined;
}

setWatchFinder(() => findRequestContext()?.request.promiseWatch);
setWatchQuestion(() => {
  const config = findAppContext()?.app.config;
  return config !== undefined && (config.debug || config.testing);
});

/** The context of one copy of the package is unknown to another one. */
function aboutCopies(): string {
  const copies = describeCopies();
  return copies === "" ? "" : `\n\n${copies}`;
}
