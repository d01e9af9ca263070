import type { RequestListener } from "node:http";
import { SetupError } from "../base/errors";
import { MountedSource } from "../http/request/mounted-source";
import { RequestHead } from "../http/request/request-head";
import type { RequestSource } from "../http/request/request-source";
import { toWebRequest } from "../http/request/web-request";
import type { FlagonResponse } from "../http/response/response";
import { toResponse } from "../http/response/response-value";
import type { Application, FetchHandler, Mount } from "../setup/application";
import { noHooks } from "../setup/registry";
import { handleError } from "./answer";
import type { RequestContext } from "./context";
import { createContext } from "./dispatch";
import { redirectToPath } from "./find-route";

/** What answers a request in place of the app. */
export type MountAnswer =
  /** Another app, which gets the request without the mount's path. */
  | { readonly kind: "app"; readonly app: Application; readonly source: MountedSource }
  /** A handler of Node's, which gets Node's own objects. */
  | { readonly kind: "node"; readonly listener: RequestListener; readonly source: MountedSource }
  /** A response that is made without Node's objects. */
  | { readonly kind: "response"; respond(context: RequestContext): FlagonResponse | Promise<FlagonResponse> };

/**
 * Reads where and what is mounted.
 *
 * @param prefix The path, such as `"/shop"`.
 * @param target Another app, a function of a web `Request`, an object with one as `fetch`, or a `(request, response)`
 * handler of Node's.
 * @param isApp Tells whether the target is another app.
 * @throws {SetupError} If the path is none, or the target is nothing that answers requests.
 */
export function createMount(prefix: string, target: unknown, isApp: (target: unknown) => target is Application): Mount {
  const segments = prefix.replace(/\/$/, "").split("/").slice(1);
  if (!prefix.startsWith("/") || segments.length === 0 || segments.includes("")) {
    throw new SetupError(`Nothing can be mounted at '${prefix}': give a path such as "/shop".`);
  }
  if (isApp(target)) {
    return { segments, target: { kind: "app", app: target } };
  }
  if (isListener(target)) {
    return { segments, target: { kind: "node", listener: target } };
  }
  if (isFetchHandler(target)) {
    return { segments, target: { kind: "fetch", fetch: target } };
  }
  if (typeof target === "object" && target !== null && "fetch" in target && isFetchHandler(target.fetch)) {
    const { fetch } = target;
    return { segments, target: { kind: "fetch", fetch: (request) => fetch.call(target, request) } };
  }
  throw new SetupError(
    `What is mounted at '${prefix}' does not answer requests. Give a Flagon app, a fetch handler such as (request) => new Response(…), or a Node handler (request, response) => {…}.`,
  );
}

/** Node's handlers take the request and the response, and Express apps `next` as well. */
function isListener(target: unknown): target is RequestListener {
  return typeof target === "function" && target.length >= 2;
}

function isFetchHandler(target: unknown): target is FetchHandler {
  return typeof target === "function";
}

/** Finds what answers a request in place of the app: the mount with the longest path of those that it begins with. */
export function findMount(app: Application, source: RequestSource): MountAnswer | undefined {
  const [path = ""] = source.target.split("?", 1);
  const query = source.target.slice(path.length);
  const raw = path.split("/").slice(1);
  const decoded = raw.map(decode);
  const mount = app.mounts.find(({ segments }) => segments.every((segment, index) => segment === decoded[index]));
  if (mount === undefined) {
    return undefined;
  }
  const { segments, target } = mount;
  const prefix = `/${raw.slice(0, segments.length).join("/")}`;
  const rest = path.slice(prefix.length);
  const mounted = new MountedSource(source, new RequestHead(source, app.requestSettings), prefix, (rest || "/") + query);
  switch (target.kind) {
    case "app":
      // As with a rule that ends in a slash: relative links of the page would lead beside the app otherwise.
      return rest === ""
        ? { kind: "response", respond: () => redirectToPath(`${mounted.rootPath}/${query}`) }
        : { kind: "app", app: target.app, source: mounted };
    case "node":
      return { kind: "node", listener: target.listener, source: mounted };
    case "fetch":
      return {
        kind: "response",
        respond: (context) => fetchResponse(context, target.fetch, mounted),
      };
  }
}

/** Creates the context of a request that a mounted handler answers: the app's hooks do not concern it. */
export function createMountContext(app: Application, source: RequestSource): RequestContext {
  const context = createContext(app, source);
  context.hooks = noHooks;
  context.isBegun = true;
  return context;
}

/** An error of the handler is answered as one of a view: by the app's error handlers, or with a page. */
async function fetchResponse(context: RequestContext, fetch: FetchHandler, source: MountedSource): Promise<FlagonResponse> {
  try {
    return toResponse(await fetch(toWebRequest(source)), 200, `The handler that is mounted at '${source.prefix}'`, context.app.json);
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
