import { defineForm, type ZodSchema } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { attributesOf, serveFields, serveForm } from "./support";

/** Renders one field, and returns the type of its control and the constraints that browsers check. */
async function readConstraints(schema: z.ZodType, initial?: unknown): Promise<Record<string, string>> {
  const form = defineForm({ f: schema as ZodSchema }, { csrf: false });
  const document = await serveForm(form, { initial: { f: initial } }).load();
  const { name: _, id: __, value: ___, ...rest } = attributesOf(document, "f");
  return rest;
}

/** The pattern of an e-mail address: zod's own, as browsers read it. */
const emailPattern = z.regexes.email.source.slice(1, -1).replaceAll("+-]", "+\\-]");
const wholeHost = String.raw`(?!(?i:https?|wss?|ftp):[\/\\]*(?:[^\/\\?#]*@)?[^@\/\\?#]*(?:[^\S\t\n\r]|%20)[^@\/\\?#]*(?:[\/\\?#]|$))`;
const urlPattern = `${wholeHost}(?!(?i:javascript|data|vbscript):)[\\s\\S]*`;

/** Creates an expression from text: this version of the compiler knows no literals with the flag `v`. */
const withFlag = (flag: string, source: string) => new RegExp(source, flag);

const lastDay = { max: "9999-12-31" };

