import { defineForm, englishMessages, type FormMessage, type FormMessageKind, type FormMessages, germanMessages, request } from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { serveForm } from "./support";

const company = z.discriminatedUnion("company", [
  z.object({ company: z.literal(true), vat: z.string() }),
  z.object({ company: z.literal(false), born: z.date() }),
]);

/** Every kind of word that Flagon adds to a form: names of booleans, of the other option, of the blank choice, of the button. */
const fields = {
  news: z.boolean().nullable(),
  agree: z.boolean().meta({ type: "radio" }),
  mixed: z.union([z.literal(true), z.literal("later")]),
  size: z.enum(["s", "l"]),
  company,
};

async function readLabels(options: { messages?: FormMessages } = {}, app = createApp(), language = "en") {
  const form = defineForm(fields, { csrf: false, ...options });
  app.route("/", async () => (await form.validateOnSubmit()).render(), { endpoint: "x" });
  const response = await app.testClient().get("/", { headers: { "accept-language": language } });
  const { document } = parseHTML(await response.text());
  const texts = (selector: string) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent?.trim());
  return {
    news: texts("[name=news] option"),
    agree: texts("fieldset.field label"),
    mixed: texts("[name=mixed] option"),
    size: texts("[name=size] option"),
    company: texts(".fields-option > legend"),
    button: texts("button"),
  };
}

const english = {
  news: ["", "Yes", "No"],
  agree: ["Yes", "No"],
  mixed: ["", "Yes", "Later"],
  size: ["", "S", "L"],
  company: ["Company", "Otherwise"],
  button: ["Send"],
};
const german = {
  ...english,
  news: ["", "Ja", "Nein"],
  agree: ["Ja", "Nein"],
  mixed: ["", "Ja", "Later"],
  company: ["Company", "Sonst"],
  button: ["Senden"],
};

/** A third language. The compiler demands every kind. */
const frenchMessages: Readonly<Record<FormMessageKind, FormMessage>> = {
  ...englishMessages,
  required: "Ce champ est obligatoire.",
  token: "Ce formulaire a expir\u00e9. Renvoyez-le.",
  yes: "Oui",
  no: "Non",
  otherwise: "Sinon",
  blank: "Choisissez\u2026",
  send: "Envoyer",
};

describe("labels that a form chooses itself", () => {
  it("are English by default", async () => {
    expect(await readLabels()).toEqual(english);
  });

  it("come from the messages of the form, of the app, and of the request's language", async () => {
    expect(await readLabels({ messages: germanMessages })).toEqual(german);
    const create = () => {
      const app = createApp();
      app.formMessages = () => (request.accepts.languages("en", "de") === "de" ? germanMessages : undefined);
      return app;
    };
    expect(await readLabels({}, create(), "de")).toEqual(german);
    expect(await readLabels({}, create(), "en")).toEqual(english);
    expect(await readLabels({ messages: { yes: "Yep", send: (_, { name }) => `Go${name}` } }, create(), "de")).toEqual({
      ...german,
      news: ["", "Yep", "Nein"],
      agree: ["Yep", "Nein"],
      mixed: ["", "Yep", "Later"],
      button: ["Go"],
    });
  });

  it("come in a third language by one table", async () => {
    expect(await readLabels({ messages: frenchMessages })).toEqual({
      news: ["Choisissez\u2026", "Oui", "Non"],
      agree: ["Oui", "Non"],
      mixed: ["Choisissez\u2026", "Oui", "Later"],
      size: ["Choisissez\u2026", "S", "L"],
      company: ["Company", "Sinon"],
      button: ["Envoyer"],
    });
  });

  it("come from the messages of the field, as a table or as a function of the field", async () => {
    const form = defineForm(
      {
        status: z
          .enum(["open"])
          .optional()
          .meta({ messages: { blank: "Any" } }),
        news: z
          .boolean()
          .nullable()
          .meta({ label: "News", messages: { yes: (_: unknown, { label }: { label: string }) => `${label}!` } }),
      },
      { csrf: false, messages: { yes: "Yep", blank: "None" } },
    );
    const document = await serveForm(form).load();
    expect([...document.querySelectorAll("option")].map(({ textContent }) => textContent)).toEqual(["Any", "Open", "None", "News!", "No"]);
  });

  it("are not replaced by a function that answers each issue with one message", async () => {
    expect(await readLabels({ messages: () => "Wrong." })).toEqual(english);
    expect(await readLabels({ messages: (issue) => (issue.kind === "required" ? "Missing." : germanMessages) })).toEqual(german);
  });

  it("do not go before choices that the field states itself, nor before the text of the call", async () => {
    const form = defineForm({ a: z.boolean().meta({ type: "select", choices: { true: "On", false: "Off" } }) }, { csrf: false });
    const document = await serveForm(form, {}, (bound) => bound.render({ submit: "Save" })).load();
    expect([...document.querySelectorAll("option, button")].map(({ textContent }) => textContent)).toEqual(["", "On", "Off", "Save"]);
  });
});

describe("the reason why a token was refused", () => {
  it("comes in the language of the request", async () => {
    const app = createApp();
    app.formMessages = () => (request.accepts.languages("en", "fr") === "fr" ? frenchMessages : undefined);
    const form = defineForm({ a: z.string() });
    app.route("/", async () => (await form.validateOnSubmit()).render(), { endpoint: "x", methods: ["GET", "POST"] });
    const client = app.testClient();
    const read = async (language: string) => {
      await client.get("/");
      const headers = { "sec-fetch-site": null, "accept-language": language };
      const response = await client.post("/", { form: { a: "b", csrf_token: "x" }, headers });
      return parseHTML(await response.text()).document.querySelector("form > .field-errors")?.textContent;
    };
    expect(await read("fr")).toBe("Ce formulaire a expir\u00e9. Renvoyez-le.");
    expect(await read("en")).toBe("The CSRF token is invalid. Load the form again, then send it.");
  });
});
