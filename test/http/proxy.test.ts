import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { createReader } from "./reader";

describe("the client's address", () => {
  const forwarded = {
    "x-forwarded-for": "6.6.6.6, 1.1.1.1, 10.0.0.2",
    "x-forwarded-proto": "https, http",
    "x-forwarded-host": "shop.example, inner",
    "x-forwarded-port": "8443, 80",
  };
  const look = () => [request.remoteAddress, request.scheme, request.host, request.isSecure, request.accessRoute];

  it("is the peer's address by default: forwarded headers are ignored", async () => {
    expect(await createReader(look)("/x", forwarded)).toEqual(["127.0.0.1", "http", "localhost", false, ["127.0.0.1"]]);
  });

  it("comes from the trusted number of proxies", async () => {
    expect(await createReader(look, { trustProxy: 1 })("/x", forwarded)).toEqual([
      "10.0.0.2",
      "http",
      "localhost",
      false,
      ["10.0.0.2", "127.0.0.1"],
    ]);
    const route = ["1.1.1.1", "10.0.0.2", "127.0.0.1"];
    expect(await createReader(look, { trustProxy: 2 })("/x", forwarded)).toEqual(["1.1.1.1", "https", "localhost", true, route]);
    const all = { hops: 2, host: true, port: true, prefix: true };
    expect(await createReader(look, { trustProxy: all })("/x", forwarded)).toEqual(["1.1.1.1", "https", "shop.example:8443", true, route]);
  });

  it("has the scheme of HTTP where a proxy names that of a web socket", async () => {
    const read = createReader(() => [request.scheme, request.isSecure], { trustProxy: 1 });
    const ask = (scheme: string) => read("/x", { "x-forwarded-for": "1.1.1.1", "x-forwarded-proto": scheme });
    expect([await ask("wss"), await ask("WS"), await ask("wsss")]).toEqual([
      ["https", true],
      ["http", false],
      ["http", false],
    ]);
  });

  it("is the first address that is not trusted", async () => {
    const read = createReader(look, { trustProxy: ["loopback", "10.0.0.0/8"] });
    expect(await read("/x", forwarded)).toEqual(["1.1.1.1", "https", "localhost", true, ["1.1.1.1", "10.0.0.2", "127.0.0.1"]]);
    // Nothing is believed of a client that comes past the proxies.
    const all = createReader(look, { trustProxy: { hops: "loopback, 10.0.0.0/8", host: true, port: true } });
    expect(await all("/x", forwarded, "8.8.8.8")).toEqual(["8.8.8.8", "http", "localhost", false, ["8.8.8.8"]]);
    expect(await all("/x", forwarded)).toEqual(["1.1.1.1", "https", "shop.example:8443", true, ["1.1.1.1", "10.0.0.2", "127.0.0.1"]]);
    expect(await all("/x", { "x-forwarded-for": "1.1.1.1, unknown, 10.0.0.2" })).toContain("10.0.0.2");
  });

  it("comes without host, port and prefix, unless these are trusted by name", async () => {
    const headers = { ...forwarded, "x-forwarded-prefix": "/pre" };
    const seen = async (more: Record<string, boolean>) =>
      createReader(() => [request.host, request.rootPath], { trustProxy: { hops: 1, ...more } })("/x", headers);
    expect(await seen({})).toEqual(["localhost", ""]);
    expect(await seen({ host: true })).toEqual(["inner", ""]);
    expect(await seen({ port: true })).toEqual(["localhost", ""]);
    expect(await seen({ prefix: true, host: false })).toEqual(["localhost", "/pre"]);
  });

  it.each<[unknown, string | null, string]>([
    [1, null, "127.0.0.1"],
    [1, "", "127.0.0.1"],
    [1, ",", "127.0.0.1"],
    [1, "1.1.1.1,", "127.0.0.1"],
    [1, "unknown", "127.0.0.1"],
    [1, "_hidden", "127.0.0.1"],
    [1, "<script>", "127.0.0.1"],
    [1, "999.1.1.1", "127.0.0.1"],
    [1, "1.2.3", "127.0.0.1"],
    [1, "a".repeat(3000), "127.0.0.1"],
    [1, "[1.2.3.4]", "127.0.0.1"],
    [1, "1.1.1.1, unknown", "127.0.0.1"],
    [1, "unknown, 1.1.1.1", "1.1.1.1"],
    [1, "203.0.113.9:1234", "203.0.113.9"],
    [1, "[2001:DB8:0::1]:80", "2001:db8::1"],
    [1, "[2001:db8::1]", "2001:db8::1"],
    [1, "2001:db8::1", "2001:db8::1"],
    [1, "::ffff:1.2.3.4", "1.2.3.4"],
    [1, "::FFFF:102:304", "1.2.3.4"],
    [1, "[::ffff:1.2.3.4]:99", "1.2.3.4"],
    [1, "fe80::1%eth0", "fe80::1"],
    [2, "192.168.0.2", "127.0.0.1"],
    [2, ", 192.168.0.3", "127.0.0.1"],
    [2, "unknown, 192.168.0.3", "127.0.0.1"],
    [2, "1.1.1.1, 192.168.0.3", "1.1.1.1"],
    [3, "1.1.1.1, 192.168.0.3", "127.0.0.1"],
    ["loopback", "1.1.1.1:80", "1.1.1.1"],
    ["loopback", "1.1.1.1,", "127.0.0.1"],
    ["loopback", "unknown", "127.0.0.1"],
    [{ hops: 1 }, "1.1.1.1", "1.1.1.1"],
    [{ hops: 0 }, "1.1.1.1", "127.0.0.1"],
  ])("is, with trustProxy %j and X-Forwarded-For %j, %s", async (trustProxy, value, expected) => {
    const headers = value === null ? {} : { "x-forwarded-for": value };
    expect(await createReader(() => [request.remoteAddress], { trustProxy })("/x", headers)).toEqual([expected]);
  });

  it("has one spelling, from a socket and from a proxy", async () => {
    const read = createReader(() => [request.remoteAddress, request.accessRoute]);
    expect(await read("/x", {}, "::ffff:9.9.9.9")).toEqual(["9.9.9.9", ["9.9.9.9"]]);
    expect(await read("/x", {}, "2001:0DB8::0001")).toEqual(["2001:db8::1", ["2001:db8::1"]]);
    const mapped = createReader(() => [request.remoteAddress], { trustProxy: "10.0.0.0/8" });
    expect(await mapped("/x", { "x-forwarded-for": "1.1.1.1" }, "::ffff:10.0.0.1")).toEqual(["1.1.1.1"]);
  });

  it("comes without malformed schemes, ports and hosts", async () => {
    const trustProxy = { hops: 1, host: true, port: true };
    const headers = { "x-forwarded-proto": "javascript", "x-forwarded-port": "x", "x-forwarded-host": "a b" };
    expect(await createReader(look, { trustProxy })("/x", headers)).toEqual([400, expect.any(String)]);
    for (const port of ["x", "0", "65536", "-1", "8.0"]) {
      const odd = { "x-forwarded-proto": "javascript", "x-forwarded-port": port };
      expect(await createReader(look, { trustProxy })("/x", odd)).toEqual(["127.0.0.1", "http", "localhost", false, ["127.0.0.1"]]);
    }
  });

  it("needs well-formed trusted addresses: the error names the wrong one", async () => {
    await expect((async () => createReader(look, { trustProxy: "10.0.0.0/99" })("/x"))()).rejects.toThrow(
      "The setting 'trustProxy' must be a number of proxies",
    );
    for (const trustProxy of [
      -1,
      1.5,
      "",
      [],
      [1],
      {},
      { host: true },
      { hops: -1 },
      { hops: 1, host: 1 },
      { hops: 1, proto: true },
      true,
      null,
    ]) {
      await expect((async () => createReader(look, { trustProxy })("/x"))()).rejects.toThrow("'trustProxy'");
    }
  });
});