describe("a control", () => {
  it.each([
    ["a least number that is a multiple of the step", z.int().min(1).multipleOf(10), { min: "10", step: "10" }],
    ["bounds that are multiples of the step", z.int().gte(3).lte(22).multipleOf(5), { min: "5", max: "20", step: "5" }],
    ["negative bounds that are multiples of the step", z.int().gte(-7).lte(-2).multipleOf(3), { min: "-6", max: "-3", step: "3" }],
    ["bounds of fractions", z.number().gt(0).lt(1).multipleOf(0.1), { min: "0.1", max: "0.9", step: "0.1" }],
    ["the next whole number inside an open bound", z.int().gt(3).lt(9), { min: "4", max: "8" }],
    ["the strictest of several bounds", z.int().min(5).min(3).max(7).max(9), { min: "5", max: "7" }],
    ["whole bounds of a whole number", z.int().min(1.5).max(8.5), { min: "2", max: "8" }],
    ["a step of whole numbers that fractions allow", z.int().multipleOf(0.5), {}],
    ["a common multiple of two steps", z.int().multipleOf(4).multipleOf(6), { step: "12" }],
    ["the first fraction inside an open bound", z.number().positive(), { min: "5e-324", step: "any" }],
    ["the fractions inside open bounds", z.number().gt(-5).lt(5), { min: "-4.999999999999999", max: "4.999999999999999", step: "any" }],
    ["any fraction", z.number().min(0.5), { min: "0.5", step: "any" }],
    ["a step in place of its negative", z.number().multipleOf(-0.5), { step: "0.5" }],
    ["a tiny step", z.number().multipleOf(1e-7), { step: "0.0000001" }],
    ["no bound without an end", z.number().min(-Infinity).max(Infinity), { step: "any" }],
    ["the range of short fractions", z.float32(), { min: "-3.4028234663852886e+38", max: "3.4028234663852886e+38", step: "any" }],
    ["no least number of a format from which steps cannot be counted", z.int64().multipleOf(3n), { max: "9223372036854775806", step: "3" }],
    ["the range of a format inside of other bounds", z.int32().gt(-1e12).max(5), { min: "-2147483648", max: "5" }],
    ["the range of 32 bits", z.int32(), { min: "-2147483648", max: "2147483647" }],
    ["no negative number", z.uint32(), { min: "0", max: "4294967295" }],
    ["nothing of the safe integers", z.int().gte(Number.MIN_SAFE_INTEGER).lte(Number.MAX_SAFE_INTEGER), {}],
    [
      "a range of bigints",
      z
        .bigint()
        .gt(5n)
        .max(10n ** 20n),
      { min: "6", max: "100000000000000000000" },
    ],
  ])("has %s", async (_, schema, expected) => {
    expect(await readConstraints(schema)).toEqual({ type: "number", required: "", ...expected });
  });

  it("has a base for the steps, if the shown value is not one of them", async () => {
    expect(await readConstraints(z.int().multipleOf(10), 5)).toEqual({
      type: "number",
      required: "",
      min: "-9007199254740990",
      step: "10",
    });
    expect(await readConstraints(z.int().multipleOf(10), 20)).toEqual({ type: "number", required: "", step: "10" });
    expect(await readConstraints(z.int(), 1.5)).toEqual({ type: "number", required: "", min: "-9007199254740991" });
    const { document } = await serveFields({ f: z.int() }).send({ f: "1.5" });
    expect(attributesOf(document, "f")).toMatchObject({ value: "1.5", min: "-9007199254740991" });
  });

  it.each([
    ["the first whole day", z.date().min(new Date("2026-05-01T10:00Z")), { type: "date", min: "2026-05-02", ...lastDay }],
    ["the last day", z.date().max(new Date("2026-05-01T10:00Z")), { type: "date", max: "2026-05-01" }],
    [
      "bounds with a time",
      z.date().min(new Date("2026-05-01T00:00Z")).max(new Date("2026-05-02T10:00:30Z")).meta({ type: "datetime-local" }),
      { type: "datetime-local", min: "2026-05-01T00:00", max: "2026-05-02T10:00" },
    ],
    [
      "the first and the last month",
      z.date().min(new Date("2026-02-02")).max(new Date("2026-05-01")).meta({ type: "month" }),
      { type: "month", min: "2026-03", max: "2026-05" },
    ],
    [
      "months inside open bounds",
      z
        .date()
        .check(z.gt(new Date("2026-02-01")), z.lt(new Date("2026-05-01")))
        .meta({ type: "month" }),
      { type: "month", min: "2026-03", max: "2026-04" },
    ],
    ["the first week", z.date().min(new Date("2026-02-25")).meta({ type: "week" }), { type: "week", min: "2026-W10", max: "9999-W52" }],
    ["the last week", z.date().max(new Date("2026-12-30")).meta({ type: "week" }), { type: "week", max: "2026-W53" }],
    [
      "the first and the last time of the day",
      z
        .date()
        .check(z.gte(new Date("1970-01-01T08:00:30Z")), z.lt(new Date("1970-01-01T17:00Z")))
        .meta({ type: "time" }),
      { type: "time", min: "08:01", max: "16:59" },
    ],
    ["no time of another day", z.date().min(new Date("1969-01-01")).max(new Date("2026-01-01")).meta({ type: "time" }), { type: "time" }],
    ["years of four digits", z.iso.date(), { type: "date", ...lastDay }],
    ["nothing of a moment with a zone", z.iso.datetime(), { type: "text" }],
    ["nothing of a moment with an offset", z.iso.datetime({ offset: true }), { type: "text" }],
    ["a local moment", z.iso.datetime({ local: true }), { type: "datetime-local", max: "9999-12-31T23:59" }],
    ["seconds", z.iso.datetime({ local: true, precision: 0 }), { type: "datetime-local", max: "9999-12-31T23:59:59", step: "1" }],
    ["seconds of a time", z.iso.time({ precision: 0 }), { type: "time", step: "1" }],
    ["milliseconds of a time", z.iso.time({ precision: 3 }), { type: "time", step: "0.001" }],
    ["minutes of a time", z.iso.time({ precision: -1 }), { type: "time" }],
  ])("has %s", async (_, schema, expected) => {
    expect(await readConstraints(schema)).toEqual({ required: "", ...expected });
  });

  it("shows as much of a time as the value has", async () => {
    const moment = z.date().meta({ type: "datetime-local" });
    expect(await readConstraints(moment, new Date("2026-01-02T03:04:05Z"))).toMatchObject({ step: "1" });
    expect(await readConstraints(moment, new Date("2026-01-02T03:04:05.6Z"))).toMatchObject({ step: "0.001" });
    expect(await readConstraints(z.iso.time(), "03:04:05")).toMatchObject({ step: "1" });
  });

  it.each([
    ["lengths before the text is trimmed", z.string().min(2).max(9).trim(), { minlength: "2", maxlength: "9" }],
    ["a length", z.string().length(3), { minlength: "3", maxlength: "3" }],
    [
      "lengths beside a pattern",
      z
        .string()
        .min(2)
        .max(9)
        .regex(/^[a-z-]+$/),
      { minlength: "2", maxlength: "9", pattern: "[a-z\\-]+" },
    ],
    ["lengths and patterns of both parts of a pipe", z.string().max(9).pipe(z.string().regex(/^a+$/)), { maxlength: "9", pattern: "a+" }],
    ["no lengths after it", z.string().trim().min(2).max(9), {}],
    [
      "a pattern with blanks around it",
      z
        .string()
        .trim()
        .regex(/^\d{4}$/),
      { pattern: "\\s*\\d{4}\\s*" },
    ],
    [
      "alternatives with blanks around them",
      z
        .string()
        .trim()
        .regex(/^(?:a|b)$/),
      { pattern: "\\s*(?:a|b)\\s*" },
    ],
    [
      "nothing after another change",
      z
        .string()
        .toLowerCase()
        .regex(/^[a-z]+$/)
        .max(3),
      {},
    ],
    [
      "nothing after a preparation",
      z.preprocess(
        (value) => value,
        z
          .string()
          .regex(/^\d{16}$/)
          .max(16),
      ),
      {},
    ],
    [
      "what comes before a change",
      z
        .string()
        .regex(/^[A-Z]+$/)
        .toLowerCase()
        .max(3),
      { pattern: "[A-Z]+" },
    ],
    ["a pattern", z.string().regex(/^[A-Z]{2}\d{2}$/), { pattern: "[A-Z]{2}\\d{2}" }],
    ["a pattern that is not anchored", z.string().regex(/\d/), { pattern: "[\\s\\S]*\\d[\\s\\S]*" }],
    ["alternatives that are anchored at one end each", z.string().regex(/^a|b$/), { pattern: "a[\\s\\S]*|[\\s\\S]*b" }],
    ["an end that is no anchor", z.string().regex(/^a\$/), { pattern: "a\\$[\\s\\S]*" }],
    ["several patterns", z.string().regex(/^\d+$/).regex(/^1.*$/), { pattern: "(?=(?:\\d+)$)1.*" }],
    [
      "a reference that counts the groups of another pattern",
      z
        .string()
        .regex(/^(a|b)\1$/)
        .regex(/^(.)\1$/u),
      { pattern: "(?=(?:(a|b)\\1)$)(.)\\2" },
    ],
    [
      "no second group of one name",
      z
        .string()
        .regex(/^(?<x>a)+$/)
        .regex(/^(?<x>a|b)+$/),
      { pattern: "(?<x>a)+" },
    ],
    ["hyphens in classes", z.string().regex(/^[\w-]+[-a-c.-]+[a-c-e]$/), { pattern: "[\\w\\-]+[\\-a-c.\\-]+[a-c\\-e]" }],
    ["other signs in classes", z.string().regex(/^[^()&/\]|]+[\d.,+-]$/), { pattern: "[^\\(\\)\\&\\/\\]\\|]+[\\d.\\,+\\-]" }],
    ["escapes that are none", z.string().regex(/^@-_$/), { pattern: "@-_" }],
    ["the start of a text", z.string().startsWith("a."), { pattern: "a\\..*[\\s\\S]*" }],
    ["a pattern in any case", z.string().regex(/^[a-z]+$/i), { pattern: "(?i:[a-z]+)" }],
    ["brackets and braces that stand for themselves", z.string().regex(/^a]b{c}d{2}$/), { pattern: "a\\]b\\{c\\}d{2}" }],
    ["nothing of a letter that another flag reads as a property", z.string().regex(withFlag("", "^\\p{L}$")), {}],
    ["sets of the flag v", z.string().regex(withFlag("v", "^[\\p{L}--[a-c]]+$")), { pattern: "[\\p{L}--[a-c]]+" }],
    ["properties of the flag u", z.string().regex(/^\p{L}{2}$/u), { pattern: "\\p{L}{2}" }],
    ["nothing of a pattern with lines", z.string().regex(/^[a-z]+$/m), {}],
    ["nothing of a pattern that counts halves of characters", z.string().regex(/^.{2}$/), {}],
    ["a pattern that counts whole characters", z.string().regex(/^.{2}$/u), { pattern: ".{2}" }],
  ])("has %s", async (_, schema, expected) => {
    expect(await readConstraints(schema)).toEqual({ type: "text", required: "", ...expected });
  });

  it.each([
    ["an e-mail", z.email(), { type: "email", required: "", pattern: emailPattern }],
    ["a union of an e-mail and nothing", z.email().or(z.literal("")), { type: "email", pattern: emailPattern }],
    ["an e-mail without the blanks around it", z.string().trim().toLowerCase().pipe(z.email()), { type: "email", required: "" }],
    ["an e-mail in a pipe", z.string().trim().pipe(z.email()), { type: "email", required: "", pattern: `\\s*${emailPattern}\\s*` }],
    [
      "an e-mail in a pipe with a refinement",
      z.string().pipe(z.email()).refine(Boolean),
      { type: "email", required: "", pattern: emailPattern },
    ],
    ["an optional e-mail in a pipe", z.string().optional().pipe(z.email().optional()), { type: "email", pattern: emailPattern }],
    ["an e-mail or nothing in a pipe", z.string().pipe(z.email().or(z.literal(""))), { type: "email", pattern: emailPattern }],
    [
      "an e-mail behind a function",
      z
        .string()
        .transform((text) => text.replace(" at ", "@"))
        .pipe(z.email()),
      { type: "text", required: "", inputmode: "email" },
    ],
    ["a URL in a pipe", z.string().toLowerCase().pipe(z.url()), { type: "url", required: "" }],
    [
      "a day in a pipe",
      z
        .string()
        .pipe(z.iso.date())
        .transform((text) => new Date(text)),
      { type: "date", required: "", ...lastDay },
    ],
    ["the parts of a template", z.templateLiteral(["v", z.int()]), { type: "text", required: "", pattern: "v-?\\d+" }],
    ["a number in a pipe of texts", z.string().pipe(z.coerce.number()), { type: "number", required: "", step: "any" }],
    [
      "a whole number in a pipe of texts",
      z.string().trim().min(1).pipe(z.coerce.number<string>().int().min(3)),
      { type: "number", required: "", min: "3" },
    ],
    ["a number that a function makes", z.string().transform(Number).pipe(z.int()), { type: "text", required: "" }],
    [
      "a text with digits before it is a number",
      z.string().regex(/^\d+$/).pipe(z.coerce.number()),
      { type: "text", required: "", pattern: "\\d+" },
    ],
    ["an e-mail that is trimmed", z.string().trim().email(), { type: "email", required: "", pattern: `\\s*${emailPattern}\\s*` }],
    ["an e-mail in lower case", z.string().toLowerCase().email(), { type: "email", required: "" }],
    [
      "an e-mail behind another change",
      z
        .string()
        .overwrite((text) => text.replace(" at ", "@"))
        .email(),
      { type: "text", required: "", inputmode: "email" },
    ],
    ["an e-mail behind a preparation", z.preprocess((value) => value, z.email()), { type: "text", required: "", inputmode: "email" }],
    [
      "an e-mail in all scripts",
      z.email({ pattern: z.regexes.unicodeEmail }),
      { type: "text", required: "", inputmode: "email", pattern: '[^\\s\\@"]{1,64}@[^\\s\\@]{1,255}' },
    ],
    [
      "an e-mail by the rule of browsers",
      z.email({ pattern: z.regexes.html5Email }),
      { type: "email", required: "", pattern: expect.any(String) },
    ],
    ["a URL", z.url(), { type: "url", required: "", pattern: urlPattern }],
    ["a URL or nothing", z.url().optional(), { type: "url", pattern: urlPattern }],
    ["a URL of the web", z.httpUrl(), { type: "url", required: "", pattern: `${wholeHost}(?i:https?)://[\\s\\S]*` }],
    [
      "a URL with a protocol",
      z.url({ protocol: /^(?:ftp|sftp)$/ }),
      { type: "url", required: "", pattern: `${wholeHost}(?i:(?:ftp|sftp)):[\\s\\S]*` },
    ],
    ["a URL with some protocol", z.url({ protocol: /ftp/ }), { type: "url", required: "" }],
    ["a text of some length or nothing", z.union([z.literal(""), z.string().min(3)]), { type: "text", minlength: "3" }],
    ["a number or null", z.union([z.int().min(3), z.null()]), { type: "number", min: "3" }],
    ["a number or a word", z.union([z.literal("auto"), z.int()]), { type: "text", required: "" }],
    ["a choice or free text", z.union([z.enum(["a", "b"]), z.string()]), { type: "text", required: "" }],
    ["numbers of two kinds", z.union([z.int(), z.number()]), { type: "number", required: "", step: "any" }],
    ["nothing at all", z.literal(""), { type: "text" }],
  ])("has the type and the constraints of %s", async (_, schema, expected) => {
    expect(await readConstraints(schema)).toEqual(expected);
  });
});

