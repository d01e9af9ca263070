import fc from "fast-check";
import { defineForm, type ZodSchema } from "flagon";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { launchBrowser } from "./support";

/** A schema with values that a visitor could enter, good and bad ones. */
interface Case {
  readonly label: string;
  readonly schema: z.ZodType;
  readonly values: readonly string[];
  /** Whether the browser must not refuse a value that the server takes. */
  readonly isExact?: boolean;
}

const when = <Schema>(isOn: boolean, schema: Schema, change: (schema: Schema) => Schema): Schema => (isOn ? change(schema) : schema);

/** Creates an expression from text: this version of the compiler knows no literals with the flag `v`. */
const withFlag = (flag: string, source: string) => new RegExp(source, flag);

const emoji = "\u{1f355}";
/** Letters of one code unit and of two; among them marks that combine with the letter before, and one that joins emoji. */
const units = ["a", "b", "A", "1", "2", " ", "-", "@", "\u00e4", "\u540d", "\u0301", "\u200d", "\ufe0f", emoji, "\u{1d306}"];
const letters = fc.string({ unit: fc.constantFrom(...units), maxLength: 9 });
const lines = fc.string({ unit: fc.constantFrom("\n", ...units), maxLength: 9 });

/**
 * Tells whether a text is refused only because zod counts its characters, and browsers its code units: for the least length,
 * browsers take a text of emoji that is too short.
 */
function isShortOfCharacters(value: string, errors: unknown): boolean {
  const [, limit] = /^(?:At least|Exactly) (\d+) characters?\.$/.exec(String((errors as { f?: unknown }).f)) ?? [];
  return limit !== undefined && [...value].length < Number(limit) && Number(limit) <= value.length;
}

const patterns = [
  /^\d+$/,
  /\d/,
  /^a|b$/,
  /^[a-z]{2,4}$/,
  /^.{2}$/u,
  /^[^a]+$/,
  /^\S+$/,
  /^(?:a|b)\d?$/i,
  /^[\w-]+$/,
  /^a\|b/,
  /^[ab-]+$/,
  /^[^()&]+$/,
  /^[-a.-]*@?$/,
];

const texts: fc.Arbitrary<Case> = fc
  .record({
    least: fc.nat(3),
    more: fc.nat(4),
    pattern: fc.option(fc.constantFrom(...patterns), { nil: undefined }),
    change: fc.constantFrom("none", "late trim", "lower case", "preprocess", "pipe", "intersection"),
    isLong: fc.boolean(),
    isOptional: fc.boolean(),
    isFixed: fc.boolean(),
    values: fc.array(letters, { minLength: 4, maxLength: 6 }),
    long: fc.array(lines, { minLength: 4, maxLength: 6 }),
  })
  .map(({ least, more, pattern, change, isLong, isOptional, isFixed, values, long }) => {
    let text = isFixed
      ? z.string().length(least + 1)
      : z
          .string()
          .min(least)
          .max(least + more);
    text = pattern === undefined || isLong ? text : text.regex(pattern);
    text = change === "late trim" ? text.max(9).trim() : change === "lower case" ? text.toLowerCase() : text;
    const schema =
      change === "preprocess"
        ? z.preprocess((value) => value, text)
        : change === "pipe"
          ? z.string().max(9).pipe(text)
          : change === "intersection"
            ? z.string().max(9).and(text)
            : text;
    const shown = isLong ? schema.meta({ type: "textarea" }) : schema;
    // What stands behind a preparation, and blanks alone, are for the server.
    return {
      label: `text ${isFixed ? least + 1 : `${least}-${least + more}`} ${pattern} ${change} ${isLong}`,
      schema: isOptional ? shown.optional() : shown,
      isExact: (change === "none" || change === "pipe" || change === "intersection") && !isLong && !isOptional,
      values: change === "preprocess" ? [] : (isLong ? ["a\nb", "\n\nab", ...long] : values).filter((value) => value.trim() !== ""),
    };
  });

