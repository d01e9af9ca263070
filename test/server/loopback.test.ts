import { describe, expect, it, vi } from "vitest";
import { hostName, isLoopback } from "../../src/http/loopback";
import { createApp } from "../support";
import { runForTest } from "./development-server";
import { exchange } from "./raw-socket";

const own = ["localhost", "LOCALHOST", "app.localhost", "localhost.", "127.0.0.1", "127.0.0.2", "127.255.255.255", "[::1]"];
const foreign = [
  "127.0.0.1.evil.com",
  "127.evil.com",
  "127.0.0.evil.com",
  "localhost.evil.com",
  "evillocalhost",
  "evil.com",
  "localhost.localdomain",
  "127.1",
  "127.0.1",
  "2130706433",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "127.0.0.256",
  "127.0.0.1.",
  "0.0.0.0",
  "10.0.0.1",
  "[::]",
  "[::2]",
  "[::ffff:10.0.0.1]",
  "1.127.0.0.1",
];
/** Hosts that are none: the request is refused before anything. */
const malformed = [
  "evil.com@127.0.0.1",
  "127.0.0.1@evil.com",
  "localhost@evil.com:80",
  "localhost:80@evil.com",
  "localhost/evil.com",
  "localhost evil.com",
  "[::1",
  "::1",
];

/** Serves an app that fails, for development. */
async function serve() {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const app = createApp({ config: { testing: false } });
  app.route("/fails", () => Promise.reject(new Error("the secret of the app")), { endpoint: "fails" });
  const port = await runForTest(app);
  return (path: string, host: string) => exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
}

describe("the development server's pages", () => {
  it("answer the names and whole addresses of this machine", async () => {
    const ask = await serve();
    for (const host of own.flatMap((name) => [name, `${name}:5000`])) {
      expect([host, await ask("/fails", host)]).toEqual([host, expect.stringContaining("the secret of the app")]);
      expect([host, await ask("/_flagon/requests", host)]).toEqual([host, expect.stringMatching(/^HTTP\/1\.1 200 /)]);
    }
  });

  it("answer no other host name that points to this address", async () => {
    const ask = await serve();
    for (const host of [...foreign.flatMap((name) => [name, `${name}:5000`]), ...malformed, ""]) {
      expect([host, await ask("/fails", host)]).toEqual([host, expect.not.stringContaining("the secret of the app")]);
      for (const path of ["/_flagon/requests", "/_flagon/mail", "/_flagon/requests?x"]) {
        expect([host, await ask(path, host)]).toEqual([host, expect.stringMatching(/^HTTP\/1\.1 4\d\d /)]);
      }
    }
  });

  it("answer no machine but this one", () => {
    expect(own.map((host) => isLoopback(hostName(host)))).not.toContain(false);
    expect([...foreign, ...malformed.slice(0, 6)].filter((host) => isLoopback(hostName(host)))).toEqual([]);
    expect(["::1", "127.0.0.1", "::ffff:127.0.0.1"].map(isLoopback)).not.toContain(false);
    expect(["::ffff:10.0.0.1", "10.0.0.1", "fe80::1", ""].map(isLoopback)).not.toContain(true);
  });
});
