import { Config } from "flagon";
import { describe, expect, it } from "vitest";
import { writeFiles } from "../support";

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
    ["SEND_FILE_MAX_AGE", "", null],
    ["CSRF_TIME_LIMIT", "", null],
    ["CONTENT_SECURITY_POLICY", "", null],
    ["CONTENT_SECURITY_POLICY", "default-src 'self'", "default-src 'self'"],
    ["STRICT_TRANSPORT_SECURITY", "null", null],
    ["TRUSTED_HOSTS", "a.test b.test", ["a.test", "b.test"]],
    ["TRUSTED_HOSTS", "a.test;b.test", ["a.test", "b.test"]],
    ["TRUST_PROXY", "loopback 10.0.0.0/8", ["loopback", "10.0.0.0/8"]],
    ["TRUST_PROXY", '["loopback", "10.0.0.0/8"]', ["loopback", "10.0.0.0/8"]],
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

  it("set members of settings that are objects, in the words that people write", () => {
    const transport = { FLAGON_STRICT_TRANSPORT_SECURITY__MAX_AGE: "60", FLAGON_STRICT_TRANSPORT_SECURITY__INCLUDE_SUB_DOMAINS: "yes" };
    expect(new Config({}, transport).strictTransportSecurity).toEqual({ maxAge: 60, includeSubDomains: true });
    expect(() => new Config({}, { ...transport, FLAGON_STRICT_TRANSPORT_SECURITY__PRELOAD: "perhaps" })).toThrow(
      "'strictTransportSecurity'",
    );
    const proxies = { FLAGON_TRUST_PROXY__HOPS: "loopback, 10.0.0.0/8", FLAGON_TRUST_PROXY__HOST: "1" };
    expect(new Config({}, proxies).trustProxy).toEqual({ hops: ["loopback", "10.0.0.0/8"], host: true });
    expect(new Config({ trustProxy: 2 }, { FLAGON_TRUST_PROXY__PREFIX: "on" }).trustProxy).toEqual({ hops: 2, prefix: true });
    expect(new Config({}, { FLAGON_TRUST_PROXY: "1", FLAGON_TRUST_PROXY__PORT: "no" }).trustProxy).toEqual({ hops: 1, port: false });
    const policy = { imgSrc: ["*"], "font-src": "'self'" };
    const sources = {
      FLAGON_CONTENT_SECURITY_POLICY__SCRIPT_SRC: "'self', https://a.test",
      FLAGON_CONTENT_SECURITY_POLICY__FONT_SRC: "null",
    };
    expect(new Config({ contentSecurityPolicy: policy }, sources).contentSecurityPolicy).toEqual({
      imgSrc: ["*"],
      "font-src": null,
      scriptSrc: ["'self'", "https://a.test"],
    });
  });

  it("set items of lists by their index, and add one at the end", () => {
    const shops = [{ name: "a", open: false }, { name: "b" }];
    const variables = { FLAGON_SHOPS__0__OPEN: "yes", FLAGON_SHOPS__2__NAME: "c" };
    expect(new Config({ shops }, variables)).toMatchObject({ shops: [{ name: "a", open: true }, { name: "b" }, { name: "c" }] });
    expect(shops).toEqual([{ name: "a", open: false }, { name: "b" }]);
  });

  it("keep text that would change as a number: passwords, long digits, and settings that are text in the code", () => {
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
