import { defineForm, request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { attributesOf, serveFields, serveForm } from "./support";

const refused = "Choose one of the options.";
const required = "This field is required.";
const letters = ["a", "b"];

describe("an option of a union", () => {
  it("is not chosen by a value that is none of its choices", async () => {
    const chosen = z.string().meta({ choices: letters });
    const page = serveFields({
      scalar: z.union([chosen, z.int()]),
      group: z.union([z.object({ who: chosen }), z.object({ count: z.int() })]),
    });
    expect((await page.send({ scalar: "5", "group.who": "a" })).data).toEqual({ scalar: 5, group: { who: "a" } });
    expect((await page.send({ scalar: "z", "group.who": "z" })).errors).toEqual({ scalar: [refused], "group.who": [refused] });
  });

  it("is checked by the choices of a request", async () => {
    const form = defineForm({ f: z.union([z.object({ who: z.string() }), z.object({ count: z.int() })]) }, { csrf: false });
    const page = serveForm(form, { choices: { "f.who": letters } });
    expect((await page.send({ "f.who": "z" })).errors).toEqual({ "f.who": [refused] });
    expect((await page.send({ "f.who": "b" })).data).toEqual({ f: { who: "b" } });
  });

  it.each<[label: string, schema: z.ZodType, sent: Record<string, string | string[]>, data: unknown, errors: object]>([
    [
      "with an empty text gives way to one that is filled in",
      z.union([z.object({ a: z.string() }), z.object({ b: z.int() })]),
      { "f.a": "", "f.b": "1" },
      { f: { b: 1 } },
      {},
    ],
    [
      "with an empty text is refused if no other one fits",
      z.union([z.object({ a: z.string() }), z.object({ b: z.int() })]),
      { "f.a": "", "f.b": "" },
      undefined,
      { "f.a": [required] },
    ],
    [
      "with the most filled fields explains what is wrong",
      z.union([z.object({ a: z.string(), b: z.int() }), z.object({ c: z.int(), d: z.int() })]),
      { "f.c": "1", "f.d": "x" },
      undefined,
      { "f.d": ["Enter a whole number."] },
    ],
    [
      "that needs no field gives way to one that has the filled field",
      z.union([z.object({ list: z.array(z.string()), box: z.boolean() }), z.object({ a: z.string() })]),
      { "f.a": "1" },
      { f: { a: "1" } },
      {},
    ],
    ["that is a group takes no text", z.union([z.object({ a: z.string().optional() }), z.string()]), { f: "x" }, { f: "x" }, {}],
    ["that is a text takes no group", z.union([z.boolean(), z.object({ a: z.string() })]), { "f.a": "x" }, { f: { a: "x" } }, {}],
    ["of JSON is a group", z.json(), { "f.a": "1" }, { f: { a: "1" } }, {}],
    ["of JSON is a list", z.json(), { "f[0]": "1", "f[1]": "2" }, { f: ["1", "2"] }, {}],
    ["that is a URL runs no code", z.union([z.url(), z.int()]), { f: "javascript:x" }, undefined, { f: ["Enter a web address."] }],
    [
      "counts as browsers do",
      z.union([z.string().max(2), z.int()]),
      { f: "\u{1f355}\u{1f355}" },
      undefined,
      { f: ["At most 2 characters."] },
    ],
  ])("%s", async (_, schema, sent, data, errors) => {
    const result = await serveFields({ f: schema }).send(sent);
    expect([result.data, result.errors]).toEqual([data, errors]);
  });
});

describe("a union inside of another one", () => {
  const inner = z.discriminatedUnion("size", [
    z.object({ kind: z.literal("b"), size: z.literal("small"), n: z.int() }),
    z.object({ kind: z.literal("b"), size: z.literal("large") }),
  ]);
  const page = serveFields({ f: z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), inner]) });

  it.each([
    [{ "f.kind": "b", "f.size": "" }, { "f.size": [required] }],
    [{ "f.kind": "b", "f.size": "other" }, { "f.size": [refused] }],
    [{ "f.kind": "b", "f.size": "small", "f.n": "x" }, { "f.n": ["Enter a whole number."] }],
    [{ "f.kind": "c", "f.size": "small" }, { "f.kind": [refused] }],
  ])("names its own field if that is wrong: %j", async (sent, errors) => {
    expect((await page.send(sent)).errors).toEqual(errors);
  });
});

