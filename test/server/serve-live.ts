import type { Flagon } from "flagon";
import { onTestFinished } from "vitest";
import { serve } from "../../src/server/production/serve";
import { waitUntil } from "../support";

/** Serves an app as production does until the test ends, and returns the port. */
export async function serveLive(app: Flagon, options: { readonly healthPath?: string } = {}): Promise<number> {
  const running = serve(app, { port: 0, ...options });
  const listeners = (["SIGTERM", "SIGINT", "SIGHUP"] as const).map((name) => [name, process.listeners(name).at(-1)] as const);
  const uncaught = process.listeners("uncaughtException").at(-1);
  onTestFinished(async () => {
    for (const [name, listener] of listeners) {
      process.off(name, listener ?? (() => undefined));
    }
    process.off("uncaughtException", uncaught ?? (() => undefined));
    await running?.stop();
  });
  await waitUntil(() => running?.server.listening === true);
  const address = running?.server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
