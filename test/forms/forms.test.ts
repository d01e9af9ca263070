import {
  defineForm,
  type FormDefinition,
  FormError,
  flash,
  redirect,
  renderTemplateString,
  route,
  UploadedFile,
  type ZodSchema,
} from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

/** Sends fields to a form and tells what it makes of them. */
async function submit<Data>(form: FormDefinition<Data>, fields: Record<string, string | string[]>, files?: Record<string, File>) {
  let outcome: { valid: boolean; data: unknown; errors: unknown; formErrors: unknown } | undefined;
  const app = createApp();
  app.route(
    "/",
    async () => {
      const bound = await form.validateOnSubmit();
      outcome = { valid: bound.valid, data: bound.data, errors: { ...bound.errors }, formErrors: [...bound.formErrors] };
      return "x";
    },
    { endpoint: "x", methods: ["GET", "POST"] },
  );
  const response = await app.testClient().post("/", { form: fields, ...(files === undefined ? {} : { files }) });
  return { ...outcome, status: response.status };
}

describe("binding", () => {
  it("reads nested names and rows", async () => {
    const form = defineForm({
      address: z.object({ city: z.string(), zip: z.string().optional() }),
      lines: z.array(z.object({ item: z.string(), count: z.int() })),
      tags: z.array(z.string()),
      more: z.record(z.string(), z.number()),
    });
    const fields = {
      "address.city": "Ulm",
      "address.zip": "",
      "lines[1].item": "b",
      "lines[1].count": "2",
      "lines[0].item": "a",
      "lines[0].count": "1",
      "tags[]": ["x", "y"],
      "more.k": "5",
    };
    expect((await submit(form, fields)).data).toEqual({
      address: { city: "Ulm" },
      lines: [
        { item: "a", count: 1 },
        { item: "b", count: 2 },
      ],
      tags: ["x", "y"],
      more: { k: 5 },
    });
    expect((await submit(form, { ...fields, "lines[1].count": "", "address.city": "" })).errors).toEqual({
      "lines[1].count": ["This field is required."],
      "address.city": ["This field is required."],
    });
  });

  it("reads whole schemas with refinements across fields, and discriminated unions inside", async () => {
    const whole = defineForm(
      z
        .object({
          password: z.string(),
          again: z.string(),
          by: z.discriminatedUnion("kind", [
            z.object({ kind: z.literal("n"), n: z.number() }),
            z.object({ kind: z.literal("s"), s: z.string() }),
          ]),
        })
        .refine(({ password, again }) => password === again, { path: ["again"], message: "They differ." })
        .refine(({ password }) => password !== "bad", "Choose another."),
    );
    expect(await submit(whole, { password: "bad", again: "b", "by.kind": "n", "by.n": "1" })).toMatchObject({
      errors: { again: ["They differ."] },
      formErrors: ["Choose another."],
    });
    expect((await submit(whole, { password: "a", again: "a", "by.kind": "s", "by.s": "1" })).data).toEqual({
      password: "a",
      again: "a",
      by: { kind: "s", s: "1" },
    });
  });

  it("reads files, and drops an empty one", async () => {
    const form = defineForm({ f: z.file().max(5).mime(["text/plain"]), g: z.file().optional() });
    const good = await submit(form, {}, { f: new File(["hello"], "h.txt", { type: "text/plain" }), g: new File([], "") });
    expect(good).toMatchObject({ valid: true });
    expect((good.data as { f: File }).f).toBeInstanceOf(UploadedFile);
    expect(good.data).not.toHaveProperty("g");
    expect((await submit(form, {}, { f: new File([], "") })).errors).toEqual({ f: ["This field is required."] });
    expect((await submit(form, {}, { f: new File(["too long"], "h.txt", { type: "text/plain" }) })).valid).toBe(false);
    expect((await submit(form, { f: "text" })).errors).toEqual({ f: ["This field is required."] });
  });
});

