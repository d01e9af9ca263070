import { Config, ConfigError, Flagon, session } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../support";

describe("secret keys", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ secretKey: 5 }, "'secretKey' must be text or bytes, and not empty."],
    [{ secretKey: {} }, "'secretKey' must be text or bytes"],
    [{ secretKey: new Uint8Array() }, "'secretKey' must be text or bytes, and not empty."],
    [{ secretKeyFallbacks: [""] }, "'secretKeyFallbacks' must be a list of texts or bytes, and none of them empty."],
    [{ secretKeyFallbacks: ["old", new Uint8Array()] }, "none of them empty"],
    [{ secretKeyFallbacks: [undefined] }, "must be a list of texts or bytes"],
    [{ secretKeyFallbacks: [null] }, "must be a list of texts or bytes"],
    [{ secretKeyFallbacks: [0] }, "must be a list of texts or bytes"],
    [{ secretKeyFallbacks: [{}] }, "must be a list of texts or bytes"],
    [{ secretKeyFallbacks: "old" }, "must be a list of texts or bytes"],
  ])("are refused at the start if they cannot sign, by an error that shows none of them: %j", (values, message) => {
    expect(() => new Config(values, {})).toThrow(ConfigError);
    expect(() => new Config(values, {})).toThrow(message);
    expect(() => new Config(values, {})).not.toThrow("old");
    expect(() => new Config({}, {}).update(values)).toThrow(message);
  });

  it("come from the environment as text, in a list by commas or as JSON", () => {
    expect(new Config({}, { FLAGON_SECRET_KEY_FALLBACKS: "old, 123" }).secretKeyFallbacks).toEqual(["old", "123"]);
    expect(new Config({}, { FLAGON_SECRET_KEY_FALLBACKS: '["a,b", 7]' }).secretKeyFallbacks).toEqual(["a,b", "7"]);
    expect(new Config({}, { FLAGON_SECRET_KEY_FALLBACKS: "" }).secretKeyFallbacks).toEqual([]);
    expect(() => new Config({}, { FLAGON_SECRET_KEY_FALLBACKS: '["a", ""]' })).toThrow("(from FLAGON_SECRET_KEY_FALLBACKS)");
    expect(() => new Config({}, { FLAGON_SECRET_KEY: "" })).toThrow(
      "'secretKey' (from FLAGON_SECRET_KEY) must be text or bytes, and not empty. Make one: npx flagon secret.",
    );
  });

  it("are checked at the first request when they are assigned by hand", async () => {
    for (const keys of [{ secretKey: "" }, { secretKeyFallbacks: [""] }, { secretKeyFallbacks: [undefined] as never }]) {
      const create = () => {
        const app = createApp();
        Object.assign(app.config, keys);
        return app;
      };
      expect(() => create().handler).toThrow(ConfigError);
      expect(() => create().testClient()).toThrow("must be");
      await expect(create().fetch(new Request("http://localhost/"))).rejects.toThrow(ConfigError);
    }
    const app = createApp();
    app.get("/", () => String(session.set("a", 1)));
    const client = app.testClient();
    app.config.secretKeyFallbacks = [""];
    await expect(client.get("/")).rejects.toThrow("A secret key is empty");
  });

  it("are refused in production when they are short", async () => {
    vi.stubEnv("NODE_ENV", "production");
    try {
      for (const config of [{ secretKey: "dev" }, { secretKey: "a key that is long enough", secretKeyFallbacks: ["dev"] }]) {
        expect(() => new Flagon("/", { config }).handler).toThrow(ConfigError);
        await expect(new Flagon("/", { config }).fetch(new Request("http://localhost/"))).rejects.toThrow("which can be guessed");
        expect(() => new Flagon("/", { config: { ...config, debug: true } }).handler).not.toThrow();
        expect(() => new Flagon("/", { config: { ...config, testing: true } }).handler).not.toThrow();
      }
      expect(() => new Flagon("/", {}).handler).not.toThrow();
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
