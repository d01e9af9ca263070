import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { json } from "flagon";
import { createDocument } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeDigits } from "../../src/openapi/digits";
import { allowBlanks, toPattern } from "../../src/openapi/patterns";
import { createApp, createLiveApp } from "../support";

const info = { title: "Shop", version: "1" };

/** Compiles the schema of a field `value`, as a validator of JSON Schema with formats reads it. */
function compile(document: object, path: string): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, logger: false });
  addFormats(ajv);
  ajv.addFormat("int64", true);
  ajv.addSchema({ $id: "document", ...document });
  const validate = ajv.compile({ $ref: `document#/paths/~1/${path}/content/application~1json/schema` });
  return (value) => validate({ value }) === true;
}

/** Returns a function that tells whether the document promises a value, and whether the server takes it. */
function createRoute(schema: z.ZodType): (value: unknown) => Promise<{ isPromised: boolean; isTaken: boolean }> {
  const app = createApp();
  app.post("/", () => json(1), { endpoint: "x", json: z.object({ value: schema }) });
  const isPromised = compile(JSON.parse(JSON.stringify(createDocument(app, { info }))), "post/requestBody");
  const client = app.testClient();
  return async (value) => {
    const { status } = await client.post("/", { json: { value } });
    expect([200, 422]).toContain(status);
    return { isPromised: isPromised(value), isTaken: status === 200 };
  };
}

const email = "ann@example.com";

/** Creates an expression with flags that the compiler does not know yet. */
const toRegex = (source: string, flags: string): RegExp => new RegExp(source, flags);

type Case = readonly [name: string, schema: z.ZodType, taken: readonly unknown[], refused: readonly unknown[]];