describe("choices of a request for a record", () => {
  it.each([
    ["each key", z.record(z.string(), z.object({ who: z.string() })), "f[].who", { 7: { who: "a" } }, "f.7.who"],
    ["each value", z.record(z.string(), z.string()), "f[]", { 7: "a" }, "f.7"],
    ["each value, by the name of the record", z.record(z.string(), z.string()), "f", { 7: "a" }, "f.7"],
    ["each row of each key", z.record(z.string(), z.array(z.object({ who: z.string() }))), "f[].who", { 7: [{ who: "a" }] }, "f.7[0].who"],
    ["a key with a dot", z.record(z.string(), z.object({ who: z.string() })), "f[].who", { "a.b": { who: "a" } }, "f[a.b].who"],
    ["each part of a tuple", z.tuple([z.string()]), "f[]", ["a"], "f[0]"],
  ] as const)("are rendered and checked for %s", async (_, schema, name, initial, control) => {
    const form = defineForm({ f: schema as z.ZodType<object, object> }, { csrf: false });
    const page = serveForm(form, { choices: { [name]: letters } as never, initial: { f: initial } as never });
    const document = await page.load();
    expect(document.querySelector(`[name="${control}"] [selected]`)?.getAttribute("value")).toBe("a");
    expect((await page.send({ [control]: "b" })).errors).toEqual({});
    expect((await page.send({ [control]: "z" })).errors).toEqual({ [control]: [refused] });
  });

  it("can be those of one key", async () => {
    const form = defineForm({ f: z.record(z.string(), z.object({ who: z.string() })) }, { csrf: false });
    const page = serveForm(form, { choices: { "f.7.who": ["a"], "f[].who": ["b"] } });
    expect((await page.send({ "f.7.who": "a", "f.8.who": "b" })).valid).toBe(true);
    expect((await page.send({ "f.7.who": "b", "f.8.who": "a" })).errors).toEqual({ "f.7.who": [refused], "f.8.who": [refused] });
  });
});

describe("fields that a schema does not state", () => {
  it.each<[label: string, sent: Record<string, string | string[]>, data: unknown]>([
    ["indices from 0 on are a list", { "f.x[0]": "a", "f.x[1]": "b" }, { x: ["a", "b"] }],
    ["rows are a list, without empty ones", { "f.x[0].n": "a", "f.x[1].n": "", "f.x[2].n": "b" }, { x: [{ n: "a" }, { n: "b" }] }],
    ["a name with [] is a list", { "f.x[]": "a" }, { x: ["a"] }],
    ["several values are a list", { "f.x": ["a", "b"] }, { x: ["a", "b"] }],
    ["one value is a text", { "f.x": "a" }, { x: "a" }],
    ["ids are the keys of an object", { "f.x[7]": "a", "f.x[10452]": "b" }, { x: { 7: "a", 10452: "b" } }],
    ["lists in lists are lists", { "f.x[0].y[0]": "a" }, { x: [{ y: ["a"] }] }],
  ])("keep their shape: %s", async (_, sent, data) => {
    expect((await serveFields({ f: z.looseObject({}) }).send(sent)).data).toEqual({ f: data });
    expect((await serveFields(z.looseObject({ f: z.looseObject({}) })).send(sent)).data).toEqual({ f: data });
  });

  it("keep it in z.unknown() and z.any() as well", async () => {
    const page = serveFields({ a: z.unknown(), b: z.any(), c: z.record(z.string(), z.unknown()) });
    const sent = { a: ["1", "2"], "b.x": "3", "c.k[0]": "4" };
    expect((await page.send(sent)).data).toEqual({ a: ["1", "2"], b: { x: "3" }, c: { k: ["4"] } });
    const app = createApp();
    app.route("/", ({ query }) => query, { endpoint: "x", query: z.looseObject({ a: z.unknown() }) });
    expect(await (await app.testClient().get("/?a[0]=1&b[]=2")).json()).toEqual({ a: ["1"], b: ["2"] });
  });
});