describe("a form in a page", () => {
  const schema = {
    title: z.string().min(2).max(9).meta({ label: "The title" }),
    email: z.email().optional().describe("We never show it."),
    count: z.int().min(1).max(5),
    ratio: z.number().optional(),
    secret: z.string().meta({ label: "Code" }),
    password: z.string(),
    kind: z.enum(["one", "two"]),
    many: z.array(z.enum(["a", "b", "c"])),
    agree: z.boolean(),
    day: z.date().optional(),
    text: z.string().optional(),
    file: z.file().optional(),
  };
  const MyForm = defineForm(schema);
  class Pages {
    @route("/", { methods: ["GET", "POST"] })
    async index() {
      const form = await MyForm.validateOnSubmit({
        initial: {
          title: `<"T">`,
          count: 3,
          kind: "two",
          many: ["a", "c"],
          agree: true,
          day: new Date("2026-01-02"),
          password: "p",
          text: "\nx</textarea>",
        },
      });
      if (form.valid) {
        flash(form.data.title);
        return redirect("/done");
      }
      return renderTemplateString(
        "<%= it.form.render({ submit: 'Go', class: 'f' }) %><%= it.form.field('text', { type: 'textarea', rows: 3, hidden: null }) %>",
        { form },
      );
    }
  }
  const load = async (options?: { form: Record<string, string | string[]> }) => {
    const client = createApp({}, Pages).testClient();
    const response = options === undefined ? await client.get("/") : await client.post("/", options);
    const text = await response.text();
    const { document } = parseHTML(text);
    const control = (name: string) => document.querySelector(`[name="${name}"]`);
    const attributes = (name: string) =>
      Object.fromEntries([...(control(name)?.attributes ?? [])].map((attribute) => [attribute.name, attribute.value]));
    return { response, text, document, control, attributes };
  };

  it("shows controls, constraints and initial values from the schema", async () => {
    const { document, attributes, control, text, response } = await load();
    expect(response.status).toBe(200);
    expect(document.querySelector("form")?.getAttribute("enctype")).toBe("multipart/form-data");
    expect(document.querySelector("form")?.getAttribute("class")).toBe("f");
    expect(attributes("title")).toEqual({
      type: "text",
      name: "title",
      id: "field-title",
      value: `<"T">`,
      required: "",
      minlength: "2",
      maxlength: "9",
    });
    expect(document.querySelector("label[for=field-title]")?.textContent).toBe("The title");
    expect(attributes("email")).toEqual({
      type: "email",
      name: "email",
      id: "field-email",
      "aria-describedby": "field-email-help",
      pattern: expect.stringContaining("@"),
    });
    expect(document.querySelector("#field-email-help")?.textContent).toBe("We never show it.");
    expect(attributes("count")).toMatchObject({ type: "number", min: "1", max: "5", value: "3", required: "" });
    expect(attributes("count")).not.toHaveProperty("step");
    expect(attributes("ratio")).toMatchObject({ type: "number", step: "any" });
    expect(attributes("password")).toEqual({ type: "password", name: "password", id: "field-password", required: "" });
    expect(control("kind")?.querySelector("[selected]")?.getAttribute("value")).toBe("two");
    expect(control("many")?.hasAttribute("multiple")).toBe(true);
    expect([...(control("many")?.querySelectorAll("[selected]") ?? [])].map((option) => option.getAttribute("value"))).toEqual(["a", "c"]);
    expect(attributes("agree")).toEqual({ type: "checkbox", name: "agree", id: "field-agree", checked: "" });
    expect(attributes("day")).toMatchObject({ type: "date", value: "2026-01-02" });
    expect(attributes("file")).toMatchObject({ type: "file" });
    expect(text).toContain('rows="3">\n\nx&lt;/textarea&gt;</textarea>');
    expect(control("csrf_token")?.getAttribute("type")).toBe("hidden");
  });

  it("shows the input and its errors, and fills in no password", async () => {
    const form = { title: "<b>", email: "no", count: "9", password: "p4ss", kind: "two", many: ["b"], day: "2026-02-03", text: " kept " };
    const { response, text, document, attributes, control } = await load({ form });
    expect(response.status).toBe(422);
    expect(attributes("title")).toMatchObject({ value: "<b>" });
    expect(attributes("email")).toMatchObject({
      value: "no",
      "aria-invalid": "true",
      "aria-describedby": "field-email-help field-email-errors",
    });
    expect(document.querySelector("#field-email-errors li")?.textContent).toBe("Enter an e-mail address.");
    expect(attributes("count")).toMatchObject({ value: "9" });
    expect(text).not.toContain("p4ss");
    expect(control("kind")?.querySelector("[selected]")?.getAttribute("value")).toBe("two");
    expect([...(control("many")?.querySelectorAll("[selected]") ?? [])].map((option) => option.getAttribute("value"))).toEqual(["b"]);
    expect(attributes("agree")).not.toHaveProperty("checked");
    expect(attributes("day")).toMatchObject({ value: "2026-02-03" });
    expect(text).toContain("\n kept </textarea>");
    expect(document.querySelector("#field-secret-errors")?.textContent).toBe("This field is required.");
  });

  it("gives its data when it is valid", async () => {
    const form = { title: "Good", count: "2", secret: "s", password: "p", kind: "one", many: [] };
    const { response } = await load({ form });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/done"]);
  });

  it("accepts errors that only the app knows", async () => {
    class Sign {
      @route.post("/")
      async up() {
        const form = await defineForm({ name: z.string() }).validateOnSubmit();
        if (form.valid) {
          form.addError("name", "Taken.");
          form.addError(null, "Nothing was saved.");
        }
        return { valid: form.valid, errors: form.errors, formErrors: form.formErrors, raw: form.raw };
      }
    }
    const response = await createApp({}, Sign)
      .testClient()
      .post("/", { form: { name: "Ann" } });
    expect([response.status, await response.json()]).toEqual([
      422,
      { valid: false, errors: { name: ["Taken."] }, formErrors: ["Nothing was saved."], raw: { name: "Ann" } },
    ]);
  });

  it("renders fields by options: radio buttons, choices, labels, attributes", async () => {
    const app = createApp();
    const Choice = defineForm({ size: z.string() });
    app.route(
      "/",
      async () => {
        const form = await Choice.validateOnSubmit({ initial: { size: "m" } });
        return form.field("size", { type: "radio", label: "Size", choices: ["s", ["m", "Middle <"]], "data-x": '"' });
      },
      { endpoint: "x" },
    );
    expect(await (await app.testClient().get("/")).text()).toBe(
      '<fieldset class="field"><legend>Size</legend>' +
        '<label><input type="radio" name="size" id="field-size-0" required data-x="&#34;" value="s"> s</label>' +
        '<label><input type="radio" name="size" id="field-size-1" required data-x="&#34;" value="m" checked> Middle &lt;</label></fieldset>',
    );
  });

  it("has no token with csrf: false", async () => {
    const app = createApp();
    app.route("/", async () => (await defineForm({ a: z.string() }, { csrf: false }).validateOnSubmit()).render(), { endpoint: "x" });
    const response = await app.testClient().get("/");
    expect([await response.text(), response.headers.get("vary")]).toEqual([expect.not.stringContaining("csrf"), null]);
  });

  it("throws for an unknown field, and for other schemas", async () => {
    const app = createApp();
    app.route("/", async () => (await MyForm.validateOnSubmit()).field("titel" as "title"), { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("The form has no field 'titel'. Did you mean 'title'?");
    expect(() => defineForm({ a: {} as ZodSchema })).toThrow(FormError);
    expect(() => defineForm(z.string() as never)).toThrow(
      "A form is defined by z.object(…), or a union of them, not by a schema of the kind 'string'.",
    );
  });
});