const exact: readonly Case[] = [
  ["digits up to a bound", z.bigint().max(5n), ["5", "-70", "005", 5, "-0"], ["6", "9007199254740993", 6]],
  ["digits from a bound on", z.bigint().min(-30n), ["-30", "9", "9007199254740993"], ["-31", "-300", -31]],
  ["digits within bounds", z.bigint().gt(8n).lt(1205n), ["9", "1204", "999"], ["8", "1205", "0", "-9"]],
  ["negative digits", z.bigint().negative(), ["-1", "-90"], ["0", "-0", "1"]],
  ["digits of no number", z.bigint().min(2n).max(1n), [], ["1", "2", "0"]],
  ["digits of multiples", z.bigint().multipleOf(10n), ["20", "0", "-30", 40], ["21", 5]],
  ["digits of 64 bits", z.int64(), ["9223372036854775807", "-9223372036854775808"], ["9223372036854775808", "-9223372036854775809"]],
  ["unsigned digits of 64 bits", z.uint64(), ["18446744073709551615", "0"], ["18446744073709551616", "-1"]],
  ["the digits of a literal", z.literal([7n, -5n]), [7, "7", "-5"], ["07", "-05", "8"]],
  ["trimmed text", z.string().trim().min(1), [" a ", "a"], ["", "  ", "\n\u00a0"]],
  ["trimmed text up to a length", z.string().trim().max(3), ["  abc  ", "", "  ", "a c"], ["abcd", " a  d "]],
  ["trimmed text up to one character", z.string().trim().max(1), [" a ", " "], ["ab"]],
  ["trimmed text of bounds", z.string().trim().min(2).max(4), [" ab", "a  b"], [" a ", "abcde", "  "]],
  ["trimmed text of a length", z.string().trim().length(2), [" ab "], ["a ", " b", "abc"]],
  ["a pattern of trimmed text", z.string().trim().regex(/^a+$/), [" aa", "a\n"], ["a a", ""]],
  [
    "alternatives of trimmed text",
    z
      .string()
      .trim()
      .regex(/^a$|^b/),
    [" a ", " bc"],
    ["ab", "ca"],
  ],
  ["a trimmed address", z.string().trim().pipe(z.email()), [` ${email} `, email], ["ann", " "]],
  ["an address before trimming", z.email().trim(), [email], [` ${email}`]],
  ["a length before trimming", z.string().min(3).trim(), ["a  "], ["a "]],
  [
    "text in lower case",
    z
      .string()
      .toLowerCase()
      .regex(/^[a-f\d]+$/),
    ["ABC1", "f"],
    ["g", ""],
  ],
  ["text in upper case", z.string().toUpperCase().startsWith("DE"), ["de12", "DE"], ["d", "xde"]],
  ["trimmed text in lower case", z.string().trim().toLowerCase().min(1).regex(/^a/), [" Ab"], ["b", " "]],
  ["words of truth", z.stringbool(), ["true", "YES", "Off", "0"], ["maybe", "", " true", true, 1]],
  ["own words of truth", z.stringbool({ truthy: ["ja", "a.b"], falsy: ["nein"] }), ["JA", "Nein", "a.b"], ["true", "axb"]],
  ["words of truth by case", z.stringbool({ truthy: ["Y"], falsy: ["N"], case: "sensitive" }), ["Y", "N"], ["y", "n"]],
  ["words of truth and a function", z.stringbool().transform((value) => !value), ["on"], ["x"]],
  ["words of truth or a number", z.union([z.stringbool(), z.int()]), ["on", 5], ["x", 1.5]],
  ["a pattern in any case", z.string().regex(/^a[b-d]\x65\d$/i), ["ABE1", "aCe2"], ["AEE1", "abe"]],
  ["letters of other scripts in any case", z.string().regex(/^[äöü]+[а-я]$/i), ["ÄöЯ", "üж"], ["aЯ", "äz"]],
  ["other letters than some, in any case", z.string().regex(/^[^a-c]$/i), ["d", "1"], ["B", "b"]],
  ["a pattern over lines", z.string().regex(/^a.b$/s), ["a\nb"], ["ab"]],
  ["a pattern of each line", z.string().regex(/^a$/m), ["x\na\ny", "a"], ["ab\nba"]],
  ["a pattern from the start on", z.string().regex(/a/y), ["ab"], ["ba"]],
  ["escapes that need none", z.string().regex(/^[\w.\-_]+@!$/), ["a-_.@!"], ["a!"]],
  ["a hyphen after a set", z.string().regex(/^[\w-.]+$/), ["a-."], ["/"]],
  ["brackets that stand for themselves", z.string().regex(/^{a]}$/), ["{a]}"], ["a"]],
  ["a pattern that looks ahead", z.string().regex(/^(?!.*admin)[a-z]+$/), ["user"], ["anadmin"]],
  ["two patterns", z.string().regex(/^a/).regex(/B$/i), ["ab", "aB"], ["a", "Ab"]],
  ["a part after a position", z.string().includes("a", { position: 1 }), ["\nxa", "ba"], ["ab"]],
  ["an address of IPv6", z.ipv6(), ["::1", "::ffff:1.2.3.4", "fe80::1"], ["::g", "1.2.3.4"]],
  ["a block of IPv6", z.cidrv6(), ["fe80::/10", "::/0", "::ffff:1.2.3.4/96"], ["::1", "::/129"]],
  ["a duration", z.iso.duration(), ["PT1.5S", "P1Y2M", "P1W"], ["P", "1D"]],
  ["an address by a pattern of its own", z.email({ pattern: z.regexes.html5Email }), ["a@b", email], ["a b@c"]],
  ["an international address", z.email({ pattern: z.regexes.unicodeEmail }), ["\u00fc@b\u00fccher.de"], ["a"]],
  ["an address by RFC 5322", z.email({ pattern: z.regexes.rfc5322Email }), ['"a b"@b.de', email], ["a"]],
  ["an own format", z.stringFormat("currency", /^[a-z]{3}$/i), ["EUR", "eur"], ["EURO"]],
  ["both parts of a pipe", z.string().min(2).pipe(z.string().max(3)), ["ab", "abc"], ["a", "abcd"]],
  ["an enum after text", z.string().pipe(z.enum(["a", "b"])), ["a"], ["c", 1]],
  ["an integer after a number", z.number().min(1).pipe(z.int()), [1], [0, 1.5]],
  ["text after a union", z.union([z.string(), z.int()]).pipe(z.string().max(1)), ["a"], ["ab", 1]],
  ["a tuple after a list", z.array(z.int()).pipe(z.tuple([z.int()])), [[1]], [[], [1, 2]]],
  ["a schema after anything", z.unknown().pipe(z.object({ a: z.date() })), [{ a: "2026-01-01T00:00:00Z" }], [{ a: 1 }, 1]],
  ["a record of keys in any case", z.record(z.string().regex(/^A\d$/i), z.int()), [{ a1: 1, A2: 1 }], [{ b1: 1 }]],
  ["a record of numbers", z.record(z.literal([1, 2]), z.int()), [{ 1: 1, 2: 2 }], [{ 1: 1 }, {}]],
  ["a record of trimmed keys", z.record(z.string().trim().min(1), z.int()), [{ " a": 1 }], [{ " ": 1 }]],
  ["a loose record of a pattern", z.looseRecord(z.string().regex(/^A/i), z.int()), [{ a: 1, b: "x" }], [{ a: "x" }]],
  ["a loose record of names", z.looseRecord(z.enum(["a", "b"]), z.int()), [{ a: 1, b: 1, c: "x" }], [{ a: 1 }, { a: 1, b: "x" }]],
  ["a tuple with a function at its end", z.tuple([z.string(), z.preprocess((value) => value ?? 1, z.int())]), [["a"], ["a", 1]], [[]]],
  ["a tuple of optional items and more", z.tuple([z.string(), z.int().optional()], z.boolean()), [["a"], ["a", 1, true]], [["a", true]]],
];

