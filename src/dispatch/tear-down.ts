import { isPromise } from "../base/maybe-promise";
import { signals } from "../base/signals";
import { logUnseen } from "../base/unseen-errors";
import { closeRequest, needsClose } from "../http/request/request";
import type { Application } from "../setup/application";
import type { Origin } from "../setup/life-cycle";
import { discardBody } from "./body-stream";
import { AppContext, contexts, type RequestContext } from "./context";

/**
 * Ends a request, when its body is sent or its client has left: calls the functions that wait for its end, runs the
 * teardown hooks and removes temporary files.
 *
 * Each hook runs, even if another one throws. Their errors are logged.
 */
export async function tearDown(context: RequestContext): Promise<void> {
  const { abandoned, app, failure, hooks, request, response } = context;
  if (signals.requestTearingDown.hasSubscribers) {
    signals.requestTearingDown.publish({ app, request, exception: failure });
  }
  for (const one of [...(abandoned ?? []), ...(response === undefined ? [] : [response])]) {
    if (one.body !== response?.body) {
      await discardBody(context, one.body);
    }
    for (const callback of one.closeCallbacks) {
      await attempt(context, callback, "A function that waits for the end of the response failed.");
    }
  }
  for (const hook of hooks.teardownRequest) {
    await attempt(context, () => hook(failure), "A teardown hook failed.");
  }
  await tearDownApp(context, failure);
  await attempt(context, () => closeRequest(request), "A temporary file could not be removed.");
}

/** Ends the app's context: runs the hooks that release its resources. */
async function tearDownApp(context: AppContext, failure: unknown): Promise<void> {
  const hooks = context.app.registry.teardownAppContext;
  for (let index = hooks.length - 1; index >= 0; index--) {
    await attempt(context, () => hooks[index]?.(failure), "A teardown hook of the app's context failed.");
  }
}

/**
 * Runs a function with an app's context, which ends with it: once it has returned, or its promise is settled.
 *
 * @param origin The scheme and host of external links. Default: those of the setting `serverName`.
 */
export function runInAppContext(app: Application, run: () => unknown, origin?: Origin): unknown {
  const context = new AppContext(app, origin);
  const end = (failure?: unknown): Promise<void> => tearDownApp(context, failure);
  return contexts.run(context, () => {
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      void end(error);
      throw error;
    }
    if (!isPromise(result)) {
      void end();
      return result;
    }
    // The 'then' of another library may return no promise.
    return Promise.resolve(result).then(
      (value) => end().then(() => value),
      (error: unknown) => end(error).then(() => Promise.reject(error)),
    );
  });
}

/** Tells whether ending a request takes any work. */
export function needsTearDown(context: RequestContext): boolean {
  const { abandoned, app, hooks, request, response } = context;
  return (
    hooks.teardownRequest.length > 0 ||
    app.registry.teardownAppContext.length > 0 ||
    needsClose(request) ||
    abandoned !== undefined ||
    (response?.closeCallbacks.length ?? 0) > 0 ||
    signals.requestTearingDown.hasSubscribers
  );
}

async function attempt({ app }: AppContext, step: () => unknown, message: string): Promise<void> {
  try {
    await step();
  } catch (error) {
    logUnseen(app, error, message);
  }
}
