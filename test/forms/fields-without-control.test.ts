import { defineForm, type FormDefinition, FormError, type ZodSchema } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { collect } from "./collect";
import { attributesOf, serveFields, serveForm } from "./support";

const define = (fields: Record<string, z.ZodType>) => () => defineForm(fields as Record<string, ZodSchema>);
const map = z.map(z.string(), z.int());

describe("a field that no control can send", () => {
  it.each([
    ["a map", { m: map }, "The field 'm' of a form is of the kind 'map', which no control can send. Take a record"],
    ["an optional map", { m: map.optional() }, "The field 'm' of a form is of the kind 'map'"],
    ["a map inside of a group", { a: z.object({ m: map }) }, "The field 'a.m' of a form is of the kind 'map'"],
    ["a map inside of rows", { rows: z.array(z.object({ m: map })) }, "The field 'rows[].m' of a form is of the kind 'map'"],
    ["a list of maps", { l: z.array(map) }, "The field 'l[]' of a form is of the kind 'map'"],
    ["a set of maps", { l: z.set(map) }, "The field 'l[]' of a form is of the kind 'map'"],
    ["a record of maps", { r: z.record(z.string(), map) }, "The field 'r.key' of a form is of the kind 'map'"],
    ["a tuple with a map", { t: z.tuple([z.string(), map]) }, "The field 't[]' of a form is of the kind 'map'"],
    ["a map of a union's option", { u: z.discriminatedUnion("k", [z.object({ k: z.literal("a"), m: map })]) }, "The field 'u.m' of"],
    ["a map behind a preparation", { p: z.preprocess((value) => value, map) }, "The field 'p' of a form is of the kind 'map'"],
    ["a map behind an intersection", { i: z.object({ a: z.string() }).and(z.object({ m: map })) }, "The field 'i.m' of a form"],
    ["a function", { f: z.function() as unknown as z.ZodType }, "of the kind 'function'"],
    ["a promise", { f: z.promise(z.string()) }, "of the kind 'promise', which no control can send. Take the value itself."],
    ["a symbol", { f: z.symbol() }, "of the kind 'symbol'"],
    ["what is no number", { f: z.nan() }, "of the kind 'nan', which no control can send. Use z.number()."],
    ["nothing", { f: z.never() }, "of the kind 'never'"],
  ] as const)("is refused when the form is defined: %s", (_, fields, message) => {
    expect(define(fields)).toThrow(FormError);
    expect(define(fields)).toThrow(message);
  });

  it("is refused in a query as well", () => {
    expect(() => createApp().route("/", () => "x", { query: z.object({ m: map }), endpoint: "x" })).toThrow(
      "The field 'm' of a query is of the kind 'map', which no query can send.",
    );
  });

  it("is accepted if it is converted to another kind, has another option, or is always absent", async () => {
    const fields = {
      scores: z.record(z.string(), z.int()).transform((record) => new Map(Object.entries(record))),
      text: z.union([map, z.string()]),
      none: z.never().optional(),
      nothing: z.null(),
    };
    const page = serveFields(fields);
    const document = await page.load();
    expect(document.querySelector("[name=none]")).toBeNull();
    expect(document.querySelector("[name=nothing]")).toBeNull();
    const sent = await page.send({ "scores.ann": "3", text: "x" });
    expect(sent.data).toEqual({ scores: new Map([["ann", 3]]), text: "x", nothing: null });
  });

  it("does not disturb recursive schemas, also while they are not complete", () => {
    const Node = z.object({
      name: z.string(),
      get kids() {
        return z.array(Node);
      },
    });
    expect(define({ tree: Node })).not.toThrow();
    const Early = z.object({
      get late() {
        return Late.optional();
      },
    });
    expect(define({ early: Early })).not.toThrow();
    const Late = z.object({ a: z.string() });
  });
});

describe("choices that are sent as the same text", () => {
  it.each([
    ["of a union", z.union([z.literal(1), z.literal("1")]), "The field 'f' has the choices 1 and \"1\", which are sent as the same text."],
    ["of a literal", z.literal(["2", 2]), "The field 'f' has the choices \"2\" and 2"],
    ["of an enum and a literal", z.union([z.enum(["a", "3"]), z.literal(3)]), "'f' has the choices"],
    ["of a boolean's word", z.union([z.literal("true"), z.literal(true)]), "'f' has the choices"],
    ["of a list", z.array(z.literal([1, "1"])), "'f[]' has the choices"],
    ["of bigints", z.literal([1, 1n]), "'f' has the choices"],
  ])("are refused: %s", (_, schema, message) => {
    expect(define({ f: schema })).toThrow(message);
  });

  it("are refused as the values of a discriminator", () => {
    const union = z.discriminatedUnion("k", [z.object({ k: z.literal(1), a: z.string() }), z.object({ k: z.literal("1"), b: z.string() })]);
    expect(define({ u: union })).toThrow("The field 'u.k' has the choices");
    expect(() => defineForm(union)).toThrow("The field 'k' has the choices");
  });

  it("are taken if they are the same value", () => {
    expect(define({ f: z.union([z.enum(["a", "b"]), z.literal("a")]) })).not.toThrow();
    expect(define({ f: z.literal([null, "null"]) })).not.toThrow();
  });
});

