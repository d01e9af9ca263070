import { defineForm } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { collect } from "./collect";
import { attributesOf, serveFields, serveForm } from "./support";

describe("a schema that takes absence", () => {
  it.each<[label: string, schema: z.ZodType]>([
    ["unknown", z.unknown()],
    ["any", z.any().refine(() => true)],
    ["custom", z.custom<unknown>()],
    ["undefined", z.undefined()],
    ["void", z.void()],
    ["a literal", z.literal(["x", undefined])],
    ["a union", z.string().or(z.undefined())],
    ["an optional part of a union", z.union([z.int(), z.string().optional()])],
  ])("is absent as a field, in an object, and in a group: %s", async (_, schema) => {
    for (const page of [serveFields({ f: schema }), serveFields(z.object({ f: schema })), serveFields({ g: z.object({ f: schema }) })]) {
      const { errors, data } = await page.send({});
      expect([errors, JSON.stringify(data).replace('{"g":{}}', "{}")]).toEqual([{}, "{}"]);
    }
  });
});

describe("a tuple", () => {
  it("that is optional can be left empty", async () => {
    const page = serveFields({ f: z.tuple([z.string(), z.object({ n: z.int() })]).optional() });
    const document = await page.load();
    expect(document.querySelector("[required]")).toBeNull();
    expect((await page.send(collect(document))).data).toEqual({});
    expect((await page.send({ "f[0]": "a", "f[1].n": "" })).errors).toEqual({ "f[1].n": ["This field is required."] });
  });

  it.each<[sent: Record<string, string>, data: unknown]>([
    [{ "f[0]": "a", "f[1]": "", "f[2]": "" }, ["a", undefined]],
    [{ "f[0]": "a", "f[1]": "1", "f[2]": "x", "f[3]": "" }, ["a", 1, "x"]],
  ])("has no further part at its end that is blank: %j", async (sent, data) => {
    const page = serveFields({ f: z.tuple([z.string(), z.int().optional()], z.string()) });
    expect((await page.send(sent)).data).toEqual({ f: data });
  });
});

describe("a list with a least length", () => {
  it("shows as many rows as it needs, also after an error", async () => {
    const page = serveFields({ rows: z.array(z.object({ a: z.string() })).min(3), other: z.string() });
    const count = (document: Awaited<ReturnType<typeof page.load>>) => document.querySelectorAll("input[name^=rows]").length;
    expect(count(await page.load())).toBe(3);
    const sent = await page.send({ "rows[0].a": "x", "rows[1].a": "", other: "y" });
    expect(sent.errors).toEqual({ rows: ["At least 3 entries."] });
    expect(count(sent.document)).toBe(3);
    const all = await page.send({ "rows[0].a": "x", "rows[1].a": "y", "rows[2].a": "z", other: "" });
    expect(count(all.document)).toBe(4);
    expect(attributesOf(all.document, "rows[3].a")).not.toHaveProperty("required");
  });

  it("shows as many inputs as it needs, which are required", async () => {
    const page = serveFields({ f: z.array(z.string()).min(2), g: z.array(z.string()).min(2).optional() });
    const required = (document: Awaited<ReturnType<typeof page.load>>, name: string) =>
      [...document.querySelectorAll(`[name=${name}]`)].map((input) => input.hasAttribute("required"));
    expect(required(await page.load(), "f")).toEqual([true, true]);
    expect(required(await page.load(), "g")).toEqual([false]);
    expect(required((await page.send({ f: ["a", "b"], g: "c" })).document, "f")).toEqual([true, true, false]);
  });
});

describe("a range or a color, which always sends a value", () => {
  const guest = z.object({
    name: z.string(),
    hue: z.string().meta({ type: "color" }),
    age: z.int().max(150).meta({ type: "range" }),
  });

  it("can be left empty in a row and in an optional group", async () => {
    const form = defineForm({ guest: guest.optional(), rows: z.array(guest) }, { csrf: false });
    const document = await serveForm(form).load();
    for (const group of ["guest", "rows[0]"]) {
      expect(attributesOf(document, `${group}.hue`)).toMatchObject({ type: "text" });
      expect(attributesOf(document, `${group}.age`)).toMatchObject({ type: "number", max: "150" });
    }
    const sent = await serveForm(form).send(collect(document));
    expect(sent.data).toEqual({ rows: [] });
    expect(attributesOf(sent.document, "guest.hue")).toMatchObject({ type: "text" });
  });

  it("is that control where it has a value, or is needed", async () => {
    const initial = { guest: { name: "a", hue: "#ff0000", age: 5 }, rows: [{ name: "a", hue: "#ff0000", age: 5 }] };
    const form = defineForm({ guest: guest.optional(), rows: z.array(guest), host: guest }, { csrf: false });
    const document = await serveForm(form, { initial }).load();
    for (const group of ["guest", "rows[0]", "host"]) {
      expect(attributesOf(document, `${group}.hue`)).toMatchObject({ type: "color" });
      expect(attributesOf(document, `${group}.age`)).toMatchObject({ type: "range" });
    }
  });
});

