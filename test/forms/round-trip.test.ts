import fc from "fast-check";
import { defineForm, type ZodSchema } from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { collect } from "./collect";

/** A schema with values that it accepts. */
interface Kind {
  readonly schema: z.ZodType;
  readonly values: fc.Arbitrary<unknown>;
}

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((value) => value.trim() !== "" && !/[\r\n\0]/.test(value));
const moment = fc.date({ min: new Date("1000-01-01"), max: new Date("9999-12-30"), noInvalidDate: true });
const cut = (length: number) => moment.map((date) => date.toISOString().slice(0, length));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));

const leaves: readonly Kind[] = [
  { schema: z.string(), values: text },
  { schema: z.string().optional(), values: fc.option(text, { nil: undefined }) },
  { schema: z.string().nullable(), values: fc.option(text) },
  { schema: z.string().meta({ type: "textarea" }), values: fc.array(text, { minLength: 1 }).map((lines) => `\n${lines.join("\n")}\n`) },
  { schema: z.email().or(z.literal("")), values: fc.constantFrom("", "a@example.com") },
  { schema: z.number(), values: number },
  { schema: z.int().nullish(), values: fc.option(fc.maxSafeInteger(), { nil: undefined }) },
  { schema: z.union([z.int(), z.null()]), values: fc.option(fc.maxSafeInteger()) },
  { schema: z.bigint(), values: fc.bigInt() },
  { schema: z.boolean(), values: fc.boolean() },
  { schema: z.boolean().nullable(), values: fc.option(fc.boolean()) },
  { schema: z.boolean().optional().meta({ type: "select" }), values: fc.option(fc.boolean(), { nil: undefined }) },
  { schema: z.boolean().default(true), values: fc.boolean() },
  {
    schema: z.date(),
    values: fc.oneof(
      cut(10).map((day) => new Date(day)),
      moment,
    ),
  },
  { schema: z.date().meta({ type: "month" }), values: cut(7).map((month) => new Date(month)) },
  { schema: z.string().max(6), values: text.filter((value) => [...value].length <= 6) },
  {
    schema: z.string().pipe(z.string().max(4)).optional(),
    values: fc.option(
      text.filter((value) => [...value].length <= 4),
      { nil: undefined },
    ),
  },
  { schema: z.string().and(z.string().min(1)), values: text },
  { schema: z.literal(["a", 1, null]), values: fc.constantFrom("a", 1, null) },
  {
    schema: z
      .string()
      .meta({
        choices: [
          ["a", "A"],
          ["b", "B"],
        ],
      })
      .optional(),
    values: fc.constantFrom("a", "b", undefined),
  },
  { schema: z.date().meta({ type: "datetime-local" }), values: moment },
  { schema: z.date().nullable().meta({ type: "hidden" }), values: fc.option(moment) },
  { schema: z.iso.date(), values: cut(10) },
  { schema: z.iso.datetime(), values: cut(24) },
  { schema: z.iso.datetime({ local: true }), values: cut(16) },
  { schema: z.iso.datetime({ local: true, precision: 0 }), values: cut(19) },
  { schema: z.iso.time({ precision: 3 }), values: cut(23).map((value) => value.slice(11)) },
  { schema: z.enum(["a", "b", `"<'`]), values: fc.constantFrom("a", "b", `"<'`) },
  { schema: z.enum(["", "a"]), values: fc.constantFrom("", "a") },
  { schema: z.enum(["a", "b"]).default("b"), values: fc.constantFrom("a", "b") },
  { schema: z.literal([1, 2]).meta({ type: "radio" }), values: fc.constantFrom(1, 2) },
  { schema: z.union([z.literal("auto"), z.int()]), values: fc.oneof(fc.constant("auto"), fc.integer()) },
  { schema: z.int().meta({ choices: { One: [[1, "1"]], Two: [2, 3] } }), values: fc.constantFrom(1, 2, 3) },
  { schema: z.array(z.enum(["x", "y"])).meta({ type: "checkbox" }), values: fc.subarray(["x", "y"]) },
  { schema: z.set(z.int()), values: fc.array(fc.integer(), { maxLength: 3 }).map((items) => new Set(items)) },
  { schema: z.array(z.string()), values: fc.array(text, { maxLength: 3 }) },
  {
    schema: z.iso.datetime({ local: true, offset: true }),
    values: fc.tuple(cut(16), fc.constantFrom("", ":05", ":05Z", ":05+05:30", ":05.123-03:30")).map((parts) => parts.join("")),
  },
  { schema: z.int32().multipleOf(5), values: fc.integer({ min: -1e8, max: 1e8 }).map((count) => count * 5 || 0) },
  { schema: z.number().multipleOf(0.1).min(0), values: fc.nat(10_000).map((tenths) => tenths / 10) },
  { schema: z.coerce.number<number>().brand("n").readonly(), values: number },
  { schema: z.enum({ Low: 0, High: 5 }), values: fc.constantFrom(0, 5) },
  { schema: z.templateLiteral(["a-", z.int()]), values: fc.nat().map((count) => `a-${count}`) },
  { schema: z.string().min(2).catch("xy"), values: text.filter((value) => value.length > 2 && [...value].length > 1) },
  { schema: z.nonoptional(z.int().optional()), values: fc.integer() },
  { schema: z.xor([z.int(), z.email()]), values: fc.oneof(fc.integer(), fc.constant("a@example.com")) },
  { schema: z.unknown(), values: text },
  { schema: z.date().meta({ type: "week" }), values: fc.nat(3000).map((weeks) => new Date(Date.UTC(2001, 0, 1 + 7 * weeks))) },
];

