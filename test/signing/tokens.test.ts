import { deflateSync } from "node:zlib";
import { Flagon, readToken, signToken } from "flagon";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { TimestampSigner } from "../../src/signing/signing";
import { signText } from "../../src/signing/tokens";
import { createApp } from "../support";

const start = 1_790_000_000;
const app = createApp();

function inApp<Result>(run: () => Result, other: Flagon = app): Result {
  return other.appContext(run);
}

const sign = (data: unknown, options: object = {}) => inApp(() => signToken(data, { purpose: "reset", expiresIn: 3600, ...options }));
const read = (token: unknown, options: object = {}) => inApp(() => readToken(token, { purpose: "reset", ...options }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start * 1000 + 900 });
});

afterEach(() => {
  vi.useRealTimers();
});

function moveTo(seconds: number): void {
  vi.setSystemTime(start * 1000 + 900 + seconds * 1000);
}

describe("signToken() and readToken()", () => {
  it("return the signed data", () => {
    for (const data of [{ user: 3 }, [1, "ü"], "text", 0, false, { deep: { list: [null] } }]) {
      expect(read(sign(data))).toEqual(data);
    }
    expect(sign({ user: 3 })).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it("accept a token up to the second of its expiry, also on a clock that is behind", () => {
    const token = sign({ user: 3 }, { expiresIn: 10 });
    moveTo(10);
    expect(read(token)).toEqual({ user: 3 });
    moveTo(11.1);
    expect(read(token)).toBeNull();
    moveTo(-5);
    expect(read(token)).toEqual({ user: 3 });
    const short = sign({ user: 3 }, { expiresIn: 0.5 });
    moveTo(-4);
    expect(read(short)).toEqual({ user: 3 });
    moveTo(-3);
    expect(read(short)).toBeNull();
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined, null, "60"])("refuse the expiry %s", (expiresIn) => {
    expect(() => sign({ user: 3 }, { expiresIn })).toThrow(/needs 'expiresIn', a number of seconds above 0/);
  });

  it("refuse values that JSON cannot hold, and tokens too long for a link", () => {
    for (const data of [null, undefined, () => 1, Symbol("x"), 1n, Number.NaN, { toJSON: () => null }, { toJSON: () => undefined }]) {
      expect(() => sign(data)).toThrow(/signs a value of JSON/);
    }
    const lost = [
      ...[1n, Number.NaN, Number.NEGATIVE_INFINITY, () => 1, Symbol("x"), new Date(Number.NaN), Buffer.from("x"), new Uint8Array(2)],
      ...[
        new ArrayBuffer(2),
        new Map([[1, 2]]),
        new Set(),
        new WeakMap(),
        /x/,
        new Error("x"),
        new Headers({ a: "b" }),
        new URLSearchParams("a=b"),
      ],
    ];
    for (const value of lost) {
      expect(() => sign({ deep: [value] }), String(value)).toThrow(/signs a value of JSON, which cannot hold /);
    }
    expect(() => sign({ pairs: new Map() })).toThrow(/cannot hold an object of the class Map/);
    expect(
      read(
        sign([
          new URL("http://a/b"),
          Object.create(null),
          new (class Row {
            id = 3;
          })(),
        ]),
      ),
    ).toEqual(["http://a/b", {}, { id: 3 }]);
    expect(read(sign({ day: new Date(0), left: undefined }))).toEqual({ day: "1970-01-01T00:00:00.000Z" });
    expect(() => sign("x".repeat(9000))).toThrow(/Store the data, and sign its id/);
    expect(() => sign({ user: 3 }, { purpose: "" })).toThrow(/needs a 'purpose'/);
    expect(() => read("x", { purpose: undefined })).toThrow(TypeError);
  });

  it("refuse a token of another purpose, and a session", async () => {
    expect(read(sign({ user: 3 }), { purpose: "confirm" })).toBeNull();
    expect(read(sign(1, { purpose: "a", bind: "b:c" }), { purpose: "a:b", bind: "c" })).toBeNull();
    expect(read(sign(1, { purpose: "ab" }), { purpose: "a", bind: "b" })).toBeNull();
    for (const digest of ["sha256", "sha1"] as const) {
      const other = createApp({ config: { sessionDigest: digest } });
      other.route("/", () => "x", { endpoint: "index" });
      const token = inApp(() => signToken({ user: 3 }, { purpose: "cookie-session", expiresIn: 60 }), other);
      const { session } = await import("flagon");
      const value = await other.testRequestContext("/", { headers: { cookie: `session=${token}` } }, () => session.get("user"));
      expect(value).toBeUndefined();
    }
  });

  it("refuse a token when the value that it is bound to has changed", () => {
    const token = sign({ user: 3 }, { bind: "hash" });
    expect(read(token, { bind: "hash" })).toEqual({ user: 3 });
    for (const bind of ["other", "", null, undefined, Number.NaN]) {
      expect(read(token, { bind })).toBeNull();
    }
    expect(read(token)).toBeNull();
    expect(read(sign({ user: 3 }), { bind: "hash" })).toBeNull();
    expect(read(sign({ user: 3 }, { bind: 7 }), { bind: 7 })).toEqual({ user: 3 });
    for (const bind of [undefined, null, "", true, 7n, new Date(), {}]) {
      expect(() => sign({ user: 3 }, { bind })).toThrow(
        /a 'bind' that is neither a text nor a number: (?:undefined|null|an empty text|boolean|bigint|an)/,
      );
    }
    expect(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).toBe('{"user":3}');
  });

  it("return null for hostile text, in linear time", () => {
    const token = sign({ user: 3 });
    const [content = "", expiry = "", signature = ""] = token.split(".");
    const forged = [
      "",
      ".",
      "..",
      "...",
      "x".repeat(1_000_000),
      `${token}\0`,
      `${token}=`,
      ` ${token}`,
      token.toLowerCase(),
      token.toUpperCase(),
      `${content}.${expiry}`,
      `${content}.${expiry}.`,
      `${content}..${signature}`,
      `${content}.zzzzzzzz.${signature}`,
      `${content}.${expiry}.${signature.slice(0, -1)}`,
      `${content}A.${expiry}.${signature}`,
      `${content}.${expiry}.${signature}.${signature}`,
      null,
      undefined,
      3,
      [token],
      { token },
    ];
    const begun = performance.now();
    for (const value of forged) {
      expect(read(value), String(value).slice(0, 40)).toBeNull();
    }
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it("read tokens of former keys, and sign with the current one", () => {
    const before = createApp({ config: { secretKey: "a former key, no more" } });
    const token = inApp(() => signToken({ user: 3 }, { purpose: "reset", expiresIn: 60 }), before);
    const after = createApp({ config: { secretKeyFallbacks: ["a former key, no more"] } });
    expect(inApp(() => readToken(token, { purpose: "reset" }), after)).toEqual({ user: 3 });
    expect(read(token)).toBeNull();
    expect(read(inApp(() => signToken(1, { purpose: "reset", expiresIn: 60 }), after))).toBe(1);
  });

  it("read tokens of former keys in the format of Flask too, and sign with the current one", () => {
    const [former, both, current] = [["old"], ["new", "middle", "old"], ["new"]].map(([secretKey, ...secretKeyFallbacks]) =>
      createApp({ config: { sessionDigest: "sha1", secretKey: String(secretKey), secretKeyFallbacks } }),
    );
    const signBy = (by: Flagon | undefined) => inApp(() => signToken({ user: 3 }, { purpose: "reset", expiresIn: 60 }), by);
    const readBy = (by: Flagon | undefined, token: string) => inApp(() => readToken(token, { purpose: "reset" }), by);
    expect([readBy(both, signBy(former)), readBy(current, signBy(former))]).toEqual([{ user: 3 }, null]);
    expect([readBy(current, signBy(both)), readBy(former, signBy(both))]).toEqual([{ user: 3 }, null]);
  });

  it("check the data by a schema", () => {
    const schema = z.object({ user: z.int() });
    const data = inApp(() => readToken(sign({ user: 3, more: 1 }), { purpose: "reset", schema }));
    const user: number | undefined = data?.user;
    expect([user, data]).toEqual([3, { user: 3 }]);
    expect(read(sign({ user: "3" }), { schema })).toBeNull();
    for (const wrong of [null, {}, 5, { parse: () => 1 }]) {
      expect(() => read("hostile", { schema: wrong })).toThrow(/^The schema of readToken\(\) is /);
    }
  });

  it("refuse a promise in place of a value", () => {
    const promise = Promise.resolve("text");
    expect(() => read(promise)).toThrow(/token of readToken\(\)/);
    expect(() => read("text", { bind: promise })).toThrow(/'bind' of readToken\(\)/);
    expect(() => sign({ user: promise })).toThrow(/data of signToken\(\)/);
    expect(() => sign(1, { bind: promise })).toThrow(/options of signToken\(\)/);
  });

  it("throw without a secret key when signing, and return null when reading", () => {
    const keyless = new Flagon(__dirname, { static: null, config: { testing: true } });
    expect(() => inApp(() => signToken(1, { purpose: "x", expiresIn: 1 }), keyless)).toThrow(/needs a secret key/);
    expect(inApp(() => readToken(sign(1), { purpose: "reset" }), keyless)).toBeNull();
    keyless.config.sessionDigest = "sha1";
    expect(() => inApp(() => signToken(1, { purpose: "x", expiresIn: 1 }), keyless)).toThrow(/needs a secret key/);
    expect(inApp(() => readToken(sign(1), { purpose: "reset" }), keyless)).toBeNull();
  });
});

describe("hostile tokens", () => {
  const flask = createApp({ config: { sessionDigest: "sha1" } });
  const signer = (salt: string) => new TimestampSigner(["a key for tests"], { salt, digest: "sha1", derivation: "django-concat" });
  const readFlask = (token: string, options: object = {}) => inApp(() => readToken(token, { purpose: "reset", ...options }), flask);
  const signFlask = (options: object) => inApp(() => signToken(1, { purpose: "reset", expiresIn: 60, ...options }), flask);

  it("are refused in every other spelling of the signature", () => {
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const token = sign({ user: 3 });
    expect([...digits].filter((digit) => read(token.slice(0, -1) + digit) !== null)).toEqual([token.at(-1)]);
    const shared = signFlask({});
    expect([...digits].filter((digit) => readFlask(shared.slice(0, -1) + digit) !== null)).toEqual([shared.at(-1)]);
  });

  it("are refused if purpose and bind only look alike when they are joined", () => {
    expect(read(sign(1, { purpose: "a", bind: "x:token" }), { purpose: "a:token:x" })).toBeNull();
    expect(read(sign(1, { purpose: "a:token:x" }), { purpose: "a", bind: "x:token" })).toBeNull();
  });

  it("are refused if the value of bind is missing, or another", () => {
    for (const bind of [undefined, null, ""]) {
      expect(read(sign({ user: 3 }), { bind })).toBeNull();
      expect(readFlask(signFlask({}), { bind })).toBeNull();
    }
    expect([readFlask(signFlask({ bind: "a" }), { bind: "a" }), readFlask(signFlask({ bind: "a" }), { bind: "b" })]).toEqual([1, null]);
  });

  it("are refused if they are signed, but malformed, too long or inflate without end", () => {
    const encode = (bytes: string | Buffer) => Buffer.from(bytes).toString("base64url");
    const reset = signer("reset");
    expect(readFlask(reset.sign(encode("1")))).toBe(1);
    const bomb = `.${encode(deflateSync(JSON.stringify("x".repeat(1_000_000))))}`;
    for (const value of [
      encode(Buffer.from([0x22, 0xff, 0x22])),
      encode("\ufeff1"),
      encode("{"),
      encode(""),
      ".",
      `.${encode("no deflate")}`,
      bomb,
      encode(JSON.stringify("x".repeat(9000))),
    ]) {
      expect(readFlask(reset.sign(value)), value.slice(0, 20)).toBeNull();
    }
  });

  it("are refused if they are signed without an expiry, with one that is none, or with more", () => {
    const content = Buffer.from("1").toString("base64url");
    const seal = (text: string) => `${text}.${signText(app.config, text, ["reset", "token"])}`;
    expect(read(seal(`${content}.zzzzzz`))).toBe(1);
    for (const text of [content, `${content}.`, `.${content}`, `${content}.zzzzzz.zzzzzz`, `${content}.-`, "", "."]) {
      expect(read(seal(text)), text).toBeNull();
    }
  });

  it("make no CSRF token of Flask's, and cannot expire beyond the end of time", () => {
    const token = signFlask({ purpose: "wtf-csrf-token" });
    expect(readFlask(token, { purpose: "wtf-csrf-token" })).toBe(1);
    expect(signer("wtf-csrf-token").unsign(token, 3600)).toEqual({ failure: "bad signature" });
    expect(() => sign(1, { expiresIn: 1e16 })).toThrow(/no date can hold/);
  });
});

describe("tokens shared with Flask", () => {
  const flask = createApp({ config: { sessionDigest: "sha1" } });
  // Of URLSafeTimedSerializer("a key for tests", salt="reset"), at the second 1790000000.
  const plain = "eyJ1c2VyIjozLCJuYW1lIjoiQsO8In0.arE7gA.Ljo_CVkQbFbaeRwTtdrXqyGwHi4";
  const compressed = ".eJyrVipJrShRslKqGAUjDijVAgDvle3g.arE7gA.-nIJh7qigjoPH8EDOrl-RSvUues";
  const readHere = (token: string, options: object = {}) => inApp(() => readToken(token, { purpose: "reset", ...options }), flask);

  it("are read if itsdangerous made them, compressed or not, up to maxAge", () => {
    expect(readHere(plain)).toEqual({ user: 3, name: "Bü" });
    expect(readHere(compressed)).toEqual({ text: "x".repeat(500) });
    expect(readHere(plain, { purpose: "confirm" })).toBeNull();
    moveTo(-30);
    expect(readHere(plain)).toEqual({ user: 3, name: "Bü" });
    moveTo(-90);
    expect(readHere(plain)).toBeNull();
    moveTo(3600);
    expect(readHere(plain)).toEqual({ user: 3, name: "Bü" });
    moveTo(3602);
    expect(readHere(plain)).toBeNull();
    expect(readHere(plain, { maxAge: 7200 })).not.toBeNull();
    expect(readHere(plain, { maxAge: 0 })).toBeNull();
    for (const maxAge of [Number.NaN, -1, "3600", null]) {
      expect(() => readHere(plain, { maxAge })).toThrow(/a 'maxAge' that is no number of seconds/);
    }
  });

  it("hold their expiry, and can be bound to a value", () => {
    const token = inApp(() => signToken({ user: 3 }, { purpose: "reset", expiresIn: 10_000, bind: "hash" }), flask);
    expect(readHere(token, { bind: "hash" })).toEqual({ user: 3 });
    expect(readHere(token)).toBeNull();
    moveTo(10_000);
    expect(readHere(token, { bind: "hash" })).toEqual({ user: 3 });
    moveTo(10_002);
    expect(readHere(token, { bind: "hash" })).toBeNull();
  });

  it("are read if their JSON ends with blank space that is no expiry", () => {
    const signer = new TimestampSigner(["a key for tests"], { salt: "reset", digest: "sha1", derivation: "django-concat" });
    for (const blanks of ["\n", " ".repeat(23), " ".repeat(25)]) {
      expect(readHere(signer.sign(Buffer.from(`[1]${blanks}`).toString("base64url")))).toEqual([1]);
    }
  });
});
