import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Flagon, type FlagonOptions } from "flagon";
import { afterAll, beforeAll, onTestFinished } from "vitest";

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

/** Serves a handler of Node's on a port of its own until the test is over. */
export async function listen(handler: RequestListener): Promise<{ server: Server; port: number; origin: string }> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, origin: `http://127.0.0.1:${port}` };
}

/** Finds a port that nobody listens on. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until something has happened, for two seconds at most or for a given time; the test then says what should have happened. */
export async function waitUntil(hasHappened: () => boolean, time = 2000): Promise<void> {
  for (const end = performance.now() + time; !hasHappened() && performance.now() < end; ) {
    await wait(10);
  }
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

/** Collects the rejections that nobody handles while the tests of a file run: each would end a process. */
export function collectUnhandled(): unknown[] {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => {
    unhandled.push(error);
  };
  beforeAll(() => {
    process.on("unhandledRejection", note);
  });
  afterAll(() => {
    process.off("unhandledRejection", note);
  });
  return unhandled;
}
