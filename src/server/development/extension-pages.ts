import type { IncomingMessage, ServerResponse } from "node:http";
import { hostName, isLoopback } from "../../http/loopback";
import type { Application } from "../../setup/application";

/** Shows the pages of extensions to the developer, on this machine alone. */
export class ExtensionPages {
  readonly #app: Application;

  /** @param app The app. */
  constructor(app: Application) {
    this.#app = app;
  }

  /** Answers for the pages, and tells whether it did. */
  answer(message: IncomingMessage, reply: ServerResponse): boolean {
    const target = message.url ?? "";
    const path = target.split("?", 1)[0] ?? "";
    for (const [prefix, page] of this.#app.registry.developmentPages) {
      if (path === prefix || path.startsWith(`${prefix}/`)) {
        if (!isLoopback(message.socket.remoteAddress ?? "") || !isLoopback(hostName(message.headers.host ?? ""))) {
          reply.writeHead(403).end();
          return true;
        }
        const html = page.answer(target);
        reply
          .writeHead(html === undefined ? 404 : 200, {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "content-security-policy":
              "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'none'; base-uri 'none'",
          })
          .end(html ?? "<!doctype html><title>Not found</title><p>There is no such page.</p>");
        return true;
      }
    }
    return false;
  }

  /** There is nothing to close. */
  close(): void {
    // The pages belong to their extensions.
  }
}
