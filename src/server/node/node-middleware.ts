import type { IncomingMessage, ServerResponse } from "node:http";
import { FlagonError } from "../../base/errors";
import type { NodeMiddleware } from "../../setup/application";

/**
 * Runs middleware in order until one answers or fails.
 *
 * @param middleware The middleware.
 * @param end Is called once when all have passed the request on, or one has failed with an error.
 */
export function runNodeMiddleware(
  middleware: readonly NodeMiddleware[],
  message: IncomingMessage,
  reply: ServerResponse,
  end: (failure: { readonly error: unknown } | undefined) => void,
): void {
  const run = (index: number): void => {
    const step = middleware[index];
    if (step === undefined) {
      end(undefined);
      return;
    }
    let isCalled = false;
    const next = (error?: unknown): void => {
      // Some middleware calls `next` once more from a late event; it is ignored.
      if (isCalled) {
        return;
      }
      isCalled = true;
      if (error === undefined || error === null || error === "route") {
        run(index + 1);
      } else {
        end({ error });
      }
    };
    try {
      const result: unknown = step(message, reply, next);
      if (result instanceof Promise) {
        result.catch((error: unknown) => next(error ?? new FlagonError("A middleware was rejected without an error.")));
      }
    } catch (error) {
      next(error ?? new FlagonError("A middleware threw no error."));
    }
  };
  run(0);
}
