import { Blueprint, RuleError, request, route, SetupError, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("a rule with a host", () => {
  class Api {
    @route("/x", { host: "api.example.com" })
    exact() {
      return "exact";
    }
    @route("/x", { host: "<tenant>.example.com" })
    tenant({ tenant }: { tenant: string }) {
      return `tenant ${tenant}`;
    }
    @route("/x")
    any() {
      return "any";
    }
    @route.post("/x", { host: "api.example.com" })
    create() {
      return "created";
    }
    @route("/only", { host: "<int:shard>.db.example.com" })
    only({ shard }: { shard: number }) {
      return { shard };
    }
  }
  const client = createApp({}, Api).testClient();
  const read = async (url: string) => (await client.get(url)).text();

  it("answers on that host only: the exact host first, then a pattern, then rules for any host", async () => {
    expect(await read("http://api.example.com/x")).toBe("exact");
    expect(await read("http://API.example.com/x")).toBe("exact");
    expect(await read("http://acme.example.com/x")).toBe("tenant acme");
    expect(await read("http://a.b.example.com/x")).toBe("any");
    expect(await read("http://localhost/x")).toBe("any");
  });

  it("matches any port, unless it names one", async () => {
    expect(await read("http://api.example.com:8080/x")).toBe("exact");
    const app = createApp();
    app.route("/x", () => "9000", { host: "example.com:9000", endpoint: "x" });
    expect((await app.testClient().get("http://example.com:9000/x")).status).toBe(200);
    expect((await app.testClient().get("http://example.com:9001/x")).status).toBe(404);
  });

  it("converts the variables of the host", async () => {
    expect(await (await client.get("http://7.db.example.com/only")).json()).toEqual({ shard: 7 });
    expect((await client.get("http://x.db.example.com/only")).status).toBe(404);
    expect((await client.get("http://localhost/only")).status).toBe(404);
  });

  it("names the methods of all rules for the host in a 405", async () => {
    const response = await client.put("http://api.example.com/x");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
  });

  it("builds a URL with the host for other hosts, and a path for its own", async () => {
    const app = createApp({}, Api);
    const on = (host: string, run: () => string) => app.testRequestContext(`http://${host}/x`, {}, run);
    expect(await on("localhost", () => urlFor(Api, "exact"))).toBe("http://api.example.com/x");
    expect(await on("api.example.com", () => urlFor(Api, "exact"))).toBe("/x");
    expect(await on("api.example.com:8080", () => urlFor("tenant", { tenant: "acme" }))).toBe("http://acme.example.com:8080/x");
    expect(await on("acme.example.com", () => urlFor("tenant", { tenant: "acme", q: 1 }))).toBe("/x?q=1");
    await expect(on("localhost", () => urlFor("tenant"))).rejects.toThrow("the value of 'tenant' is missing");
    await expect(on("localhost", () => urlFor("tenant", { tenant: "evil.com/" }))).rejects.toThrow("cannot be part of a host");
  });

  it("is refused with the reason when it is added", () => {
    const app = createApp();
    expect(() => app.route("/y", () => "y", { host: "<integer:a>.example.com", endpoint: "y" })).toThrow(RuleError);
    app.route("/x", () => "x", { host: "example.com", endpoint: "x" });
    expect(() => app.route("/x", () => "z", { host: "EXAMPLE.com", endpoint: "z" })).toThrow("both answer GET");
  });
});

describe("a subdomain", () => {
  it("is the part before the setting serverName; inside a blueprint, labels join", async () => {
    const app = createApp({ config: { serverName: "example.com" } });
    const admin = new Blueprint("admin", { subdomain: "admin" });
    admin.route("/x", () => `admin ${request.host}`, { endpoint: "x" });
    admin.route("/y", ({ user }) => `user ${user}`, { endpoint: "y", subdomain: "<user>" });
    const inner = new Blueprint("inner", { subdomain: "eu" });
    inner.route("/x", () => "inner", { endpoint: "x" });
    admin.register(inner);
    app.register(admin);
    app.route("/x", () => "bare", { endpoint: "x" });
    const read = async (url: string) => (await app.testClient().get(url)).text();
    expect(await read("http://admin.example.com/x")).toBe("admin admin.example.com");
    expect(await read("http://eu.admin.example.com/x")).toBe("inner");
    expect(await read("http://ann.admin.example.com/y")).toBe("user ann");
    expect(await read("http://example.com/x")).toBe("bare");
    expect(app.appContext(() => urlFor("admin.inner.x"))).toBe("http://eu.admin.example.com/x");
  });

  it("throws without the setting serverName", () => {
    expect(() => createApp().route("/x", () => "x", { subdomain: "api", endpoint: "x" })).toThrow(SetupError);
    expect(() => createApp().route("/x", () => "x", { subdomain: "api", endpoint: "x" })).toThrow("Set the configuration's serverName");
  });

  it("is optional: serverName alone refuses no host", async () => {
    const app = createApp({ config: { serverName: "example.com" } });
    app.route("/x", () => "x", { endpoint: "x" });
    expect((await app.testClient().get("http://other.test/x")).status).toBe(200);
  });
});
