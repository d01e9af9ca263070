import { defineForm, FormError, request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { collect } from "./collect";
import { attributesOf, serveFields, serveForm } from "./support";

/** Lists the names of the controls of a page. */
function listNames(document: { querySelectorAll(selector: string): Iterable<{ getAttribute(name: string): string | null }> }) {
  return [...document.querySelectorAll("input, select, textarea")].map((control) => control.getAttribute("name"));
}

describe("a record", () => {
  it("takes any key, such as the id of a row in a database", async () => {
    const page = serveFields({ qty: z.record(z.string(), z.int()) });
    expect((await page.send({ "qty.10452": "3", "qty[999999999]": "4", "qty[a.b]": "5" })).data).toEqual({
      qty: { "10452": 3, "999999999": 4, "a.b": 5 },
    });
  });

  it("shows its values again after an error, by any spelling of the name", async () => {
    const form = defineForm({ qty: z.record(z.string(), z.int()), other: z.string() }, { csrf: false });
    const sent = await serveForm(form).send({ "qty.7": "5", "qty[10452]": "x" });
    expect(sent.errors).toEqual({ "qty.10452": ["Enter a whole number."], other: ["This field is required."] });
    expect(attributesOf(sent.document, "qty.7")).toMatchObject({ value: "5" });
    expect(attributesOf(sent.document, "qty.10452")).toMatchObject({ value: "x", "aria-invalid": "true" });
    const alone = await serveForm(form, {}, (bound) => bound.field("qty[7]")).send({ "qty.7": "5" });
    expect(attributesOf(alone.document, "qty.7")).toMatchObject({ value: "5" });
  });

  it("renders a field for each key of its schema, or of its values", async () => {
    const sizes = await serveFields({ qty: z.record(z.enum(["s", "m"]), z.int()) }).load();
    expect(listNames(sizes)).toEqual(["qty.s", "qty.m"]);
    const form = defineForm({ qty: z.record(z.string(), z.int()) }, { csrf: false });
    const document = await serveForm(form, { initial: { qty: { "7": 1, "10": 2 } } }).load();
    expect(listNames(document)).toEqual(["qty.7", "qty.10"]);
    expect([...document.querySelectorAll("label")].map(({ textContent }) => textContent)).toEqual(["7", "10"]);
    expect(listNames(await serveForm(form).load())).toEqual([]);
  });

  it("with enum keys requires every key, unless it is partial", async () => {
    const whole = await serveFields({ qty: z.record(z.enum(["s", "m"]), z.int()) }).send({ "qty.s": "1" });
    expect(whole.errors).toEqual({ "qty.m": ["This field is required."] });
    const partial = serveFields({ qty: z.partialRecord(z.enum(["s", "m"]), z.int()) });
    expect((await partial.send({ "qty.s": "1", "qty.m": "" })).data).toEqual({ qty: { s: 1 } });
  });

  it("requires nothing in the browser if it is partial", async () => {
    const part = z.object({ n: z.string().min(1), kind: z.enum(["a", "b"]) });
    const page = serveFields({ by: z.partialRecord(z.enum(["x", "y"]), part), whole: z.record(z.enum(["x"]), z.int()) });
    const document = await page.load();
    expect([...document.querySelectorAll("[required]")].map((control) => control.getAttribute("name"))).toEqual(["whole.x"]);
    expect((await page.send({ ...collect(document), "whole.x": "1" })).data).toEqual({ by: {}, whole: { x: 1 } });
  });

  it("leaves the limit of indices to lists", async () => {
    const app = createApp();
    app.route("/", async () => Object.keys(await request.form({ schema: z.object({ a: z.array(z.int()) }) })), {
      endpoint: "x",
      methods: ["POST"],
    });
    expect((await app.testClient().post("/", { form: { "a[1000]": "1" } })).status).toBe(200);
    expect((await app.testClient().post("/", { form: { "a[1001]": "1" } })).status).toBe(400);
  });
});

describe("an optional group", () => {
  const shape = {
    a: z
      .object({ street: z.string().min(1), zip: z.string().default("1"), gift: z.boolean(), kind: z.enum(["x", "y"]).default("x") })
      .optional(),
    n: z.object({ street: z.string(), deeper: z.object({ city: z.string() }) }).nullable(),
    d: z.object({ street: z.string() }).default({ street: "usual" }),
    needed: z.object({ street: z.string() }),
  };

  it("is absent if all its fields are blank, and is not required in the browser", async () => {
    const page = serveFields(shape);
    const document = await page.load();
    expect([...document.querySelectorAll("[required]")].map((control) => control.getAttribute("name"))).toEqual(["needed.street"]);
    const blank = Object.fromEntries(
      [...document.querySelectorAll("input:not([type=checkbox]), select")].map((control) => [
        control.getAttribute("name") ?? "",
        control.getAttribute("value") ?? control.querySelector("[selected]")?.getAttribute("value") ?? "",
      ]),
    );
    expect(blank["a.zip"]).toBe("");
    const sent = await page.send({ ...blank, "d.street": "", "needed.street": "s" });
    expect([sent.errors, sent.data]).toEqual([{}, { n: null, d: { street: "usual" }, needed: { street: "s" } }]);
  });

  it("is checked if any of its fields is filled in", async () => {
    const { errors } = await serveFields(shape).send({ "a.zip": "2", "n.deeper.city": "Ulm", "needed.street": "s" });
    expect(errors).toEqual({ "a.street": ["This field is required."], "n.street": ["This field is required."] });
  });

  it("shows the default of the whole", async () => {
    const document = await serveFields(shape).load();
    expect(attributesOf(document, "d.street")).toMatchObject({ value: "usual" });
  });

  it("of a list with a least length, or of a box to tick, can be left empty too", async () => {
    const page = serveFields({
      list: z.array(z.string()).min(1).optional(),
      tick: z.literal(true).optional(),
      set: z.set(z.int()).min(1).nullable(),
    });
    expect((await page.send({})).data).toEqual({ set: null });
    expect((await page.send({ list: "a", tick: "on", set: "1" })).data).toEqual({ list: ["a"], tick: true, set: new Set([1]) });
  });

  it("is absent also with an empty file input", async () => {
    const page = serveFields({ g: z.object({ title: z.string(), file: z.file() }).optional() });
    expect((await page.send({ "g.title": "" }, { "g.file": new File([], "") })).data).toEqual({});
    expect((await page.send({ "g.title": "a" }, { "g.file": new File([], "") })).errors).toEqual({ "g.file": ["This field is required."] });
  });

  it("in rows does not fill an empty row by defaults", async () => {
    const page = serveFields({ rows: z.array(z.object({ item: z.string(), count: z.int().default(1) })) });
    expect(attributesOf(await page.load(), "rows[0].count")).not.toHaveProperty("value");
  });
});

describe("a recursive schema", () => {
  interface Tree {
    name: string;
    kids: Tree[];
  }
  const Node: z.ZodType<Tree> = z.object({
    name: z.string(),
    get kids() {
      return z.array(Node);
    },
  });

  it("is rendered as deep as its data, with one empty row at the top", async () => {
    const form = defineForm({ tree: Node as z.ZodType<Tree, Tree> }, { csrf: false });
    expect(listNames(await serveForm(form).load())).toEqual(["tree.name", "tree.kids[0].name"]);
    const tree = { name: "r", kids: [{ name: "k", kids: [{ name: "g", kids: [] }] }] };
    const page = serveForm(form, { initial: { tree } });
    const document = await page.load();
    expect(listNames(document)).toEqual(["tree.name", "tree.kids[0].name", "tree.kids[0].kids[0].name", "tree.kids[1].name"]);
    const fields = { "tree.name": "r", "tree.kids[0].name": "k", "tree.kids[0].kids[0].name": "g", "tree.kids[1].name": "" };
    expect((await page.send(fields)).data).toEqual({ tree });
  });

  it("of optional parts ends with its data", async () => {
    interface Link {
      name: string;
      next?: Link | undefined;
    }
    const Chain: z.ZodType<Link> = z.object({ name: z.string(), next: z.lazy(() => Chain.optional()) });
    const page = serveFields({ chain: Chain });
    expect(listNames(await page.load())).toEqual(["chain.name"]);
    const sent = await page.send({ "chain.name": "a", "chain.next.name": "" });
    expect([sent.data, sent.errors]).toEqual([{ chain: { name: "a" } }, {}]);
    expect((await page.send({ "chain.name": "", "chain.next.name": "b" })).errors).toEqual({ "chain.name": ["This field is required."] });
  });

  it("with data deeper than names can be is an error of the developer", async () => {
    const deep = (levels: number): Tree => ({ name: "n", kids: levels === 0 ? [] : [deep(levels - 1)] });
    const form = defineForm({ tree: Node as z.ZodType<Tree, Tree> }, { csrf: false });
    await expect(serveForm(form, { initial: { tree: deep(5) } }).load()).rejects.toThrow(
      "lies deeper than 8 levels, which no form can send.",
    );
  });
});

describe("fields beyond the schema", () => {
  const fields = { a: "1", b: "2", c: ["3", "4"], "d.e": "5", csrf_token: "t", _form: "f", _method: "POST" };

  it("are left out, passed on or refused, by the kind of the schema", async () => {
    expect((await serveFields(z.object({ a: z.string() })).send(fields)).data).toEqual({ a: "1" });
    expect((await serveFields(z.looseObject({ a: z.string() })).send(fields)).data).toEqual({
      a: "1",
      b: "2",
      c: ["3", "4"],
      d: { e: "5" },
    });
    expect((await serveFields(z.object({ a: z.string() }).catchall(z.number())).send({ a: "1", b: "2" })).data).toEqual({ a: "1", b: 2 });
    expect((await serveFields(z.object({ a: z.string() }).catchall(z.number())).send({ a: "1", b: "x" })).errors).toEqual({
      b: ["Enter a number."],
    });
    expect((await serveFields(z.strictObject({ a: z.string() })).send({ a: "1", csrf_token: "t", _method: "POST" })).data).toEqual({
      a: "1",
    });
    expect((await serveFields(z.strictObject({ a: z.string() })).send(fields)).status).toBe(422);
    expect((await serveFields({ g: z.looseObject({ a: z.string() }) }).send({ "g.a": "1", "g.b": "2" })).data).toEqual({
      g: { a: "1", b: "2" },
    });
  });

  it("follow the same rule in request.form() and in queries", async () => {
    const app = createApp();
    app.route("/form", async () => request.form({ schema: z.strictObject({ a: z.string() }) }), { endpoint: "form", methods: ["POST"] });
    app.route("/query", ({ query }) => query, { endpoint: "query", query: z.looseObject({ a: z.string() }) });
    app.route("/both", ({ query }) => query, { endpoint: "both", query: z.object({ a: z.string() }).and(z.object({ b: z.int() })) });
    const client = app.testClient();
    expect(await (await client.post("/form", { form: { a: "1", csrf_token: "x" } })).json()).toEqual({ a: "1" });
    expect((await client.post("/form", { form: { a: "1", b: "x" } })).status).toBe(422);
    expect(await (await client.get("/query?a=1&b=2")).json()).toEqual({ a: "1", b: "2" });
    expect(await (await client.get("/both?a=1&b=2")).json()).toEqual({ a: "1", b: 2 });
  });
});

describe("a union", () => {
  it.each([
    [z.email().or(z.literal("")), "", ""],
    [z.email().or(z.literal("")), "a@b.de", "a@b.de"],
    [z.union([z.literal(""), z.int()]), "", ""],
    [z.union([z.literal(""), z.int()]), "5", 5],
    [z.union([z.literal("auto"), z.int()]), "auto", "auto"],
    [z.union([z.literal("auto"), z.int()]), "7", 7],
    [z.union([z.enum(["a", "b"]), z.string()]), "free", "free"],
    [z.union([z.int(), z.null()]), "", null],
    [z.union([z.string(), z.undefined()]), "", undefined],
    [z.enum(["", "a"]), "", ""],
    [z.enum(["", "a"]), "a", "a"],
    [z.union([z.enum(["a"]), z.literal("")]), "", ""],
    [z.literal(""), "", ""],
  ])("reads as an option %#: %s %j as %j", async (schema, sent, value) => {
    const { errors, data } = await serveFields({ f: schema }).send({ f: sent });
    expect([errors, data]).toEqual([{}, value === undefined ? {} : { f: value }]);
  });

  const order = z.discriminatedUnion("company", [
    z.object({ company: z.literal(true), vat: z.string() }),
    z.object({ company: z.literal(false), birthday: z.date() }),
  ]);

  it("by a boolean is chosen by a checkbox", async () => {
    const page = serveFields(order);
    const document = await page.load();
    expect(attributesOf(document, "company")).toEqual({ type: "checkbox", name: "company", id: "field-company" });
    expect([...document.querySelectorAll("legend")].map(({ textContent }) => textContent)).toEqual(["Company", "Otherwise"]);
    expect((await page.send({ company: "on", vat: "DE1", birthday: "" })).data).toEqual({ company: true, vat: "DE1" });
    expect((await page.send({ vat: "", birthday: "2000-01-02" })).data).toEqual({ company: false, birthday: new Date("2000-01-02") });
    expect((await page.send({ company: "true", vat: "DE1" })).data).toEqual({ company: true, vat: "DE1" });
    expect((await page.send({ company: "off", birthday: "" })).errors).toEqual({ birthday: ["This field is required."] });
    expect((await page.send({ company: "perhaps" })).errors).toEqual({ company: ["Choose one of the options."] });
  });

  it("of unions by one discriminator offers the values of all", async () => {
    const inner = z.discriminatedUnion("t", [z.object({ t: z.literal("c"), y: z.int() }), z.object({ t: z.literal(4), z: z.int() })]);
    const page = serveFields({ u: z.discriminatedUnion("t", [z.object({ t: z.enum(["a", "b"]), x: z.int() }), inner]) });
    const options = (await page.load()).querySelectorAll("option");
    expect([...options].map((option) => option.getAttribute("value"))).toEqual(["", "a", "b", "c", "4"]);
    expect((await page.send({ "u.t": "4", "u.z": "1" })).data).toEqual({ u: { t: 4, z: 1 } });
    expect((await page.send({ "u.t": "b", "u.x": "1" })).data).toEqual({ u: { t: "b", x: 1 } });
  });

  it("inside of another one offers each value once", async () => {
    const inner = z.discriminatedUnion("b", [
      z.object({ a: z.literal("y"), b: z.literal("p") }),
      z.object({ a: z.literal("y"), b: z.literal("q") }),
    ]);
    const document = await serveFields(z.discriminatedUnion("a", [z.object({ a: z.literal("x"), v: z.string() }), inner])).load();
    expect([...document.querySelectorAll("[name=a] option")].map((option) => option.textContent)).toEqual(["", "X", "Y"]);
    expect([...document.querySelectorAll("legend")].map((legend) => legend.textContent)).toEqual(["X", "Y"]);
  });

  it("takes the option whose discriminator has a default if none is sent, in queries too", async () => {
    const schema = z.discriminatedUnion("by", [
      z.object({ by: z.literal("name").default("name"), v: z.string() }),
      z.object({ by: z.literal("id"), n: z.int() }),
    ]);
    expect((await serveFields(schema).send({ by: "", v: "1" })).data).toEqual({ by: "name", v: "1" });
    const app = createApp();
    app.route("/", ({ query }) => query, { endpoint: "x", query: schema });
    expect(await (await app.testClient().get("/?v=1")).json()).toEqual({ by: "name", v: "1" });
    expect(await (await app.testClient().get("/?by=id&n=2")).json()).toEqual({ by: "id", n: 2 });
  });

  it("that holds lists of itself is converted in finite time", async () => {
    type Nested = number | Nested[];
    const Nested: z.ZodType<Nested> = z.lazy(() => z.union([z.int(), z.array(Nested)]));
    const page = serveFields({ n: Nested, json: z.json() });
    expect(listNames(await page.load())).toEqual(["n", "json"]);
    expect((await page.send({ n: "1", json: "x" })).data).toEqual({ n: 1, json: "x" });
    expect((await page.send({ n: "x", json: "x" })).status).toBe(422);
    expect((await page.send({ n: ["x", "y"], "n[0][1]": "z", json: "x" })).status).toBe(422);
  });

  it("without a discriminator shows the errors of the closest option", async () => {
    const page = serveFields({ u: z.union([z.object({ a: z.string(), b: z.int() }), z.object({ c: z.int(), d: z.int(), e: z.int() })]) });
    expect((await page.send({ "u.a": "x", "u.b": "1" })).data).toEqual({ u: { a: "x", b: 1 } });
    expect((await page.send({ "u.a": "x", "u.b": "y" })).errors).toEqual({ "u.b": ["Enter a whole number."] });
  });
});

describe("an intersection", () => {
  const both = z.object({ a: z.string(), same: z.int() }).and(z.object({ b: z.int().optional(), same: z.int().max(5) }));

  it("is a form of the fields of both sides", async () => {
    const page = serveFields(both);
    expect(listNames(await page.load())).toEqual(["a", "same", "b"]);
    expect((await page.send({ a: "1", same: "2", b: "3" })).data).toEqual({ a: "1", same: 2, b: 3 });
    expect((await page.send({ a: "1", same: "9", b: "x" })).errors).toEqual({ same: ["At most 5."], b: ["Enter a whole number."] });
  });

  it("is a group inside of a form, and can hold unions", async () => {
    const kind = z.discriminatedUnion("k", [z.object({ k: z.literal("x"), x: z.string() }), z.object({ k: z.literal("y") })]);
    const page = serveFields({ f: z.intersection(z.object({ a: z.string() }), kind) });
    expect((await page.send({ "f.a": "1", "f.k": "x", "f.x": "2" })).data).toEqual({ f: { a: "1", k: "x", x: "2" } });
    expect((await page.send({ "f.a": "", "f.k": "y" })).errors).toEqual({ "f.a": ["This field is required."] });
  });
});

describe("the keys of a form", () => {
  it.each(["user.name", "a[", "a]b", "", "constructor", "prototype"])("cannot be %j", (key) => {
    expect(() => defineForm({ [key]: z.string() })).toThrow(FormError);
    expect(() => defineForm(z.object({ [key]: z.string() }))).toThrow(`A field of a form cannot be called '${key}'`);
    expect(() => defineForm({ a: z.array(z.object({ b: z.object({ [key]: z.string() }).optional() })) })).toThrow(FormError);
  });

  it.each([
    ["a.b", "dots and brackets"],
    ["", "without a name"],
    ["constructor", "prototype"],
  ])("are refused with the reason: %j", (key, reason) => {
    expect(() => defineForm({ [key]: z.string() })).toThrow(reason);
  });

  it("cannot be the names that the form sends itself", () => {
    expect(() => defineForm({ csrf_token: z.string() })).toThrow("A field of a form cannot be called 'csrf_token'");
    expect(() => defineForm(z.object({ _form: z.string() }), { name: "login" })).toThrow(FormError);
  });

  it("can be the names that the form does not send", async () => {
    const page = serveFields({ csrf_token: z.string(), _form: z.string(), _method: z.literal("DELETE") });
    const fields = { csrf_token: "a", _form: "b", _method: "DELETE" };
    expect(await page.send(fields)).toMatchObject({ data: fields, errors: {} });
  });

  it("can be digits", async () => {
    const page = serveFields({ "1": z.string(), g: z.object({ "2": z.string(), "2000": z.string() }) });
    const sent = await page.send({ "1": "a", "g.2": "b", "g.2000": "" });
    expect(sent.errors).toEqual({ "g.2000": ["This field is required."] });
    expect(attributesOf(sent.document, "1")).toMatchObject({ value: "a" });
    expect(attributesOf(sent.document, "g.2")).toMatchObject({ value: "b" });
  });

  it("of a recursive schema are checked up to the undefined part", () => {
    const A = z.object({
      get later() {
        return Later;
      },
    });
    expect(() => defineForm({ a: A })).not.toThrow();
    const Later = z.object({ b: z.string() });
  });
});

describe("errors of the app", () => {
  it("are shown at the field by any spelling of its name", async () => {
    const form = defineForm({ rows: z.array(z.object({ email: z.email() })) }, { csrf: false });
    const { document, errors, status } = await serveForm(form, {}, (bound) => {
      bound.addError("rows.0.email" as "rows.email", "Taken.");
      return bound.render();
    }).send({ "rows[0].email": "a@b.de" });
    expect([status, errors]).toEqual([422, { "rows[0].email": ["Taken."] }]);
    expect(attributesOf(document, "rows[0].email")).toMatchObject({ "aria-invalid": "true" });
  });
});
