import { get } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, vi } from "vitest";
import { serveHere } from "../../src/server/production/serve-here";
import { createApp, waitUntil } from "../support";

it.each([1, 2])("logs and counts %i requests that the end of the stop cuts off", async (count) => {
  const app = createApp({ config: { testing: false, secretKey: "a key that is long enough", shutdownTimeout: 0.3 } });
  app.logger.level = "silent";
  const warn = vi.spyOn(app.logger, "warn");
  let started = 0;
  app.get("/never", () => {
    started++;
    return new Promise<string>(() => undefined);
  });
  app.get("/fast", () => "fast");
  const { server, stop } = serveHere(app, { port: 0, host: "127.0.0.1" });
  await waitUntil(() => server.listening);
  const { port } = server.address() as AddressInfo;
  expect(await (await fetch(`http://127.0.0.1:${port}/fast`)).text()).toBe("fast");
  const failures = Array.from(
    { length: count },
    () => new Promise((resolve) => get(`http://127.0.0.1:${port}/never?key=1`, { agent: false }).on("error", resolve)),
  );
  await waitUntil(() => started === count);
  await stop();
  await Promise.all(failures);
  expect(warn.mock.calls).toHaveLength(count + 1);
  expect(warn.mock.calls[0]).toEqual([
    { requestId: expect.any(String), method: "GET", path: "/never" },
    "The server stops without the answer to GET /never: it was not sent within the setting shutdownTimeout",
  ]);
  expect(warn.mock.calls.at(-1)).toEqual([{ requests: count }, "Requests were cut off when the server stopped."]);
});
