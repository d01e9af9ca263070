import type { ServerResponse } from "node:http";
import type { Application } from "../../setup/application";
import { writePlain } from "../node/write-plain";

/** Answers for the health path: 200 while requests are taken and all checks succeed, else 503. */
export function answerHealth(app: Application, reply: ServerResponse, isStopping: boolean): void {
  const { health } = app.lifeCycle;
  if (isStopping) {
    writePlain(app, reply, 503, "stopping");
  } else if (health.isEmpty) {
    writePlain(app, reply, 200, "ok");
  } else {
    void health
      .run()
      .then((failed) =>
        failed.length === 0
          ? writePlain(app, reply, 200, "ok")
          : writePlain(app, reply, 503, failed.map((name) => `failed: ${name}`).join("\n")),
      );
  }
}

/** Warns of views that the health path hides: it answers in place of them, for every method. */
export function warnOfHiddenViews({ logger, registry }: Application, healthPath: string): void {
  for (const { endpoint } of registry.routes.routes.filter(({ rule }) => rule.source === healthPath)) {
    logger.warn(
      `The health path '${healthPath}' hides the view '${endpoint.name}', which has the same path. Give one of them another path.`,
    );
  }
}