describe("an intersection of groups", () => {
  it.each<[label: string, schema: z.ZodType]>([
    ["a strict side", z.strictObject({ a: z.string() }).and(z.object({ b: z.int() }))],
    ["a loose side", z.looseObject({ a: z.string() }).and(z.object({ b: z.int() }))],
    ["two loose sides", z.looseObject({ b: z.int() }).and(z.looseObject({ a: z.string() }))],
  ])("has values of the side that states them: %s", async (_, schema) => {
    const page = serveFields({ f: schema });
    expect((await page.send({ "f.a": "1", "f.b": "2" })).data).toEqual({ f: { a: "1", b: 2 } });
    expect((await page.send({ "f.a": "1", "f.b": "x" })).errors).toEqual({ "f.b": ["Enter a whole number."] });
  });

  it("shows the checks and the fields of both sides of one name", async () => {
    const left = z.object({ code: z.string(), g: z.object({ a: z.string() }), kind: z.enum(["a", "b"]), list: z.array(z.int()) });
    const right = z.object({
      code: z.string().max(3),
      g: z.object({ b: z.string() }).meta({ label: "Both" }),
      kind: z.enum(["b", "c"]),
      list: z.array(z.number()).min(1),
    });
    const page = serveFields({ f: left.and(right) });
    const document = await page.load();
    expect(attributesOf(document, "f.code")).toMatchObject({ maxlength: "3", required: "" });
    expect([...document.querySelectorAll("[name='f.kind'] option")].map((option) => option.getAttribute("value"))).toEqual(["", "b"]);
    expect(attributesOf(document, "f.list")).toMatchObject({ type: "number", required: "" });
    expect(attributesOf(document, "f.g.b")).toMatchObject({ required: "" });
    expect([...document.querySelectorAll("legend")].map(({ textContent }) => textContent)).toEqual(["F", "Both", "List"]);
    const sent = await page.send({ "f.code": "abc", "f.g.a": "1", "f.g.b": "2", "f.kind": "b", "f.list": "3" });
    expect(sent.data).toEqual({ f: { code: "abc", g: { a: "1", b: "2" }, kind: "b", list: [3] } });
  });
});

describe("the key of a record", () => {
  it.each(["a[b]", "a]b", "a[b", "a.b", '"q"', "", "[", "]", "[]", 'a"b.', "x]y.z", "\\", "1", "01", "\u00e9.\u00fc", "toString"])(
    "can be %j: its field is shown and sent",
    async (key) => {
      const form = defineForm({ f: z.record(z.string(), z.int()) }, { csrf: false });
      const page = serveForm(form, { initial: { f: { [key]: 1 } } });
      const name = (await page.load()).querySelector("input")?.getAttribute("name") ?? "";
      const sent = await page.send({ [name]: "x" });
      expect(sent.errors).toEqual({ [name]: ["Enter a whole number."] });
      expect(sent.document.querySelector("input")?.getAttribute("value")).toBe("x");
      expect((await page.send({ [name]: "2" })).data).toEqual({ f: { [key]: 2 } });
    },
  );

  it.each(["f.__proto__", 'f["__proto__"]', "f[constructor]", 'f["\\u0070rototype"].x'])("never reaches a prototype: %s", async (name) => {
    const app = createApp();
    app.post("/", async () => Object.keys(await request.form({ schema: z.object({ f: z.record(z.string(), z.unknown()) }) })), {
      endpoint: "x",
    });
    expect((await app.testClient().post("/", { form: { [name]: "1" } })).status).toBe(400);
  });
});

describe("a value in place of a group", () => {
  it.each([z.record(z.string(), z.int()), z.object({ a: z.string().optional() })])("is refused, and not lost", async (schema) => {
    expect((await serveFields({ f: schema }).send({ f: "x" })).errors).toEqual({ f: ["This value is not valid."] });
    expect((await serveFields({ f: schema }).send({ f: "" })).data).toEqual({ f: {} });
  });
});
