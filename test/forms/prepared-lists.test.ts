import { describe, expect, it } from "vitest";
import { z } from "zod";
import { attributesOf, serveFields } from "./support";

const wrap = (value: unknown) => new Set(Array.isArray(value) ? value : [value]);

describe("z.preprocess() before a list or a set", () => {
  it.each<[label: string, schema: z.ZodType, sent: string | string[], data: unknown]>([
    ["wraps one text", z.preprocess(wrap, z.set(z.string())), "a", new Set(["a"])],
    ["wraps one number", z.preprocess(wrap, z.set(z.int())), "1", new Set([1])],
    ["makes a set of several numbers", z.preprocess(wrap, z.set(z.int()).max(2)), ["1", "2"], new Set([1, 2])],
    ["makes a set of none", z.preprocess(wrap, z.set(z.int()).optional()), "", new Set()],
    ["makes a set of a set", z.preprocess((value) => new Set(value as Set<unknown>), z.set(z.int())), ["1", "2"], new Set([1, 2])],
    ["leaves a set", z.preprocess((value) => value, z.set(z.int())), "1", new Set([1])],
    ["makes a list of one number", z.preprocess((value) => [value], z.array(z.int())), "1", [1]],
    ["splits a text", z.preprocess((value) => String(value).split(","), z.array(z.string())), "a,b", ["a", "b"]],
  ])("%s", async (_, schema, sent, data) => {
    expect((await serveFields({ f: schema }).send({ f: sent })).data).toEqual({ f: data });
  });

  it("leaves the errors to the items", async () => {
    const page = serveFields({ f: z.preprocess(wrap, z.set(z.int()).min(3)) });
    expect((await page.send({ f: ["1", "2"] })).errors).toEqual({ f: ["At least 3 entries."] });
    expect((await page.send({ f: ["1", "2", "x"] })).errors).toEqual({ f: ["Enter a whole number."] });
  });
});

describe("the items of a set", () => {
  it("have the messages of their schema", async () => {
    const page = serveFields({ n: z.set(z.int().min(4)), d: z.set(z.date()), e: z.set(z.email()), u: z.set(z.enum(["a"])) });
    expect((await page.send({ n: "1.5", d: "x", e: "x", u: "x" })).errors).toEqual({
      n: ["Enter a whole number."],
      d: ["Enter a date."],
      e: ["Enter an e-mail address."],
      u: ["Choose one of the options."],
    });
    expect((await page.send({ n: "1" })).errors).toEqual({ n: ["At least 4."] });
  });
});

describe("catch()", () => {
  it("takes any value, so browsers check nothing", async () => {
    const page = serveFields({
      s: z.string().min(2).max(3).regex(/^a/).catch("abc"),
      n: z.int().min(3).max(9).catch(3),
      e: z.email().catch("a@b.de"),
      d: z.date().min(new Date("2026-01-01")).optional().catch(undefined),
    });
    const document = await page.load();
    expect(attributesOf(document, "s")).toEqual({ type: "text", name: "s", id: "field-s" });
    expect(attributesOf(document, "n")).toEqual({ type: "number", name: "n", id: "field-n", step: "any" });
    expect(attributesOf(document, "e")).toEqual({ type: "text", name: "e", id: "field-e", inputmode: "email" });
    expect(attributesOf(document, "d")).toEqual({ type: "date", name: "d", id: "field-d" });
    expect((await page.send({ s: "x", n: "1.5", e: "x", d: "2025-01-01" })).data).toEqual({ s: "abc", n: 3, e: "a@b.de" });
    expect((await page.send({ s: "\u{1f355}\u{1f355}", n: "4", e: "c@d.de", d: "" })).data).toEqual({ s: "abc", n: 4, e: "c@d.de" });
  });
});

describe("a box that must stay empty", () => {
  it("has no options to choose from", async () => {
    const page = serveFields({ f: z.literal(false) });
    expect((await page.send({})).data).toEqual({ f: false });
    expect((await page.send({ f: "on" })).errors).toEqual({ f: ["This value is not valid."] });
  });
});
