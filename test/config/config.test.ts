import { join } from "node:path";
import { Config, ConfigError, Flagon } from "flagon";
import { describe, expect, it } from "vitest";
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
    [{ trustedHosts: ["*.example.com"] }, '(not "*.example.com")'],
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
    expect(() => new Config({}, { FLAGON_MAX_CONTENT_LENGHT: "5" })).toThrow(
      "There is no setting 'maxContentLenght' (from FLAGON_MAX_CONTENT_LENGHT). Did you mean 'maxContentLength'?",
    );
    expect(new Config({}, { FLAGON_MAX_POSTS: "5" })).toMatchObject({ maxPosts: 5 });
    expect(() => new Config({}, { FLAGON_MAX_CONTENT_LENGTH: "lots" })).toThrow(
      "'maxContentLength' (from FLAGON_MAX_CONTENT_LENGTH) must be a whole number from 1, but got 'lots'",
    );
    const root = writeFiles({ "bad.json": '{"debug": 1}', "list.json": "[]", "broken.json": "{", "slip.json": '{"secretKye":"x"}' });
    const config = new Config({}, {});
    expect(() => config.loadFile(join(root, "bad.json"))).toThrow("The setting 'debug' (from a file)");
    expect(() => config.loadFile(join(root, "slip.json"))).toThrow(
      "There is no setting 'secretKye' (from a file). Did you mean 'secretKey'?",
    );
    expect(() => config.loadFile(join(root, "list.json"))).toThrow("does not hold an object");
    expect(() => config.loadFile(join(root, "broken.json"))).toThrow("broken.json' could not be read");
    expect(() => config.loadFile(join(root, "none.json"))).toThrow("none.json' could not be read");
  });

  it.each<[string, z.ZodType, unknown]>([
    ["12345", z.string(), "12345"],
    ["true", z.string(), "true"],
    ["12345", z.number(), 12345],
    ["yes", z.boolean(), true],
    ["0", z.boolean(), false],
    ["", z.boolean(), false],
    ["a, b", z.array(z.string()), ["a", "b"]],
    ['["a"]', z.array(z.string()), ["a"]],
    ["off", z.stringbool(), false],
    ["true", z.stringbool(), true],
    ["5", z.union([z.string(), z.number()]), 5],
    ["1e5", z.string().regex(/^\w+$/), "1e5"],
  ])("reads the variable %j as the schema takes it", (text, schema, value) => {
    process.env.FLAGON_OWN_VALUE = text;
    try {
      expect(createApp().config.parse(z.object({ ownValue: schema }))).toEqual({ ownValue: value });
    } finally {
      delete process.env.FLAGON_OWN_VALUE;
    }
  });

  it("refuses a variable that the setting cannot take, and keeps the values of the code", () => {
    process.env.FLAGON_OWN_VALUE = "many";
    try {
      const { config } = createApp();
      expect(() => config.parse(z.object({ ownValue: z.number().optional() }))).toThrow("ownValue: ");
      config.update({ other: 5 });
      expect(() => config.parse(z.object({ other: z.string() }))).toThrow("other: ");
    } finally {
      delete process.env.FLAGON_OWN_VALUE;
    }
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
