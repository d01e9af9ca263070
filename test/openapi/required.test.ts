import { Validator } from "@seriousme/openapi-schema-validator";
import { json } from "flagon";
import { createDocument } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const info = { title: "Shop", version: "1" };
const text = z.string();
const number = z.codec(z.string(), z.number(), { decode: Number, encode: String });
const discriminated = (first: z.ZodType<"a", "a" | undefined>) =>
  z.discriminatedUnion("kind", [z.object({ kind: first as z.ZodLiteral<"a"> }), z.object({ kind: z.literal("b"), n: z.int() })]);

const schemas: Readonly<Record<string, z.ZodType>> = {
  text,
  optional: text.optional(),
  nullable: text.nullable(),
  nullish: text.nullish(),
  exactOptional: text.exactOptional(),
  default: text.default("x"),
  prefault: text.prefault("x"),
  "a prefault that is refused": text.min(3).prefault("x"),
  catch: text.catch("x"),
  "a catch of a nullable": text.nullable().catch(null),
  "a catch before a check": text.catch("x").pipe(text.min(2)),
  "a catch and a function": text.catch("x").transform((value) => value.length),
  "an optional catch": text.optional().catch("x"),
  "a lazy catch": z.lazy(() => text.catch("x")),
  "a function that makes a default": z.preprocess((value) => value ?? "x", text),
  "a function that leaves the value": z.preprocess((value) => value, text),
  "a function that makes text of anything": z.preprocess((value) => String(value).length, z.number()),
  "a function before an optional": z.preprocess((value) => value, text.optional()),
  "a function after an optional": text.optional().transform((value) => value ?? "x"),
  "an asynchronous check": text.refine(async () => true),
  "an asynchronous check of a default": text.default("x").refine(async () => true),
  nonoptional: text.optional().nonoptional(),
  "a check for presence": text.optional().refine((value) => value !== undefined),
  "text from anything": z.coerce.string(),
  "a number from anything": z.coerce.number(),
  "a boolean from anything": z.coerce.boolean(),
  "a date from anything": z.coerce.date(),
  "a bigint from anything": z.coerce.bigint(),
  unknown: z.unknown(),
  any: z.any(),
  json: z.json(),
  custom: z.custom(() => true),
  "custom text": z.custom((value) => typeof value === "string"),
  "a union with undefined": z.union([text, z.undefined()]),
  "a union with an optional": z.union([text, z.number().optional()]),
  "a union with a catch": z.union([z.int(), text.catch("x")]),
  "a union with a default": z.union([z.int(), text.default("x")]),
  "a union with a boolean": z.union([z.boolean(), text]),
  "a union with a list": z.union([text, z.array(text)]),
  "a union of objects": discriminated(z.literal("a")),
  boolean: z.boolean(),
  "an optional boolean": z.boolean().optional(),
  "true alone": z.literal(true),
  date: z.date(),
  bigint: z.bigint(),
  list: z.array(text),
  "a list of one or more": z.array(text).min(1),
  set: z.set(text),
  "a set of one or more": z.set(text).min(1),
  object: z.object({ a: text }),
  "an object of optional fields": z.object({ a: text.optional(), b: z.boolean().optional() }),
  "an object of booleans": z.object({ a: z.boolean() }),
  "an object of fields that catch": z.object({ a: text.catch("x") }),
  record: z.record(text, text),
  "a record of stated keys": z.record(z.enum(["a", "b"]), text),
  "a partial record": z.partialRecord(z.enum(["a", "b"]), text),
  tuple: z.tuple([text]),
  "a tuple of nothing": z.tuple([]),
  literal: z.literal("a"),
  "a literal of text or nothing": z.literal(["a", undefined]),
  null: z.null(),
  enum: z.enum(["a"]),
  codec: number,
  "an optional codec": number.optional(),
  "a text of truth": z.stringbool(),
  "a text of truth with a default": z.stringbool().default(true),
  intersection: z.intersection(z.object({ a: text }), z.object({ b: text.optional() })),
  readonly: text.optional().readonly(),
};

interface Described {
  readonly required?: readonly string[];
}

/** Returns whether the document requires the field `field`, and whether the server refuses its absence. */
async function compare(schema: z.ZodType, place: "json" | "query" | "form"): Promise<{ required: boolean; refused: boolean }> {
  const app = createApp({ errors: "json" });
  const whole = z.object({ field: schema, other: text.optional() });
  const schemas: { json?: typeof whole; query?: typeof whole; form?: typeof whole } = { [place]: whole };
  app.post("/", () => json(1), { endpoint: "x", ...schemas });
  const client = app.testClient();
  const response = await client.post("/", place === "json" ? { json: {} } : place === "form" ? { form: { other: "x" } } : {});
  expect([200, 422]).toContain(response.status);
  const document = JSON.parse(JSON.stringify(createDocument(app, { info })));
  const { parameters = [], requestBody } = document.paths["/"].post as {
    parameters?: readonly { readonly name: string; readonly required: boolean }[];
    requestBody?: { readonly content: Record<string, { readonly schema: Described & { readonly $ref?: string } }> };
  };
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const described: Described = body?.$ref === undefined ? (body ?? {}) : document.components.schemas[body.$ref.split("/").at(-1) ?? ""];
  const required =
    place === "query"
      ? parameters.some(({ name, required }) => name === "field" && required)
      : described.required?.includes("field") === true;
  return { required, refused: response.status === 422 };
}

