import { FlagonError } from "../base/errors";
import type { JsonProvider } from "../base/json";
import { contexts } from "../dispatch/context";
import { createContext } from "../dispatch/dispatch";
import { findRoute } from "../dispatch/find-route";
import { tearDown } from "../dispatch/tear-down";
import type { FlagonRequest } from "../http/request/request";
import type { RequestSource } from "../http/request/request-source";
import { FlagonResponse } from "../http/response/response";
import { handleSource } from "../server/fetch/handle-fetch";
import type { Session } from "../sessions/session";
import type { Application } from "../setup/application";
import { CookieJar } from "./cookie-jar";

/** One value of a form, or several. */
type FieldValue = string | number | boolean | readonly (string | number | boolean)[];

/** The options of a request of the test client. */
export interface TestRequestOptions {
  /** Headers; `null` takes away one that the client would send by itself. */
  headers?: Readonly<Record<string, string | null>>;
  /** Values for the query, added to the target's own. */
  query?: Readonly<Record<string, FieldValue>>;
  /** A value to send as JSON. */
  json?: unknown;
  /** Fields to send as a form. */
  form?: Readonly<Record<string, FieldValue>>;
  /** Files to send with the form, which is then multipart. */
  files?: Readonly<Record<string, File | readonly File[]>>;
  /** A body to send as it is. */
  body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Whether redirects are followed. Default: `false`. */
  followRedirects?: boolean;
  /** The address of the client. Default: `"127.0.0.1"`. */
  remoteAddress?: string;
}

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
   * @param app The app.
   * @param base The scheme and the host of targets that have none.
   */
  constructor(app: Application, base = "http://localhost") {
    this.#app = app;
    this.#base = new URL(base);
  }

  /** Sends `GET`. */
  get(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("GET", target, options);
  }

  /** Sends `HEAD`. */
  head(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("HEAD", target, options);
  }

  /** Sends `POST`. */
  post(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("POST", target, options);
  }

  /** Sends `PUT`. */
  put(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("PUT", target, options);
  }

  /** Sends `PATCH`. */
  patch(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("PATCH", target, options);
  }

  /** Sends `DELETE`. */
  delete(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("DELETE", target, options);
  }

  /** Sends `OPTIONS`. */
  options(target: string, options?: TestRequestOptions): Promise<TestResponse> {
    return this.request("OPTIONS", target, options);
  }

  /**
   * Sends a request.
   *
   * @param method The method.
   * @param target A path with its query, sent exactly as it is written; or a whole URL, to choose host and scheme.
   * @param options What is sent.
   */
  async request(method: string, target: string, options: TestRequestOptions = {}): Promise<TestResponse> {
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
      message = redirect(message, response.status, new URL(location, message.url));
    }
  }

  /**
   * Opens the session, to prepare or look at what the app keeps in it.
   *
   * @param use Gets the session, and a request of the client's; what it changes is kept for the next request.
   * @returns What `use` returns.
   */
  async session<Result>(use: (session: Session, request: FlagonRequest) => Result | Promise<Result>): Promise<Result> {
    const message = this.#withCookies(await compose(this.#base, "GET", "/", {}, this.#app.json));
    const context = createContext(this.#app, new TestSource(message));
    await context.openSession();
    const result = await use(context.session, context.request);
    const response = new FlagonResponse();
    await this.#app.sessionInterface.save(context.session, context.request, response, this.#app.config);
    this.cookies.store(this.#base, response.headers.getSetCookie());
    return result;
  }

  /** Stops the app as a server does, with its functions of `onStop`. The next request starts it anew. */
  async close(): Promise<void> {
    await this.#app.backgroundWork.finish(10_000);
    await this.#app.lifeCycle.stop(10_000);
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
  const message = await compose(new URL("http://localhost"), options.method ?? "GET", target, options, app.json);
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

/** A request of the test client, put together. */
interface TestMessage {
  readonly method: string;
  readonly target: string;
  readonly url: URL;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly remoteAddress: string;
}

class TestSource implements RequestSource {
  readonly method: string;
  readonly target: string;
  readonly rootPath = "";
  readonly scheme: "http" | "https";
  readonly remoteAddress: string;
  readonly raw = null;
  readonly #message: TestMessage;
  readonly #controller = new AbortController();

  constructor(message: TestMessage) {
    this.#message = message;
    this.method = message.method;
    this.target = message.target;
    this.scheme = message.url.protocol === "https:" ? "https" : "http";
    this.remoteAddress = message.remoteAddress;
  }

  header(name: string): string | undefined {
    return this.#message.headers.get(name);
  }

  headers(): Iterable<readonly [string, string]> {
    return this.#message.headers;
  }

  body(): AsyncIterable<Uint8Array> | null {
    const { body } = this.#message;
    return body instanceof Uint8Array ? once(body) : body;
  }

  signal(): AbortSignal {
    return this.#controller.signal;
  }
}

async function compose(base: URL, method: string, target: string, options: TestRequestOptions, json: JsonProvider): Promise<TestMessage> {
  const isWhole = /^https?:\/\//i.test(target);
  const url = isWhole ? new URL(target) : base;
  const path = addQuery(isWhole ? target.replace(/^https?:\/\/[^/?#]*/i, "") || "/" : target, options.query);
  const { body, type } = await composeBody(options, json);
  const headers = new Map<string, string>([
    ["host", url.host],
    ["user-agent", "flagon-test-client"],
    ["accept", "*/*"],
    // A browser says this of what its own pages send; without it each form of a test would need a token.
    ["sec-fetch-site", "same-origin"],
  ]);
  if (type !== undefined) {
    headers.set("content-type", type);
  }
  if (body instanceof Uint8Array) {
    headers.set("content-length", String(body.byteLength));
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === null) {
      headers.delete(name.toLowerCase());
    } else {
      headers.set(name.toLowerCase(), value);
    }
  }
  return {
    method: method.toUpperCase(),
    target: path,
    url: new URL(path.startsWith("/") ? url.origin + path : url.origin),
    headers,
    body,
    remoteAddress: options.remoteAddress ?? "127.0.0.1",
  };
}

async function composeBody(
  { body, form, files, json }: TestRequestOptions,
  provider: JsonProvider,
): Promise<{ body: TestMessage["body"]; type: string | undefined }> {
  if ([body, json, form ?? files].filter((part) => part !== undefined).length > 1) {
    throw new FlagonError("A test request has one body: give either 'body', or 'json', or 'form' and 'files'.");
  }
  if (json !== undefined) {
    return { body: Buffer.from(provider.stringify(json) ?? "null", "utf8"), type: "application/json" };
  }
  if (files !== undefined) {
    const data = new FormData();
    for (const [name, value] of listFields(form)) {
      data.append(name, value);
    }
    for (const [name, file] of Object.entries(files)) {
      for (const one of Array.isArray(file) ? file : [file]) {
        data.append(name, one);
      }
    }
    const encoded = new Response(data);
    return { body: new Uint8Array(await encoded.arrayBuffer()), type: encoded.headers.get("content-type") ?? undefined };
  }
  if (form !== undefined) {
    return { body: Buffer.from(new URLSearchParams(listFields(form)).toString(), "utf8"), type: "application/x-www-form-urlencoded" };
  }
  return { body: typeof body === "string" ? Buffer.from(body, "utf8") : (body ?? null), type: undefined };
}

function listFields(fields: Readonly<Record<string, FieldValue>> = {}): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
}

function addQuery(path: string, query: TestRequestOptions["query"]): string {
  if (query === undefined) {
    return path;
  }
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(listFields(query))}`;
}

/** Composes the request that a browser makes to follow a redirect (Fetch standard, HTTP-redirect fetch). */
function redirect(message: TestMessage, status: number, url: URL): TestMessage {
  if (url.host !== message.url.host) {
    throw new FlagonError(`The redirect to '${url.href}' leads to another host, which is not part of the app.`);
  }
  const keeps =
    status === 307 ||
    status === 308 ||
    message.method === "HEAD" ||
    message.method === "GET" ||
    ((status === 301 || status === 302) && message.method !== "POST");
  const headers = new Map(message.headers);
  if (!keeps) {
    headers.delete("content-type");
    headers.delete("content-length");
  }
  return { ...message, url, target: url.pathname + url.search, headers, ...(keeps ? {} : { method: "GET", body: null }) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
