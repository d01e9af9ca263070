import fc from "fast-check";
import { defineForm, type FormDefinition, html, request, type ZodSchema } from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp, writeFiles } from "../support";
import { collect } from "./collect";
import { serveForm } from "./support";

/** Serves a form as a page, and tells what it gave when it is sent. */
function serve<Data>(
  form: FormDefinition<Data>,
  initial: () => Record<string, unknown> = () => ({}),
  show = (bound: Awaited<ReturnType<typeof form.validateOnSubmit>>) => bound.render(),
) {
  const app = createApp();
  let outcome: { valid: boolean; data: unknown; errors: unknown } | undefined;
  app.route(
    "/",
    async () => {
      const bound = await form.validateOnSubmit({ initial: initial() as never });
      outcome = { valid: bound.valid, data: bound.data, errors: { ...bound.errors } };
      return show(bound);
    },
    { endpoint: "x", methods: ["GET", "POST"] },
  );
  const client = app.testClient();
  return {
    app,
    async load() {
      return parseHTML(await (await client.get("/")).text()).document;
    },
    async send(fields: Record<string, string[]>) {
      const response = await client.post("/", { form: fields });
      return { ...outcome, status: response.status, document: parseHTML(await response.text()).document };
    },
  };
}

describe("any value", () => {
  // What an input can hold: no line break, and not only blanks, which the binder takes for nothing.
  const text = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
    .filter((value) => value.trim() !== "" && !/[\r\n\0]/.test(value));
  const day = fc
    .date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => new Date(date.toISOString().slice(0, 10)));
  const minute = fc
    .date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => new Date(`${date.toISOString().slice(0, 16)}Z`));
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
  const schema = {
    text: z.string(),
    maybe: z.string().optional(),
    long: z.string().meta({ type: "textarea" }),
    number: z.number(),
    whole: z.int(),
    big: z.bigint(),
    yes: z.boolean(),
    day: z.date(),
    moment: z.date().meta({ type: "datetime-local" }),
    choice: z.enum(["a", "b", `"<'`]),
    radio: z.enum(["a", "b"]).meta({ type: "radio" }),
    several: z.array(z.enum(["x", "y", "z"])),
    boxes: z.array(z.enum(["x", "y", "z"])).meta({ type: "checkbox" }),
    texts: z.array(z.string()),
    numbers: z.array(z.number()),
    hidden: z.string().meta({ type: "hidden" }),
    inner: z.object({ text: z.string(), deeper: z.object({ yes: z.boolean(), n: z.number().optional() }) }),
    rows: z.array(z.object({ name: z.string(), count: z.int(), gift: z.boolean() })),
    pair: z.tuple([z.string(), z.number()]),
  };
  const values: fc.Arbitrary<Record<string, unknown>> = fc.record(
    {
      text,
      maybe: text,
      long: fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => value.trim() !== "" && !/[\r\0]/.test(value)),
      number,
      whole: fc.maxSafeInteger(),
      big: fc.bigInt(),
      yes: fc.boolean(),
      day,
      moment: minute,
      choice: fc.constantFrom("a", "b", `"<'`),
      radio: fc.constantFrom("a", "b"),
      several: fc.subarray(["x", "y", "z"]),
      boxes: fc.subarray(["x", "y", "z"]),
      texts: fc.array(text, { maxLength: 5 }),
      numbers: fc.array(number, { maxLength: 5 }),
      hidden: text,
      inner: fc.record({ text, deeper: fc.record({ yes: fc.boolean(), n: number }, { requiredKeys: ["yes"] }) }),
      rows: fc.array(fc.record({ name: text, count: fc.maxSafeInteger(), gift: fc.boolean() }), { maxLength: 4 }),
      pair: fc.tuple(text, number),
    },
    {
      requiredKeys: [
        "text",
        "long",
        "number",
        "whole",
        "big",
        "yes",
        "day",
        "moment",
        "choice",
        "radio",
        "several",
        "boxes",
        "texts",
        "numbers",
        "hidden",
        "inner",
        "rows",
        "pair",
      ],
    },
  );

  it("comes back equal when it is rendered and sent unchanged", async () => {
    let current: Record<string, unknown> = {};
    const page = serve(defineForm(schema as Record<string, ZodSchema>, { csrf: false }), () => current);
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        current = value;
        const { data, errors } = await page.send(collect(await page.load()));
        expect(errors).toEqual({});
        expect(data).toEqual(value);
      }),
      { numRuns: 150 },
    );
  });

  it("is rendered again as it was sent, after a refusal", async () => {
    const refusing = defineForm({ ...(schema as Record<string, ZodSchema>), never: z.string().min(5) }, { csrf: false });
    let current: Record<string, unknown> = {};
    const page = serve(refusing, () => current);
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        current = { ...value, never: "no" };
        const sent = collect(await page.load());
        const { document, status } = await page.send(sent);
        expect(status).toBe(422);
        const blank = (name: string) => /^(texts|numbers)$/.test(name) || name.startsWith("rows[");
        const filled = (fields: Record<string, string[]>) =>
          Object.fromEntries(
            Object.entries(fields)
              .map(([name, list]) => [name, blank(name) ? list.filter((one) => one !== "") : list] as const)
              .filter(([name, list]) => !blank(name) || list.length > 0),
          );
        expect(filled(collect(document))).toEqual(filled(sent));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a union of objects", () => {
  const pay = z
    .discriminatedUnion("by", [
      z.object({ by: z.literal("card"), number: z.string().min(4), note: z.string().optional() }).meta({ label: "By card" }),
      z.object({ by: z.literal("bankTransfer"), iban: z.string(), bank: z.enum(["a", "b"]), note: z.string().optional() }),
      z.object({ by: z.literal(["cash", "coins"]), count: z.int() }),
    ])
    .meta({ label: "Payment" });

  it("offers every option, groups the fields of one option, and requires only common fields in the browser", async () => {
    const page = serve(defineForm({ pay }, { csrf: false }), () => ({ pay: { by: "cash", count: 3 } }));
    const document = await page.load();
    expect([...document.querySelectorAll("[name='pay.by'] option")].map((option) => option.textContent)).toEqual([
      "By card",
      "Bank transfer",
      "Cash",
      "Coins",
    ]);
    expect([...document.querySelectorAll("legend")].map(({ textContent }) => textContent)).toEqual([
      "Payment",
      "By card",
      "Bank transfer",
      "Cash, coins",
    ]);
    expect([...document.querySelectorAll(".fields-option [name]")].map((control) => control.getAttribute("name"))).toEqual([
      "pay.number",
      "pay.iban",
      "pay.bank",
      "pay.count",
    ]);
    expect([...document.querySelectorAll("[required]")].map((control) => control.getAttribute("name"))).toEqual(["pay.by"]);
    expect(document.querySelectorAll("[name='pay.note']").length).toBe(1);
    expect(document.querySelector("[name='pay.count']")?.getAttribute("value")).toBe("3");
  });

  it("checks the fields of the chosen option, and keeps the input of the others", async () => {
    const page = serve(defineForm({ pay }, { csrf: false }));
    const refused = await page.send({ "pay.by": ["bankTransfer"], "pay.number": ["12345"], "pay.iban": [""], "pay.bank": ["a"] });
    expect(refused).toMatchObject({ status: 422, errors: { "pay.iban": ["This field is required."] } });
    expect(refused.document.querySelector("[name='pay.number']")?.getAttribute("value")).toBe("12345");
    const sent = await page.send({ ...collect(refused.document), "pay.iban": ["DE00"] });
    expect(sent).toMatchObject({ valid: true, data: { pay: { by: "bankTransfer", iban: "DE00", bank: "a" } } });
  });

  it("can be a whole form", async () => {
    const form = defineForm(pay, { csrf: false });
    const page = serve(form, () => ({ by: "card" }));
    const first = await page.load();
    expect([...first.querySelectorAll("form > fieldset > legend")].map(({ textContent }) => textContent)).toEqual([
      "By card",
      "Bank transfer",
      "Cash, coins",
    ]);
    expect(await page.send({ ...collect(first), number: ["1"] })).toMatchObject({ valid: false, errors: { number: [expect.any(String)] } });
    expect(await page.send({ by: ["coins"], count: ["2"], number: ["x"] })).toMatchObject({ valid: true, data: { by: "coins", count: 2 } });
    expect(await page.send({ by: ["shells"] })).toMatchObject({ valid: false });
  });

  it("comes back equal when it is sent unchanged", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 4 }).filter((value) => value.trim() !== "" && !/[\r\n\0]/.test(value));
    const values = fc.oneof(
      fc.record({ by: fc.constant("card"), number: text, note: text }, { requiredKeys: ["by", "number"] }),
      fc.record({ by: fc.constant("bankTransfer"), iban: text, bank: fc.constantFrom("a", "b") }),
      fc.record({ by: fc.constantFrom("cash", "coins"), count: fc.integer() }),
    );
    let initial: Record<string, unknown> = {};
    const page = serve(defineForm({ pay, several: z.array(pay) }, { csrf: false }), () => initial);
    await fc.assert(
      fc.asyncProperty(values, fc.array(values, { maxLength: 3 }), async (one, several) => {
        initial = { pay: one, several };
        expect((await page.send(collect(await page.load()))).data).toEqual(initial);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a field", () => {
  it("reads .meta(): label, help, type, choices, attributes; options of the call win", async () => {
    const form = defineForm(
      {
        size: z
          .string()
          .meta({ label: "Size", help: "Pick one.", type: "radio", choices: { s: "Small", l: "Large" }, attributes: { "data-x": 1 } }),
      },
      { csrf: false },
    );
    const page = serve(form, undefined, (bound) => html`${bound.field("size")}|${bound.field("size", { type: "select", label: "Other" })}`);
    const document = await page.load();
    expect(document.querySelector("fieldset legend")?.textContent).toBe("Size");
    expect(document.querySelector("fieldset")?.getAttribute("aria-describedby")).toBe("field-size-help");
    expect([...document.querySelectorAll("fieldset label")].map((label) => label.textContent?.trim())).toEqual(["Small", "Large"]);
    expect(document.querySelector("input")?.getAttribute("data-x")).toBe("1");
    expect(document.querySelector("label[for=field-size]")?.textContent).toBe("Other");
    expect([...document.querySelectorAll("select option")].map((option) => option.getAttribute("value"))).toEqual(["", "s", "l"]);
  });

  it("labels a group of checkboxes or texts as a whole, and requires none of them alone", async () => {
    const form = defineForm(
      {
        boxes: z
          .array(z.enum(["a", "b"]))
          .min(1)
          .meta({ type: "checkbox" }),
        texts: z.array(z.email()),
      },
      { csrf: false },
    );
    const document = await serve(form, () => ({ texts: ["a@b.de"] })).load();
    expect([...document.querySelectorAll("[name=boxes]")].map((box) => [box.getAttribute("type"), box.hasAttribute("required")])).toEqual([
      ["checkbox", false],
      ["checkbox", false],
    ]);
    expect(
      [...document.querySelectorAll("[name=texts]")].map((input) => [
        input.getAttribute("type"),
        input.getAttribute("value"),
        input.getAttribute("aria-label"),
      ]),
    ).toEqual([
      ["email", "a@b.de", "Texts 1"],
      ["email", "", "Texts 2"],
    ]);
  });

  it("can be rendered by a template of the app's own", async () => {
    const form = defineForm({ name: z.string().meta({ label: "Name", help: "Your <name>" }) }, { csrf: false, fieldTemplate: "field" });
    const page = serve(form, undefined, (bound) => bound.field("name"));
    page.app.templates.addFolder(
      writeFiles({
        "field.eta":
          "<div class=\"<%= it.type %>\"><%= it.label %><%= it.isRequired ? '*' : '' %>: <%= it.control %><%= it.notes %> <%= request.path %></div>",
      }),
    );
    const document = await page.load();
    expect(document.querySelector("div.text")?.textContent?.trim()).toMatch(/^Name\*: Your <name> \/$/);
    expect(document.querySelector("div.text input")?.getAttribute("name")).toBe("name");
    const failed = await page.send({ name: [""] });
    expect(failed.document.querySelector(".field-errors")?.textContent).toBe("This field is required.");
  });

  it("with several values shows the errors of each, once", async () => {
    const form = defineForm({ numbers: z.array(z.number().max(5, "Too many.")) }, { csrf: false });
    const { document, errors } = await serve(form).send({ numbers: ["9", "2", "8"] });
    expect(Object.keys(errors as object)).toEqual(["numbers[0]", "numbers[2]"]);
    expect([...document.querySelectorAll("#field-numbers-errors li")].map((item) => item.textContent)).toEqual(["Too many."]);
    expect(document.querySelector("fieldset")?.getAttribute("aria-invalid")).toBe("true");
  });

  it("inside of others is labelled by its own name, and an object is a group", async () => {
    const form = defineForm({ address: z.object({ firstLine: z.string(), city: z.string() }).meta({ label: "Where" }) }, { csrf: false });
    const document = await serve(form).load();
    expect(document.querySelector("fieldset.fields legend")?.textContent).toBe("Where");
    expect([...document.querySelectorAll("label")].map((label) => label.textContent)).toEqual(["First line", "City"]);
    expect(document.querySelector("[name='address.firstLine']")?.getAttribute("id")).toBe("field-address-firstLine");
  });
});

describe("rows", () => {
  const form = defineForm({ lines: z.array(z.object({ item: z.string(), count: z.int() })) }, { csrf: false });
  const show = (bound: Awaited<ReturnType<typeof form.validateOnSubmit>>) =>
    html`${bound.rows("lines", { extra: 2, least: 1 }).map((row) => html`<p>${bound.field(`${row}.item` as "lines.item")}${bound.field(`${row}.count` as "lines.count")}</p>`)}`;

  it("show the values and some empty rows, which can stay empty", async () => {
    const page = serve(form, () => ({ lines: [{ item: "Tea", count: 2 }] }), show);
    const document = await page.load();
    expect(
      [...document.querySelectorAll("[name$=item]")].map((input) => [
        input.getAttribute("name"),
        input.getAttribute("value"),
        input.hasAttribute("required"),
      ]),
    ).toEqual([
      ["lines[0].item", "Tea", true],
      ["lines[1].item", null, false],
      ["lines[2].item", null, false],
    ]);
    expect((await page.send(collect(document))).data).toEqual({ lines: [{ item: "Tea", count: 2 }] });
  });

  it("are left out if they are empty, and errors belong to the rows that remain", async () => {
    const page = serve(form, undefined, show);
    const { document, errors } = await page.send({
      "lines[0].item": [""],
      "lines[0].count": [""],
      "lines[3].item": ["Tea"],
      "lines[3].count": ["x"],
      "lines[7].item": ["Milk"],
      "lines[7].count": ["1"],
    });
    expect(errors).toEqual({ "lines[0].count": ["Enter a whole number."] });
    expect(
      [...document.querySelectorAll("input")].map((input) => [
        input.getAttribute("name"),
        input.getAttribute("value"),
        input.getAttribute("aria-invalid"),
      ]),
    ).toEqual([
      ["lines[0].item", "Tea", null],
      ["lines[0].count", "x", "true"],
      ["lines[1].item", "Milk", null],
      ["lines[1].count", "1", null],
    ]);
  });
});

describe("several forms on a page", () => {
  it("differ by their names: only the sent one is bound", async () => {
    const Login = defineForm({ name: z.string() }, { csrf: false, name: "login" });
    const Search = defineForm({ name: z.string().min(3) }, { csrf: false, name: "search" });
    const app = createApp();
    app.route(
      "/",
      async () => {
        const [login, search] = [await Login.validateOnSubmit(), await Search.validateOnSubmit()];
        return html`${login.render()}${search.render()}<i>${login.submitted} ${login.valid} ${search.submitted} ${search.valid}</i>`;
      },
      { endpoint: "x", methods: ["GET", "POST"] },
    );
    const client = app.testClient();
    const page = parseHTML(await (await client.get("/")).text()).document;
    expect([...page.querySelectorAll("input:not([type=hidden])")].map((input) => input.id)).toEqual(["login-name", "search-name"]);
    const sent = await client.post("/", { form: { _form: "search", name: "ab" } });
    const document = parseHTML(await sent.text()).document;
    expect([sent.status, document.querySelector("i")?.textContent]).toEqual([422, "false false true false"]);
    expect([...document.querySelectorAll("input:not([type=hidden])")].map((input) => input.getAttribute("value"))).toEqual([null, "ab"]);
  });
});

describe("the setting methodOverride", () => {
  it("turns a form's POST into PUT, PATCH or DELETE, and nothing else", async () => {
    const create = (methodOverride: boolean) => {
      const app = createApp({ config: { methodOverride } });
      app.route("/x", async () => `${request.method} ${(await request.form()).get("a")}`, {
        methods: ["POST", "PUT", "PATCH", "DELETE"],
        endpoint: "x",
      });
      return app.testClient();
    };
    const send = async (on: boolean, method: string) => (await create(on).post("/x", { form: { _method: method, a: "1" } })).text();
    expect(await send(true, "delete")).toBe("DELETE 1");
    expect(await send(true, "PUT")).toBe("PUT 1");
    expect(await send(true, "GET")).toBe("POST 1");
    expect(await send(true, "CONNECT")).toBe("POST 1");
    expect(await send(false, "DELETE")).toBe("POST 1");
    expect(await (await create(true).get("/x?_method=DELETE")).status).toBe(405);
  });
});

describe("a select", () => {
  const listOptions = async (schema: z.ZodType, initial?: unknown) => {
    const form = defineForm({ f: schema as ZodSchema }, { csrf: false });
    const document = await serveForm(form, { initial: { f: initial } }).load();
    const options = [...document.querySelectorAll("[name=f] option")];
    return [
      document.querySelector("[name=f]")?.hasAttribute("required"),
      ...options.map((option) => `${option.getAttribute("value")}${option.hasAttribute("selected") ? "*" : ""}`),
    ];
  };

  it.each([
    ["an enum", z.enum(["a", "b"]), undefined, [true, "*", "a", "b"]],
    ["an optional enum", z.enum(["a", "b"]).optional(), undefined, [false, "*", "a", "b"]],
    ["an enum with an empty member", z.enum(["", "a", "b"]), undefined, [false, "*", "a", "b"]],
    ["an enum or nothing", z.enum(["a", "b"]).or(z.literal("")), "b", [false, "", "a", "b*"]],
    ["an enum with a default", z.enum(["a", "b"]).default("b"), undefined, [false, "a", "b*"]],
    ["an enum with a default, and another value", z.enum(["a", "b"]).default("b"), "a", [false, "a*", "b"]],
    ["a union of enums", z.union([z.enum(["a", "b"]), z.literal(3)]), 3, [true, "a", "b", "3*"]],
    ["a required enum with an initial value", z.enum(["a", "b"]), "b", [true, "a", "b*"]],
    ["a required enum whose initial value is no choice any more", z.enum(["a", "b"]), "gone", [true, "*", "a", "b"]],
    ["a required boolean with an initial value", z.boolean().meta({ type: "select" }), true, [false, "true*", "false"]],
    ["a boolean or null", z.boolean().nullable(), undefined, [false, "*", "true", "false"]],
    ["a boolean or null that is false", z.boolean().nullable(), false, [false, "", "true", "false*"]],
    ["an optional boolean", z.boolean().optional().meta({ type: "select" }), true, [false, "", "true*", "false"]],
  ])("of %s offers its values, and the blank choice if it is optional", async (_, schema, initial, expected) => {
    expect(await listOptions(schema, initial)).toEqual(expected);
  });
});
