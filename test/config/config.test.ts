import { join } from "node:path";
import { Config, ConfigError, Flagon, session } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createApp, writeFiles } from "../support";

describe("app.config", () => {
  it("reads defaults, code, files and environment, in this order", () => {
    const root = writeFiles({ "settings.json": '{"csrfTimeLimit": 3, "maxFormParts": 3, "own": {"a": 1}}' });
    const config = new Config(
      { csrfTimeLimit: 2, maxFormParts: 2, maxFormFiles: 2 },
      { FLAGON_CSRF_TIME_LIMIT: "4", FLAGON_MAIL__HOST: "mx", FLAGON_MAIL__PORT: "25" },
    );
    config.loadFile(join(root, "settings.json"));
    expect([config.csrfTimeLimit, config.maxFormParts, config.maxFormFiles, config.maxFieldSize]).toEqual([4, 3, 2, 500_000]);
    expect(config).toMatchObject({ own: { a: 1 }, mail: { host: "mx", port: 25 } });
    config.update({ csrfTimeLimit: 9, maxFormFiles: 9 });
    expect([config.csrfTimeLimit, config.maxFormFiles]).toEqual([4, 9]);
    config.debug = true;
    expect(config.debug).toBe(true);
  });

  it("keeps a secret key of digits as text", () => {
    expect(new Config({}, { FLAGON_SECRET_KEY: "123" }).secretKey).toBe("123");
  });

  it.each([
    [{ maxContentLength: 0 }, "The setting 'maxContentLength' must be a whole number from 1, but got 0."],
    [{ maxContentLength: Number.NaN }, "must be a whole number"],
    [{ csrf: "no" as never }, "The setting 'csrf' must be true or false, but got 'no'."],
    [{ sessionDigest: "md5" as never }, "must be one of 'sha256', 'sha1', but got 'md5'"],
    [{ secretKey: "" }, "The setting 'secretKey' must be text or bytes, and not empty."],
    [{ sessionEncrypted: true, sessionDigest: "sha1" as const }, "The setting 'sessionEncrypted' cannot be on while 'sessionDigest'"],
    [{ csrfTrustedOrigins: "x" as never }, "must be a list of origins"],
    [{ csrfTrustedOrigins: ["example.com"] }, "'csrfTrustedOrigins' must be a list of origins"],
    [{ csrfTrustedOrigins: ["https://example.com/x"] }, "without a path"],
    [{ trustedHosts: ["https://example.com"] }, "without a scheme or a path"],
    [{ trustProxy: "10.0.0.0/33" }, "'trustProxy' must be a number of proxies, addresses such as"],
    [{ trustProxy: { hops: ["loopback", "*"] } }, "'trustProxy' must be a number of proxies, addresses such as"],
    [{ trustedHosts: [""] }, "must be a list of hosts"],
    [{ sessionCookieName: "a b" }, "the name of a cookie"],
    [{ sessionCookiePath: "shop" }, "a path such as"],
    [
      { sessionCookieSecure: false, sessionCookieSameSite: "None" as const },
      "Browsers drop the session cookie: 'sessionCookieSecure' is false",
    ],
    [{ sessionCookieSecure: false, sessionCookieName: "__Host-sid" }, "its name begins with '__Host-'"],
    [{ sessionCookieName: "__Host-sid", sessionCookieDomain: "example.com" }, "'sessionCookieDomain' is set"],
    [{ sessionCookieName: "__Host-sid", sessionCookiePath: "/shop" }, "'sessionCookiePath' is not \"/\""],
    [{ defaultHeaders: { "x-a": 1 } as never }, "an object of headers"],
    [{ maxContentLenght: 5 as never }, "There is no setting 'maxContentLenght'. Did you mean 'maxContentLength'?"],
  ])("refuses %j", (values, message) => {
    expect(() => new Config(values, {})).toThrow(ConfigError);
    expect(() => new Config(values, {})).toThrow(message);
  });

  it("names all wrong values at once, from every source, and sets none of them", () => {
    const config = new Config({ csrf: false }, { FLAGON_TRUSTED_HOSTS: '["a"]' });
    expect(() => new Config({ csrf: "no" as never, maxCookieSize: -1 }, { FLAGON_DEBUG: "maybe" })).toThrow(
      "The configuration has 3 mistakes:\n  The setting 'csrf' must be true or false, but got 'no'.\n  The setting 'maxCookieSize' must be a whole number from 0, but got -1.\n  The setting 'debug' (from FLAGON_DEBUG) must be true or false, but got 'maybe'.",
    );
    expect(() => config.update({ csrf: true, debug: 1 as never, maxCookieSize: -1 })).toThrow("2 mistakes");
    expect(config.csrf).toBe(false);
  });

  it("names the source of a wrong value", () => {
    expect(() => new Config({}, { FLAGON_MAX_CONTENT_LENGTH: "lots" })).toThrow(
      "'maxContentLength' (from FLAGON_MAX_CONTENT_LENGTH) must be a whole number from 1, but got 'lots'",
    );
    const root = writeFiles({ "bad.json": '{"debug": 1}', "list.json": "[]", "broken.json": "{" });
    const config = new Config({}, {});
    expect(() => config.loadFile(join(root, "bad.json"))).toThrow("The setting 'debug' (from a file)");
    expect(() => config.loadFile(join(root, "list.json"))).toThrow("does not hold an object");
    expect(() => config.loadFile(join(root, "broken.json"))).toThrow("broken.json' could not be read");
    expect(() => config.loadFile(join(root, "none.json"))).toThrow("none.json' could not be read");
  });

  it("gives the app's own settings, checked and typed, with one error for all wrong ones", () => {
    const app = createApp({ config: { databaseUrl: "file:x", workers: 2 } });
    const { databaseUrl, workers } = app.config.parse(
      z.object({ databaseUrl: z.string(), workers: z.number(), mode: z.enum(["a", "b"]).default("a") }),
    );
    expect([databaseUrl.length, workers + 1]).toEqual([6, 3]);
    expect(() => app.config.parse(z.object({ mailHost: z.string(), mail: z.object({ port: z.number() }) }))).toThrow(
      /mailHost: .* Set it in the code, or as FLAGON_MAIL_HOST in the environment\.\n {2}mail: /,
    );
  });

  it("reads files below the app's root, by any parser, and optional files", () => {
    const root = writeFiles({ "a.json": '{"a": 1}', "b.conf": "b=2\nmaxFormParts=7" });
    const app = new Flagon(root);
    const parse = (text: string) =>
      Object.fromEntries(
        text
          .split("\n")
          .map((line) => line.split("="))
          .map(([key, value]) => [key, Number(value)]),
      );
    expect(app.config.loadFile("a.json")).toBe(true);
    expect(app.config.loadFile("b.conf", { parse })).toBe(true);
    expect(app.config).toMatchObject({ a: 1, b: 2, maxFormParts: 7 });
    expect(app.config.loadFile("none.json", { silent: true })).toBe(false);
    expect(() => app.config.loadFile("none.json")).toThrow("The configuration file 'none.json' could not be read");
    expect(() => app.config.loadFile("b.conf", { silent: true })).toThrow("b.conf' could not be read");
  });

  it("reads the file that a variable names, and the variables of a prefix of the app's own", () => {
    const root = writeFiles({ "a.json": '{"a": 1, "shop": {"name": "x"}}' });
    const config = new Config({}, { SHOP_SETTINGS: "a.json", SHOP_MAX_ITEMS: "5", SHOP_SHOP__CITY: "Ulm", FLAGON_A: "9" }, root);
    expect(config.loadFileFromEnvironment("SHOP_SETTINGS")).toBe(true);
    expect(config).toMatchObject({ a: 9, shop: { name: "x" } });
    config.loadEnvironment("SHOP_");
    expect(config).toMatchObject({ a: 9, maxItems: 5, shop: { city: "Ulm" } });
    expect(config.loadFileFromEnvironment("NONE", { silent: true })).toBe(false);
    expect(() => config.loadFileFromEnvironment("NONE")).toThrow("The environment variable 'NONE' is not set");
  });

  it("uses an extension's defaults for unset values, and returns groups of settings", () => {
    const config = new Config({ mailHost: "mx" }, { FLAGON_MAIL_USER: "ann" });
    config.setDefaults({ mailHost: "localhost", mailPort: 25, mailUser: "nobody" });
    expect(config.getNamespace("mail")).toEqual({ host: "mx", port: 25, user: "ann" });
    expect(config.getNamespace("none")).toEqual({});
  });
});

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
      "'secretKey' (from FLAGON_SECRET_KEY) must be text or bytes, and not empty.",
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

