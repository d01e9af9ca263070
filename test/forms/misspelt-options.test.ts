import { defineForm, FormError, type FormMessages } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { serveForm } from "./support";

const schema = {
  title: z.string(),
  size: z.enum(["s", "l"]),
  address: z.object({ city: z.string() }),
  lines: z.array(z.object({ item: z.string() })),
};
const PostForm = defineForm(schema, { csrf: false });
type Bound = Awaited<ReturnType<typeof PostForm.validateOnSubmit>>;

/** Calls a function with a form within a request. */
async function within<Result>(call: (form: Bound) => Result): Promise<Result> {
  const results: Result[] = [];
  const app = createApp();
  app.get("/", async () => String(results.push(call(await PostForm.validateOnSubmit()))), { endpoint: "x" });
  await app.testClient().get("/");
  const [result] = results;
  if (result === undefined) {
    throw new Error("The view did not run.");
  }
  return result;
}

describe("an option of a form's member that does not exist", () => {
  it.each<[string, (form: Bound) => unknown, string]>([
    ["a label", (form) => form.field("title", { lable: "x" }), `There is no option 'lable' of field("title"). Did you mean 'label'?`],
    ["a type", (form) => form.field("title", { tpye: "textarea" }), "Did you mean 'type'?"],
    ["help", (form) => form.field("title", { hlep: "x" }), "Did you mean 'help'?"],
    ["help by another word", (form) => form.field("title", { hint: "x" }), "Did you mean 'help'?"],
    ["help in two words", (form) => form.field("title", { helpText: "x" }), "Did you mean 'help'?"],
    ["choices", (form) => form.field("size", { choises: ["s"] }), "Did you mean 'choices'?"],
    ["choices by another word", (form) => form.field("size", { options: ["s"] }), "Did you mean 'choices'?"],
    ["an attribute", (form) => form.field("title", { autocomplet: "off" }), "Did you mean 'autocomplete'?"],
    ["another attribute", (form) => form.field("title", { placeholer: "x" }), "Did you mean 'placeholder'?"],
    ["attributes alone", (form) => form.attributes("title", { placehoder: "x" }), `of attributes("title"). Did you mean 'placeholder'?`],
    ["a group", (form) => form.field("address", { lable: "x" }), "Did you mean 'label'?"],
    ["the form", (form) => form.render({ sumbit: "Save" }), "There is no option 'sumbit' of render(). Did you mean 'submit'?"],
    ["the form's target", (form) => form.render({ acton: "/x" }), "Did you mean 'action'?"],
    ["rows", (form) => form.rows("lines", { laest: 1 } as object), "Did you mean 'least'?"],
    ["a label in place of options", (form) => form.field("title", "Title" as never), 'must be an object, but got the text "Title".'],
    ["a text in place of options", (form) => form.render("Save" as never), 'of render() must be an object, but got the text "Save".'],
    [
      "an object as attribute",
      (form) => form.field("title", { class: { a: true } as never }),
      "The attribute 'class' of field(\"title\") must be a text",
    ],
    ["a function as attribute", (form) => form.field("title", { onclick: (() => 1) as never }), "but got a function."],
    ["a promise as attribute", (form) => form.field("title", { value: Promise.resolve("x") as never }), "is a promise. Await it"],
    [
      "a type of a control",
      (form) => form.field("title", { type: "texarea" }),
      "no control of the type 'texarea' for field(\"title\"). Did you mean 'textarea'?",
    ],
    ["a type of a date", (form) => form.field("title", { type: "datetimelocal" }), "Did you mean 'datetime-local'?"],
    [
      "choices of a group",
      (form) => form.field("address", { choices: ["a"] }),
      "The field 'address' takes no 'choices': it is a group of fields.",
    ],
    ["a type of rows", (form) => form.field("lines", { type: "checkbox" }), "The field 'lines' takes no 'type': it is a group of fields."],
    ["a field of errors", (form) => form.renderErrors("titel" as "title"), "The form has no field 'titel'. Did you mean 'title'?"],
    [
      "a field to add an error to",
      (form) => form.addError("titel" as "title", "x"),
      "The form has no field 'titel'. Did you mean 'title'?",
    ],
    ["a field of a group", (form) => form.addError("adress.city" as "title", "x"), "Did you mean 'address.city'?"],
    ["an error without a text", (form) => Reflect.apply(form.addError, form, ["title"]), 'but got the text "title" and nothing.'],
    ["an error as an object", (form) => form.addError("title", new Error("x") as never), 'but got the text "title" and an object.'],
    ["an error of no field", (form) => form.addError(undefined as never, "x"), 'but got nothing and the text "x".'],
  ])("is refused: %s", async (_, call, message) => {
    const called = within(call);
    await expect(called).rejects.toThrow(message);
    await expect(called).rejects.toBeInstanceOf(FormError);
  });

  it("is none if HTML or a library of the page has the attribute", async () => {
    const options = {
      autocomplete: "off",
      readOnly: true,
      tabIndex: 2,
      title: "x",
      placeholder: null,
      hidden: undefined,
      "data-x": 1,
      "aria-label": "x",
      "hx-get": "/x",
      "x-model": "y",
      "@click": "go()",
      ":class": "z",
      _: "on click",
      onInput: "go()",
      popovertarget: "p",
      form: "f",
      list: "l",
      icon: "i",
      loading: "lazy",
      vModel: "m",
    };
    const attributes = await within((form) => String(form.attributes("title", options)));
    expect(attributes).toContain(
      ' autocomplete="off" readOnly tabIndex="2" title="x" data-x="1" aria-label="x" hx-get="/x" x-model="y" @click="go()" :class="z" _="on click" onInput="go()" popovertarget="p" form="f" list="l" icon="i" loading="lazy" vModel="m"',
    );
    expect(await within((form) => String(form.field("title", options)))).toContain(attributes);
    const page = await within((form) =>
      String(form.render({ class: "f", target: "_top", novalidate: true, "accept-charset": "utf-8", "hx-post": "" })),
    );
    expect(page).toContain(' class="f" target="_top" novalidate accept-charset="utf-8" hx-post=""');
  });

  it("is none if a template renders a type of its own", async () => {
    expect(await within((form) => String(form.field("title", { type: "markdown" })))).toContain('type="markdown"');
  });
});