describe("the document requires a field exactly where the server refuses its absence", () => {
  it.each(Object.entries(schemas))("%s", async (_, schema) => {
    for (const place of ["json", "query", "form"] as const) {
      const { required, refused } = await compare(schema, place);
      expect([place, required]).toEqual([place, refused]);
    }
  });

  it("also in objects inside, and in those of a list", async () => {
    const app = createApp();
    const Item = z.object({ a: text.catch("x"), b: text, c: z.boolean() });
    const options = { endpoint: "x", json: z.object({ one: Item, several: z.array(Item) }), query: z.object({ filter: Item }) };
    app.post("/", () => json(1), options);
    const { paths } = JSON.parse(JSON.stringify(createDocument(app, { info })));
    const { requestBody, parameters } = paths["/"].post;
    const { one, several } = requestBody.content["application/json"].schema.properties;
    expect([one.required, several.items.required, parameters[0].schema.required]).toEqual([["b", "c"], ["b", "c"], ["b"]]);
  });

  it("also in the parts of an intersection", async () => {
    const app = createApp();
    const both = z.intersection(z.object({ a: text.catch("x"), b: text }), z.object({ c: text.catch("x"), d: z.boolean() }));
    app.post("/", () => json(1), { endpoint: "x", json: both, query: both });
    const { paths } = JSON.parse(JSON.stringify(createDocument(app, { info })));
    const { requestBody, parameters } = paths["/"].post;
    expect(requestBody.content["application/json"].schema.required).toEqual(["b", "d"]);
    expect(parameters.map(({ name, required }: { name: string; required: boolean }) => [name, required])).toEqual([
      ["a", false],
      ["b", true],
      ["c", false],
      ["d", false],
    ]);
  });

  it("and a body of a form exactly where one of its fields is required", async () => {
    for (const [field, required] of [
      [text, true],
      [text.optional(), false],
      [z.boolean(), false],
    ] as const) {
      const app = createApp({ errors: "json" });
      app.post("/", () => json(1), { endpoint: "x", form: z.object({ field }) });
      const document = JSON.parse(JSON.stringify(createDocument(app, { info })));
      expect(document.paths["/"].post.requestBody.required).toBe(required);
      expect((await app.testClient().post("/")).status).toBe(required ? 422 : 200);
    }
  });

  it("runs no function of a field that may be absent anyway", () => {
    const app = createApp();
    let count = 0;
    const field = text.optional().refine(async () => count++ > 0);
    app.post("/", () => json(1), { endpoint: "x", json: z.object({ field }) });
    createDocument(app, { info });
    expect(count).toBe(0);
  });
});

describe("fields of any name", () => {
  const describeQuery = async (query: z.ZodType): Promise<{ name: string; schema: unknown }[]> => {
    const app = createApp();
    app.get("/", () => json(1), { endpoint: "x", query, openapi: {} });
    const document = JSON.parse(JSON.stringify(createDocument(app, { info })));
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    return document.paths["/"].get.parameters;
  };

  it.each<[string, z.ZodType, unknown]>([
    ["a loose object", z.looseObject({ page: z.int32().optional() }), {}],
    ["a catchall", z.object({ page: z.int32().optional() }).catchall(z.array(z.string())), { type: "array", items: { type: "string" } }],
    ["one side of an intersection", z.intersection(z.object({ page: z.int32() }), z.looseObject({ size: z.int32() })), {}],
    [
      "one option of a union",
      z.union([z.object({ a: z.string() }).catchall(z.email()), z.object({ b: z.string() })]),
      expect.objectContaining({ format: "email" }),
    ],
  ])("are one object in the style of forms: %s", async (_, query, additionalProperties) => {
    expect((await describeQuery(query)).at(-1)).toEqual({
      name: "query",
      in: "query",
      required: false,
      description: "Further parameters, each under its own name.",
      style: "form",
      explode: true,
      schema: { type: "object", additionalProperties },
    });
  });

  it("have a name that no parameter has, and are left out of other objects", async () => {
    expect((await describeQuery(z.looseObject({ query: z.string(), query2: z.string() }))).map(({ name }) => name)).toEqual([
      "query",
      "query2",
      "query3",
    ]);
    for (const query of [z.object({ a: z.string() }), z.strictObject({ a: z.string() }), z.object({ a: z.string() }).catchall(z.never())]) {
      expect((await describeQuery(query)).map(({ name }) => name)).toEqual(["a"]);
    }
  });

  it("are in the body of a form", () => {
    const app = createApp({ errors: "json" });
    app.post("/", () => json(1), { endpoint: "x", form: z.object({ a: z.string() }).catchall(z.string()) });
    const document = JSON.parse(JSON.stringify(createDocument(app, { info })));
    const [media] = Object.values<{ schema: unknown }>(document.paths["/"].post.requestBody.content);
    expect(media?.schema).toMatchObject({ properties: { a: {} }, additionalProperties: { type: "string" } });
  });
});
