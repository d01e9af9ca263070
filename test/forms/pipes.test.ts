import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveFields } from "./support";

describe("a pipe of texts", () => {
  const required = "This field is required.";
  it.each<[label: string, schema: z.ZodType, sent: string, result: unknown, error?: string]>([
    ["trims an e-mail", z.string().trim().pipe(z.email()), " a@b.de ", "a@b.de"],
    ["refuses an e-mail", z.string().trim().pipe(z.email()), "x", undefined, "Enter an e-mail address."],
    ["refuses an e-mail that browsers refuse", z.string().pipe(z.email()), "a@b-.com", undefined, "Enter an e-mail address."],
    ["requires a text", z.string().trim().pipe(z.email()), "", undefined, required],
    ["changes the case of a URL", z.string().toLowerCase().pipe(z.url()), "HTTPS://A.DE", "https://a.de"],
    ["refuses a URL that runs code", z.string().toLowerCase().pipe(z.url()), "JavaScript:x", undefined, "Enter a web address."],
    [
      "takes the empty text",
      z
        .string()
        .trim()
        .pipe(z.email().or(z.literal(""))),
      "",
      "",
    ],
    [
      "takes blanks as the empty text",
      z
        .string()
        .trim()
        .pipe(z.email().or(z.literal(""))),
      " ",
      "",
    ],
    ["may be left out", z.string().optional().pipe(z.email().optional()), "", undefined],
    ["has a default", z.string().default("a@b.de").pipe(z.email()), "", "a@b.de"],
    ["checks the first part", z.string().max(5).pipe(z.string().regex(/^a+$/)), "aaaaaa", undefined, "At most 5 characters."],
    ["checks the second part", z.string().max(5).pipe(z.string().regex(/^a+$/)), "b", undefined, "This does not have the right format."],
    [
      "chooses",
      z
        .string()
        .toLowerCase()
        .pipe(z.enum(["a", "b"])),
      "b",
      "b",
    ],
    ["refuses a choice", z.string().pipe(z.enum(["a", "b"])), "c", undefined, "Choose one of the options."],
    ["counts", z.string().pipe(z.coerce.number()), "1e2", 100],
    ["refuses a word for a number", z.string().pipe(z.coerce.number()), "x", undefined, "Enter a number."],
    ["refuses a number of another notation", z.string().pipe(z.coerce.number()), "0x10", undefined, "Enter a number."],
    ["refuses a number that it would round", z.string().pipe(z.coerce.number()), "9007199254740993", undefined, "Enter a number."],
    ["requires a number", z.string().pipe(z.coerce.number()), "", undefined, required],
    ["checks the bound of a number", z.string().pipe(z.coerce.number<string>().int().min(3)), "2", undefined, "At least 3."],
    ["reads a whole number of any size", z.string().pipe(z.coerce.bigint()), "1e3", 1000n],
    ["reads a day", z.string().pipe(z.coerce.date()), "2026-02-28", new Date("2026-02-28")],
    ["refuses a day that does not exist", z.string().pipe(z.coerce.date()), "2026-02-31", undefined, "Enter a date."],
    ["names a number that a function makes", z.string().transform(Number).pipe(z.int()), "x", undefined, "Enter a number."],
  ])("%s", async (_, schema, sent, result, error) => {
    const { data, errors } = await serveFields({ f: schema }).send({ f: sent });
    expect([data, errors]).toEqual(error === undefined ? [result === undefined ? {} : { f: result }, {}] : [undefined, { f: [error] }]);
  });

  it("takes the label of its first part, and that of the whole", async () => {
    const document = await serveFields({
      a: z.string().meta({ label: "First" }).pipe(z.email()),
      b: z.string().pipe(z.email()).meta({ label: "Whole" }),
    }).load();
    expect([...document.querySelectorAll("label")].map(({ textContent }) => textContent)).toEqual(["First", "Whole"]);
  });
});

describe("z.stringbool()", () => {
  it("is a select of its words", async () => {
    const page = serveFields({ f: z.stringbool({ truthy: ["ja"], falsy: ["nein"] }), g: z.stringbool().optional() });
    const options = [...(await page.load()).querySelectorAll("option")].map((option) => [option.getAttribute("value"), option.textContent]);
    expect(options).toEqual([
      ["", ""],
      ["ja", "Yes"],
      ["nein", "No"],
      ["", ""],
      ["true", "Yes"],
      ["false", "No"],
    ]);
    expect((await page.send({ f: "ja", g: "" })).data).toEqual({ f: true });
    expect((await page.send({ f: "x", g: "false" })).errors).toEqual({ f: ["Choose yes or no."] });
  });
});
