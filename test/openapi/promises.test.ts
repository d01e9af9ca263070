import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { json } from "flagon";
import { createDocument } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";

const info = { title: "Shop", version: "1" };
const Tree = z.object({
  size: z.int(),
  get kids() {
    return z.array(Tree).optional();
  },
});

/** Schemas whose document says all that they check. */
const schemas: Readonly<Record<string, z.ZodType>> = {
  integer: z.int(),
  "a number in bounds": z.number().gt(1).lt(3),
  "a multiple": z.number().multipleOf(0.5),
  text: z.string().min(1).max(2),
  pattern: z.string().regex(/^a+$/),
  "a part of text": z.string().startsWith("a").endsWith("b"),
  email: z.email(),
  uuid: z.uuid(),
  day: z.iso.date(),
  enum: z.enum(["a", "b"]),
  literals: z.literal(["a", 1, null, true]),
  "literals with a bigint": z.literal([1n, 2]),
  "a pattern of parts": z.templateLiteral(["a-", z.int()]),
  bigint: z.bigint(),
  "a bigint from 0 on": z.bigint().nonnegative(),
  list: z.array(z.int()).min(1).max(2),
  tuple: z.tuple([z.string(), z.int().optional()]),
  "a tuple of more": z.tuple([z.string()], z.int()),
  "a tuple of a bigint and a date": z.tuple([z.bigint(), z.date().nullable()]),
  map: z.map(z.string(), z.int()),
  object: z.object({ a: z.string(), b: z.int().optional() }),
  "a strict object": z.strictObject({ a: z.string() }),
  "a loose object": z.looseObject({ a: z.string() }),
  catchall: z.object({ a: z.string() }).catchall(z.int()),
  partial: z.object({ a: z.string(), b: z.int() }).partial(),
  record: z.record(z.string(), z.int()),
  "a record of stated keys": z.record(z.enum(["a", "b"]), z.int()),
  "a partial record": z.partialRecord(z.enum(["a", "b"]), z.int()),
  union: z.union([z.string(), z.int()]),
  "a union of objects": z.union([z.object({ a: z.string() }), z.object({ b: z.int() })]),
  "one of two": z.xor([z.string(), z.int()]),
  "a discriminated union": z.discriminatedUnion("k", [
    z.object({ k: z.literal("a"), b: z.int() }),
    z.object({ k: z.literal("b"), a: z.bigint() }),
  ]),
  intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
  recursive: Tree,
  readonly: z.object({ a: z.array(z.int()).readonly() }).readonly(),
  exact: z.object({ a: z.int().exactOptional() }),
};

/** Values of JSON: those that a schema here takes, and all others. */
const scalar = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "b",
    "ab",
    "aa",
    "axb",
    "a-1",
    "a-x",
    "12",
    "-5",
    "9007199254740993",
    "2026-01-01",
    "2026-02-30",
    "2026-01-01T00:00:00Z",
    "x@example.com",
  ),
  fc.constantFrom(0, 1, 2, 1.5, 2.75, -1, 2 ** 53, 2 ** 53 - 1, 1e20, true, false, null),
  fc.uuid(),
  fc.string({ maxLength: 3 }),
  fc.integer(),
);
const key = fc.constantFrom("a", "b", "c", "k", "size", "kids");
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** Compiles a schema of a document. */
function compile(document: object, path: string): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, logger: false });
  addFormats(ajv);
  ajv.addFormat("int64", true);
  ajv.addSchema({ $id: "document", ...document });
  const validate = ajv.compile({ $ref: `document#/paths/~1/${path}/content/application~1json/schema` });
  return (given) => validate(given) === true;
}

describe("a JSON value is taken exactly if it is valid by the document", () => {
  it.each(Object.entries(schemas))("%s", async (_, schema) => {
    const app = createApp();
    app.post("/", () => json(1), { endpoint: "x", json: z.object({ value: schema }) });
    const isPromised = compile(JSON.parse(JSON.stringify(createDocument(app, { info }))), "post/requestBody");
    const client = app.testClient();
    await fc.assert(
      fc.asyncProperty(value, async (given) => {
        const { status } = await client.post("/", { json: { value: given } });
        expect(status).toBe(isPromised({ value: given }) ? 200 : 422);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a result that is sent is valid by the document", () => {
  const outputs: Readonly<Record<string, z.ZodType>> = {
    ...schemas,
    unknown: z.unknown(),
    "anything in an object": z.object({ a: z.any(), b: z.union([z.int(), z.unknown()]) }),
    date: z.date(),
    set: z.set(z.int()),
    "a record of optional values": z.record(z.enum(["a", "b"]), z.int().optional()),
    "a default": z.object({ a: z.int().default(1), b: z.int().catch(2) }),
    "a function": z
      .string()
      .transform((text) => text.length)
      .pipe(z.int()),
  };
  const special = fc.constantFrom<unknown>(
    undefined,
    { a: undefined, b: 1 },
    new Date(0),
    5n,
    2n ** 70n,
    new Set([1, 2]),
    new Map([["a", 1]]),
    [1n, new Date(0)],
    {
      k: "b",
      a: 1n,
    },
  );

  it.each(Object.entries(outputs))("%s", async (_, schema) => {
    const app = createLiveApp();
    let current: unknown;
    app.get("/", () => json({ value: current }), { endpoint: "other" });
    app.get("/x", () => ({ value: current }) as never, { endpoint: "x", returns: z.object({ value: schema }) });
    const document = JSON.stringify(createDocument(app, { info })).replace('"/x":', '"/":');
    const isPromised = compile(JSON.parse(document), "get/responses/200");
    const client = app.testClient();
    await fc.assert(
      fc.asyncProperty(fc.oneof({ arbitrary: value, weight: 4 }, special), async (given) => {
        current = given;
        const response = await client.get("/x");
        const body = await response.json();
        expect([body, response.status === 500 || isPromised(body)]).toEqual([body, true]);
      }),
      { numRuns: 40 },
    );
  });
});

it("the sizes of sets and maps and the bounds of bigints are in the document", () => {
  const app = createApp();
  const schema = z.object({
    set: z.set(z.string()).min(1).max(3),
    map: z.map(z.string(), z.int32()).size(2),
    big: z.bigint().min(1n).lt(10n).multipleOf(3n),
    huge: z.bigint().min(2n ** 60n),
    any: z.int64(),
  });
  app.post("/", () => json(1), { endpoint: "x", json: schema });
  const document = JSON.parse(JSON.stringify(createDocument(app, { info })));
  const { MAX_SAFE_INTEGER: most, MIN_SAFE_INTEGER: least } = Number;
  expect(document.paths["/"].post.requestBody.content["application/json"].schema.properties).toMatchObject({
    set: { minItems: 1, maxItems: 3 },
    map: { minItems: 2, maxItems: 2 },
    big: { anyOf: [{ minimum: 1, exclusiveMaximum: 10, multipleOf: 3 }, { pattern: "^0*[1-9]$" }] },
    huge: { anyOf: [{ minimum: 0, maximum: most }, { pattern: expect.stringMatching(/^\^0\*\(\?:115292150460684697/) }] },
    any: { anyOf: [{ minimum: least, maximum: most }, { pattern: expect.stringContaining("922337203685477580[0-8]") }] },
  });
});
