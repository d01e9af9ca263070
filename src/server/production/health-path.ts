import type { ServerResponse } from "node:http";
import type { HealthChecks } from "../../setup/health-checks";

/** Answers for the health path: 200 while requests are taken and all checks succeed, else 503. */
export function answerHealth(reply: ServerResponse, health: HealthChecks, isStopping: boolean): void {
  if (isStopping) {
    send(reply, 503, "stopping\n");
  } else if (health.isEmpty) {
    send(reply, 200, "ok\n");
  } else {
    void health
      .run()
      .then((failed) =>
        failed.length === 0 ? send(reply, 200, "ok\n") : send(reply, 503, failed.map((name) => `failed: ${name}\n`).join("")),
      );
  }
}

function send(reply: ServerResponse, status: number, text: string): void {
  reply.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  reply.end(text);
}