describe("a text with line breaks", () => {
  it("is shown by a control that keeps them", async () => {
    const form = defineForm({ f: z.string().max(9), tags: z.array(z.string()) }, { csrf: false });
    const page = serveForm(form, { initial: { f: "a\r\nb" } });
    const document = await page.load();
    expect(document.querySelector("textarea")?.getAttribute("maxlength")).toBe("9");
    const sent = await page.send({ ...collect(document), tags: "x" });
    expect(sent.data).toEqual({ f: "a\nb", tags: ["x"] });
    expect(sent.document.querySelector("textarea")?.textContent).toBe("\na\nb");
  });

  it("is shown by the control that the schema states", async () => {
    const form = defineForm({ f: z.string().meta({ type: "text" }), g: z.string() }, { csrf: false });
    const document = await serveForm(form, { initial: { f: "a\nb", g: "c" } }).load();
    expect(document.querySelector("textarea")).toBeNull();
  });
});

describe("z.stringbool()", () => {
  it("keeps its words with other checks and meta data", async () => {
    const page = serveFields({
      f: z
        .stringbool({ truthy: ["ja"], falsy: ["nein"] })
        .refine(Boolean, "Say yes.")
        .meta({ label: "News" }),
    });
    const options = [...(await page.load()).querySelectorAll("option")].map((option) => option.getAttribute("value"));
    expect(options).toEqual(["", "ja", "nein"]);
    expect((await page.send({ f: "nein" })).errors).toEqual({ f: ["Say yes."] });
  });

  it("can be a checkbox", async () => {
    const schema = z.stringbool({ truthy: ["ja"], falsy: ["nein"] }).meta({ type: "checkbox" });
    const form = defineForm({ f: schema, g: z.stringbool().meta({ type: "checkbox" }) }, { csrf: false });
    const page = serveForm(form, { initial: { f: "ja", g: "false" } });
    const document = await page.load();
    expect(attributesOf(document, "f")).toEqual({ type: "checkbox", name: "f", id: "field-f", value: "ja", checked: "" });
    expect(attributesOf(document, "g")).toEqual({ type: "checkbox", name: "g", id: "field-g" });
    expect((await page.send(collect(document))).data).toEqual({ f: true, g: false });
    expect((await page.send({ g: "on" })).data).toEqual({ f: false, g: true });
  });
});

describe("the value of a choice", () => {
  it("can be null: the blank one", async () => {
    const form = defineForm(
      {
        f: z
          .int()
          .nullable()
          .meta({ choices: [[null, "Nobody"], { value: 1, label: "Ann" }] }),
      },
      { csrf: false },
    );
    const page = serveForm(form);
    const options = [...(await page.load()).querySelectorAll("option")].map((one) => [one.getAttribute("value"), one.textContent]);
    expect(options).toEqual([
      ["", "Nobody"],
      ["1", "Ann"],
    ]);
    expect((await page.send({ f: "" })).data).toEqual({ f: null });
    expect((await page.send({ f: "null" })).errors).toEqual({ f: ["Choose one of the options."] });
  });

  it("can be a date, which is shown as the initial value", async () => {
    const [day, moment] = [new Date("2026-01-02"), new Date("2026-01-02T10:00Z")];
    const form = defineForm({ f: z.date(), g: z.date().meta({ choices: ["2026-01-02T10:00"] }) }, { csrf: false });
    const page = serveForm(form, { choices: { f: [[day, "Day"], moment] }, initial: { f: day, g: moment } });
    const document = await page.load();
    expect([...document.querySelectorAll("[selected]")].map((option) => option.getAttribute("value"))).toEqual([
      "2026-01-02",
      "2026-01-02T10:00",
    ]);
    expect((await page.send(collect(document))).data).toEqual({ f: day, g: moment });
    expect((await page.send({ f: "2026-01-03", g: "2026-01-02T10:00" })).errors).toEqual({ f: ["Choose one of the options."] });
  });

  it("that is disabled is not selected: browsers would not send it", async () => {
    const choices = [{ value: "old", disabled: true }, "new"] as const;
    const form = defineForm(
      { f: z.string().meta({ choices }), g: z.string().meta({ choices, type: "radio" }), h: z.array(z.string()).meta({ choices }) },
      { csrf: false },
    );
    const document = await serveForm(form, { initial: { f: "old", g: "old", h: ["old", "new"] } }).load();
    expect([...document.querySelectorAll("[selected], [checked]")].map((one) => one.getAttribute("value"))).toEqual(["", "new"]);
  });
});
