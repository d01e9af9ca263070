import { defineForm } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { collect } from "./collect";
import { attributesOf, serveFields, serveForm } from "./support";

const moment = new Date("2026-01-02T03:04:05Z");

describe("a date with a time", () => {
  it.each<[label: string, schema: z.ZodType, initial: unknown]>([
    ["an initial value", z.date(), moment],
    ["a default", z.date().default(moment), undefined],
    ["an optional date", z.date().optional(), moment],
    ["a bound", z.date().min(new Date("2026-01-01")), new Date("2026-01-02T03:04:05.006Z")],
  ])("keeps it: %s", async (_, schema, initial) => {
    const page = serveForm(defineForm({ d: schema, other: z.int() }, { csrf: false }), { initial: { d: initial } });
    const document = await page.load();
    expect(attributesOf(document, "d")).toMatchObject({ type: "datetime-local" });
    const refused = await page.send(collect(document));
    expect(attributesOf(refused.document, "d")).toMatchObject({ type: "datetime-local" });
    expect((await page.send({ ...collect(refused.document), other: "1" })).data).toEqual({ d: initial ?? moment, other: 1 });
  });

  it.each<[schema: z.ZodType, initial: Date]>([
    [z.date(), new Date("2026-01-02")],
    [z.date().meta({ type: "date" }), moment],
  ])("is a day if it is the start of one, or if the type says so", async (schema, initial) => {
    const page = serveForm(defineForm({ d: schema }, { csrf: false }), { initial: { d: initial } });
    expect(attributesOf(await page.load(), "d")).toMatchObject({ type: "date", value: "2026-01-02" });
  });
});

describe("a date with a time and a zone", () => {
  it("is kept by a line of text", async () => {
    const form = defineForm({ d: z.iso.datetime({ local: true, offset: true }), other: z.int() }, { csrf: false });
    for (const d of ["2026-02-01T10:00:00+01:00", "2026-02-01T10:00:00Z"]) {
      const page = serveForm(form, { initial: { d } });
      const document = await page.load();
      expect(attributesOf(document, "d")).toMatchObject({ type: "text", value: d });
      expect((await page.send({ ...collect(document), other: "1" })).data).toEqual({ d, other: 1 });
    }
    expect(attributesOf(await serveForm(form, { initial: { d: "2026-02-01T10:00" } }).load(), "d")).toMatchObject({
      type: "datetime-local",
    });
  });
});

describe("a select whose choices hold a blank one", () => {
  const choices = [
    ["a", "A"],
    ["", "None of them"],
  ] as const;

  it("has no other, and starts with it", async () => {
    const document = await serveFields({ f: z.string().optional().meta({ choices }) }).load();
    const options = [...document.querySelectorAll("option")];
    expect(options.map((option) => [option.getAttribute("value"), option.textContent, option.hasAttribute("selected")])).toEqual([
      ["a", "A", false],
      ["", "None of them", true],
    ]);
  });

  it("keeps the choice", async () => {
    const form = defineForm({ f: z.string().optional().meta({ choices }) }, { csrf: false });
    const document = await serveForm(form, { initial: { f: "a" } }).load();
    expect([...document.querySelectorAll("option[selected]")].map((option) => option.getAttribute("value"))).toEqual(["a"]);
  });
});

describe("the error of a hidden field", () => {
  it("is shown with its label", async () => {
    const page = serveFields({ id: z.int().meta({ type: "hidden", label: "Version" }) });
    expect((await page.load()).querySelector(".field-errors")).toBeNull();
    const { document } = await page.send({ id: "x" });
    expect(document.querySelector(".field-errors")?.textContent).toBe("Version: Enter a whole number.");
    expect(attributesOf(document, "id")["aria-describedby"]).toBe(document.querySelector(".field-errors")?.id);
  });
});

describe("a key with a line break or NUL", () => {
  it.each(["a\nb", "a\r", "\0a"])("is refused: %j", (key) => {
    expect(() => defineForm({ [key]: z.string() })).toThrow("browsers change line breaks and NUL in the names of fields");
  });
});
