import { describe, expect, it } from "vitest";
import { z } from "zod";
import { attributesOf, serveFields } from "./support";

type Page = Awaited<ReturnType<ReturnType<typeof serveFields>["load"]>>;

function listTexts(document: Page, selector: string): (string | null)[] {
  return [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
}

describe("a discriminator that may be null", () => {
  const page = serveFields(
    z.discriminatedUnion("kind", [z.object({ kind: z.null(), note: z.string() }), z.object({ kind: z.literal("size"), size: z.int() })]),
  );

  it("is chosen by the blank option", async () => {
    const document = await page.load();
    expect(attributesOf(document, "kind")).not.toHaveProperty("required");
    expect(listTexts(document, "legend")).toEqual(["Otherwise", "Size"]);
    expect((await page.send({ kind: "", note: "a" })).data).toEqual({ kind: null, note: "a" });
    expect((await page.send({ kind: "size", size: "2" })).data).toEqual({ kind: "size", size: 2 });
    expect((await page.send({ kind: "", note: "" })).errors).toEqual({ note: ["This field is required."] });
  });
});

describe("a literal of several types", () => {
  it.each<[label: string, schema: z.ZodType, isRequired: boolean, blank: unknown]>([
    ["has null for the blank choice", z.literal(["a", 1, true, null]), false, { f: null }],
    ["is absent for the blank choice", z.literal(["a", undefined]), false, {}],
    ["requires a choice", z.literal(["a", 1, true]), true, undefined],
  ])("%s", async (_, schema, isRequired, blank) => {
    const page = serveFields({ f: schema });
    expect("required" in attributesOf(await page.load(), "f")).toBe(isRequired);
    const { data, errors } = await page.send({ f: "" });
    expect(data).toEqual(blank);
    expect(errors).toEqual(isRequired ? { f: ["This field is required."] } : {});
    expect((await page.send({ f: "a" })).data).toEqual({ f: "a" });
    expect((await page.send({ f: "x" })).errors).toEqual({ f: ["Choose one of the options."] });
  });
});

describe("an enum of numbers", () => {
  enum Color {
    Red = 0,
    DarkBlue = 1,
  }

  it("shows its names", async () => {
    const page = serveFields({ f: z.enum(Color) });
    expect(listTexts(await page.load(), "option")).toEqual(["", "Red", "Dark blue"]);
    expect((await page.send({ f: "1" })).data).toEqual({ f: Color.DarkBlue });
  });
});

describe("a union", () => {
  it("of objects without a discriminator names the fields of each option", async () => {
    const page = serveFields({ f: z.union([z.object({ street: z.string(), zipCode: z.string() }), z.object({ box: z.int() })]) });
    expect(listTexts(await page.load(), "legend")).toEqual(["F", "Street, Zip code", "Box"]);
  });

  it.each<z.ZodType>([z.union([z.boolean(), z.enum(["maybe"])]), z.union([z.enum(["a"]), z.literal(1)])])(
    "of choices asks for one of them",
    async (schema) => {
      const { errors } = await serveFields({ f: schema }).send({ f: "x" });
      expect(errors).toEqual({ f: ["Choose one of the options."] });
    },
  );

  it.each<[schema: z.ZodType, sent: string, error: string]>([
    [z.union([z.number().min(5), z.literal("a")]), "3", "At least 5."],
    [z.union([z.int().min(5), z.boolean()]), "3", "At least 5."],
    [z.union([z.date().min(new Date("2026-01-02")), z.literal("never")]), "2026-01-01", "Not before 2 January 2026 at 00:00."],
    [z.union([z.int(), z.literal("auto")]), "x", "This value is not valid."],
  ])("explains the value that an option could read, %#", async (schema, sent, error) => {
    expect((await serveFields({ f: schema }).send({ f: sent })).errors).toEqual({ f: [error] });
  });

  it("of a text and a list drops no value", async () => {
    const page = serveFields({ f: z.union([z.string(), z.array(z.string())]) });
    expect((await page.send({ f: ["x", "y"] })).data).toEqual({ f: ["x", "y"] });
    expect((await page.send({ f: "x" })).data).toEqual({ f: "x" });
  });
});

describe("an intersection", () => {
  it.each<[label: string, schema: z.ZodType, attributes: object, sent: string, result: unknown]>([
    ["of texts", z.string().min(1).and(z.string().max(4)), { type: "text", required: "", maxlength: "4" }, "abc", { f: "abc" }],
    ["of texts that is too long", z.string().and(z.string().max(4)), { type: "text", maxlength: "4" }, "abcde", "At most 4 characters."],
    ["of texts that is empty", z.string().and(z.string().max(4)), { required: "" }, "", "This field is required."],
    ["of an e-mail and a text", z.email().and(z.string().max(20)), { type: "email", maxlength: "20" }, "a@b.de", { f: "a@b.de" }],
    ["of numbers", z.int().and(z.number().max(5)), { type: "number", required: "", max: "5" }, "3", { f: 3 }],
    ["of numbers that is too large", z.int().and(z.number().max(5)), { max: "5" }, "6", "At most 5."],
    ["of numbers that may be absent", z.int().optional().and(z.number().optional()), { type: "number" }, "", {}],
    [
      "of dates",
      z.date().and(z.date().min(new Date("2026-01-02"))),
      { type: "date", min: "2026-01-02" },
      "2026-01-02",
      { f: new Date("2026-01-02") },
    ],
  ])("%s has the checks of both sides", async (_, schema, attributes, sent, result) => {
    const page = serveFields({ f: schema });
    expect(attributesOf(await page.load(), "f")).toMatchObject(attributes);
    const { data, errors } = await page.send({ f: sent });
    expect(typeof result === "string" ? errors : data).toEqual(typeof result === "string" ? { f: [result] } : result);
  });
});
