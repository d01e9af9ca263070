import { defineForm, type FormMessages, germanMessages, request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { serveFields, serveForm } from "./support";

const file = (size: number, type = "image/png") => new File([new Uint8Array(size)], "x.png", { type });

describe("messages of forms", () => {
  const cases = [
    [z.string(), "", "This field is required."],
    [z.int(), "1.5", "Enter a whole number."],
    [z.int(), "x", "Enter a whole number."],
    [z.int(), "1e30", "At most 9007199254740991."],
    [z.bigint(), "x", "Enter a whole number."],
    [z.number(), "x", "Enter a number."],
    [z.coerce.number(), "x", "Enter a number."],
    [z.number().optional(), "x", "Enter a number."],
    [z.union([z.int(), z.null()]), "x", "Enter a whole number."],
    [z.date(), "soon", "Enter a date."],
    [z.date(), "2026-02-31", "Enter a date."],
    [z.iso.date(), "x", "Enter a date."],
    [z.iso.time(), "25:00", "Enter a time."],
    [z.iso.datetime({ local: true }), "x", "Enter a date and a time."],
    [z.date().min(new Date("2026-05-01")), "2026-04-30", "Not before 1 May 2026."],
    [z.date().max(new Date("2026-05-01")), "2026-05-02", "Not after 1 May 2026."],
    [z.literal(true), [], "Tick this box."],
    [z.boolean(), "maybe", "Choose yes or no."],
    [z.enum(["a", "b"]), "q", "Choose one of the options."],
    [z.literal([1, 2]), "q", "Choose one of the options."],
    [z.union([z.enum(["a"]), z.literal(3)]), "q", "Choose one of the options."],
    [z.email(), "x", "Enter an e-mail address."],
    [z.email().or(z.literal("")), "x", "Enter an e-mail address."],
    [z.url(), "x", "Enter a web address."],
    [z.string().min(2), "a", "At least 2 characters."],
    [z.string().min(1).max(1), "ab", "At most 1 character."],
    [z.string().length(3), "ab", "Exactly 3 characters."],
    [z.number().min(5), "4", "At least 5."],
    [z.number().gt(5), "5", "More than 5."],
    [z.number().max(5), "6", "At most 5."],
    [z.number().lt(5), "5", "Less than 5."],
    [z.int().multipleOf(10), "5", "A multiple of 10."],
    [z.array(z.string()).min(1), [], "At least 1 entry."],
    [z.array(z.string()).max(1), ["a", "b"], "At most 1 entry."],
    [z.array(z.enum(["a", "b", "c"])).min(2), ["a"], "At least 2 options."],
    [z.set(z.enum(["a", "b", "c"])).max(2), ["a", "b", "c"], "At most 2 options."],
    [z.array(z.file()).min(2), [], "At least 2 files."],
    [z.string().regex(/^[A-Z]+$/), "a", "This does not have the right format."],
    [z.uuid(), "a", "This does not have the right format."],
    [z.stringFormat("plate: \u00e4/b", /^x/), "a", "This does not have the right format."],
    [z.string().startsWith("x"), "a", "Must start with \u201cx\u201d."],
    [z.string().endsWith("x"), "a", "Must end with \u201cx\u201d."],
    [z.string().includes("x"), "a", "Must contain \u201cx\u201d."],
    [z.string().refine(() => false), "a", "This value is not valid."],
    [z.union([z.int(), z.literal("auto")]), "x", "This value is not valid."],
    [z.stringbool(), "maybe", "Choose yes or no."],
    [z.file().optional(), "text", "Choose a file."],
    [z.string().refine(() => false, "Own."), "a", "Own."],
    [z.string().min(2, "Own."), "a", "Own."],
    [z.int("Own."), "x", "Own."],
    [z.email("Own.").or(z.literal("")), "x", "Own."],
  ] as const;

  it.each(
    cases.map(([schema, sent, message]) => ({
      read: () => schema as z.ZodType,
      sent: typeof sent === "string" ? sent : [...sent],
      message,
    })),
  )("are for visitors: $sent, $message", async ({ read, sent, message }) => {
    expect((await serveFields({ f: read() }).send({ f: sent })).errors).toEqual({ f: [message] });
  });

  it("tell the size and the type of a file", async () => {
    const messages = async (schema: z.ZodType, upload: File) =>
      (await serveFields({ f: z.any().pipe(schema) }).send({}, { f: upload })).errors.f;
    const send = async (schema: z.ZodFile, upload: File) => (await serveFields({ f: schema }).send({}, { f: upload })).errors.f;
    expect(await send(z.file().max(5_000_000), file(5_000_001))).toEqual(["This file is larger than 5 MB."]);
    expect(await send(z.file().max(5 * 1024 * 1024), file(5 * 1024 * 1024 + 1))).toEqual(["This file is larger than 5 MB."]);
    expect(await send(z.file().max(1500), file(1501))).toEqual(["This file is larger than 1.5 kB."]);
    expect(await send(z.file().max(10), file(11))).toEqual(["This file is larger than 10 bytes."]);
    expect(await send(z.file().min(10), file(9))).toEqual(["This file is smaller than 10 bytes."]);
    expect(await send(z.file().mime(["image/png", "image/jpeg"]), file(1, "text/plain"))).toEqual([
      "Choose a file of this type: PNG, JPG.",
    ]);
    expect(await send(z.file().mime(["text/plain", "application/x-own"]), file(1, "image/png"))).toEqual([
      "Choose a file of this type: TXT, application/x-own.",
    ]);
    expect(await messages(z.file(), file(1))).toBeUndefined();
  });

  it("name a field that a strict schema does not have", async () => {
    const sent = await serveFields(z.strictObject({ a: z.string() })).send({ a: "1", b: "2" });
    expect([sent.status, sent.formErrors]).toEqual([422, ["The form does not have the field \u201cb\u201d."]]);
  });

  it("are those of the field, then of the form, then of the app", async () => {
    const app = createApp();
    app.formMessages = (issue) => (issue.kind === "tooShort" ? `App: ${issue.limit}` : { number: "App: number" });
    const form = defineForm(
      {
        own: z.string().min(2, "Schema."),
        field: z
          .string()
          .min(2)
          .meta({ messages: { tooShort: "Field." } }),
        form: z.int(),
        app: z.string().min(2),
        number: z.number(),
        rest: z.enum(["a"]),
      },
      { csrf: false, messages: { wholeNumber: (_, { label, type }) => `Form: ${label}, ${type}` } },
    );
    const page = serveForm(form, {}, undefined, app);
    expect((await page.send({ own: "a", field: "a", form: "x", app: "a", number: "x", rest: "q" })).errors).toEqual({
      own: ["Schema."],
      field: ["Field."],
      form: ["Form: Form, number"],
      app: ["App: 2"],
      number: ["App: number"],
      rest: ["Choose one of the options."],
    });
  });

  it("can be German, chosen for each request", async () => {
    const app = createApp();
    app.formMessages = () => (request.accepts.languages("en", "de") === "de" ? germanMessages : undefined);
    const Form = defineForm({ name: z.string().min(2), count: z.number().min(1.5), agree: z.literal(true) }, { csrf: false });
    app.route("/", async () => ({ ...(await Form.validateOnSubmit()).errors }), { endpoint: "x", methods: ["POST"] });
    const read = async (language: string) =>
      (await app.testClient().post("/", { form: { name: "a", count: "1" }, headers: { "accept-language": language } })).json();
    expect(await read("de")).toEqual({
      name: ["Mindestens 2 Zeichen."],
      count: ["Mindestens 1,5."],
      agree: ["Bitte kreuzen Sie dieses Feld an."],
    });
    expect(await read("en")).toEqual({ name: ["At least 2 characters."], count: ["At least 1.5."], agree: ["Tick this box."] });
  });

  it("are zod's in the language of z.config(), unless the app states others", async () => {
    const messages: FormMessages = { required: () => "Bitte ausf\u00fcllen." };
    const page = serveFields({ name: z.string(), count: z.number(), own: z.int("Own.") }, { messages });
    const german = serveFields({ count: z.number() }, { messages: germanMessages });
    z.config(z.locales.de());
    try {
      expect((await page.send({ name: "", count: "x", own: "x" })).errors).toEqual({
        name: ["Bitte ausf\u00fcllen."],
        count: ["Ung\u00fcltige Eingabe: erwartet Zahl, erhalten string"],
        own: ["Own."],
      });
      expect((await german.send({ count: "x" })).errors).toEqual({ count: ["Bitte geben Sie eine Zahl ein."] });
    } finally {
      z.config(z.locales.en());
    }
  });

  it("stay zod's in JSON responses", async () => {
    const app = createApp();
    const schema = z.object({ n: z.int(), s: z.string().min(2) });
    app.route("/", async () => JSON.stringify(await request.form({ schema })), { endpoint: "x", methods: ["POST"] });
    const response = await app.testClient().post("/", { form: { n: "x", s: "" }, headers: { accept: "application/json" } });
    expect(((await response.json()) as { errors: unknown }).errors).toEqual([
      { in: "body", path: ["n"], detail: "Invalid input: expected number, received string" },
      { in: "body", path: ["s"], detail: "This field is required." },
    ]);
  });
});

describe("German messages", () => {
  it.each<[schema: z.ZodType, sent: string, message: string]>([
    [z.number().min(1.125), "1", "Mindestens 1,125."],
    [z.number().multipleOf(0.001), "0.0005", "Ein Vielfaches von 0,001."],
    [z.number().max(1_000_000), "1000001", "Höchstens 1000000."],
    [z.bigint().max(10n ** 20n), "9".repeat(30), "Höchstens 100000000000000000000."],
  ])("state bounds as they are: %#", async (schema, sent, message) => {
    expect((await serveFields({ f: schema }, { messages: germanMessages }).send({ f: sent })).errors).toEqual({ f: [message] });
  });
});
