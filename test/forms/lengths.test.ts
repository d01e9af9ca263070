import { defineForm, request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { attributesOf, serveFields, serveForm } from "./support";

const pizza = "\u{1f355}";

describe("the length of a text", () => {
  it.each<[label: string, schema: z.ZodType, error: string]>([
    ["a text", z.string().max(5), "At most 5 characters."],
    ["a long text", z.string().max(5).meta({ type: "textarea" }), "At most 5 characters."],
    ["an exact length", z.string().length(5), "Exactly 5 characters."],
    ["a text that is trimmed later", z.string().max(5).trim(), "At most 5 characters."],
    ["both parts of a pipe", z.string().pipe(z.string().max(5)), "At most 5 characters."],
    ["an own message", z.string().max(5, "Short, please."), "Short, please."],
    ["an own message by a function", z.string().max(5, { error: ({ maximum }) => `Up to ${maximum}.` }), "Up to 5."],
  ])("counts as browsers do: %s", async (_, schema, error) => {
    const page = serveFields({ f: schema });
    expect((await page.send({ f: pizza + pizza })).errors.f?.[0]).not.toBe("At most 5 characters.");
    expect((await page.send({ f: pizza.repeat(3) })).errors).toEqual({ f: [error] });
  });

  it.each<[label: string, schema: z.ZodType]>([
    ["a text that is trimmed before", z.string().trim().max(5)],
    ["a hidden text", z.string().max(5).meta({ type: "hidden" })],
    [
      "a choice",
      z
        .string()
        .max(5)
        .meta({ choices: [pizza.repeat(3)] }),
    ],
    ["a text behind a preparation", z.preprocess((value) => value, z.string().max(5))],
  ])("counts characters where browsers check none: %s", async (_, schema) => {
    expect((await serveFields({ f: schema }).send({ f: pizza.repeat(3) })).data).toEqual({ f: pizza.repeat(3) });
  });

  it("does not concern a text that the control showed, as in browsers", async () => {
    const rows = z.array(z.object({ f: z.string().max(5) }));
    const form = defineForm({ f: z.string().max(5).meta({ type: "textarea" }), rows }, { csrf: false });
    const page = serveForm(form, { initial: { f: `${pizza}\r\n${pizza}`, rows: [{ f: pizza.repeat(3) }] } });
    expect(attributesOf(await page.load(), "f")).toMatchObject({ maxlength: "5" });
    const sent = await page.send({ f: `${pizza}\r\n${pizza}`, "rows[0].f": pizza.repeat(3) });
    expect(sent.data).toEqual({ f: `${pizza}\n${pizza}`, rows: [{ f: pizza.repeat(3) }] });
    expect((await page.send({ f: "a", "rows[0].f": pizza.repeat(4) })).errors).toEqual({ "rows[0].f": ["At most 5 characters."] });
  });

  it("is that of the schema for programs", async () => {
    const app = createApp();
    const schema = z.object({ f: z.string().max(5) });
    app.route("/", async () => request.form({ schema }), { endpoint: "form", methods: ["POST"] });
    app.route("/list", ({ query }) => query, { endpoint: "query", query: schema });
    const client = app.testClient();
    const value = { f: pizza.repeat(5) };
    expect(await (await client.post("/", { form: value })).json()).toEqual(value);
    expect(await (await client.get("/list", { query: value })).json()).toEqual(value);
  });
});
