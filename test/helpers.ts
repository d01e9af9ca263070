import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Flagon, type FlagonOptions } from "flagon";
import { onTestFinished } from "vitest";

/** Creates an app whose unhandled errors reach the test. */
export function createApp(options: FlagonOptions = {}, ...controllers: object[]): Flagon {
  const app = new Flagon(__dirname, {
    static: null,
    ...options,
    config: { testing: true, secretKey: "a key for tests", ...options.config },
  });
  for (const controller of controllers) {
    app.register(controller);
  }
  return app;
}

/** Creates an app that answers unhandled errors with 500, without a word in the log. */
export function createLiveApp(...controllers: object[]): Flagon {
  const app = createApp({ config: { testing: false } }, ...controllers);
  app.logger.level = "silent";
  return app;
}

/** Writes files below a new folder, which is gone after the test. */
export function writeFiles(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(tmpdir(), "flagon-test-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}
