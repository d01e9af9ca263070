import fc from "fast-check";
import { defineForm, englishMessages, type FormMessages, germanMessages, type ZodSchema } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { serveForm } from "./support";

const text = z.string();
const pattern = /^[A-Z]{2}\d$/;

/** Schemas of single values, of every kind and with every check that zod has. */
const leaves: readonly z.ZodType[] = [
  text,
  text.min(2),
  text.max(3),
  text.length(4),
  text.regex(pattern),
  text.startsWith("x"),
  text.endsWith("x"),
  text.includes("x"),
  text.lowercase(),
  text.uppercase(),
  text.trim().min(2),
  text.meta({ type: "textarea" }).min(5),
  z.email(),
  z.url(),
  z.uuid(),
  z.guid(),
  z.nanoid(),
  z.cuid2(),
  z.ulid(),
  z.emoji(),
  z.ipv4(),
  z.ipv6(),
  z.cidrv4(),
  z.base64(),
  z.base64url(),
  z.e164(),
  z.jwt(),
  z.hostname(),
  z.hex(),
  z.hash("sha256"),
  z.stringFormat("plate: \u00e4/b", pattern),
  z.iso.date(),
  z.iso.time(),
  z.iso.datetime(),
  z.iso.datetime({ local: true }),
  z.iso.duration(),
  z.number(),
  z.number().min(3).max(5),
  z.number().gt(3).lt(5),
  z.number().positive(),
  z.number().multipleOf(2),
  z.number().meta({ type: "range" }),
  z.int(),
  z.int32(),
  z.uint32(),
  z.float32(),
  z.int64(),
  z.bigint().min(3n).multipleOf(2n),
  z.coerce.number(),
  z.coerce.date(),
  z.boolean(),
  z.boolean().nullable(),
  z.literal(true),
  z.literal("a"),
  z.literal(["a", 1]),
  z.stringbool(),
  z.date(),
  z.date().min(new Date("2026-05-01")),
  z.date().max(new Date("2026-05-01")),
  z.date().meta({ type: "datetime-local" }).min(new Date("2026-05-01")),
  z.date().meta({ type: "month" }).max(new Date("2026-05-01")),
  z.date().meta({ type: "time" }),
  z.enum(["a", "b"]),
  z.enum({ Red: 0, Green: 1 }),
  z.enum(["a", "b"]).meta({ type: "radio" }),
  text.meta({ choices: ["a", "b"] }),
  z.int().meta({ choices: [1, 2] }),
  z.templateLiteral(["a-", z.int()]),
  z.union([z.int(), z.literal("auto")]),
  z.union([z.int(), z.email()]),
  z.xor([z.int(), z.number().min(3)]),
  z.email().or(z.literal("")),
  z.file().min(3).max(5).mime("image/png"),
  z.instanceof(File),
  z.json(),
  z.custom<string>((value) => value === "x"),
  text.transform(Number).pipe(z.number().min(3)),
  text.transform((value) => value.split(",")).pipe(z.array(text.min(2)).min(2).max(3)),
  text.transform((value) => ({ value: Number(value) })).pipe(z.object({ value: z.int() })),
  z.preprocess((value) => value, z.int()),
  text.pipe(z.coerce.number<string>().int()),
  z.codec(text, z.date(), { decode: (value) => new Date(value), encode: (value) => value.toISOString() }),
  text.refine((value) => value === "x"),
  text.superRefine((_, context) => context.addIssue({ code: "too_small", origin: "string", minimum: 3, inclusive: true, input: "" })),
  text.superRefine((_, context) => context.addIssue({ code: "custom" })),
  z.int().and(z.number().max(5)),
  z.unknown(),
  z.undefined(),
  z.null(),
];

