import { createServer, type Server } from "node:http";
import { escapeText } from "../../base/html";
import { hostName, isLoopback } from "../../http/loopback";
import { PageEvents, reloadTag } from "./page-events";

/** Shows the error of an app that does not start, or that has ended, in the browser, until the app starts. */
export class FailureServer {
  readonly #events = new PageEvents();
  readonly #server: Server;

  /**
   * @param output The output of the app before it ended.
   * @param place The address of the app.
   * @param hadStarted Whether the app had started, and ended later.
   */
  constructor(output: string, { host, port }: { readonly host: string; readonly port: number }, hadStarted: boolean) {
    this.#server = createServer((message, reply) => {
      // Source code is for this machine alone, not for a page of another host name that points here.
      const isLocal = isLoopback(message.socket.remoteAddress ?? "") && isLoopback(hostName(message.headers.host ?? ""));
      if (!this.#events.answer(message, reply)) {
        reply.writeHead(500, {
          "content-type": "text/html; charset=utf-8",
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
        });
        reply.end(formatPage(isLocal ? output : "The terminal says why.", hadStarted));
      }
    });
    // If another server listens there, the terminal still shows the error.
    this.#server.on("error", () => undefined);
    this.#server.listen(port, host);
  }

  /** Frees the port. */
  async close(): Promise<void> {
    this.#events.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function formatPage(output: string, hadStarted: boolean): string {
  const title = hadStarted ? "The app has ended" : "The app does not start";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;color:#1d2433}pre{background:#f4f5f7;padding:1rem;overflow:auto;white-space:pre-wrap}@media(prefers-color-scheme:dark){body{background:#16191f;color:#e8ebf0}pre{background:#20242c}}</style>
<body>
<h1>${title}</h1>${hadStarted ? "\n<p>It had started. An error that nothing caught ended its process: often a promise that fails and that nobody awaits.</p>" : ""}
<pre>${escapeText(output)}</pre>
<p>This page loads itself again when a file changes and the app starts.</p>
${reloadTag}
</body>
</html>
`;
}