describe("a key of .meta() that does not exist", () => {
  const metas: [object, string][] = [
    [{ lable: "x" }, "There is no key 'lable' of .meta() of the field 'title'. Did you mean 'label'?"],
    [{ Label: "x" }, "Did you mean 'label'?"],
    [{ choises: ["a"] }, "Did you mean 'choices'?"],
    [{ hlep: "x" }, "Did you mean 'help'?"],
    [{ helpText: "x" }, "Did you mean 'help'?"],
    [{ tpye: "textarea" }, "Did you mean 'type'?"],
    [{ atributes: {} }, "Did you mean 'attributes'?"],
    [{ descripton: "x" }, "Did you mean 'description'?"],
    [
      { attributes: { autocomplet: "off" } },
      "There is no option 'autocomplet' of 'attributes' of .meta() of the field 'title'. Did you mean 'autocomplete'?",
    ],
    [{ attributes: { class: { a: true } } }, "must be a text, a number or a boolean, but got an object."],
    [{ attributes: "required" }, 'must be an object, but got the text "required".'],
    [
      { messages: { requird: "x" } },
      "There is no option 'requird' of 'messages' of .meta() of the field 'title'. Did you mean 'required'?",
    ],
    [{ messages: "Your title, please." }, "must be a table by kind, such as"],
    [{ choices: "a,b" }, "'choices' of .meta() of the field 'title' must be a list or an object, but got the text \"a,b\"."],
    [{ type: "texarea" }, "Did you mean 'textarea'?"],
    [{ type: 1 }, 'must be a text, such as "textarea", but got 1.'],
    [{ label: () => "x" }, "'label' of .meta() of the field 'title' must be a text, but got a function."],
  ];

  it.each(metas)("is refused: %o", (meta, message) => {
    expect(() => defineForm({ title: z.string().meta({ ...meta }) })).toThrow(message);
    expect(() => defineForm({ title: z.string().meta({ ...meta }) })).toThrow(FormError);
  });

  it.each<[string, z.ZodType, string]>([
    ["a wrapped schema", z.string().meta({ lable: "x" }).optional(), "title"],
    ["a row", z.array(z.object({ item: z.string().meta({ lable: "x" }) })), "title.item"],
    ["a union", z.union([z.string().meta({ lable: "x" }), z.int()]), "title"],
    ["a pipe", z.string().pipe(z.email().meta({ lable: "x" })), "title"],
    ["a record", z.record(z.string(), z.int().meta({ lable: "x" })), "title"],
    ["an intersection", z.object({ a: z.string() }).and(z.object({ b: z.string().meta({ lable: "x" }) })), "title.b"],
  ])("is refused in %s", (_, field, name) => {
    expect(() => defineForm({ title: field })).toThrow(`There is no key 'lable' of .meta() of the field '${name}'.`);
  });

  it("is warned of if it is an attribute, which another reader of the schema may take", () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    onTestFinished(() => warned.mockRestore());
    defineForm({ title: z.string().meta({ placeholder: "x" }) });
    expect(warned.mock.calls).toEqual([[expect.stringContaining("attributes: { placeholder: … }."), { code: "FLAGON_META" }]]);
  });

  it("is none if it is one of JSON Schema, or of somebody else", () => {
    const meta = {
      id: "Title2",
      title: "x",
      description: "y",
      examples: ["a"],
      deprecated: true,
      readOnly: true,
      pattern: "a",
      format: "b",
      own: 1,
      labels: { de: "Titel" },
      message: "z",
      choice: 1,
    };
    expect(() =>
      defineForm({
        title: z.string().meta(meta),
        other: z.string().meta({ label: null, type: ["string", "null"] }),
        last: z.string().meta({ label: "x", messages: () => "x" }),
      }),
    ).not.toThrow();
  });
});