describe("lists of lists and sets of groups", () => {
  it.each([
    ["lists of texts", z.array(z.array(z.string())), [["a", "b"], ["c"]]],
    ["lists of choices", z.array(z.array(z.enum(["x", "y", "z"]))), [["x", "z"], ["y"]]],
    ["lists of sets", z.array(z.set(z.int())), [new Set([1, 2]), new Set([3])]],
    ["sets of groups", z.set(z.object({ name: z.string() })), new Set([{ name: "a" }, { name: "b" }])],
    ["lists of lists of groups", z.array(z.array(z.object({ n: z.int() }))), [[{ n: 1 }, { n: 2 }], [{ n: 3 }]]],
    ["a tuple with more parts", z.tuple([z.string()]).rest(z.int()), ["a", 1, 2]],
  ] as const)("come back equal: %s", async (_, schema, value) => {
    const form = defineForm({ f: schema as ZodSchema }, { csrf: false });
    const page = serveForm(form, { initial: { f: value } as never });
    const sent = await page.send(collect(await page.load()));
    expect(sent.errors).toEqual({});
    expect(sent.data).toEqual({ f: value });
    const again = await page.send(collect(sent.document));
    expect(again.data).toEqual({ f: value });
  });
});

describe("choices of a request for lists of lists", () => {
  it("are rendered and checked in each row", async () => {
    const form = defineForm({ grid: z.array(z.array(z.int())) }, { csrf: false });
    for (const name of ["grid", "grid[]", "grid[][]"] as const) {
      const choices = { [name]: { 1: "One" } } as Record<`grid[${string}`, { 1: string }>;
      const page = serveForm(form, { choices, initial: { grid: [[1]] } });
      expect((await page.load()).querySelector("[name='grid[0]'] option")?.textContent).toBe("One");
      expect((await page.send({ "grid[0]": "1" })).data).toEqual({ grid: [[1]] });
      expect((await page.send({ "grid[0]": "1", "grid[1]": "2" })).errors).toEqual({ "grid[1]": ["Choose one of the options."] });
    }
  });
});

describe("an object with fields of any name", () => {
  it("that is an intersection with a record shows its fields and those of its data", async () => {
    const schema = z.object({ a: z.string() }).and(z.record(z.string(), z.string()));
    for (const [form, prefix, value] of [
      [defineForm({ i: schema }, { csrf: false }), "i.", { i: { a: "1", more: "2" } }],
      [defineForm(schema as unknown as ZodSchema<object>, { csrf: false }), "", { a: "1", more: "2" }],
    ] as const) {
      const page = serveForm(form as FormDefinition<object, object>, { initial: value });
      const document = await page.load();
      expect(attributesOf(document, `${prefix}a`)).toMatchObject({ value: "1", required: "" });
      const sent = await page.send({ [`${prefix}a`]: "1", [`${prefix}more`]: "2" });
      expect([sent.errors, sent.data]).toEqual([{}, value]);
    }
    const page = serveForm(defineForm({ i: schema }, { csrf: false }), { initial: { i: { a: "1", more: "2" } } });
    expect((await page.send(collect(await page.load()))).data).toEqual({ i: { a: "1", more: "2" } });
  });

  it("by catchall() takes them by the schema that it states, with its messages", async () => {
    const form = defineForm({ c: z.object({ a: z.string() }).catchall(z.date()) }, { csrf: false });
    const sent = await serveForm(form).send({ "c.a": "1", "c.x": "2026-02-31" });
    expect(sent.errors).toEqual({ "c.x": ["Enter a date."] });
    expect(sent.document.querySelector("form > .field-errors")?.textContent).toBe("C x: Enter a date.");
    const initial = { c: { a: "1", x: new Date("2026-02-03") } } as never;
    const shown = await serveForm(form, { initial }, (bound) => bound.field("c.x")).load();
    expect(attributesOf(shown, "c.x")).toMatchObject({ type: "date", value: "2026-02-03" });
  });
});