const wrap: readonly ((schema: z.ZodType) => z.ZodType)[] = [
  (schema) => schema,
  (schema) => schema,
  (schema) => schema.optional(),
  (schema) => schema.nullable(),
  (schema) => schema.readonly(),
  (schema) => schema.brand("Id"),
  (schema) => z.lazy(() => schema),
  (schema) => z.nonoptional(schema.optional()),
  (schema) => z.array(schema),
  (schema) => z.array(schema).min(2).max(3),
  (schema) => z.array(schema).length(2),
  (schema) => z.set(schema).min(2),
  (schema) => z.tuple([schema, schema]),
  (schema) => z.record(text, schema),
  (schema) => z.record(z.enum(["a", "b"]), schema),
  (schema) => z.partialRecord(text.min(2), schema),
  (schema) => z.record(text.regex(/^k/), schema),
  (schema) => z.object({ a: schema, b: schema.optional() }),
  (schema) => z.strictObject({ a: schema }),
  (schema) => z.object({ a: text }).catchall(schema),
  (schema) => z.object({ a: schema }).and(z.object({ b: schema })),
  (schema) => z.array(z.object({ a: schema })),
  (schema) => z.union([z.object({ a: schema }), z.object({ b: z.int(), a: text })]),
  (schema) =>
    z.discriminatedUnion("kind", [z.object({ kind: z.literal("x"), a: schema }), z.strictObject({ kind: z.literal("y"), b: schema })]),
  (schema) => z.discriminatedUnion("kind", [z.object({ kind: z.literal(true), a: schema }), z.object({ kind: z.literal(false) })]),
  (schema) => schema.refine(() => false),
];

const values = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "a",
    "x",
    "abcdef",
    "1",
    "0",
    "4",
    "-1",
    "1.5",
    "1e400",
    "9007199254740993",
    "NaN",
    "undefined",
    "null",
    "on",
    "maybe",
    "y",
  ),
  fc.constantFrom(
    "2026-02-31",
    "2026-04-01",
    "2026-06-01T10:00",
    "10:00",
    "25:61",
    "2026-06",
    "a@b-.de",
    "javascript:x",
    "{}",
    "[object Object]",
  ),
  fc.string({ maxLength: 8, unit: "binary" }),
);
const names = fc.constantFrom(
  ..."f f f f f[0] f[1] f[2] f[3] f[] f.a f.b f.k1 f.kind f.other f[0].a f[0].kind f[1].a f[0][0] f[1][0] f.a.a f.a[0] f.b[0] f.a.b f[0].a[0] other".split(
    " ",
  ),
);

/** Words of a developer: those of zod's own messages, and of values that became text by mistake. */
const ofDevelopers =
  /Invalid|Too (?:small|big)|expected|received|Unrecognized|discriminator|must (?:be a|match|include|start)|\[object|undefined|\bNaN\b|\bnull\b|[<>]=|=>/;

describe("no message of zod reaches a visitor", () => {
  it.each<[string, FormMessages, RegExp]>([
    ["English", englishMessages, /^[A-Z].*[.]$/s],
    [
      "German",
      germanMessages,
      /^(?:Bitte |Mindestens |H\u00f6chstens |Genau |Mehr als |Weniger als |Nicht |Nach |Vor |Ein Vielfaches |Muss |Das |Diese|Es fehlt|Nur )/,
    ],
  ])("in %s", async (_, messages, likeness) => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...leaves),
        fc.constantFrom(...wrap),
        fc.constantFrom(...wrap),
        fc.array(fc.tuple(names, values), { maxLength: 6 }),
        fc.boolean(),
        async (leaf, inner, outer, sent, isStrict) => {
          const f = outer(inner(leaf)) as ZodSchema;
          const app = createApp();
          app.formMessages = messages;
          const form = defineForm(isStrict ? z.strictObject({ f: f as z.ZodType }) : { f }, { csrf: false });
          const fields: Record<string, string[]> = {};
          for (const [name, value] of sent) {
            fields[name] = [...(fields[name] ?? []), value];
          }
          const { errors, formErrors, document, status } = await serveForm(form, {}, undefined, app).send(fields);
          const shown = [...document.querySelectorAll(".field-errors li")].map(({ textContent }) => textContent ?? "");
          const all = [...Object.values(errors).flat(), ...formErrors];
          for (const message of [...all, ...shown]) {
            count++;
            // A field without a control has its name before the message.
            const words = message.replace(/^[^:]*: (?=[A-Z])/, "");
            expect([words, ofDevelopers.test(words), likeness.test(words)]).toEqual([words, false, true]);
          }
          expect([status, shown.length > 0, errors, formErrors, fields]).toEqual([
            all.length > 0 ? 422 : 200,
            all.length > 0,
            errors,
            formErrors,
            fields,
          ]);
        },
      ),
      { numRuns: 300, ...(process.env.FORM_SEED === undefined ? { seed: 1 } : { seed: Number(process.env.FORM_SEED) }) },
    );
    expect(count).toBeGreaterThan(100);
  });
});
