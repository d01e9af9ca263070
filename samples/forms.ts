/*
 * Forms: every control, an order with rows that grow, an upload that shows how far it is, and a search with pages.
 *
 *     npx ts-node samples/forms.ts
 */
import { join } from "node:path";
import { defineForm, Flagon, flash, redirect, renderTemplate, request, route, session, urlFor } from "flagon";
import { z } from "zod";

const sizes = { s: "Small", m: "Middle", l: "Large" };

/** One field for each control that a schema implies, or that `.meta()` asks for. */
const GalleryForm = defineForm({
  text: z
    .string()
    .trim()
    .min(2)
    .max(40)
    .meta({ label: "Text", attributes: { placeholder: "At least two letters" } }),
  code: z
    .string()
    .regex(/^[A-Z]{2}\d{2}$/, "Enter two capital letters and two digits.")
    .refine(async (code) => code !== "AB99", "This code is taken.")
    .meta({ label: "Pattern", help: "Two capital letters and two digits." }),
  email: z.email().meta({ label: "E-mail", attributes: { autocomplete: "email" } }),
  url: z.url().optional().meta({ label: "Address of a page" }),
  password: z.string().min(8).meta({ label: "Password", help: "It is never filled in again." }),
  count: z.int().min(1).max(10).meta({ label: "Whole number" }),
  ratio: z
    .number()
    .min(0)
    .max(1)
    .meta({ label: "Range", type: "range", attributes: { step: "0.1" } }),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .meta({ label: "Colour", type: "color" }),
  date: z.date().min(new Date("2020-01-01")).meta({ label: "Date" }),
  time: z.iso.time().optional().meta({ label: "Time" }),
  moment: z.iso.datetime({ local: true }).optional().meta({ label: "Date and time" }),
  agree: z.literal(true).meta({ label: "I agree" }),
  news: z.boolean().meta({ label: "Send me news" }),
  size: z.enum(["s", "m", "l"]).meta({ label: "Radio buttons", type: "radio", choices: sizes }),
  unit: z.enum(["kg", "lb"]).meta({ label: "Select" }),
  days: z.array(z.enum(["mon", "tue", "wed"])).meta({ label: "Multiple select" }),
  extras: z.array(z.enum(["milk", "sugar", "ice"])).meta({ label: "Checkboxes", type: "checkbox" }),
  tags: z.array(z.string().max(20)).meta({ label: "Texts" }),
  note: z
    .string()
    .max(500)
    .optional()
    .meta({ label: "Long text", type: "textarea", attributes: { rows: 4 } }),
  secret: z.string().meta({ type: "hidden" }),
});

/** An object inside of a form, rows that grow, a choice between two sets of fields, and a check across fields. */
const OrderForm = defineForm(
  z
    .object({
      customer: z.object({ name: z.string().trim().min(1), city: z.string().optional() }).meta({ label: "Customer" }),
      lines: z
        .array(z.object({ item: z.string().trim().min(1), count: z.int().min(1).max(99), gift: z.boolean() }))
        .min(1, "Order something.")
        .meta({ label: "Lines" }),
      delivery: z
        .discriminatedUnion("kind", [
          z.object({ kind: z.literal("post"), street: z.string().trim().min(1), insured: z.boolean() }).meta({ label: "By post" }),
          z.object({ kind: z.literal("pickup"), shop: z.enum(["north", "south"]) }).meta({ label: "Fetched from a shop" }),
        ])
        .meta({ label: "Delivery" }),
      budget: z.number().min(0),
    })
    .refine(({ lines, budget }) => lines.reduce((sum, { count }) => sum + count, 0) <= budget, "That is over your budget."),
);

const UploadForm = defineForm({
  title: z.string().trim().min(1).max(60),
  files: z
    .array(z.file().max(5_000_000).mime(["text/plain", "image/png", "image/jpeg"]))
    .min(1, "Choose a file.")
    .meta({ label: "Files", help: "Texts and pictures, up to 5 MB each." }),
});

/** A search: the browser sends it by GET, so that its result has a URL. An absent field has the default of its schema. */
const SearchForm = defineForm(
  {
    q: z.string().trim().max(40).default("").meta({ label: "Name contains", type: "search" }),
    taste: z
      .enum(["sweet", "bitter"])
      .optional()
      .meta({ label: "Taste", messages: { blank: "Any" } }),
    least: z.int().min(0).max(100).default(0).meta({ label: "Least price" }),
    inStock: z.boolean().default(true).meta({ label: "In stock only" }),
  },
  { method: "get" },
);

const goods = Array.from({ length: 60 }, (_, index) => ({
  name: `${index % 3 === 0 ? "Tea" : "Chocolate"} ${index + 1}`,
  taste: index % 2 === 0 ? "bitter" : "sweet",
  price: index,
  inStock: index % 5 !== 0,
}));
const perPage = 10;

class Forms {
  @route("/")
  index() {
    return renderTemplate("index");
  }

  @route("/gallery", { methods: ["GET", "POST"] })
  async gallery() {
    const form = await GalleryForm.validateOnSubmit({
      initial: { secret: "kept", color: "#336699", ratio: 0.5, size: "m", count: 1, days: ["tue"], tags: ["first"] },
    });
    if (form.valid) {
      const { password: _, ...rest } = form.data;
      return this.#show("gallery", rest);
    }
    return renderTemplate("gallery", { form });
  }

  @route("/order", { methods: ["GET", "POST"] })
  async order() {
    const form = await OrderForm.validateOnSubmit({
      initial: { budget: 10, lines: [{ item: "Tea", count: 1 }], delivery: { kind: "pickup" } },
    });
    return form.valid ? this.#show("order", form.data) : renderTemplate("order", { form });
  }

  @route("/upload", { methods: ["GET", "POST"], maxContentLength: 20_000_000 })
  async upload() {
    const form = await UploadForm.validateOnSubmit();
    if (form.valid) {
      const { title, files } = form.data;
      return this.#show("upload", { title, files: files.map(({ filename, size, type }) => ({ filename, size, type })) });
    }
    return renderTemplate("upload", { form });
  }

  @route("/search")
  async search() {
    const form = await SearchForm.validateOnSubmit();
    const page = request.query.get("page", { type: "int", default: 1 });
    const found = form.valid ? findGoods(form.data) : [];
    return renderTemplate("search", {
      form,
      count: found.length,
      goods: found.slice((page - 1) * perPage, page * perPage),
      // The link keeps the fields of the search.
      next: found.length > page * perPage ? urlFor(Forms, "search", { ...form.raw, page: page + 1 }) : null,
    });
  }

  @route("/done")
  done() {
    return renderTemplate("done", { result: session.pop("result") ?? "" });
  }

  /** What was sent is shown by a page of its own, so that loading it again sends nothing twice. */
  #show(name: string, data: object) {
    flash(`The form '${name}' is valid.`, "success");
    session.set("result", JSON.stringify(data, null, 2));
    return redirect(urlFor(Forms, "done"));
  }
}

function findGoods({ q, taste, least, inStock }: { q: string; taste?: string | undefined; least: number; inStock: boolean }) {
  return goods.filter(
    (one) =>
      one.name.toLowerCase().includes(q.toLowerCase()) &&
      (taste === undefined || one.taste === taste) &&
      one.price >= least &&
      (one.inStock || !inStock),
  );
}

const app = new Flagon(join(__dirname, "forms"), { name: "forms" });
app.register(Forms);

if (require.main === module) {
  app.run();
}
export default app;
