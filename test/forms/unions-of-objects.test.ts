import { describe, expect, it } from "vitest";
import { z } from "zod";
import { collect } from "./collect";
import { serveFields } from "./support";

const required = ["This field is required."];
const whole = ["Enter a whole number."];

describe("the errors of a union of objects", () => {
  const options = [z.object({ a: z.string() }), z.object({ b: z.int() }), z.object({ c: z.int(), d: z.string() })] as const;

  it.each<[fields: Record<string, string>, errors: object]>([
    [{ "f.b": "x" }, { "f.b": whole }],
    [{ "f.a": "", "f.b": "x", "f.c": "", "f.d": "" }, { "f.b": whole }],
    [{ "f.a": "", "f.b": "", "f.c": "x", "f.d": "1" }, { "f.c": whole }],
    [{ "f.a": "", "f.b": "", "f.c": "1", "f.d": "" }, { "f.d": required }],
    [{ "f.a": "", "f.b": "", "f.c": "", "f.d": "" }, { "f.a": required }],
  ])("are those of the option that was filled in: %j", async (fields, errors) => {
    expect((await serveFields({ f: z.union(options) }).send(fields)).errors).toEqual(errors);
    expect((await serveFields({ f: z.xor(options) }).send(fields)).errors).toEqual(errors);
  });

  it("are those of each row", async () => {
    const { errors } = await serveFields({ f: z.array(z.union(options)) }).send({ "f[2].b": "x", "f[5].c": "1", "f[5].d": "" });
    expect(errors).toEqual({ "f[0].b": whole, "f[1].d": required });
  });
});

describe("z.xor()", () => {
  const page = serveFields({ f: z.xor([z.object({ a: z.string() }), z.object({ b: z.int() })]).optional() });

  it("takes the fields of one option, and refuses those of two", async () => {
    expect((await page.send({ "f.a": "1", "f.b": "" })).data).toEqual({ f: { a: "1" } });
    expect((await page.send({ "f.a": "", "f.b": "2" })).data).toEqual({ f: { b: 2 } });
    expect((await page.send({ "f.a": "", "f.b": "" })).data).toEqual({});
    expect((await page.send({ "f.a": "1", "f.b": "2" })).errors).toEqual({ f: ["This value is not valid."] });
  });
});

describe("strict and loose options of a union", () => {
  const strict = [z.strictObject({ kind: z.literal("x"), n: z.int() }), z.strictObject({ kind: z.literal("y"), s: z.string() })] as const;

  it("take the form as it is rendered, with the fields of all options", async () => {
    const page = serveFields({ f: z.discriminatedUnion("kind", strict) });
    const rendered = collect(await page.load());
    expect((await page.send({ ...rendered, "f.kind": "x", "f.n": "1" })).data).toEqual({ f: { kind: "x", n: 1 } });
    // The visitor filled another option in before.
    expect((await page.send({ ...rendered, "f.kind": "y", "f.n": "1", "f.s": "a" })).data).toEqual({ f: { kind: "y", s: "a" } });
    expect((await page.send({ ...rendered, "f.kind": "x", "f.n": "1", "f.q": "" })).errors).toEqual({
      f: ["The form does not have the field “q”."],
    });
  });

  it("chosen by a box do so too, and in rows and as a whole form", async () => {
    const company = z.discriminatedUnion("is", [
      z.strictObject({ is: z.literal(true), vat: z.string() }),
      z.strictObject({ is: z.literal(false) }),
    ]);
    expect((await serveFields({ f: company }).send({ "f.vat": "" })).data).toEqual({ f: { is: false } });
    expect((await serveFields(company).send({ is: "on", vat: "1" })).data).toEqual({ is: true, vat: "1" });
    const rows = serveFields({ f: z.array(z.discriminatedUnion("kind", strict)) });
    expect((await rows.send({ "f[0].kind": "x", "f[0].n": "1", "f[0].s": "" })).data).toEqual({ f: [{ kind: "x", n: 1 }] });
  });

  it("without a discriminator leave empty fields out", async () => {
    const page = serveFields({ f: z.union([z.strictObject({ b: z.int() }), z.strictObject({ c: z.int() })]) });
    expect((await page.send({ "f.b": "", "f.c": "1" })).data).toEqual({ f: { c: 1 } });
    expect((await page.send({ "f.b": "1", "f.c": "1" })).status).toBe(422);
  });

  it("that are loose take what else was sent, without the empty fields of the others", async () => {
    const page = serveFields({
      f: z.discriminatedUnion("kind", [z.looseObject({ kind: z.literal("x") }), z.object({ kind: z.literal("y"), s: z.string() })]),
    });
    expect((await page.send({ "f.kind": "x", "f.s": "", "f.o": "1" })).data).toEqual({ f: { kind: "x", o: "1" } });
  });
});

describe("the errors of a set of groups", () => {
  it("stand at the fields of their item", async () => {
    const item = z.object({ n: z.int(), s: z.string() });
    const page = serveFields({ f: z.set(item), rows: z.array(z.object({ k: z.string(), m: z.set(item.pick({ n: true })) })) });
    const { errors, formErrors } = await page.send({
      "f[0].n": "1",
      "f[0].s": "a",
      "f[3].n": "x",
      "f[3].s": "",
      "rows[0].k": "k",
      "rows[0].m[0].n": "x",
    });
    expect([errors, formErrors]).toEqual([{ "f[1].n": whole, "f[1].s": required, "rows[0].m[0].n": whole }, []]);
  });
});