const numberTexts = fc.oneof(
  fc.integer({ min: -30, max: 60 }).map(String),
  fc.integer({ min: -300, max: 300 }).map((value) => String(value / 10)),
  fc.constantFrom("1e1", "5.0", "-0", "007", ".5", "2147483648", "-1"),
);
const numbers: fc.Arbitrary<Case> = fc
  .record({
    isWhole: fc.boolean(),
    least: fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined }),
    most: fc.option(fc.integer({ min: -20, max: 40 }), { nil: undefined }),
    isOpen: fc.boolean(),
    step: fc.option(fc.constantFrom(2, 3, 5, 10, 0.5, 0.25), { nil: undefined }),
    values: fc.array(numberTexts, { minLength: 5, maxLength: 8 }),
  })
  .map(({ isWhole, least, most, isOpen, step, values }) => {
    let schema = isWhole ? z.int() : z.number();
    schema = when(least !== undefined, schema, (one) => (isOpen ? one.gt(least ?? 0) : one.gte(least ?? 0)));
    schema = when(most !== undefined, schema, (one) => (isOpen ? one.lt(most ?? 0) : one.lte(most ?? 0)));
    schema = when(step !== undefined, schema, (one) => one.multipleOf(step ?? 1));
    return { label: `number ${isWhole} ${least} ${most} ${isOpen} ${step}`, schema, values };
  });

const moments = fc
  .date({ min: new Date("2026-04-20"), max: new Date("2026-05-10"), noInvalidDate: true })
  .map((date) => date.toISOString());
const dates: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom("date", "moment", "ISO date", "ISO moment", "ISO time"),
    least: fc.option(moments, { nil: undefined }),
    most: fc.option(moments, { nil: undefined }),
    precision: fc.constantFrom(undefined, -1, 0, 3),
    values: fc.array(moments, { minLength: 4, maxLength: 6 }),
    length: fc.constantFrom(16, 19, 23),
  })
  .map(({ kind, least, most, precision, values, length }) => {
    const date = when(
      most !== undefined,
      when(least !== undefined, z.date(), (one) => one.min(new Date(least ?? 0))),
      (one) => one.max(new Date(most ?? 0)),
    );
    const options = precision === undefined ? {} : { precision };
    const label = `${kind} ${least} ${most} ${precision} ${length}`;
    switch (kind) {
      case "date":
        return { label, schema: date, values: [...values.map((value) => value.slice(0, 10)), "12026-01-01"] };
      case "moment":
        return { label, schema: date.meta({ type: "datetime-local" }), values: values.map((value) => value.slice(0, length)) };
      case "ISO date":
        return { label, schema: z.iso.date(), values: [...values.map((value) => value.slice(0, 10)), "12026-01-01"] };
      case "ISO moment":
        return { label, schema: z.iso.datetime({ local: true, ...options }), values: values.map((value) => value.slice(0, length)) };
      default:
        return { label, schema: z.iso.time(options), values: values.map((value) => value.slice(11, length)) };
    }
  });

const choices: fc.Arbitrary<Case> = fc
  .record({
    schema: fc.constantFrom<z.ZodType[]>(
      z.enum(["a", "b"]),
      z.enum(["", "a"]),
      z.enum(["a", "b"]).optional(),
      z.enum(["a", "b"]).default("b"),
      z.enum(["a", "b"]).or(z.literal("")),
      z.union([z.literal(1), z.literal("x")]),
      z.boolean().nullable(),
      z.union([z.literal("auto"), z.string()]),
      z.int().meta({ choices: [1, 2] }),
    ),
  })
  .map(({ schema }) => ({ label: "choice", schema, values: ["", "a", "b", "1", "2", "x", "true", "false"] }));

const bounded = z.date().min(new Date("2026-02-02")).max(new Date("2026-05-01"));

