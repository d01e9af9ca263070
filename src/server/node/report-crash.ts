import type { ServerResponse } from "node:http";
import type { Application } from "../../setup/application";
import { writeServerError } from "./write-plain";

/** Logs an error for which there is no response, and answers with 500 as long as nothing is sent. */
export function reportCrash(error: unknown, app: Application, reply: ServerResponse): void {
  app.logger.error({ err: error }, "A request could not be answered.");
  if (reply.headersSent) {
    reply.destroy();
  } else {
    writeServerError(app, reply, 500, "Something went wrong on the server. It has been noted; try again later.");
  }
}
