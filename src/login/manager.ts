import { createHash } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import type { Extension, Flagon } from "../app";
import { ConfigError, SetupError } from "../base/errors";
import { suggestEndpoint } from "../base/suggestion";
import { buildUrl } from "../dispatch/build-url";
import { getRequestContext, type RequestContext } from "../dispatch/context";
import { wantsJson } from "../dispatch/error-format";
import { addFlash } from "../dispatch/flashes";
import { isSafeRedirect, redirect } from "../helpers/redirect";
import { Unauthorized } from "../http/exceptions/client-errors";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import { readChallenges, type WWWAuthenticate } from "../http/www-authenticate";
import { sessionCookieOptions } from "../sessions/cookie-sessions";
import { addForeignMembers, checkLoginOptions } from "./check-options";
import { currentUser } from "./current-user";
import type { LoginOptions, LoginUserOptions } from "./options";
import { fingerprintOf, formatRemembered, parseRemembered } from "./remember";
import { findExtension, type LoginState, missing, stateOf, states } from "./state";
import { idOf, type User, type UserLike } from "./users";

const signals = {
  loggedIn: channel("flagon:user.logged-in"),
  loggedOut: channel("flagon:user.logged-out"),
  unauthorized: channel("flagon:user.unauthorized"),
};
const year = 365 * 24 * 60 * 60;
/** The keys of the session that hold a login. */
const sessionKeys = ["_user_id", "_fresh", "_id", "_secret"] as const;

/** The options of a login manager. The type keeps the list complete. */
const loginOptions = Object.keys({
  loadUser: true,
  loadUserFromRequest: true,
  getSecret: true,
  loginView: true,
  refreshView: true,
  loginMessage: true,
  refreshMessage: true,
  messageCategory: true,
  wwwAuthenticate: true,
  unauthorized: true,
  sessionProtection: true,
  rememberDuration: true,
  rememberCookieName: true,
  rememberRefreshEachRequest: true,
} satisfies Record<keyof LoginOptions, true>);

/**
 * Logs users in and out, remembers them, and finds the user of a request.
 *
 * @example
 * ```ts
 * const login = new LoginManager({
 *   loadUser: (id) => db.query.users.findFirst({ where: eq(users.id, Number(id)) }),
 *   loginView: "auth.login",
 * });
 * app.use(login);
 * ```
 */
export class LoginManager<Kind extends UserLike = User & UserLike> implements Extension {
  /** The name under which `app.extensions` keeps it. */
  readonly name = "login";
  readonly #options: LoginOptions<Kind>;

  /** @param options The loader of users and the login page, among others. */
  constructor(options: LoginOptions<Kind>) {
    checkLoginOptions(options, loginOptions);
    this.#options = options;
  }