/** Schemas whose checks JSON Schema cannot say: the document promises more. */
const looser: readonly Case[] = [
  [
    "a change of an own kind",
    z
      .string()
      .overwrite((text) => text.replaceAll("-", ""))
      .length(3),
    ["a-b-c", "abc"],
    ["a-b"],
  ],
  ["a change of a number", z.number().overwrite(Math.abs).min(3), [-5, 4], [-1]],
  [
    "a change of a list",
    z
      .array(z.int())
      .overwrite((list) => list.slice(0, 1))
      .max(1),
    [[1, 2, 3]],
    [["a"]],
  ],
  ["composed text", z.string().normalize().max(1), ["e\u0301"], ["ab"]],
  ["a slug", z.string().slugify().min(3), ["A B"], ["!!!"]],
  ["a pattern of sets", z.string().regex(toRegex("^[\\p{L}--[a-z]]$", "v")), ["A"], ["a"]],
  ["a reference in any case", z.string().regex(/^(a)\1$/i), ["aA"], ["ab"]],
  [
    "trimmed text that looks ahead",
    z
      .string()
      .trim()
      .regex(/^(?=.{1,3}$)a+$/),
    [" aa "],
    ["aaaa"],
  ],
  ["trimmed text of great length", z.string().trim().max(5000), [" a "], ["a".repeat(5001)]],
  ["a loose record of long names", z.looseRecord(z.string().min(3), z.int()), [{ a: "x", abc: 1 }], [{ abc: "x" }]],
  ["multiples of 3", z.bigint().multipleOf(3n), ["6", 6], ["7"]],
  ["a property", z.object({ a: z.string() }).check(z.property("a", z.string().max(1))), [{ a: "a" }], [{ a: "ab" }]],
  ["a function before a check", z.string().transform(Number).pipe(z.number().max(5)), ["5"], ["6"]],
  ["a codec", z.codec(z.string(), z.number().max(5), { decode: Number, encode: String }), ["5"], ["6"]],
];

describe("the document promises exactly the values that a route takes", () => {
  it.each(exact)("%s", async (_, schema, taken, refused) => {
    const ask = createRoute(schema);
    for (const value of taken) {
      expect([value, await ask(value)]).toEqual([value, { isPromised: true, isTaken: true }]);
    }
    for (const value of refused) {
      expect([value, await ask(value)]).toEqual([value, { isPromised: false, isTaken: false }]);
    }
  });
});

describe("the document promises all values that a route takes", () => {
  it.each(looser)("%s", async (_, schema, taken, refused) => {
    const ask = createRoute(schema);
    for (const value of taken) {
      expect([value, await ask(value)]).toEqual([value, { isPromised: true, isTaken: true }]);
    }
    for (const value of refused) {
      expect((await ask(value)).isTaken).toBe(false);
    }
  });
});

it("what an app states of a text by meta() stays", () => {
  const app = createApp();
  const value = z
    .string()
    .regex(/^a$/i)
    .meta({ format: "password", pattern: "^a", description: "A secret.", examples: ["a"] });
  app.post("/", () => json(1), { endpoint: "x", json: z.object({ value, other: value.optional() }) });
  const { paths } = JSON.parse(JSON.stringify(createDocument(app, { info })));
  const { properties } = paths["/"].post.requestBody.content["application/json"].schema;
  const described = { type: "string", format: "password", pattern: "^a", description: "A secret.", examples: ["a"] };
  expect(properties).toEqual({ value: described, other: described });
});

