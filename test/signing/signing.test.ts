import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Encrypter } from "../../src/signing/encryption";
import { Hmac } from "../../src/signing/hmac";
import { TimestampSigner } from "../../src/signing/signing";

describe("Hmac", () => {
  it.each(["sha1", "sha256"] as const)("gives the same code as Node's createHmac() with %s", (digest) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: "binary", maxLength: 300 }), (key, text) => {
        const hmac = new Hmac(digest, Buffer.from(key));
        expect(hmac.sign("another")).toEqual(createHmac(digest, key).update("another").digest("base64url"));
        for (const each of [text, text.repeat(40), text]) {
          const code = hmac.sign(each);
          expect(code).toEqual(createHmac(digest, key).update(each).digest("base64url"));
          expect(code).toHaveLength(hmac.length);
        }
      }),
    );
  });
});

describe("Encrypter", () => {
  const encrypter = new Encrypter(["key"], "test");

  it("decrypts its text, encrypts a value differently each time, and refuses changed text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, change) => {
        const text = encrypter.encrypt(bytes);
        expect(encrypter.decrypt(text)).toEqual(Buffer.from(bytes));
        expect(encrypter.encrypt(bytes)).not.toBe(text);
        const changed = Buffer.from(text, "base64url");
        const index = place % changed.length;
        changed[index] = (changed[index] ?? 0) ^ change;
        expect(encrypter.decrypt(changed.toString("base64url"))).toBeUndefined();
      }),
    );
  });

  it("decrypts text of former keys, for the same purpose only", () => {
    const text = encrypter.encrypt(Buffer.from("x"));
    expect(new Encrypter(["new", "key"], "test").decrypt(text)?.toString()).toBe("x");
    expect(new Encrypter(["new"], "test").decrypt(text)).toBeUndefined();
    expect(new Encrypter(["key"], "other").decrypt(text)).toBeUndefined();
    expect(encrypter.decrypt(new Encrypter(["new", "key"], "test").encrypt(Buffer.from("x")))).toBeUndefined();
  });

  it("accepts one spelling of each encrypted text", () => {
    const text = encrypter.encrypt(Buffer.from("x"));
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The last of its characters has two bits that stand for nothing.
    const other = text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? "") + 1];
    expect(Buffer.from(other, "base64url")).toEqual(Buffer.from(text, "base64url"));
    for (const spelling of [other, `${text}=`, ` ${text}`]) {
      expect(encrypter.decrypt(spelling)).toBeUndefined();
    }
  });

  it.each(["", "AA", "a".repeat(37), "no base64url!", "AAAA".repeat(10)])("refuses '%s'", (text) => {
    expect(encrypter.decrypt(text)).toBeUndefined();
  });

  it("needs a key", () => {
    expect(() => new Encrypter([], "test").encrypt(Buffer.from("x"))).toThrow(RangeError);
  });
});

describe("TimestampSigner", () => {
  const options = { salt: "test", digest: "sha256", derivation: "hmac" } as const;
  const signer = new TimestampSigner(["key"], options);

  it("verifies its values until they are too old", () => {
    const signed = signer.sign("value.with.dots", 1000);
    expect(signer.unsign(signed, 60, 1060)).toEqual({ value: "value.with.dots" });
    expect(signer.unsign(signed, 60, 1061)).toEqual({ failure: "expired" });
    expect(signer.unsign(signed, 60, 999)).toEqual({ failure: "expired" });
  });

  it("reads back any time of at most six bytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.string(), (now, value) => {
        const signed = signer.sign(value, now);
        expect(signer.unsign(signed, 0, now)).toEqual({ value });
        expect(signer.unsign(signed, 0, now + 1)).toEqual({ failure: "expired" });
      }),
    );
  });

  it("refuses any change of any character, other keys and other purposes", () => {
    fc.assert(
      fc.property(fc.nat(), fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 1 }), (position, character) => {
        const signed = signer.sign("payload", 1000);
        const index = position % signed.length;
        fc.pre(signed[index] !== character);
        expect(signer.unsign(signed.slice(0, index) + character + signed.slice(index + 1), 60, 1000)).toEqual({ failure: "bad signature" });
      }),
    );
    const signed = signer.sign("x", 1000);
    expect(new TimestampSigner(["other"], options).unsign(signed, 60, 1000)).toEqual({ failure: "bad signature" });
    expect(new TimestampSigner(["key"], { ...options, salt: "else" }).unsign(signed, 60, 1000)).toEqual({ failure: "bad signature" });
    for (const text of ["", ".", "..", "a", "a.b", "a.b.c"]) {
      expect(signer.unsign(text, 60, 1000)).toEqual({ failure: "bad signature" });
    }
  });

  it("accepts one spelling of each signature", () => {
    fc.assert(
      fc.property(fc.nat({ max: 42 }), fc.integer({ min: 1, max: 255 }), (place, shift) => {
        const signed = signer.sign("payload", 1000);
        const index = signed.length - 43 + place;
        const shifted = String.fromCharCode(signed.charCodeAt(index) + shift * 0x100);
        expect(signer.unsign(signed.slice(0, index) + shifted + signed.slice(index + 1), 60, 1000)).toEqual({ failure: "bad signature" });
      }),
    );
  });

  it("verifies values of former keys, and signs with the current one", () => {
    const both = new TimestampSigner(["new", "key"], options);
    expect(both.unsign(signer.sign("x", 1000), 60, 1000)).toEqual({ value: "x" });
    expect(signer.unsign(both.sign("x", 1000), 60, 1000)).toEqual({ failure: "bad signature" });
    expect(() => new TimestampSigner([], options).sign("x")).toThrow(RangeError);
  });

  it("writes the same tokens as Flask-WTF, with its settings", () => {
    const flask = new TimestampSigner(["test key"], { salt: "wtf-csrf-token", digest: "sha1", derivation: "django-concat" });
    expect(flask.sign(".eJxTMjA0MjYxNTO3sExMSk5JTcPFVwIA4koKpQ", 1704067200)).toBe(
      ".eJxTMjA0MjYxNTO3sExMSk5JTcPFVwIA4koKpQ.ZZIAgA.WoBDNcCgxtgcPEdOnegKMGQ9wH4",
    );
  });
});