  /**
   * Loads the user before each request with a session or a remembered login, and gives `currentUser` to templates. Called by `app.use()`.
   *
   * When the app starts, a login page that does not exist and a missing secret key are errors.
   */
  install(app: Flagon): this {
    app.registry.challenges = readChallenges(this.#options.wwwAuthenticate);
    app.onStart(() => this.#check(app));
    app.templateGlobal("currentUser", currentUser);
    app.beforeRequest(() => this.#load(getRequestContext("currentUser")));
    app.afterRequest((response) => this.#refresh(getRequestContext("currentUser"), response));
    return this;
  }

  /**
   * Finds mistakes in the set-up of the login before the first visitor does.
   *
   * @throws {SetupError} If a login page is no endpoint of the app.
   * @throws {ConfigError} If there is a login page, and no key to sign the session.
   */
  #check({ config, registry: { endpoints } }: Flagon): void {
    const { loginView, refreshView } = this.#options;
    for (const [option, view] of Object.entries({ loginView, refreshView })) {
      if (view !== undefined && !/^[./]/.test(view) && !endpoints.has(view)) {
        throw new SetupError(
          `The option '${option}' of LoginManager names the endpoint '${view}', but there is none.${suggestEndpoint(view, [...endpoints.keys()])}`,
        );
      }
    }
    if (loginView !== undefined && config.secretKey === null) {
      throw new ConfigError(
        "The app has a login page, but no secret key to sign sessions: nobody could log in. Set FLAGON_SECRET_KEY, or the configuration's secretKey. Make one by: npx flagon secret",
      );
    }
  }

  /**
   * Logs a user in: the session gets a new id and keeps its values.
   *
   * @internal
   */
  logIn(context: RequestContext, user: Kind, options: LoginUserOptions = {}): boolean {
    const { duration = this.#rememberDuration, force = false, fresh = true, remember = false } = options;
    if (user.isActive === false && !force) {
      return false;
    }
    const { request, session } = context;
    session.regenerate();
    session.set("_user_id", idOf(user));
    session.set("_fresh", fresh);
    session.set("_id", identify(request));
    stateOf(context).user = user;
    this.#bind(context, user);
    if (remember) {
      // The request may still write a new hash of the password.
      this.#afterThis(context, async (response) =>
        this.#remember(context, this.#hasSecret ? ((await this.#find(idOf(user))) ?? user) : user, response, duration),
      );
    }
    announce(signals.loggedIn, context, user);
    return true;
  }

  /**
   * Makes a login fresh. The session gets a new id, and goes on if the user's secret has changed in this request.
   *
   * @internal
   */
  confirm(context: RequestContext): void {
    const { request, session } = context;
    session.regenerate();
    session.set("_fresh", true);
    session.set("_id", identify(request));
    this.#bindLater(context);
  }

  /**
   * Logs the user out: the session gets a new id and other CSRF tokens, and keeps its other values.
   *
   * @internal
   */
  logOut(context: RequestContext): void {
    const { user } = stateOf(context);
    this.#forget(context);
    if (user !== null) {
      announce(signals.loggedOut, context, user);
    }
  }

  /**
   * Handles visitors without a login: 401 for clients of JSON and without a login page, else a redirect to that page.
   *
   * @internal
   */
  unauthorized(context: RequestContext): unknown {
    const { loginMessage = "Please log in to access this page.", loginView, unauthorized } = this.#options;
    announce(signals.unauthorized, context, null);
    return unauthorized?.(context.request) ?? this.#ask(context, loginView, loginMessage, describeRefusal(context));
  }

  /**
   * Handles users whose login is not fresh.
   *
   * @internal
   */
  needsRefresh(context: RequestContext): unknown {
    const { loginView, refreshMessage = "Please reauthenticate to access this page.", refreshView = loginView } = this.#options;
    return this.#ask(context, refreshView, refreshMessage);
  }

  #ask(
    context: RequestContext,
    view: string | undefined,
    message: string | null,
    challenges: readonly WWWAuthenticate[] = [],
  ): FlagonResponse {
    const { app, request } = context;
    if (view === undefined || wantsJson(context)) {
      throw new Unauthorized(undefined, { wwwAuthenticate: challenges });
    }
    const page = view.startsWith("/") ? view : buildUrl(app, context, view);
    if (toPath(page) === toPath(`${request.rootPath}${request.target}`)) {
      throw new SetupError(
        `The login page '${toPath(page)}' needs a login itself, so that nobody reaches it. Take @loginRequired, or the guard of its class or blueprint, away from it.`,
      );
    }
    if (message !== null) {
      addFlash(context, message, this.#options.messageCategory ?? "message");
    }
    const next = request.method === "GET" ? `${request.rootPath}${request.target}` : "";
    return redirect(next === "" ? page : `${page}${page.includes("?") ? "&" : "?"}${new URLSearchParams({ next })}`);
  }

  async #load(context: RequestContext): Promise<undefined> {
    const state: LoginState = { user: null };
    states.set(context, state);
    const { app, endpoint, request } = context;
    // Static files are for everybody: without the session, any cache can keep them.
    if (endpoint?.name === "static" || endpoint?.name.endsWith(".static") === true) {
      return undefined;
    }
    const remembered = request.cookies[this.#cookieName];
    if (request.cookies[app.config.sessionCookieName] !== undefined || remembered !== undefined || context.usedSession !== undefined) {
      this.#protect(context);
      const id = context.session.get("_user_id");
      const user = typeof id === "string" ? await this.#find(id) : null;
      state.user = user;
      this.#checkSecret(context, user);
      if (state.user === null && remembered !== undefined) {
        await this.#recall(context, state, remembered);
      }
    }
    if (state.user === null && remembered === undefined) {
      state.user = (await this.#options.loadUserFromRequest?.(request)) ?? null;
    }
    return undefined;
  }

  async #find(id: string): Promise<Kind | null> {
    const user = (await this.#options.loadUser(id)) ?? null;
    return user?.isActive === false ? null : user;
  }

  /** Logs in by the cookie of a remembered login. The login is not fresh: a thief of the cookie must not change the password. */
  async #recall(context: RequestContext, state: LoginState, cookie: string): Promise<void> {
    const { app, request, session } = context;
    const remembered = parseRemembered(app.config, cookie, this.#rememberDuration);
    const user = remembered === undefined ? null : await this.#find(remembered.id);
    const isTheSame =
      user !== null && (remembered?.fingerprint ?? null) === (app.config.sessionDigest === "sha1" ? null : this.#fingerprint(user));
    if (!isTheSame) {
      return;
    }
    state.user = user;
    session.set("_user_id", idOf(user));
    session.set("_fresh", false);
    session.set("_id", identify(request));
    this.#bind(context, user);
    if (remembered?.isOutdated === true) {
      this.#afterThis(context, (response) => this.#remember(context, user, response, this.#rememberDuration, remembered.time));
    }
  }

  #protect(context: RequestContext): void {
    const { request, session } = context;
    const { sessionProtection = "basic" } = this.#options;
    if (sessionProtection === null || !session.has("_user_id") || session.get("_id") === identify(request)) {
      return;
    }
    if (sessionProtection === "strong" && !session.permanent) {
      this.#forget(context);
    } else if (session.get("_fresh") === true) {
      session.set("_fresh", false);
    }
  }

  /** Ends a login whose secret, such as the password, has changed since. A session of before, or of Flask, takes the present one. */
  #checkSecret(context: RequestContext, user: Kind | null): void {
    const fingerprint = user === null ? null : this.#fingerprint(user);
    const known = context.session.get("_secret");
    if (user === null || fingerprint === null || known === fingerprint) {
      return;
    }
    if (known === undefined || known === null) {
      context.session.set("_secret", fingerprint);
    } else {
      this.#forget(context);
    }
  }

  #bind(context: RequestContext, user: Kind): void {
    const fingerprint = this.#fingerprint(user);
    if (fingerprint !== null) {
      context.session.set("_secret", fingerprint);
      this.#bindLater(context);
    }
  }

  /** Binds the session to the secret that the user has after the request, which may have changed it. */
  #bindLater(context: RequestContext): void {
    const id = context.session.get("_user_id");
    if (!this.#hasSecret || typeof id !== "string") {
      return;
    }
    this.#afterThis(context, async () => {
      const user = context.session.get("_user_id") === id ? await this.#find(id) : null;
      const fingerprint = user === null ? null : this.#fingerprint(user);
      if (fingerprint !== null && context.session.get("_secret") !== fingerprint) {
        context.session.set("_secret", fingerprint);
      }
    });
  }

  #forget(context: RequestContext): void {
    const { request, session } = context;
    const found = sessionKeys.filter((key) => session.delete(key));
    if (found.length > 0) {
      session.regenerate();
    }
    stateOf(context).user = null;
    if (request.cookies[this.#cookieName] !== undefined) {
      this.#afterThis(context, (response) =>
        response.deleteCookie(this.#cookieName, sessionCookieOptions(context.request, context.app.config)),
      );
    }
  }

  /** Sets the cookie of a remembered login, which began at a time in seconds since the Unix epoch. */
  #remember(context: RequestContext, user: Kind, response: FlagonResponse, duration: number, begun = Math.floor(Date.now() / 1000)): void {
    const { config } = context.app;
    const cookie = formatRemembered(config, { id: idOf(user), fingerprint: this.#fingerprint(user) }, begun);
    response.setCookie(this.#cookieName, cookie, {
      ...sessionCookieOptions(context.request, context.app.config),
      expires: new Date((begun + duration) * 1000),
    });
  }

  #refresh(context: RequestContext, response: FlagonResponse): void {
    const { user } = states.get(context) ?? { user: null };
    const cookie = context.request.cookies[this.#cookieName];
    if (this.#options.rememberRefreshEachRequest === true && user !== null && cookie !== undefined) {
      response.setCookie(this.#cookieName, cookie, {
        ...sessionCookieOptions(context.request, context.app.config),
        expires: new Date(Date.now() + this.#rememberDuration * 1000),
      });
    }
  }

  #fingerprint(user: Kind): string | null {
    const secret = this.#options.getSecret?.(user);
    return secret === undefined ? null : fingerprintOf(secret);
  }

  get #hasSecret(): boolean {
    return this.#options.getSecret !== undefined;
  }

  get #rememberDuration(): number {
    return this.#options.rememberDuration ?? year;
  }

  get #cookieName(): string {
    return this.#options.rememberCookieName ?? "remember_token";
  }

  #afterThis(context: RequestContext, change: (response: FlagonResponse) => void | Promise<void>): void {
    context.afterThisRequest ??= [];
    context.afterThisRequest.push((response) => change(response));
  }
}

