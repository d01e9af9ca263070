import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Application } from "../../setup/application";
import { watchFolders } from "./code-watcher";
import { PageEvents, reloadTag } from "./page-events";
import { insertScript } from "./page-script";

/** Milliseconds for which changes are gathered. */
const gatherTime = 50;

/** Makes browsers load a page again when a template, a static file or the app itself has changed; for development alone. */
export class LiveReload {
  /** Resolves when changes are noticed. */
  readonly ready: Promise<void>;
  readonly #events = new PageEvents();
  readonly #watcher: Promise<{ close(): Promise<void> }>;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param app The app, whose pages get a script.
   * @param folders The folders to watch.
   */
  constructor(app: Application, folders: readonly string[]) {
    app.registry.scope.tools.afterHooks.push((response, request) => insertScript(response, request, reloadTag));
    const present = folders.filter((path) => existsSync(path));
    const watcher = watchFolders(present, () => this.#announce());
    this.#watcher = watcher;
    // A watcher of nothing is never ready.
    this.ready = present.length === 0 ? Promise.resolve() : watcher.then((made) => new Promise((resolve) => made.once("ready", resolve)));
  }

  /** Answers for the script and its events, and tells whether it did. */
  answer(message: IncomingMessage, reply: ServerResponse): boolean {
    return this.#events.answer(message, reply);
  }

  /** Ends the watching, and the connections on which browsers wait. */
  close(): void {
    clearTimeout(this.#timer);
    void this.#watcher.then((watcher) => watcher.close());
    this.#events.close();
  }

  #announce(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#events.announce(), gatherTime);
  }
}
