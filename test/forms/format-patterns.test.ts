import fc from "fast-check";
import { defineForm, type ZodSchema } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { attributesOf, serveFields, serveForm } from "./support";

const alphabet = [..."aAfFgGzZ019-_.:/@+=%!'\"[] P,TMDxw?#", "\u00e4", "\u{1f355}", "\u{1f1e9}", "\u200d", "\u20e3"];

/** Texts near to valid ones: some characters are left out, added, doubled or of the other case. */
function near(samples: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), kind: fc.nat(3), character: fc.constantFrom(...alphabet) });
  return fc
    .record({ sample: fc.constantFrom(...samples), edits: fc.array(edit, { maxLength: 3 }) })
    .map(({ sample, edits }) =>
      edits.reduce(
        (characters, { at, kind, character }) => {
          const index = Math.floor(at * characters.length);
          const old = characters[index] ?? "";
          const cased = old === old.toUpperCase() ? old.toLowerCase() : old.toUpperCase();
          const replacement = [[], [character, old], [old, old], [cased]][kind] ?? [];
          return [...characters.slice(0, index), ...replacement, ...characters.slice(index + 1)];
        },
        [...sample],
      ),
    )
    .map((characters) => characters.join(""));
}

const uuids = ["123e4567-e89b-42d3-a456-426614174000", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"];
const addresses = [
  "1:2:3:4:5:6:7:8",
  "::",
  "::1",
  "1::",
  "1:2:3:4:5:6:7::",
  "::2:3:4:5:6:7:8",
  "1::3:4:5:6:7:8",
  "1:2:3::5:6",
  "::ffff:192.168.0.255",
  "1:2:3:4:5:6:1.2.3.4",
  "1:2:3:4:5::1.2.3.4",
  "abcd:EF01::",
];

const formats: readonly (readonly [string, z.ZodType, readonly string[]])[] = [
  ["uuid", z.uuid(), uuids],
  ["uuid of a version", z.uuidv7(), ["0190163d-8694-739b-aea5-966c26f8ad91", ...uuids]],
  ["guid", z.guid(), uuids],
  ["nanoid", z.nanoid(), ["V1StGXR8_Z5jdHi6B-myT"]],
  ["cuid", z.cuid(), ["cjld2cjxh0000qzrmn831i7rn"]],
  ["cuid2", z.cuid2(), ["tz4a98xxat96iws9zmbrgj3a"]],
  ["ulid", z.ulid(), ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]],
  ["xid", z.xid(), ["9m4e2mr0ui3e8a215n4g"]],
  ["ksuid", z.ksuid(), ["0ujtsYcgvSTl8PAuAdqWYSMnLOv"]],
  ["ipv4", z.ipv4(), ["192.168.0.255", "0.0.0.0"]],
  ["ipv6", z.ipv6(), addresses],
  ["cidrv4", z.cidrv4(), ["10.0.0.0/8", "1.2.3.4/32"]],
  ["cidrv6", z.cidrv6(), addresses.flatMap((address) => [`${address}/0`, `${address}/128`, `${address}/99`, `${address}/1.28`])],
  ["mac", z.mac(), ["00:1A:2b:3c:4D:5e"]],
  ["base64", z.base64(), ["YWJj", "YWI=", "YQ==", "+/+/", ""]],
  ["base64url", z.base64url(), ["YWJj", "YWI", "YQ", "-_-_"]],
  ["e164", z.e164(), ["+4930123456"]],
  ["hostname", z.hostname(), ["example.com", "a-b.c", "localhost."]],
  ["hex", z.hex(), ["00ffAA"]],
  ["hash", z.hash("md5"), ["5d41402abc4b2a76b9719d911017c592"]],
  ["emoji", z.emoji(), ["\u{1f355}", "\u{1f1e9}\u{1f1ea}", "1\u20e3"]],
  ["duration", z.iso.duration(), ["P1Y2M3DT4H5M6S", "P3W"]],
  ["lower case", z.string().lowercase(), ["abc", "\u00e4"]],
  ["upper case", z.string().uppercase(), ["ABC"]],
  ["start", z.string().startsWith("a.+"), ["a.+x"]],
  ["end", z.string().endsWith("x.["), ["ax.["]],
  ["part", z.string().includes("a]b"), ["xa]by"]],
  ["part from a position on", z.string().includes("ab", { position: 2 }), ["xxab", "xxxab"]],
];

describe("the pattern that browsers check", () => {
  it.each(formats)("takes the texts that the server takes: %s", async (name, schema, samples) => {
    const form = defineForm({ f: schema as ZodSchema }, { csrf: false });
    const { pattern } = attributesOf(await serveForm(form).load(), "f");
    const regex = new RegExp(`^(?:${pattern ?? "[^]*"})$`, "v");
    expect(pattern === undefined).toBe(name === "part from a position on");
    fc.assert(
      fc.property(near(samples), (text) => {
        const isTaken = schema.safeParse(text).success;
        expect([text, pattern === undefined ? isTaken : regex.test(text)]).toEqual([text, isTaken]);
      }),
      { numRuns: 800 },
    );
  });

  it("accepts more than the server only for check digits and headers", async () => {
    for (const [schema, good, bad] of [
      [z.iban(), "DE89370400440532013000", "DE89370400440532013001"],
      [z.creditCard(), "4242424242424242", "4242424242424241"],
    ] as const) {
      const form = defineForm({ f: schema as ZodSchema }, { csrf: false });
      const regex = new RegExp(`^(?:${attributesOf(await serveForm(form).load(), "f").pattern})$`, "v");
      expect([regex.test(good), regex.test(bad), schema.safeParse(bad).success]).toEqual([true, true, false]);
    }
    expect(attributesOf(await serveFields({ f: z.jwt() }).load(), "f")).not.toHaveProperty("pattern");
    const odd = z.stringFormat("odd", (text) => text.length % 2 === 1);
    expect(attributesOf(await serveFields({ f: odd }).load(), "f")).not.toHaveProperty("pattern");
  });

  it("holds for e-mails together with the check of browsers", async () => {
    const page = serveFields({ f: z.email() });
    const send = async (f: string) => (await page.send({ f })).errors;
    const long = "x".repeat(63);
    expect(await send(`a@${long}.com`)).toEqual({});
    for (const text of ["a@b", "a@b-.com", `a@x${long}.com`, "a b@c.de", "a@b..de", "a@.de"]) {
      expect([text, await send(text)]).toEqual([text, { f: ["Enter an e-mail address."] }]);
    }
    expect((await serveFields({ f: z.email({ pattern: z.regexes.unicodeEmail }) }).send({ f: "\u00e4@b-.com" })).errors).toEqual({});
    expect((await serveFields({ f: z.array(z.email()) }).send({ f: ["a@b.de", "a@b-.de"] })).errors).toEqual({
      "f[1]": ["Enter an e-mail address."],
    });
    for (const schema of [z.union([z.email(), z.int()]), z.union([z.int(), z.array(z.email())])]) {
      expect((await serveFields({ f: schema }).send({ f: "a@b-.de" })).status).toBe(422);
    }
    for (const schema of [
      z.union([z.url(), z.int()]),
      z.union([z.object({ x: z.int() }), z.url()]),
      z.array(z.union([z.int(), z.url()])),
    ]) {
      expect((await serveFields({ f: schema }).send({ f: "javascript:alert(1)" })).status).toBe(422);
      expect((await serveFields({ f: schema }).send({ f: "https://example.com" })).status).toBe(200);
    }
  });
});
