import { defineForm, germanMessages, request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { serveFields, serveForm } from "./support";

const message = "This text has a character that is not allowed.";

describe("a text with a NUL", () => {
  it.each<[label: string, schema: z.ZodType, sent: Record<string, string | string[]>, errors: Record<string, string[]>]>([
    ["a text", z.string(), { f: "ab\0cdef" }, { f: [message] }],
    ["NUL alone", z.string(), { f: "\0" }, { f: [message] }],
    ["at the end", z.string().max(200), { f: "ab\0" }, { f: [message] }],
    ["an optional text", z.string().optional(), { f: "\0a" }, { f: [message] }],
    ["a nullable text", z.string().trim().nullable(), { f: "a\0" }, { f: [message] }],
    ["a text with a default", z.string().default("x"), { f: "a\0" }, { f: [message] }],
    ["a text that falls back", z.string().catch("x"), { f: "a\0" }, { f: [message] }],
    ["a textarea", z.string().meta({ type: "textarea" }), { f: "a\nb\0" }, { f: [message] }],
    ["a password", z.string().meta({ type: "password" }), { f: "secret\0" }, { f: [message] }],
    ["a transformed text", z.string().transform((text) => text.length), { f: "a\0" }, { f: [message] }],
    ["a select of free texts", z.string().meta({ type: "select" }), { f: "a\0" }, { f: [message] }],
    ["a prepared text", z.preprocess((value) => value, z.string()), { f: "a\0" }, { f: [message] }],
    ["a URL", z.url(), { f: "https://example.com/\0" }, { f: [message] }],
    ["an item of a list", z.array(z.string()), { f: ["a", "b\0"] }, { "f[1]": [message] }],
    ["an item of a set", z.set(z.string()), { f: ["a", "b\0"] }, { "f[1]": [message] }],
    ["a row", z.array(z.object({ a: z.string() })), { "f[0].a": "x", "f[1].a": "\0x" }, { "f[1].a": [message] }],
    ["a part of a tuple", z.tuple([z.string(), z.string()]), { f: ["a", "b\0"] }, { "f[1]": [message] }],
    ["a value of a record", z.record(z.string(), z.string()), { "f.a": "x\0", "f.b": "y" }, { "f.a": [message] }],
    ["a key of a record", z.record(z.string(), z.int()), { "f.a\0": "1" }, { "f.a\0": [message] }],
    ["an object that takes more", z.looseObject({ a: z.string() }), { "f.a": "x", "f.b": "y\0" }, { "f.b": [message] }],
    ["any value", z.unknown(), { f: "a\0" }, { f: [message] }],
    ["an option of a union", z.union([z.int(), z.string()]), { f: "a\0" }, { f: [message] }],
  ])("is refused at its field: %s", async (_, schema, sent, errors) => {
    const result = await serveFields({ f: schema }).send(sent);
    expect(result.errors).toEqual(errors);
    expect(result).toMatchObject({ status: 422, valid: false, data: undefined });
  });

  it.each<[label: string, schema: z.ZodType, error: string]>([
    ["a number", z.number(), "Enter a number."],
    ["a choice", z.enum(["1", "2"]), "Choose one of the options."],
    ["a text of choices", z.string().meta({ choices: ["1"] }), "Choose one of the options."],
    ["an e-mail", z.email(), "Enter an e-mail address."],
  ])("has the message of a field that takes no free text: %s", async (_, schema, error) => {
    expect((await serveFields({ f: schema }).send({ f: "1\0" })).errors).toEqual({ f: [error] });
  });

  it("has a message in German, and messages of the field and the form", async () => {
    const fields = { a: z.string().meta({ messages: { character: "Own." } }), b: z.string() };
    const sent = { a: "\0", b: "\0" };
    expect((await serveFields(fields, { messages: germanMessages }).send(sent)).errors).toEqual({
      a: ["Own."],
      b: ["Dieser Text hat ein Zeichen, das nicht erlaubt ist."],
    });
    const told = ({ kind, code }: { kind: string; code: string }) => `${kind} ${code}`;
    expect((await serveFields(fields, { messages: told }).send(sent)).errors).toEqual({ a: ["Own."], b: ["character nul"] });
  });

  it("is kept in the page, where NUL has a sign that HTML takes", async () => {
    const app = createApp();
    const form = defineForm({ a: z.string(), b: z.string().meta({ type: "textarea" }) }, { csrf: false });
    app.post("/", async () => {
      const bound = await form.validateOnSubmit();
      return `${bound.render()}${JSON.stringify(bound.raw)}`;
    });
    const response = await app.testClient().post("/", { form: { a: 'x\0"y', b: "x\0</textarea>" } });
    const text = await response.text();
    expect(response.status).toBe(422);
    expect(text).not.toContain("\0");
    expect(text).toContain('value="x\ufffd&#34;y"');
    expect(text).toContain("\nx\ufffd&lt;/textarea&gt;</textarea>");
    expect(text).toContain(JSON.stringify({ a: 'x\0"y', b: "x\0</textarea>" }));
  });

  it("is refused in multipart as well, and in a form by GET", async () => {
    const file = new File(["\0\0"], "a.bin");
    const page = serveForm(defineForm({ f: z.string(), file: z.file() }, { csrf: false }));
    expect((await page.send({ f: "ab\0cdef" }, { file })).errors).toEqual({ f: [message] });
    expect((await page.send({ f: "ab" }, { file })).valid).toBe(true);
    const app = createApp();
    const search = defineForm({ q: z.string().optional() }, { method: "get" });
    app.get("/", async () => (await search.validateOnSubmit()).renderErrors("q"));
    const response = await app.testClient().get("/?q=ab%00");
    expect(response.status).toBe(422);
    expect(await response.text()).toContain(message);
  });

  it("is refused by the schema of a form without a page, and stays in JSON and queries", async () => {
    const app = createApp();
    const schema = z.object({ f: z.string() });
    app.post("/form", async () => await request.form({ schema }));
    app.post("/json", async () => await request.json({ schema }));
    app.get("/query", ({ query }) => query, { query: schema });
    const client = app.testClient();
    expect((await client.post("/form", { form: { f: "\0" } })).status).toBe(422);
    expect(await (await client.post("/json", { json: { f: "a\0" } })).json()).toEqual({ f: "a\0" });
    expect(await (await client.get("/query?f=a%00")).json()).toEqual({ f: "a\0" });
  });
});

it("takes the other control characters, and fields that the form does not have", async () => {
  const sent = { f: "\u0001\u0007\u001b\u007f\ufffe\ufffd" };
  expect((await serveFields({ f: z.string() }).send({ ...sent, other: "\0" })).data).toEqual(sent);
});