describe("attributes", () => {
  it.each(["x onclick", "a>b", 'a"b', "a'b", "a/b", "a=b", "a\0b", "a\nb", "", "a<b", "a\u0085b"])("refuse the name %j", async (name) => {
    const form = defineForm({ a: z.string() }, { csrf: false });
    for (const show of [
      (bound: Awaited<ReturnType<typeof form.validateOnSubmit>>) => bound.field("a", { [name]: 1 }),
      (bound: Awaited<ReturnType<typeof form.validateOnSubmit>>) => bound.attributes("a", { [name]: true }),
      (bound: Awaited<ReturnType<typeof form.validateOnSubmit>>) => bound.render({ [name]: "x" }),
    ]) {
      await expect(serveForm(form, {}, show).load()).rejects.toThrow("is not the name of an attribute");
    }
  });
});

describe("ids", () => {
  it("differ in all scripts, and for fields with similar names", async () => {
    const names = ["\u540d", "\u59d3", "\u{1f355}", "\u{1f354}", "a b", "a?b", "\u0438\u043c\u044f", "first-name", "note", "note-help"];
    const form = {
      ...Object.fromEntries(names.map((name) => [name, z.string().meta({ help: "Help." })])),
      first: z.object({ name: z.string() }),
    };
    const document = await serveFields(form).load();
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => !/\s/.test(id))).toBe(true);
    const inputs = [...document.querySelectorAll("input")];
    expect(inputs.map((input) => document.querySelector(`label[for="${input.id}"]`)?.textContent)).toHaveLength(names.length + 1);
    expect(inputs.every((input) => document.querySelectorAll(`label[for="${input.id}"]`).length === 1)).toBe(true);
    expect(ids).toContain("field-\u540d");
  });
});
