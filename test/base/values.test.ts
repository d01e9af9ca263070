import { createHmac } from "node:crypto";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { escape, html, Markup, toJsonMarkup } from "../../src/base/html";
import { didYouMean } from "../../src/base/suggestion";
import { formatCookie, parseCookies } from "../../src/http/cookies";
import { parseUrlencoded } from "../../src/http/request/urlencoded";
import { arrange, formatName, parseName } from "../../src/schemas/field-names";
import { formatTagged, parseTagged, Tuple, Uuid } from "../../src/sessions/tagged-json";
import { Encrypter } from "../../src/signing/encryption";
import { Hmac } from "../../src/signing/hmac";
import { TimestampSigner } from "../../src/signing/signing";

describe("escape()", () => {
  it("makes any text safe, so that a browser reads it back equal", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => !/[\0\r]/.test(text)),
        (text) => {
          const { document } = parseHTML(`<p title="${escape(text)}">${escape(text)}</p>`);
          expect(document.querySelector("p")?.textContent).toBe(text);
          expect(document.querySelector("p")?.getAttribute("title")).toBe(text);
        },
      ),
    );
  });

  it("leaves Markup as it is, also inside a template literal, and takes nothing that only looks like it", () => {
    expect(`${escape(new Markup("<b>"))}${html`<i>${html`<u>${["<", new Markup("<s>")]}`}`}`).toBe("<b><i><u>&lt;<s>");
    expect(`${escape({ html: "<b>", toString: () => "<x>" })}`).toBe("&lt;x&gt;");
    expect(`${escape(null)}${escape(undefined)}${escape(0)}`).toBe("0");
  });
});

describe("toJsonMarkup()", () => {
  it("is JSON that neither ends a script nor an attribute", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { html: text } = toJsonMarkup(value);
        expect(text).not.toMatch(/[<>&'\u2028\u2029]/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("cookies", () => {
  it("come back equal, whatever their value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        const line = formatCookie("name", value);
        expect(line).toMatch(/^name=[\x20-\x7e]*; Path=\/$/);
        const pair = line.slice(0, line.lastIndexOf("; Path=/"));
        expect(parseCookies(`a=1; ${pair}; b=2`)).toMatchObject({ a: "1", name: Buffer.from(value, "utf8").toString("utf8"), b: "2" });
      }),
    );
  });

  it("are quoted as Werkzeug does, but for blanks", () => {
    expect(formatCookie("a", 'a,b;"c\\é').split("; ")[0]).toBe('a="a\\054b\\073\\042c\\134\\303\\251"');
    expect(parseCookies('a="a\\054b\\073\\"c\\\\ \\303\\251"').a).toBe('a,b;"c\\ é');
  });
});

