/*
 * An app to see how its cost grows: with so many hooks before and after each request, on its own or with so many workers.
 *
 *     node servers/scaling.mjs --hooks 10
 *     node servers/scaling.mjs --workers 2 --port 5792
 */
import cluster from "node:cluster";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Flagon, renderTemplate } from "flagon";
import { announce, rows, secret } from "./shared.mjs";

const { values: options } = parseArgs({
  options: { hooks: { type: "string", default: "0" }, workers: { type: "string" }, port: { type: "string", default: "0" } },
});
const app = new Flagon(import.meta.dirname, { templates: "views/flagon", config: { secretKey: secret } });
for (let index = 0; index < Number(options.hooks); index++) {
  app.beforeRequest(() => undefined);
  app.afterRequest(() => undefined);
}
app.route("/", () => "Hello, world!", { endpoint: "index" });
app.route("/page", () => renderTemplate("page", { rows }), { endpoint: "page" });

if (options.workers === undefined) {
  const server = createServer(app.handler);
  server.listen(0, "127.0.0.1", () => announce(server));
} else {
  if (cluster.isWorker) {
    // A line for each request would be written to the one who measures.
    app.logger.level = "warn";
  }
  app.serve({ workers: Number(options.workers), port: Number(options.port), host: "127.0.0.1" });
}