const keys = ["a", "b", "\u540d", "first-name"];

/** Makes groups of fields: objects, optional objects, rows, records, tuples, unions and intersections. */
const kinds: fc.Arbitrary<Kind> = fc.letrec<{ kind: Kind; leaf: Kind; group: Kind; object: Kind }>((tie) => ({
  leaf: fc.constantFrom(...leaves),
  kind: fc.oneof({ maxDepth: 2, withCrossShrink: true }, { weight: 2, arbitrary: tie("leaf") }, { weight: 1, arbitrary: tie("group") }),
  object: fc.array(tie("kind"), { minLength: 1, maxLength: 4 }).map((parts) => ({
    schema: z.object(Object.fromEntries(parts.map(({ schema }, index) => [keys[index], schema]))),
    values: fc.record(Object.fromEntries(parts.map(({ values }, index) => [keys[index], values]))),
  })),
  group: fc
    .tuple(
      fc.constantFrom("object", "optional", "rows", "record", "tuple", "union", "strict", "company", "both"),
      tie("object"),
      tie("leaf"),
    )
    .map(([shape, { schema, values }, leaf]) => {
      const filled = {
        schema: z.object({ filled: z.string() }).and(schema),
        values: fc.record({ filled: text, rest: values }).map(spread),
      };
      switch (shape) {
        case "object":
          return { schema, values };
        case "optional":
          return { schema: filled.schema.nullable(), values: fc.option(filled.values) };
        case "rows":
          return { schema: z.array(filled.schema), values: fc.array(filled.values, { maxLength: 3 }) };
        case "record":
          return {
            schema: z.record(z.string(), z.string()),
            values: fc.dictionary(fc.constantFrom("1", "10452", "a", "x y", "a.b"), text),
          };
        case "tuple":
          return { schema: z.tuple([z.string(), leaf.schema]), values: fc.tuple(text, leaf.values) };
        case "union":
          return {
            schema: z.discriminatedUnion("kind", [
              z.strictObject({ kind: z.literal("x"), filled: z.string() }),
              z.object({ kind: z.literal(["y", "z"]), n: z.int() }),
            ]),
            values: fc.oneof(
              fc.record({ kind: fc.constant("x"), filled: text }),
              fc.record({ kind: fc.constantFrom("y", "z"), n: fc.integer() }),
            ),
          };
        case "strict":
          return {
            schema: z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.int(), c: z.string() })]),
            values: fc.oneof(fc.record({ a: text }), fc.record({ b: fc.integer(), c: text })),
          };
        case "company":
          return {
            schema: z.discriminatedUnion("is", [z.object({ is: z.literal(true), vat: z.string() }), z.object({ is: z.literal(false) })]),
            values: fc.oneof(fc.record({ is: fc.constant(true), vat: text }), fc.record({ is: fc.constant(false) })),
          };
        default:
          return filled;
      }
    }),
})).object;

function spread({ filled, rest }: { filled: string; rest: unknown }): unknown {
  return Object.assign({ filled }, rest);
}

/** Drops what is absent: data have no key for it. */
function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutAbsent);
  }
  return typeof value === "object" && value !== null && !(value instanceof Date) && !(value instanceof Set)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, part]) => part !== undefined)
          .map(([key, part]) => [key, withoutAbsent(part)]),
      )
    : value;
}

describe("a form of any schema", () => {
  it("comes back equal when it is rendered and sent unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(
        kinds.chain(({ schema, values }) => fc.record({ schema: fc.constant(schema), value: values })),
        async ({ schema, value }) => {
          const form = defineForm(schema as ZodSchema<object>, { csrf: false });
          const app = createApp();
          let outcome: unknown;
          app.route(
            "/",
            async () => {
              const bound = await form.validateOnSubmit({ initial: value as object });
              outcome = { errors: { ...bound.errors }, formErrors: bound.formErrors, data: withoutAbsent(bound.data) };
              return bound.render();
            },
            { endpoint: "x", methods: ["GET", "POST"] },
          );
          const client = app.testClient();
          const page = await (await client.get("/")).text();
          await client.post("/", { form: collect(parseHTML(page).document) });
          expect([page, outcome]).toEqual([page, { errors: {}, formErrors: [], data: withoutAbsent(value) }]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
