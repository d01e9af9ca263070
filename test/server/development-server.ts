import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Flagon } from "flagon";
import { onTestFinished, vi } from "vitest";

/** Runs an app for development in this process until the test ends, then restores its mocks, and returns its port. */
export async function runForTest(app: Flagon): Promise<number> {
  const server = app.run({ port: 0, reload: false });
  if (server === undefined) {
    throw new Error("The app runs in another process.");
  }
  onTestFinished(async () => {
    vi.restoreAllMocks();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return port;
}