addForeignMembers(LoginManager.prototype);

/** Returns the manager of a request's app. */
export function managerOf(context: RequestContext): LoginManager<UserLike> {
  const manager = findExtension(context);
  return manager instanceof LoginManager ? manager : missing(context);
}

/** Returns the page before the login, by the parameter `next`, if it is one of the app's own. */
export function findNext(request: FlagonRequest, fallback: string): string {
  const next = request.query.get("next");
  return next !== null && isSafeRedirect(next) ? next : fallback;
}

/** Returns the fingerprint of a client, by address and program, as Flask-Login does. */
export function identify(request: FlagonRequest): string {
  return createHash("sha512").update(`${request.remoteAddress}|${request.userAgent}`).digest("hex");
}

/** Returns the challenges for a visitor without a login. That of Bearer says that the token was refused (RFC 6750, section 3.1). */
function describeRefusal({ app, request }: RequestContext): readonly WWWAuthenticate[] {
  const isRefused = request.authorization?.type === "bearer";
  return app.registry.challenges.map((challenge) =>
    isRefused && challenge.type === "bearer" ? challenge.with({ error: "invalid_token" }) : challenge,
  );
}

function announce(signal: ReturnType<typeof channel>, { app, request }: RequestContext, user: UserLike | null): void {
  if (signal.hasSubscribers) {
    signal.publish({ app, request, user });
  }
}

function toPath(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? "";
}