describe("messages of an app", () => {
  async function load(messages: unknown) {
    const app = createApp();
    app.formMessages = messages as FormMessages;
    await serveForm(PostForm, {}, undefined, app).send({});
  }

  it("must have kinds that exist", async () => {
    await expect(load({ requird: "x" })).rejects.toThrow(
      "There is no option 'requird' of the messages of a form. Did you mean 'required'?",
    );
    await expect(load(() => ({ requird: "x" }))).rejects.toThrow("Did you mean 'required'?");
    // A catalogue of an app has other messages, too.
    await expect(load({ requird: "x", greeting: "Hello" } as object)).rejects.toThrow("'requird'");
    await load({ greeting: "Hello" } as object);
  });

  it("are no promises", async () => {
    await expect(load(async () => ({ required: "x" }))).rejects.toThrow("The table of a form's messages is a promise. Await it");
    await expect(load({ required: async () => "x" })).rejects.toThrow("The message 'required' of a form is a promise. Await it");
  });
});

it("a group has its help and its attributes", async () => {
  const form = defineForm({ address: z.object({ city: z.string() }).meta({ help: "Where we send it.", attributes: { "data-a": 1 } }) });
  const document = await serveForm(form, {}, (bound) => bound.field("address", { class: "wide", label: "To" })).load();
  const group = document.querySelector("fieldset");
  expect([group?.className, group?.getAttribute("data-a"), group?.getAttribute("aria-describedby")]).toEqual([
    "fields wide",
    "1",
    "field-address-help",
  ]);
  expect([...(group?.children ?? [])].slice(0, 2).map((child) => [child.id, child.textContent])).toEqual([
    ["", "To"],
    ["field-address-help", "Where we send it."],
  ]);
});
