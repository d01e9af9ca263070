import { Flagon, readToken, signToken } from "flagon";
import { expect, it, vi } from "vitest";
import { runForTest } from "../server/development-server";
import { waitUntil } from "../support";

it("hides signed tokens from the log of an error, and leaves other paths as they are", async () => {
  for (const sessionDigest of ["sha256", "sha1"] as const) {
    const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests", sessionDigest } });
    const logged = vi.spyOn(app.logger, "error").mockImplementation(() => undefined);
    app.route(
      "/<path:rest>",
      () => {
        throw new Error("x");
      },
      { endpoint: "fails" },
    );
    for (const data of [{}, { user: 3 }]) {
      const token = app.appContext(() => signToken(data, { purpose: "reset", expiresIn: 60 }));
      expect(await app.appContext(async () => readToken(await token, { purpose: "reset" }))).toEqual(data);
      await app.testClient().get(`/reset/3/${await token}?next=secret`);
      expect(logged.mock.lastCall?.at(-1)).toBe("Exception on /reset/3/(token) [GET]");
    }
    await app.testClient().get("/files/app.bundle.0123456789abcdef0123456789abcdef.js");
    expect(logged.mock.lastCall?.at(-1)).toBe("Exception on /files/app.bundle.0123456789abcdef0123456789abcdef.js [GET]");
  }
});

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

it("hides the values of variables with secret names, and JWTs", async () => {
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests" } });
  const logged = vi.spyOn(app.logger, "error").mockImplementation(() => undefined);
  const fail = () => {
    throw new Error("x");
  };
  app.route("/join/<token>/now", fail, { endpoint: "join" });
  app.route("/keys/<apiKey>", fail, { endpoint: "keys" });
  app.route("/tags/<name>", fail, { endpoint: "tags" });
  for (const [path, shown] of [
    ["/join/4f3c9a/now", "/join/(token)/now"],
    ["/join/a%20b%C3%B6/now", "/join/(token)/now"],
    ["/keys/abc", "/keys/(token)"],
    ["/tags/abc", "/tags/abc"],
    [`/tags/${jwt}`, "/tags/(token)"],
    ["/tags/v1.2.3", "/tags/v1.2.3"],
    ["/tags/jquery.min.js", "/tags/jquery.min.js"],
  ]) {
    await app.testClient().get(path ?? "");
    expect(logged.mock.lastCall?.at(-1)).toBe(`Exception on ${shown} [GET]`);
  }
});

it("hides tokens in the lines of the development server, in path and query", async () => {
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests" } });
  app.get("/reset/<int:id>/<signed>", () => "x");
  app.get("/join/<token>", () => "x");
  const lines: string[] = [];
  const said = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  const port = await runForTest(app);
  const token = app.appContext(() => signToken({ user: 3 }, { purpose: "reset", expiresIn: 60 }));
  for (const path of [`/reset/3/${token}`, "/join/4f3c9a", `/join/x?t=${token}&u=${jwt}&page=2`]) {
    await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  }
  await waitUntil(() => lines.filter((line) => line.includes("GET ")).length === 3);
  said.mockRestore();
  const shown = lines.join("");
  expect(shown).toContain("GET /reset/3/(token) 200");
  expect(shown).toContain("GET /join/(token) 200");
  expect(shown).toContain("GET /join/(token)?t=•••&u=•••&page=2 200");
  expect(shown).not.toMatch(/4f3c9a|eyJ/);
});
