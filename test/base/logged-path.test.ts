import { Flagon, readToken, signToken } from "flagon";
import { expect, it, vi } from "vitest";

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