const others: fc.Arbitrary<Case> = fc.constantFrom<Case[]>(
  { label: "e-mail or nothing", schema: z.email().or(z.literal("")), values: ["", "a@example.com", "x"] },
  { label: "bigint", schema: z.bigint(), values: ["12345678901234567890", "1e3", "5.0", "1.5", "-7"] },
  { label: "32 bits", schema: z.int32(), values: ["2147483647", "2147483648"] },
  { label: "natural number", schema: z.uint32(), values: ["0", "-1"] },
  { label: "url", schema: z.url(), values: ["https://example.com/?a=1", "x"] },
  { label: "positive number", schema: z.number().positive(), values: ["0", "0.0001", "-1", "5"], isExact: true },
  { label: "open bounds", schema: z.number().gt(-5).lt(5), values: ["5", "-5", "4.9999", "-4.9999"], isExact: true },
  {
    label: "month",
    schema: bounded.meta({ type: "month" }),
    values: ["2026-02", "2026-03", "2026-05", "2026-06", "12026-01"],
    isExact: true,
  },
  {
    label: "week",
    schema: bounded.meta({ type: "week" }),
    values: ["2026-W05", "2026-W06", "2026-W18", "2026-W19", "2026-W53"],
    isExact: true,
  },
  { label: "clock", schema: z.date().meta({ type: "time" }), values: ["10:00", "23:59"], isExact: true },
  { label: "e-mail in a pipe", schema: z.string().trim().pipe(z.email()), values: ["a@b.de", "x", "a@b-.de", "a b@c.de"], isExact: true },
  {
    label: "number in a pipe",
    schema: z.string().pipe(z.coerce.number<string>().int().min(3)),
    values: ["2", "3", "1e1", "3.5"],
    isExact: true,
  },
  { label: "day in a pipe", schema: z.string().pipe(z.iso.date()), values: ["2026-02-28", "12026-01-01"], isExact: true },
  { label: "intersection of texts", schema: z.string().min(2).and(z.string().max(4)), values: ["a", "ab", "abcde", emoji], isExact: true },
  { label: "intersection of numbers", schema: z.int().and(z.number().max(5)), values: ["5", "6", "1.5"], isExact: true },
  { label: "literal or nothing", schema: z.literal(["a", 1, null]), values: ["", "a", "1"] },
  { label: "words", schema: z.stringbool(), values: ["", "true", "false"] },
  { label: "caught text", schema: z.string().min(2).max(3).regex(/^a/).catch("ab"), values: ["a", "b", "abcd", emoji], isExact: true },
  { label: "caught number", schema: z.int().min(3).max(9).catch(3), values: ["1", "2.5", "10"], isExact: true },
  { label: "template", schema: z.templateLiteral(["a-", z.int()]), values: ["a-1", "a--1", "a-", "b-1", "a-1.5"], isExact: true },
  { label: "tenths", schema: z.number().multipleOf(0.1).min(0.05).max(1), values: ["0", "0.1", "0.3", "0.35", "1", "1.1"], isExact: true },
  { label: "int32", schema: z.int32(), values: ["2147483647", "2147483648", "-2147483649"], isExact: true },
  { label: "one of two", schema: z.xor([z.int(), z.email()]), values: ["1", "a@b.de"], isExact: true },
);

