import { germanMessages } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveFields } from "./support";

describe("a message of the schema", () => {
  it.each<[label: string, schema: z.ZodType, sent: string | string[], error: string]>([
    ["an empty text", z.string({ error: "Your name, please." }), "", "Your name, please."],
    ["an empty text, by a function", z.string({ error: ({ input }) => (input === undefined ? "Missing." : "Wrong.") }), "", "Missing."],
    ["an empty e-mail", z.email({ error: "Your e-mail, please." }), "", "Your e-mail, please."],
    ["an e-mail that browsers refuse", z.email({ error: "Your e-mail, please." }), "a@b-.com", "Your e-mail, please."],
    ["a URL that runs code", z.string().url("A page, please."), "javascript:x", "A page, please."],
    ["a choice", z.enum(["a", "b"], { error: "Pick one." }).meta({ choices: ["a"] }), "b", "Pick one."],
  ])("holds for what the form refuses itself: %s", async (_, schema, sent, error) => {
    expect((await serveFields({ f: schema }).send({ f: sent })).errors).toEqual({ f: [error] });
  });

  it("holds for the keys of a record", async () => {
    const page = serveFields({ f: z.record(z.string().min(2, "Two letters."), z.int()), g: z.record(z.string().min(2), z.int()) });
    expect((await page.send({ "f.a": "1", "g.a": "1" })).errors).toEqual({ "f.a": ["Two letters."], "g.a": ["This value is not valid."] });
  });

  it("of a list holds for its items", async () => {
    const messages = { wholeNumber: "Digits, please." };
    const page = serveFields({
      f: z.array(z.int()).meta({ messages }),
      g: z.array(z.int().meta({ messages: { wholeNumber: "Here." } })).meta({ messages }),
    });
    expect((await page.send({ f: "x", g: "x" })).errors).toEqual({ "f[0]": ["Digits, please."], "g[0]": ["Here."] });
  });

  it.each<[message: string, schema: (message: string) => z.ZodType, sent: string]>([
    ["Invalid email", (message) => z.email(message), "x"],
    ["Invalid email address", (message) => z.email(message).optional(), "x"],
    ["Invalid phone number", (message) => z.e164({ error: () => message }), "x"],
    ["Too small: expected more", (message) => z.string().min(3, message), "x"],
    ["Invalid input: expected a whole number", (message) => z.int({ message }), "1.5"],
    ["Invalid option: expected one of these", (message) => z.enum(["a"], { error: message }), "x"],
  ])("is shown, also if it is like one of zod's: %s", async (message, schema, sent) => {
    expect((await serveFields({ f: schema(message) }).send({ f: sent })).errors).toEqual({ f: [message] });
  });

  it.each([z.e164(), z.email(), z.iban(), z.ipv4(), z.string().regex(/^a$/)])("is never one of zod's own", async (schema) => {
    expect((await serveFields({ f: schema }).send({ f: "x" })).errors.f?.[0]).toMatch(
      /^(?:Enter an e-mail address|This does not have the right format)\.$/,
    );
  });
});

describe("a message that a check states with a code of zod", () => {
  const short = (path: string[] = []) => ({
    code: "too_small" as const,
    origin: "string" as const,
    minimum: 3,
    inclusive: true,
    input: "",
    message: "Own.",
    path,
  });

  it.each<[string, z.ZodType, Record<string, string>]>([
    ["superRefine()", z.string().superRefine((_, context) => context.addIssue(short())), { f: "a" }],
    [
      "check()",
      z.string().check((context) => {
        context.issues.push({ code: "invalid_format", format: "iban", input: "", message: "Own." });
      }),
      { f: "a" },
    ],
    ["a group", z.object({ a: z.string() }).superRefine((_, context) => context.addIssue(short(["a"]))), { "f.a": "a" }],
  ])("wins over the messages of the app, in any language of zod: %s", async (_, schema, fields) => {
    const page = serveFields({ f: schema }, { messages: germanMessages });
    for (const locale of [z.locales.en(), z.locales.de()]) {
      z.config(locale);
      try {
        expect(Object.values((await page.send(fields)).errors)).toEqual([["Own."]]);
      } finally {
        z.config(z.locales.en());
      }
    }
  });

  it("is Flagon's if zod has no language, as zod/mini has none", async () => {
    const page = serveFields({ text: z.string().min(3), count: z.int(), size: z.enum(["a"]) });
    z.config({ localeError: () => undefined });
    try {
      expect((await page.send({ text: "a", count: "x", size: "b" })).errors).toEqual({
        text: ["At least 3 characters."],
        count: ["Enter a whole number."],
        size: ["Choose one of the options."],
      });
    } finally {
      z.config(z.locales.en());
    }
  });
});
