import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("the setting trustedHosts", () => {
  it("holds for a port, if it names one, however that is written", async () => {
    const app = createApp({ config: { trustedHosts: ["a.test:80", "b.test:8080", ".c.test:8080", "[::1]:8080", "d.test"] } });
    app.route("/x", () => request.host, { endpoint: "x" });
    const ask = async (host: string, scheme = "http") => {
      const response = await app.testClient().get(`${scheme}://${host}/x`);
      return [host, response.status];
    };
    for (const host of [
      "a.test",
      "a.test:80",
      "a.test:080",
      "b.test:8080",
      "B.test:08080",
      "x.c.test:8080",
      "c.test:8080",
      "[::1]:8080",
      "d.test:1",
    ]) {
      expect(await ask(host)).toEqual([host, 200]);
    }
    for (const host of ["a.test:81", "a.test:8080", "b.test", "b.test:80", "x.c.test", "c.test:80", "[::1]", "[::1]:80", "d.test.:80"]) {
      expect(await ask(host)).toEqual([host, 400]);
    }
  });

  it.each([
    "*",
    "*.a.com",
    "a:99999",
    "a:0",
    "a:080",
    "a:",
    ".",
    "..a",
    "a..b",
    "::1",
    "a b",
    "a@b",
    "http://a",
    "a/b",
    "a,b",
    "a?b",
    "[::1",
    "",
  ])("refuses %j at the start", (host) => {
    expect(() => createApp({ config: { trustedHosts: [host] } })).toThrow(/'trustedHosts' must be a list of hosts such as "example.com"/);
    expect(() => createApp({ config: { trustedHosts: ["good.com", host] } })).toThrow(/'trustedHosts'/);
  });

  it("refuses other hosts with 400, before any hook", async () => {
    const app = createApp({ config: { trustedHosts: ["example.com", ".example.org", "local.test:5000"] } });
    const seen: string[] = [];
    app.beforeRequest(() => void seen.push(request.host));
    app.route("/x", () => "x", { endpoint: "x" });
    const status = async (host: string) => (await app.testClient().get(`http://${host}/x`)).status;
    for (const host of ["example.com", "EXAMPLE.com:8080", "example.org", "a.b.example.org", "local.test:5000"]) {
      expect([host, await status(host)]).toEqual([host, 200]);
    }
    for (const host of ["sub.example.com", "evilexample.org", "example.com.evil.test", "local.test:5001", "localhost"]) {
      expect([host, await status(host)]).toEqual([host, 400]);
    }
    expect(seen).toHaveLength(5);
  });
});
