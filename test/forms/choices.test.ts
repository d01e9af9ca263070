import { defineForm } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveFields, serveForm } from "./support";

const refused = "Choose one of the options.";
const Rows = {
  rows: z.array(z.object({ product: z.int(), by: z.object({ colour: z.string() }) })),
  group: z.object({ a: z.string() }).optional(),
};

describe("choices of a request that no field can have", () => {
  it.each<[name: string, choices: unknown, error: string]>([
    ["row.product", [1], "The form has no field 'row.product' to give choices to. Did you mean 'rows.product'?"],
    ["rows.prodcut", [1], "The form has no field 'rows.prodcut' to give choices to. Did you mean 'rows.product'?"],
    ["rows[0].prodcut", [1], "The form has no field 'rows[0].prodcut' to give choices to. Did you mean 'rows[0].product'?"],
    ["rows.by.color", [1], "The form has no field 'rows.by.color' to give choices to. Did you mean 'rows.by.colour'?"],
    ["toString", [1], "The form has no field 'toString' to give choices to."],
    ["rows", [1], "The field 'rows' can have no choices: it is a group of fields. Give them to one of its fields, such as 'rows.product'."],
    ["group", [1], "The field 'group' can have no choices: it is a group of fields. Give them to one of its fields, such as 'group.a'."],
    ["rows.product", "1", "The choices of the field 'rows.product' must be a list or an object, not a string."],
    ["rows.product", null, "The choices of the field 'rows.product' must be a list or an object, not null."],
  ])("throw a FormError: %s", async (name, choices, error) => {
    const page = serveForm(defineForm(Rows, { csrf: false }), { choices: { [name]: choices } as object });
    await expect(page.load()).rejects.toThrow(error);
  });

  it("are named in full also when a field is rendered", async () => {
    const page = serveForm(defineForm(Rows, { csrf: false }), {}, (form) => form.field("rows.prodcut"));
    await expect(page.load()).rejects.toThrow("The form has no field 'rows.prodcut'. Did you mean 'rows[0].product'?");
  });
});

describe("choices by .meta()", () => {
  const form = {
    who: z.int().meta({
      choices: [
        [1, "Ann"],
        [2, "Bob"],
      ],
    }),
    size: z
      .string()
      .optional()
      .meta({ type: "radio", choices: { s: "Small", l: "Large" } }),
    tags: z.array(z.string()).meta({ choices: { Fruit: ["apple", ["pear", "Pear"]], Other: { c: "Carrot" } } }),
    boxes: z.set(z.int()).meta({ type: "checkbox", choices: [1, { value: 2, label: "Two" }, { value: 3, disabled: true }] }),
  };

  it.each([
    [{ who: "1" }, {}],
    [{ who: "2", size: "l", tags: ["apple", "pear", "c"], boxes: ["1", "2"] }, {}],
    [{ who: "1", size: "" }, {}],
    [{ who: "999" }, { who: [refused] }],
    [{ who: "Ann" }, { who: [refused] }],
    [{ who: "1.5" }, { who: [refused] }],
    [{ who: "" }, { who: ["This field is required."] }],
    [{ who: "1", size: "Small" }, { size: [refused] }],
    [{ who: "1", tags: ["apple", "Fruit"] }, { tags: [refused] }],
    [{ who: "1", tags: "Other" }, { tags: [refused] }],
    [{ who: "1", boxes: ["1", "9"] }, { boxes: [refused] }],
    [{ who: "1", boxes: "3" }, { boxes: [refused] }],
  ])("are checked on the server: %j", async (fields, errors) => {
    const sent = await serveFields(form).send(fields);
    expect([sent.status, sent.errors]).toEqual([Object.keys(errors).length === 0 ? 200 : 422, errors]);
  });

  it("are a select if no type is stated, with its groups", async () => {
    const document = await serveFields(form).load();
    expect(document.querySelector("[name=who]")?.outerHTML).toBe(
      '<select name="who" id="field-who" required><option value="" selected></option><option value="1">Ann</option><option value="2">Bob</option></select>',
    );
    expect(document.querySelector("[name=tags]")?.innerHTML).toBe(
      '<optgroup label="Fruit"><option value="apple">apple</option><option value="pear">Pear</option></optgroup><optgroup label="Other"><option value="c">Carrot</option></optgroup>',
    );
    expect([...document.querySelectorAll("[name=boxes]")].map((box) => [box.getAttribute("value"), box.hasAttribute("disabled")])).toEqual([
      ["1", false],
      ["2", false],
      ["3", true],
    ]);
  });

  it("for the items of a list make one select, and a default removes the blank choice", async () => {
    const document = await serveFields({
      items: z.array(z.int().meta({ choices: [[1, "One"]] })),
      usual: z
        .string()
        .default("b")
        .meta({ choices: ["a", "b"] }),
    }).load();
    expect(document.querySelector("[name=items]")?.outerHTML).toBe(
      '<select name="items" id="field-items" multiple><option value="1">One</option></select>',
    );
    expect([...document.querySelectorAll("[name=usual] option")].map((option) => option.getAttribute("value"))).toEqual(["a", "b"]);
  });

  it("can limit an enum to some of its values", async () => {
    const page = serveFields({ f: z.enum(["a", "b", "c"]).meta({ choices: ["a", "b"] }) });
    expect((await page.send({ f: "b" })).data).toEqual({ f: "b" });
    expect((await page.send({ f: "c" })).errors).toEqual({ f: [refused] });
  });

  it("are checked in rows, groups, records and options of unions", async () => {
    const one = z.string().meta({ choices: ["x", "y"] });
    const page = serveFields({
      rows: z.array(z.object({ one, several: z.array(one) })),
      group: z.object({ one }).optional(),
      record: z.record(z.string(), one),
      by: z.discriminatedUnion("kind", [z.object({ kind: z.literal("k"), one })]),
    });
    const fields = { "rows[0].one": "x", "rows[0].several": ["x", "y"], "group.one": "y", "record.r": "x", "by.kind": "k", "by.one": "x" };
    expect((await page.send(fields)).valid).toBe(true);
    const wrong = { "rows[0].one": "z", "rows[0].several": ["x", "q"], "group.one": "z", "record.r": "z", "by.kind": "k", "by.one": "z" };
    expect((await page.send(wrong)).errors).toEqual(
      Object.fromEntries(["rows[0].one", "rows[0].several[1]", "group.one", "record.r", "by.one"].map((name) => [name, [refused]])),
    );
  });
});

