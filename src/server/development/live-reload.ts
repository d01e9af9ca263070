import { randomUUID } from "node:crypto";
import { existsSync, type FSWatcher, watch } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Application } from "../../setup/application";
import { insertScript, sendScript } from "./page-script";

const scriptPath = "/_flagon/reload.js";
const eventsPath = "/_flagon/reload";

/** Loads the page again when the server says so, or has become another one meanwhile. */
const script = `(() => {
  let boot;
  const events = new EventSource(${JSON.stringify(eventsPath)});
  events.addEventListener("boot", ({ data }) => {
    if (boot !== undefined && boot !== data) location.reload();
    boot = data;
  });
  events.addEventListener("change", () => location.reload());
  addEventListener("pagehide", () => events.close());
})();
`;

/** Makes the browser load a page again when a template, a static file or the app itself has changed; for development alone. */
export class LiveReload {
  readonly #boot = randomUUID();
  readonly #listeners = new Set<ServerResponse>();
  readonly #watchers: readonly FSWatcher[];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param app The app, whose pages get a script.
   * @param folders The folders that are watched.
   */
  constructor(app: Application, folders: readonly string[]) {
    // It is the last to see a response: what the app's own hooks have made of it.
    app.registry.scope.own.afterRequest.unshift((response) => insertScript(response, `<script src="${scriptPath}"></script>`));
    this.#watchers = folders.filter((path) => existsSync(path)).map((path) => watch(path, { recursive: true }, () => this.#announce()));
  }

  /** Answers for the script and its events, and tells whether it did. */
  answer(message: IncomingMessage, reply: ServerResponse): boolean {
    if (message.url === scriptPath) {
      sendScript(reply, script);
      return true;
    }
    if (message.url !== eventsPath) {
      return false;
    }
    reply.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    reply.write(`retry: 200\nevent: boot\ndata: ${this.#boot}\n\n`);
    this.#listeners.add(reply);
    reply.once("close", () => this.#listeners.delete(reply));
    return true;
  }

  /** Ends the watching, and the connections on which browsers wait. */
  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) {
      watcher.close();
    }
    for (const listener of this.#listeners) {
      listener.end();
    }
  }

  #announce(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const listener of this.#listeners) {
        listener.write("event: change\ndata:\n\n");
      }
    }, 50);
  }
}