describe("parseUrlencoded()", () => {
  it("gives what URLSearchParams gives, of any text", () => {
    const piece = fc.oneof(
      fc.constantFrom("a", "=", "&", "+", "%20", "%", "%C3%A9", "%C3", "%ED%A0%80", "%zz", "%00", "é", "=&", "%3D"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        // Node's own misreads what is beyond ASCII beside a stray "%", so that it is given that escaped.
        const escaped = [...Buffer.from(text)].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16)}`)).join("");
        expect(parseUrlencoded(text)).toEqual([...new URLSearchParams(escaped.startsWith("?") ? `?${escaped}` : escaped)]);
      }),
    );
  });
});

describe("Hmac", () => {
  it.each(["sha1", "sha256"] as const)("is that of Node with %s", (digest) => {
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

  it("gives back what it has encrypted, never in the same words, and refuses any change of it", () => {
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

  it("decrypts what former keys have encrypted, for the same purpose alone", () => {
    const text = encrypter.encrypt(Buffer.from("x"));
    expect(new Encrypter(["new", "key"], "test").decrypt(text)?.toString()).toBe("x");
    expect(new Encrypter(["new"], "test").decrypt(text)).toBeUndefined();
    expect(new Encrypter(["key"], "other").decrypt(text)).toBeUndefined();
    expect(encrypter.decrypt(new Encrypter(["new", "key"], "test").encrypt(Buffer.from("x")))).toBeUndefined();
  });

  it("takes what it has encrypted in one spelling alone", () => {
    const text = encrypter.encrypt(Buffer.from("x"));
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The last of its characters has two bits that stand for nothing.
    const other = text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? "") + 1];
    expect(Buffer.from(other, "base64url")).toEqual(Buffer.from(text, "base64url"));
    for (const spelling of [other, `${text}=`, ` ${text}`]) {
      expect(encrypter.decrypt(spelling)).toBeUndefined();
    }
  });

  it.each(["", "AA", "a".repeat(37), "no base64url!", "AAAA".repeat(10)])("takes nothing else: '%s'", (text) => {
    expect(encrypter.decrypt(text)).toBeUndefined();
  });

  it("needs a key", () => {
    expect(() => new Encrypter([], "test").encrypt(Buffer.from("x"))).toThrow(RangeError);
  });
});

describe("TimestampSigner", () => {
  const options = { salt: "test", digest: "sha256", derivation: "hmac" } as const;
  const signer = new TimestampSigner(["key"], options);

  it("reads what it signed, until it is too old", () => {
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

  it("reads under former keys, and signs with the current one", () => {
    const both = new TimestampSigner(["new", "key"], options);
    expect(both.unsign(signer.sign("x", 1000), 60, 1000)).toEqual({ value: "x" });
    expect(signer.unsign(both.sign("x", 1000), 60, 1000)).toEqual({ failure: "bad signature" });
    expect(() => new TimestampSigner([], options).sign("x")).toThrow(RangeError);
  });

  it("makes the tokens of Flask-WTF with its settings", () => {
    const flask = new TimestampSigner(["test key"], { salt: "wtf-csrf-token", digest: "sha1", derivation: "django-concat" });
    expect(flask.sign(".eJxTMjA0MjYxNTO3sExMSk5JTcPFVwIA4koKpQ", 1704067200)).toBe(
      ".eJxTMjA0MjYxNTO3sExMSk5JTcPFVwIA4koKpQ.ZZIAgA.WoBDNcCgxtgcPEdOnegKMGQ9wH4",
    );
  });
});

describe("tagged JSON", () => {
  it("comes back equal, with dates, bytes, tuples, UUIDs and Markup anywhere", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
      fc.boolean(),
      fc.constant(null),
      fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") })
        .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
      fc.uint8Array(),
      fc.uuid().map((text) => new Uuid(text)),
      fc.string({ unit: "binary" }).map((text) => new Markup(text)),
    );
    const key = fc
      .oneof(fc.string({ unit: "binary" }), fc.constantFrom(" t", " b", " di", " d", " u", " m", " t__"))
      .filter((text) => text !== "__proto__");
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value")),
        fc.array(tie("value")).map((items) => Tuple.from(items)),
        fc.dictionary(key, tie("value"), { noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (original) => {
        const text = formatTagged(original);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(parseTagged(text)).toEqual(original);
      }),
    );
  });

  it("is what Flask writes", () => {
    expect(formatTagged({ b: 1, a: { " t": "not a tuple" }, é: Tuple.of<unknown>("x", "\x7f") })).toBe(
      '{"a":{" di":{" t__":"not a tuple"}},"b":1,"\\u00e9":{" t":["x","\\u007f"]}}',
    );
  });
});

describe("names of fields", () => {
  it.each([
    ["a", ["a"]],
    ["a.b", ["a", "b"]],
    ["a[0].c", ["a", "0", "c"]],
    ["a[]", ["a"]],
    ["a[b][c]", ["a", "b", "c"]],
  ])("take %s apart", (name, path) => {
    expect(parseName(name)).toEqual(path);
  });

  it("are refused, or read, in linear time", () => {
    expect(() => parseName("a.".repeat(1_000_000))).toThrow("nested too deep");
    expect(
      arrange([
        ["a[0].b", "1"],
        ["a[0].b", "2"],
      ])
        .children.get("a")
        ?.children.get("0")
        ?.children.get("b")?.values,
    ).toEqual(["1", "2"]);
    expect(formatName(["a", 0, "b", "c"])).toBe("a[0].b.c");
  });
});

describe("didYouMean()", () => {
  it.each([
    ["abuot", ["about", "index"], "about"],
    ["integer", ["int", "float"], "int"],
    ["shwo", ["show"], "show"],
    ["xyz", ["about"], undefined],
    ["Title", ["title"], "title"],
  ])("for %s", (name, candidates, expected) => {
    expect(didYouMean(name, candidates)).toBe(expected === undefined ? "" : ` Did you mean '${expected}'?`);
  });
});
