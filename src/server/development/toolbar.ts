import type { IncomingMessage, ServerResponse } from "node:http";
import { findRequestContext } from "../../dispatch/context";
import { hostName, isLoopback } from "../../http/loopback";
import type { Application } from "../../setup/application";
import { insertScript, sendScript } from "./page-script";
import { RequestReports } from "./request-reports";
import { toolbarScript } from "./toolbar-script";

const scriptPath = "/_flagon/toolbar.js";
const reportsPath = "/_flagon/requests";

/** Shows on each page the steps of its request, and of the requests before it. For development only. */
export class Toolbar {
  readonly #reports: RequestReports;

  /** @param app The app, whose pages get a script. */
  constructor(app: Application) {
    this.#reports = new RequestReports(app);
    app.registry.scope.tools.afterHooks.push((response, request) => {
      const context = findRequestContext();
      const id = context === undefined ? undefined : this.#reports.idOf(context);
      if (app.config.debugToolbar && id !== undefined) {
        insertScript(response, request, `<script src="${scriptPath}" data-request="${id}"></script>`);
      }
    });
  }

  /** Answers for the script and the reports, and tells whether it did. */
  answer(message: IncomingMessage, reply: ServerResponse): boolean {
    if (message.url === scriptPath) {
      sendScript(reply, toolbarScript);
      return true;
    }
    if (message.url !== reportsPath) {
      return false;
    }
    // Reports are for this machine alone, not for a page of another host name that points here.
    if (!isLoopback(message.socket.remoteAddress ?? "") || !isLoopback(hostName(message.headers.host ?? ""))) {
      reply.writeHead(403).end();
      return true;
    }
    const body = JSON.stringify(this.#reports.latest);
    reply
      .writeHead(200, { "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" })
      .end(body);
    return true;
  }

  /** Stops watching the app's requests. */
  close(): void {
    this.#reports.close();
  }
}
