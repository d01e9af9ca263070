import { randomBytes } from "node:crypto";
import { FlagonError } from "../base/errors";
import { contexts } from "../dispatch/context";
import { createContext } from "../dispatch/dispatch";
import { findRoute } from "../dispatch/find-route";
import { findTestOrigin } from "../dispatch/own-origin";
import { tearDown } from "../dispatch/tear-down";
import type { FlagonRequest } from "../http/request/request";
import { FlagonResponse } from "../http/response/response";
import { handleSource } from "../server/fetch/handle-fetch";
import { finishAndStop } from "../server/finish-and-stop";
import type { Session } from "../sessions/session";
import type { Application } from "../setup/application";
import { CookieJar } from "./cookie-jar";
import { compose, followRedirect, type TestMessage, type TestRequestOptions, TestSource } from "./test-request";

export type { TestCredentials, TestRequestOptions } from "./test-request";

/** A response, with those that redirected to it. */
export interface TestResponse extends Response {
  /** The redirects that were followed, the first first. */
  readonly history: readonly Response[];
}

const maxRedirects = 20;

/** Sends requests to an app without a network, through the same parser and limits; cookies are kept like in a browser. */
export class TestClient {
  /** The cookies. */
  readonly cookies: CookieJar = new CookieJar();
  readonly #app: Application;
  readonly #base: URL;

  /**
   * @param app The app. If it has no secret key, it gets a random one, unless the key was set to `null`.
   * @param base The scheme and the host of targets that are paths. Default: the settings `preferredUrlScheme` and
   * `serverName`, or the first of `trustedHosts`, or `"localhost"`.
   * @internal
   */
  constructor(app: Application, base: string = baseOf(app)) {
    this.#app = app;
    this.#base = new URL(base);
    app.config.check();
    provideKey(app);
  }

  /**
   * Sends `GET`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  get(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("GET", target, options);
  }

  /**
   * Sends `HEAD`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  head(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("HEAD", target, options);
  }

  /**
   * Sends `POST`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  post(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("POST", target, options);
  }

  /**
   * Sends `PUT`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  put(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("PUT", target, options);
  }

  /**
   * Sends `PATCH`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  patch(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("PATCH", target, options);
  }

  /**
   * Sends `DELETE`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  delete(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("DELETE", target, options);
  }

  /**
   * Sends `OPTIONS`.
   *
   * @param target The path with its query, sent as it is written, or a whole URL.
   */
  options(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("OPTIONS", target, options);
  }

  /**
   * Sends a request.
   *
   * @param method The method.
   * @param target A path with its query, sent exactly as it is written; or a whole URL, to choose host and scheme.
   * @param options The headers and the body, among others.
   * @throws {FlagonError} After 20 redirects in a row.
   */
  request(method: string, target: string, options: TestRequestOptions = {}): Promise<TestResponse> {
    const answered = this.#request(method, target, options);
    // The app stops after it. Its failure is that of the request, and not of background work.
    this.#app.backgroundWork.add(answered.catch(() => undefined));
    return answered;
  }

  async #request(method: string, target: string, options: TestRequestOptions): Promise<TestResponse> {
    const history: Response[] = [];
    let message = await compose(this.#base, method, target, options, this.#app.json);
    for (;;) {
      const response = await this.#send(message);
      const location = response.headers.get("location");
      if (options.followRedirects !== true || location === null || response.status < 300 || response.status > 399) {
        return Object.assign(response, { history });
      }
      history.push(response);
      if (history.length > maxRedirects) {
        throw new FlagonError(`The redirects from '${target}' go on and on; the last one leads to '${location}'.`);
      }
      message = followRedirect(message, response.status, new URL(location, message.url));
    }
  }

  /**
   * Opens the session, to prepare or to read its values.
   *
   * @param use Gets the session, and a request of the client. Its changes are saved for the next request.
   * @returns The result of `use`.
   * @throws {FlagonError} If `use` is no function.
   */
  async session<Result>(use: (session: Session, request: FlagonRequest) => Result | Promise<Result>): Promise<Result> {
    if (typeof use !== "function") {
      throw new FlagonError('client.session() takes a function: await client.session((session) => session.set("cart", [3])).');
    }
    const message = this.#withCookies(await compose(this.#base, "GET", "/", {}, this.#app.json));
    const context = createContext(this.#app, new TestSource(message));
    await context.openSession();
    const result = await use(context.session, context.request);
    const response = new FlagonResponse();
    await this.#app.sessionInterface.save(context.session, context.request, response, this.#app.config);
    this.cookies.store(this.#base, response.headers.getSetCookie());
    return result;
  }

  /**
   * Stops the app as a server does: waits for requests, streams that are being read, and background work, up to the setting
   * `shutdownTimeout`, and runs the functions of `onStop`. The next request starts the app again.
   */
  async close(): Promise<void> {
    await finishAndStop(this.#app);
  }

  async #send(message: TestMessage): Promise<Response> {
    const response = await handleSource(this.#app, new TestSource(this.#withCookies(message)));
    this.cookies.store(message.url, response.headers.getSetCookie());
    return response;
  }

  #withCookies(message: TestMessage): TestMessage {
    const cookie = message.headers.has("cookie") ? undefined : this.cookies.format(message.url);
    return cookie === undefined ? message : { ...message, headers: new Map([...message.headers, ["cookie", cookie]]) };
  }
}

/** Runs a function with the context of a request that is not sent: it is routed, but no hook and no view runs. */
export async function runInRequestContext<Result>(
  app: Application,
  target: string,
  options: TestRequestOptions & { readonly method?: string },
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const message = await compose(new URL(baseOf(app)), options.method ?? "GET", target, options, app.json, "method");
  const context = createContext(app, new TestSource(message));
  findRoute(context);
  if (!app.sessionInterface.isLazy) {
    await context.openSession();
  }
  try {
    return await contexts.run(context, run);
  } finally {
    await contexts.run(context, tearDown, context);
  }
}

/** Returns the scheme and the host of an app, by its settings. */
function baseOf(app: Application): string {
  const { host, scheme } = findTestOrigin(app);
  return `${scheme}://${host}`;
}

/** Gives an app without a secret key a random one, so that sessions and forms work. A key that was set to `null` stays `null`. */
function provideKey({ config }: Application): void {
  if (config.secretKey === null && !config.isSet("secretKey")) {
    config.secretKey = randomBytes(32).toString("base64url");
  }
}
