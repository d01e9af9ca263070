import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendScript } from "./page-script";

const scriptPath = "/_flagon/reload.js";
const eventsPath = "/_flagon/reload";

/** Loads the page again when the server sends an event, or has been restarted. */
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

/** The tag that lets a page load itself again. */
export const reloadTag: string = `<script src="${scriptPath}"></script>`;

/** Tells pages in browsers to load themselves again. */
export class PageEvents {
  readonly #boot = randomUUID();
  readonly #listeners = new Set<ServerResponse>();

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

  /** Makes the pages load themselves again. */
  announce(): void {
    for (const listener of this.#listeners) {
      listener.write("event: change\ndata:\n\n");
    }
  }

  /** Ends the connections on which browsers wait. They come back by themselves. */
  close(): void {
    for (const listener of this.#listeners) {
      listener.end();
    }
  }
}