describe("a result is as the document says", () => {
  it.each<[string, z.ZodType, unknown, unknown]>([
    ["trimmed after its length is checked", z.string().min(3).trim(), "a  ", "a"],
    ["trimmed after its pattern is checked", z.string().regex(/^ a $/).trim(), " a ", "a"],
    ["a trimmed length", z.string().trim().max(1), " a ", "a"],
    [
      "in lower case",
      z
        .string()
        .regex(/^[A-Z]+$/)
        .max(2)
        .toLowerCase(),
      "AB",
      "ab",
    ],
    ["in upper case", z.string().max(1).toUpperCase(), "\u00df", "SS"],
    ["a pattern in any case", z.string().regex(/^a$/i), "A", "A"],
    [
      "changed by a function",
      z
        .string()
        .length(3)
        .overwrite((text) => text.slice(1)),
      "abc",
      "bc",
    ],
    ["a changed number", z.number().max(-1).overwrite(Math.abs), -5, 5],
    [
      "a changed list",
      z
        .array(z.int())
        .min(3)
        .overwrite((list) => list.slice(0, 1)),
      [1, 2, 3],
      [1],
    ],
    ["a list with a gap", z.array(z.string().optional()), [undefined, "a"], [null, "a"]],
    ["a tuple with a gap", z.tuple([z.string(), z.int().optional()]), ["a", undefined], ["a", null]],
    [
      "a function of an optional field",
      z.object({
        a: z
          .string()
          .optional()
          .transform((text) => text),
      }),
      {},
      {},
    ],
    ["words of truth", z.stringbool(), "yes", true],
  ])("%s", async (_, schema, given, sent) => {
    const app = createLiveApp();
    app.get("/", () => ({ value: given }) as never, { endpoint: "x", returns: z.object({ value: schema }) });
    const isPromised = compile(JSON.parse(JSON.stringify(createDocument(app, { info }))), "get/responses/200");
    const { value } = (await (await app.testClient().get("/")).json()) as { value: unknown };
    expect([value, isPromised(value)]).toEqual([sent, true]);
  });
});

describe("patterns", () => {
  const letters = Array.from({ length: 0x600 }, (_, code) => String.fromCharCode(code));

  it.each([
    /^[a-f]$/i,
    /^[Z-a]$/i,
    /^[^a-zä]$/i,
    /^k$/iu,
    /^\u00e4$/i,
    /^[à-þ]$/i,
    /^σ$/i,
    /^[\]\-^]$/i,
    /^[a-]$/,
    /^[\d-x]$/,
    /^.$/s,
    /^[\b]$/,
    /^(?<name>a|b)$/i,
    /^a{1,2}?$/i,
    /^\/$/,
  ])("take the letters that %s takes", (regex) => {
    const pattern = new RegExp(toPattern(regex) ?? "never", "u");
    expect(letters.filter((letter) => pattern.test(letter))).toEqual(letters.filter((letter) => regex.test(letter)));
  });

  it.each([
    ["an octal escape", "^\\07$", ""],
    ["an escape of a letter that is one of sets with the flag 'u'", "^\\p{L}$", ""],
    ["a count that is an escape with the flag 'u'", "^\\u{2}$", ""],
    ["a reference in any case", "^(a)\\1$", "i"],
    ["a property of letters in any case", "^\\p{Lu}$", "iu"],
    ["an intersection of sets", "^[a&&b]$", "v"],
    ["a repeated look ahead", "^(?=a)*$", ""],
  ])("do not say %s", (_, source, flags) => {
    expect(toPattern(new RegExp(source, flags))).toBeUndefined();
  });

  it("take blanks around text where they are anchored", () => {
    expect(allowBlanks("^a|b$|[|^$]")).toBe("^\\s*a|b\\s*$|[|^$]");
    expect(allowBlanks("^a\\$")).toBe("^\\s*a\\$");
    expect(allowBlanks("^(?:^a)$")).toBeUndefined();
    expect(allowBlanks("^(?!a)")).toBeUndefined();
  });
});

it("the pattern of digits takes the numbers of its range alone", () => {
  const bound = fc.option(fc.bigInt(-3000n, 3000n), { nil: undefined });
  fc.assert(
    fc.property(bound, bound, fc.array(fc.bigInt(-12000n, 12000n)), (least, most, values) => {
      const pattern = new RegExp(describeDigits(least, most), "u");
      for (const value of [...values, least ?? 0n, most ?? 0n, (least ?? 0n) - 1n, (most ?? 0n) + 1n, 0n, 9n, 10n]) {
        const isInside = (least === undefined || value >= least) && (most === undefined || value <= most);
        expect([value, pattern.test(String(value)), pattern.test(`${value}`.replace(/(?=\d)/, "00"))]).toEqual([value, isInside, isInside]);
      }
    }),
  );
});