/** Texts near to e-mail addresses, URLs and ids: in both directions, browsers refuse the ones that the server refuses. */
const formats: fc.Arbitrary<Case> = fc
  .record({
    schema: fc.constantFrom<z.ZodType[]>(
      z.email(),
      z.email({ pattern: z.regexes.html5Email }),
      z.email({ pattern: z.regexes.rfc5322Email }),
      z.string().trim().email(),
      z.url(),
      z.url({ protocol: /^https$/ }),
      z.url({ protocol: /^https?$/ }),
      z.uuid(),
      z.ipv6(),
      z.base64(),
      z.string().regex(withFlag("v", "^(?:[\\p{L}--[a-c]]+|[\\q{ab}&&\\q{ab|c}])$")),
      z.string().regex(/^\p{Emoji}+$/u),
      z.string().regex(/^[a-c]+$/i),
    ),
    values: fc.array(
      fc
        .tuple(
          fc.constantFrom(
            ["a", "@", "b.de"],
            ["a.b", "@", "c-d", ".", "com"],
            ["https:", "//", "a.de", "/x", "?y"],
            ["javascript:", "x"],
            ["HTTP:", "//", "a"],
            ["123e4567-e89b-42d3-", "a456-426614174000"],
            ["::", "1", ":2"],
            ["ab", "c", "\u00e4", emoji],
          ),
          fc.array(fc.constantFrom("", ".", "-", "@", "/", " ", "a", "B", "1", ":", "[", "%", "'", '"', "=", "+", emoji), { maxLength: 4 }),
        )
        .map(([parts, between]) => parts.map((part, index) => part + (between[index] ?? "")).join("")),
      { minLength: 4, maxLength: 8 },
    ),
  })
  .map(({ schema, values }) => ({
    label: `format ${JSON.stringify(z.toJSONSchema(schema))}`,
    schema,
    values: values.filter((value) => value.trim() !== ""),
    isExact: true,
  }));

/** The seed of the random schemas and texts; `FORM_SEED=5 npm run test:browser` takes others. */
const seed = Number(process.env.FORM_SEED ?? 1);

describe("Chromium and the server", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage();
  });

  afterAll(async () => {
    await browser?.close();
  });

  /** Runs code in the page, which has a form with one field. */
  const run = async (code: string, value = ""): Promise<unknown> =>
    page.evaluate(`((control, form, value) => ${code})(document.querySelector("[name=f]"), document.forms[0], ${JSON.stringify(value)})`);

  /** Enters a value as a visitor does, and returns the body that the browser would send; `null` if it refuses. */
  async function enter(value: string): Promise<string | null> {
    const type = await run("control.type");
    if (type === "text" || type === "textarea" || type === "email" || type === "url") {
      // Browsers check the length only of text that is typed.
      await page.locator("[name=f]").focus();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.press("Delete");
      await page.keyboard.insertText(value);
    } else if ((await run("(control.value = value, control.value === value)", value)) !== true) {
      return null;
    }
    const body = await run(
      `form.checkValidity() ? String(new URLSearchParams([...new FormData(form)].map(([name, text]) => [name, text.replace(/\\r?\\n/g, "\\r\\n")]))) : null`,
    );
    return typeof body === "string" ? body : null;
  }

  it("agree: a value that the browser's own validation accepts is accepted by the server", async () => {
    let accepted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts, numbers, dates, choices, others, formats), async ({ label, schema, values, isExact }) => {
        const form = defineForm({ f: schema as ZodSchema }, { csrf: false });
        const app = createApp();
        let errors: unknown;
        app.route(
          "/",
          async () => {
            const bound = await form.validateOnSubmit();
            errors = { ...bound.errors };
            return bound.render();
          },
          { endpoint: "x", methods: ["GET", "POST"] },
        );
        const client = app.testClient();
        const shown = await (await client.get("/")).text();
        await page.setContent(shown);
        const send = (body: string) => client.post("/", { body, headers: { "content-type": "application/x-www-form-urlencoded" } });
        for (const value of values) {
          const body = await enter(value);
          if (body !== null) {
            accepted++;
            const { status } = await send(body);
            // Browsers cut a text at `maxlength` while it is typed.
            const sent = new URLSearchParams(body).get("f")?.replaceAll("\r\n", "\n") ?? "";
            const isShort = isShortOfCharacters(sent, errors);
            expect([label, value, body, shown, isShort ? {} : errors, isShort ? 200 : status]).toEqual([
              label,
              value,
              body,
              shown,
              {},
              200,
            ]);
          } else if (isExact === true) {
            refused++;
            const { status } = await send(String(new URLSearchParams({ f: value })));
            expect([label, value, "refused by the browser", shown, status]).toEqual([label, value, "refused by the browser", shown, 422]);
          }
        }
      }),
      { numRuns: 200, seed },
    );
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(50);
  }, 300_000);
});