describe("a discriminator with a default", () => {
  const union = z.discriminatedUnion("by", [
    z.object({ by: z.literal("post").default("post"), street: z.string() }),
    z.object({ by: z.literal("shop"), shop: z.string() }),
  ]);

  it("is a select without a blank choice that shows the default, as a field and as the whole form", async () => {
    for (const [form, name] of [
      [defineForm({ way: union }, { csrf: false }), "way.by"],
      [defineForm(union, { csrf: false }), "by"],
    ] as const) {
      const document = await serveForm(form as ReturnType<typeof defineForm>).load();
      const options = [...document.querySelectorAll(`[name="${name}"] option`)];
      expect(options.map((option) => [option.getAttribute("value"), option.hasAttribute("selected")])).toEqual([
        ["post", true],
        ["shop", false],
      ]);
      expect(attributesOf(document, name)).not.toHaveProperty("required");
    }
  });
});

describe("an error at a path that no field has", () => {
  const at =
    (...path: (string | number)[]) =>
    (_: unknown, context: z.core.$RefinementCtx) =>
      context.addIssue({ code: "custom", message: "Lost.", path });
  const cases: readonly (readonly [string, z.ZodType<object>, Record<string, string | string[]>])[] = [
    ["of the form", z.object({ a: z.string() }).superRefine(at("nope")), { a: "x" }],
    ["of a group", z.object({ g: z.object({ a: z.string() }) }).superRefine(at("g", "nope")), { "g.a": "x" }],
    ["inside of a group", z.object({ g: z.object({ a: z.string() }).superRefine(at("nope", "deep")) }), { "g.a": "x" }],
    ["of a row that was not sent", z.object({ l: z.array(z.object({ a: z.string() })) }).superRefine(at("l", 7, "a")), { "l[0].a": "x" }],
    ["of a row", z.object({ l: z.array(z.object({ a: z.string() })) }).superRefine(at("l", 0, "nope")), { "l[0].a": "x" }],
    ["of a key that was not sent", z.object({ r: z.record(z.string(), z.int()) }).superRefine(at("r", "zz")), { "r.a": "1" }],
    [
      "of a union",
      z.object({ u: z.discriminatedUnion("k", [z.object({ k: z.literal("a") })]) }).superRefine(at("u", "nope")),
      { "u.k": "a" },
    ],
    ["of a tuple", z.object({ t: z.tuple([z.string()]) }).superRefine(at("t", 4)), { t: "x" }],
    ["of a symbol of the app", z.object({ a: z.string() }).superRefine(at("csrf_token")), { a: "x" }],
  ];

  it.each(cases)("is shown at the top: %s", async (_, schema, fields) => {
    const sent = await serveFields(schema as unknown as ZodSchema<object>).send(fields);
    expect([sent.status, sent.valid, sent.errors, sent.formErrors]).toEqual([422, false, {}, ["Lost."]]);
    expect(sent.document.querySelector("form > .field-errors")?.textContent).toBe("Lost.");
    // An alert around the list: a list with that role is none.
    expect(sent.document.querySelector("form > [role=alert] > ul > li")?.textContent).toBe("Lost.");
  });

  it.each([
    ["a list", z.object({ l: z.array(z.string()) }).superRefine(at("l", 0)), { l: ["x"] }, "l"],
    ["a single control", z.object({ c: z.custom<{ x: string }>() }).superRefine(at("c", "x")), { c: "x" }, "c"],
    ["a row", z.object({ l: z.array(z.object({ a: z.string() })) }).superRefine(at("l", 0, "a")), { "l[3].a": "x" }, "l-0-a"],
    ["a sent key", z.object({ r: z.record(z.string(), z.int()) }).superRefine(at("r", "a")), { "r.a": "1" }, "r-a"],
  ])("is shown at %s that holds it", async (_, schema, fields, id) => {
    const sent = await serveFields(schema as unknown as ZodSchema<object>).send(fields as Record<string, string | string[]>);
    expect([sent.status, sent.formErrors]).toEqual([422, []]);
    expect(sent.document.querySelector(`#field-${id}-errors`)?.textContent).toBe("Lost.");
  });

  it("of a field that the schema takes without stating it is told at the top", async () => {
    const sent = await serveFields(z.object({ a: z.string() }).catchall(z.number())).send({ a: "1", other: "x" });
    expect([sent.errors, sent.formErrors]).toEqual([{ other: ["Enter a number."] }, []]);
    expect(sent.document.querySelector("form > .field-errors")?.textContent).toBe("Other: Enter a number.");
  });

  it("of the app itself is shown at the top as well", async () => {
    const form = defineForm({ a: z.string(), g: z.object({ b: z.string() }) }, { csrf: false });
    const document = await serveForm(form, {}, (bound) => {
      bound.addError("g.nope", "One.");
      bound.addError("nope" as "a", "Two.");
      bound.addError("g.b", "Three.");
      return bound.render();
    }).load();
    expect([...document.querySelectorAll("form > .field-errors li")].map(({ textContent }) => textContent)).toEqual(["One.", "Two."]);
    expect(document.querySelector("#field-g-b-errors")?.textContent).toBe("Three.");
  });
});
