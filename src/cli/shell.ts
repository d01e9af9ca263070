import type { Flagon } from "../app";
import * as names from "../index";

/**
 * Starts a prompt with the app's context, where everything that Flagon exports is at hand, and `await` works.
 *
 * The app is `app`, and `client` sends requests to it; what the app's shell context processors give is there by name.
 */
export function startShell(app: Flagon): Promise<void> {
  return app.appContext(
    () =>
      new Promise<void>((resolve) => {
        console.log(`Flagon, with the app '${app.name}' as 'app'. End with Ctrl+D.`);
        const prompt = process.getBuiltinModule("node:repl").start({ prompt: "> ", useGlobal: true });
        Object.assign(prompt.context, names, { app, client: app.testClient() }, ...app.registry.shellContext.map((provide) => provide()));
        prompt.once("exit", resolve);
      }),
  );
}
