import type { RequestListener } from "node:http";
import type { MaybePromise } from "../base/maybe-promise";
import { MountedSource } from "../http/request/mounted-source";
import { RequestHead } from "../http/request/request-head";
import type { RequestSource } from "../http/request/request-source";
import { toWebRequest } from "../http/request/web-request";
import type { FlagonResponse } from "../http/response/response";
import { toResponse } from "../http/response/response-value";
import type { Application, FetchHandler, Mount } from "../setup/application";
import { noHooks } from "../setup/registry";
import { handleError, toAnswer } from "./after-view";
import { checkHead } from "./check-head";
import type { RequestContext } from "./context";
import { createContext, dispatch } from "./dispatch";
import { redirectToPath } from "./find-route";
import { primeBody } from "./first-piece";
import { redirectToHttps } from "./https-only";

/** Makes the response to a request. */
export type Respond = (context: RequestContext) => MaybePromise<FlagonResponse>;

/** The functions of a server: they run foreign handlers and send responses. */
export interface Sender<Sent> {
  /** Runs an app's Connect middleware, and calls {@link answerBehindMiddleware} after it. */
  runMiddleware(app: Application, source: RequestSource): Sent;
  /** Gives a request to a handler of Node's. */
  callNodeHandler(app: Application, listener: RequestListener, source: MountedSource): Sent;
  /** Called when a mounted app answers, before that app does anything. */
  enterMount(source: MountedSource): void;
  /** Makes a response and sends it. */
  send(context: RequestContext, respond: Respond): Sent;
}

/**
 * Finds out which app or handler answers a request, and lets a server send its answer.
 *
 * @param app The app that the server serves.
 * @param source The request.
 * @param sender The server.
 */
export function answerRequest<Sent>(app: Application, source: RequestSource, sender: Sender<Sent>): Sent {
  return app.nodeMiddleware.length > 0 ? sender.runMiddleware(app, source) : answerBehindMiddleware(app, source, sender);
}

/** Does the same as {@link answerRequest} for a request that the app's middleware has passed on. */
export function answerBehindMiddleware<Sent>(app: Application, source: RequestSource, sender: Sender<Sent>): Sent {
  const found = app.mounts.length === 0 ? undefined : findMount(app, source);
  if (found === undefined) {
    return sender.send(createContext(app, source), dispatch);
  }
  const { mounted, mount, query } = found;
  const { httpsOnly, trustedHosts } = app.config;
  if (httpsOnly || trustedHosts.length > 0) {
    const context = createMountContext(app, source);
    const refuse = findRefusal(context);
    if (refuse !== undefined) {
      return sender.send(context, refuse);
    }
  }
  switch (mount.target.kind) {
    case "app":
      if (found.rest === "") {
        // The redirect adds a slash: without it, relative links of the page would leave the app.
        return sender.send(createMountContext(app, source), () => redirectToPath(`${mounted.rootPath}/${query}`));
      }
      sender.enterMount(mounted);
      return answerRequest(mount.target.app, mounted, sender);
    case "node":
      return sender.callNodeHandler(app, mount.target.listener, mounted);
    case "fetch": {
      const { fetch } = mount.target;
      return sender.send(createMountContext(app, source), (context) => callFetchHandler(context, fetch, mounted));
    }
  }
}

/** The mount that answers a request, and the request as the mount sees it. */
interface FoundMount {
  readonly mount: Mount;
  readonly mounted: MountedSource;
  /** The path after the mount's own, or the empty string. */
  readonly rest: string;
  /** The query with its question mark, or the empty string. */
  readonly query: string;
}

/** Finds the mount with the longest path that a request's path begins with. */
function findMount(app: Application, source: RequestSource): FoundMount | undefined {
  const [path = ""] = source.target.split("?", 1);
  const query = source.target.slice(path.length);
  const raw = path.split("/").slice(1);
  const decoded = raw.map(decode);
  const mount = app.mounts.find(({ segments }) => segments.every((segment, index) => segment === decoded[index]));
  if (mount === undefined) {
    return undefined;
  }
  const prefix = `/${raw.slice(0, mount.segments.length).join("/")}`;
  const rest = path.slice(prefix.length);
  const mounted = new MountedSource(source, new RequestHead(source, app.requestSettings), prefix, (rest || "/") + query);
  return { mount, mounted, rest, query };
}

/** Returns the function that answers a request in place of a mounted handler, if the app's settings refuse or redirect it. */
function findRefusal(context: RequestContext): Respond | undefined {
  try {
    checkHead(context);
    const redirect = redirectToHttps(context);
    return redirect === undefined ? undefined : () => toAnswer(context, redirect);
  } catch (error) {
    return () => handleError(context, error);
  }
}

/** Creates the context of a request that a mounted handler answers: the app's hooks do not run for it. */
function createMountContext(app: Application, source: RequestSource): RequestContext {
  const context = createContext(app, source);
  context.hooks = noHooks;
  context.isBegun = true;
  return context;
}

/** Calls a mounted fetch handler. Its errors are answered as those of a view: by the app's error handlers, or with a page. */
async function callFetchHandler(context: RequestContext, fetch: FetchHandler, source: MountedSource): Promise<FlagonResponse> {
  try {
    const answer = await fetch(toWebRequest(source));
    const response = toResponse(answer, 200, `The handler that is mounted at '${source.prefix}'`, context.app.json);
    await primeBody(context, response);
    context.response = response;
    return response;
  } catch (error) {
    return handleError(context, error);
  }
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
