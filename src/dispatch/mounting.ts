import type { RequestListener } from "node:http";
import { SetupError } from "../base/errors";
import type { Application, FetchHandler, Mount } from "../setup/application";

/**
 * Reads the path and the target of `app.mount()`.
 *
 * A mount is kept with its path, decoded and split at the slashes. `answer-mount` finds the mount of a request, the
 * longest path first. Another app gets the request without that path, and runs its own hooks. A `fetch` handler gets a
 * web `Request`, and its response is sent like that of a view. A handler of Node's gets Node's own objects, and sends
 * its response itself.
 *
 * @param prefix The path, such as `"/shop"`.
 * @param target Another app, a function of a web `Request`, an object with one as `fetch`, or a `(request, response)`
 * handler of Node's.
 * @param isApp Tells whether the target is another app.
 * @throws {SetupError} If the prefix is not a path, or the target cannot answer requests.
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
    `The target mounted at '${prefix}' does not answer requests. Give a Flagon app, a fetch handler such as (request) => new Response(…), or a Node handler (request, response) => {…}.`,
  );
}

/** Node's handlers take the request and the response, and Express apps `next` as well. */
function isListener(target: unknown): target is RequestListener {
  return typeof target === "function" && target.length >= 2;
}

function isFetchHandler(target: unknown): target is FetchHandler {
  return typeof target === "function";
}