describe("choices of a request", () => {
  const form = defineForm(
    {
      assignee: z.int(),
      watchers: z.array(z.int()),
      lines: z.array(z.object({ product: z.int(), note: z.string().optional() })),
      kind: z.string().meta({ choices: ["a"] }),
    },
    { csrf: false },
  );
  const people = [
    [1, "Ann"],
    [2, "Bob"],
  ] as const;
  const options = {
    choices: { assignee: people, watchers: { Team: people, Guests: [[3, "Cid"]] }, "lines.product": [[7, "Tea"]], kind: ["b", "c"] },
  } as const;

  it("are rendered, in rows and by groups too, and win over those of .meta()", async () => {
    const document = await serveForm(form, options).load();
    const list = (name: string) => [...document.querySelectorAll(`[name="${name}"] option`)].map((option) => option.getAttribute("value"));
    expect(list("assignee")).toEqual(["", "1", "2"]);
    expect(list("watchers")).toEqual(["1", "2", "3"]);
    expect([...document.querySelectorAll("optgroup")].map((group) => group.getAttribute("label"))).toEqual(["Team", "Guests"]);
    expect(list("lines[0].product")).toEqual(["", "7"]);
    expect(list("kind")).toEqual(["", "b", "c"]);
  });

  it("are checked", async () => {
    const page = serveForm(form, options);
    const good = { assignee: "2", watchers: ["1", "3"], "lines[4].product": "7", kind: "b" };
    expect(await page.send(good)).toMatchObject({
      valid: true,
      data: { assignee: 2, watchers: [1, 3], lines: [{ product: 7 }], kind: "b" },
    });
    const sent = await page.send({ assignee: "3", watchers: ["1", "4"], "lines[0].product": "7", "lines[1].product": "8", kind: "a" });
    expect([sent.status, sent.errors]).toEqual([
      422,
      { assignee: [refused], watchers: [refused], "lines[1].product": [refused], kind: [refused] },
    ]);
    expect(sent.document.querySelector("[name=assignee] [selected]")?.getAttribute("value")).toBe("");
  });

  it("refuse every value if the list is empty", async () => {
    const page = serveForm(form, { choices: { ...options.choices, assignee: [] } });
    expect((await page.send({ assignee: "1", kind: "b" })).errors).toEqual({ assignee: [refused] });
  });

  it("for an unknown field are an error with a suggestion", async () => {
    await expect(serveForm(form, { choices: { ["asignee" as "assignee"]: ["a"] } }).load()).rejects.toThrow(
      "The form has no field 'asignee' to give choices to. Did you mean 'assignee'?",
    );
  });
});