describe("environment variables", () => {
  it.each([
    ["1", true],
    ["0", false],
    ["yes", true],
    ["no", false],
    ["True", true],
    ["FALSE", false],
    ["on", true],
    ["off", false],
    ["", false],
  ])("set booleans in the words that people write: '%s'", (text, expected) => {
    const config = new Config({}, { FLAGON_DEBUG: text, FLAGON_SESSION_COOKIE_SECURE: text, FLAGON_PROPAGATE_EXCEPTIONS: text });
    expect([config.debug, config.sessionCookieSecure, config.propagateExceptions]).toEqual([expected, expected, expected]);
    const own = new Config(
      { feature: !expected, nested: { feature: !expected } },
      { FLAGON_FEATURE: text || "0", FLAGON_NESTED__FEATURE: text || "0" },
    );
    expect(own).toMatchObject({ feature: expected, nested: { feature: expected } });
  });

  it.each<[string, string, unknown]>([
    ["TRUSTED_HOSTS", "example.com", ["example.com"]],
    ["TRUSTED_HOSTS", "example.com, .example.org ,", ["example.com", ".example.org"]],
    ["TRUSTED_HOSTS", '["a.test"]', ["a.test"]],
    ["TRUSTED_HOSTS", "", []],
    ["CSRF_TRUSTED_ORIGINS", "https://a.test,https://b.test:8443", ["https://a.test", "https://b.test:8443"]],
    ["SESSION_COOKIE_SECURE", "Auto", "auto"],
    ["SESSION_COOKIE_SAME_SITE", "lax", "Lax"],
    ["SESSION_DIGEST", "SHA1", "sha1"],
    ["SESSION_COOKIE_NAME", "123", "123"],
    ["SERVER_NAME", "", null],
    ["SERVER_NAME", "null", null],
    ["SERVER_NAME", "123.test", "123.test"],
    ["CSRF_TIME_LIMIT", "null", null],
    ["CSRF_TIME_LIMIT", "60", 60],
    ["MAX_CONTENT_LENGTH", "1e6", 1_000_000],
    ["TRUST_PROXY", "1", 1],
    ["TRUST_PROXY", "loopback", "loopback"],
    ["TRUST_PROXY", "loopback, 10.0.0.0/8", ["loopback", "10.0.0.0/8"]],
    ["PROPAGATE_EXCEPTIONS", "null", null],
    ["SEND_FILE_MAX_AGE", "60", 60],
  ])("set %s=%s", (name, text, expected) => {
    const key = name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(new Config({}, { [`FLAGON_${name}`]: text })).toMatchObject({ [key]: expected });
  });

  it("merge into the objects of the code and of files, in any order, and win over both", () => {
    const variables = { FLAGON_MAIL__PASSWORD: "s3cret", FLAGON_MAIL__TLS__VERIFY: "no", FLAGON_MAIL__PORT: "26" };
    const mail = { host: "smtp.test", port: 25, tls: { verify: true, ca: "x" } };
    const expected = { host: "smtp.test", port: 26, password: "s3cret", tls: { verify: false, ca: "x" } };
    expect(new Config({ mail }, variables)).toMatchObject({ mail: expected });
    expect(mail).toEqual({ host: "smtp.test", port: 25, tls: { verify: true, ca: "x" } });
    const updated = new Config({}, variables);
    updated.update({ mail });
    expect(updated).toMatchObject({ mail: expected });
    const fromFile = new Config({ mail: { host: "gone", old: 1 } }, variables, writeFiles({ "a.json": JSON.stringify({ mail }) }));
    fromFile.loadFile("a.json");
    expect(fromFile.getNamespace("mail")).toEqual({});
    expect(Object.entries(fromFile).find(([key]) => key === "mail")?.[1]).toEqual(expected);
    const byExtension = new Config({}, variables);
    byExtension.setDefaults({ mail });
    expect(byExtension).toMatchObject({ mail: expected });
    byExtension.setDefaults({ mail: { host: "other" } });
    expect(byExtension).toMatchObject({ mail: expected });
  });

  it("merge with another prefix too, and FLAGON_ variables win over them", () => {
    const config = new Config({ mail: { host: "a", port: 25 } }, { SHOP_MAIL__HOST: "b", SHOP_MAIL__USER: "ann", FLAGON_MAIL__USER: "bo" });
    config.loadEnvironment("SHOP_");
    expect(config).toMatchObject({ mail: { host: "b", port: 25, user: "bo" } });
  });

  it("name headers by their words, and keep those of the code", () => {
    const config = new Config(
      { defaultHeaders: { "X-Frame-Options": "DENY", "x-b": "1" } },
      {
        FLAGON_DEFAULT_HEADERS__X_A: "1",
        FLAGON_DEFAULT_HEADERS__X_FRAME_OPTIONS: "SAMEORIGIN",
        FLAGON_DEFAULT_HEADERS__REFERRER_POLICY: "null",
      },
    );
    expect(config.defaultHeaders).toEqual({ "X-Frame-Options": "SAMEORIGIN", "x-b": "1", "x-a": "1", "referrer-policy": null });
  });

  it("keep text that would change as a number: passwords, long digits, and what the code has as text", () => {
    const config = new Config(
      { pin: "0000", list: ["a"], rate: 1 },
      {
        FLAGON_PIN: "1234",
        FLAGON_DATABASE_PASSWORD: "1e5",
        FLAGON_MAIL__PASSWORD: "123456",
        FLAGON_SNOWFLAKE: "123456789012345678",
        FLAGON_LIST: "x, y",
        FLAGON_RATE: "0.5",
        FLAGON_WORKERS: "4",
        FLAGON_OTHER: '{"a": [1]}',
      },
    );
    expect(config).toMatchObject({
      pin: "1234",
      databasePassword: "1e5",
      mail: { password: "123456" },
      snowflake: "123456789012345678",
      list: ["x", "y"],
      rate: 0.5,
      workers: 4,
      other: { a: [1] },
    });
  });

  it("for the command line are not settings", () => {
    expect(Object.keys(new Config({}, { FLAGON_APP: "x", FLAGON_RUN_PORT: "1", FLAGON_: "x" }))).toEqual(Object.keys(new Config({}, {})));
  });
});

describe("files with a byte-order mark", () => {
  it("are read as UTF-8 or UTF-16, without the mark", () => {
    const json = '{"city": "Köln"}';
    const root = writeFiles({
      "utf-8.json": `\ufeff${json}`,
      "utf-16le.json": Buffer.from(`\ufeff${json}`, "utf16le"),
      "utf-16be.json": Buffer.from(`\ufeff${json}`, "utf16le").swap16(),
    });
    for (const name of ["utf-8.json", "utf-16le.json", "utf-16be.json"]) {
      const config = new Config({}, {}, root);
      config.loadFile(name);
      expect(config).toMatchObject({ city: "Köln" });
    }
  });
});
