import type { Flagon } from "../app";
import { lazily } from "../base/lazily";
import * as names from "../index";
import { provideSecretKey, takeKeptSecretKey } from "../server/development/secret-key";

const loadRepl = lazily((): typeof import("node:repl") => require("node:repl"));

/** Lets a command of an app run as in the development server, unless `NODE_ENV` is `production`: with its secret key, and without its mails. */
export function enterDevelopment(app: Flagon): void {
  if (process.env.NODE_ENV !== "production") {
    app.lifeCycle.isDevelopment = true;
    takeKeptSecretKey(app);
  }
}

/**
 * Starts a prompt with the app's context, with all exports of Flagon as names, and `await`.
 *
 * The app is `app`, and `client` sends requests to it. The values of the app's shell context processors have their names.
 */
export function startShell(app: Flagon): Promise<void> {
  enterDevelopment(app);
  if (app.lifeCycle.isDevelopment) {
    provideSecretKey(app);
  }
  return app.appContext(
    () =>
      new Promise<void>((resolve) => {
        console.log(`Flagon, with the app '${app.name}' as 'app'. End with Ctrl+D.`);
        const prompt = loadRepl().start({ prompt: "> ", useGlobal: true });
        Object.assign(prompt.context, names, { app, client: app.testClient() }, ...app.registry.shellContext.map((provide) => provide()));
        prompt.once("exit", resolve);
      }),
  );
}
