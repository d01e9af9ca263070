import { expect, it } from "vitest";
import { createApp } from "../support";

function createClient(csrfTrustedOrigins: readonly string[] = []) {
  const app = createApp({ config: { testing: false, csrfTrustedOrigins } });
  app.logger.level = "silent";
  app.post("/delete", () => "gone", { endpoint: "delete" });
  return app.testClient();
}

it.each([
  [{}, 200],
  [{ origin: "http://localhost" }, 200],
  [{ origin: "https://evil.example" }, 403],
  [{ Origin: "https://evil.example" }, 403],
  [{ origin: "null" }, 403],
  [{ origin: "http://localhost:5173" }, 403],
  [{ origin: "https://evil.example", "sec-fetch-site": "cross-site" }, 403],
  [{ "sec-fetch-site": "cross-site" }, 403],
])("the test client sends what a browser of the origin sends: %j", async (headers, status) => {
  expect((await createClient().post("/delete", { headers: headers as Record<string, string> })).status).toBe(status);
});

it("lets a test see that the origin of a frontend is trusted", async () => {
  const headers = { origin: "http://localhost:5173" };
  expect((await createClient(["http://localhost:5173"]).post("/delete", { headers })).status).toBe(200);
});
