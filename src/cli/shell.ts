import { start } from "node:repl";
import type { Flagon } from "../app";
import * as names from "../index";

/** Starts a prompt with the app's context, where everything that Flagon exports is at hand, and `await` works. */
export function startShell(app: Flagon): Promise<void> {
  return app.appContext(
    () =>
      new Promise<void>((resolve) => {
        console.log(`Flagon, with the app '${app.name}' as 'app'. End with Ctrl+D.`);
        const prompt = start({ prompt: "> ", useGlobal: true });
        Object.assign(prompt.context, names, { app });
        prompt.once("exit", resolve);
      }),
  );
}
