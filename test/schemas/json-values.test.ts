import { json, route } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

/** Sends a body to a route with a schema. Returns what the view got, written as JSON, or the issues. */
async function send(schema: z.ZodType, body: unknown): Promise<unknown> {
  const app = createApp();
  app.post("/", ({ json: got }: { json?: unknown }) => json(write(got)), { json: schema, endpoint: "x" } as object);
  const response = await app.testClient().post("/", { json: body });
  const answer = (await response.json()) as { errors?: unknown };
  return response.status === 200 ? answer : (answer.errors ?? response.status);
}

/** Writes values by their classes: `{ date: … }`, `{ bigint: … }`, `{ set: […] }` and `{ map: […] }`. */
function write(value: unknown): unknown {
  if (value instanceof Date) {
    return { date: value.toISOString().slice(0, 10) };
  }
  if (typeof value === "bigint") {
    return { bigint: String(value) };
  }
  if (value instanceof Set) {
    return { set: [...value].map(write) };
  }
  if (value instanceof Map) {
    return { map: [...value].flat().map(write) };
  }
  if (Array.isArray(value)) {
    return value.map(write);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, write(item)]))
    : value;
}

const day = "2026-03-01";
const date = { date: day };
const asynchronous = z.date().refine(async () => true);

describe("a JSON body is converted where its schema asks for a value that JSON has no type for", () => {
  it.each<[string, z.ZodType, unknown, unknown]>([
    ["after a function that leaves it", z.preprocess((value) => value, z.date()), day, date],
    [
      "after a function for empty texts",
      z.object({ at: z.preprocess((value) => (value === "" ? undefined : value), z.date().optional()) }),
      { at: day },
      { at: date },
    ],
    [
      "after a function that makes the date",
      z.preprocess((value) => new Date(`${String(value).slice(0, 10)}`), z.date()),
      `${day}T10:00:00Z`,
      date,
    ],
    ["after a function that fails for a date", z.preprocess((value) => new Date((value as string).slice(0, 10)), z.date()), day, date],
    [
      "after a function that wraps one value",
      z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(z.bigint())),
      5,
      [{ bigint: "5" }],
    ],
    ["after a function, with an asynchronous check", z.preprocess((value) => value, asynchronous), day, date],
    ["after an own function, with an asynchronous check", z.preprocess((value) => new Date(String(value)), asynchronous), day, date],
    ["as a set after a function", z.preprocess((value) => value, z.set(z.string())), ["a"], { set: ["a"] }],
    ["as the bigint of a literal", z.object({ kind: z.literal([1n, 2n]) }), { kind: 2 }, { kind: { bigint: "2" } }],
    ["as the digits of a literal", z.literal(9007199254740993n), "9007199254740993", { bigint: "9007199254740993" }],
    ["as a literal of several kinds", z.literal([1n, 2, "3"]), "3", "3"],
    ["in a union with asynchronous checks", z.union([asynchronous, z.number()]), day, date],
    [
      "in a union of objects with asynchronous checks",
      z.union([
        z.object({ by: z.literal("id"), id: z.bigint().refine(async () => true) }),
        z.object({ by: z.literal("at"), at: asynchronous }),
      ]),
      { by: "at", at: day },
      { by: "at", at: date },
    ],
    [
      "by a discriminator that is a bigint",
      z.discriminatedUnion("v", [z.object({ v: z.literal(1n), at: z.date() }), z.object({ v: z.literal(2n), on: z.set(z.date()) })]),
      { v: 2, on: [day] },
      { v: { bigint: "2" }, on: { set: [date] } },
    ],
  ])("%s", async (_, schema, body, expected) => {
    expect(await send(schema, body)).toEqual(expected);
  });

  it.each<[string, z.ZodType, unknown]>([
    ["a day that does not exist, after a function", z.preprocess((value) => value, z.date()), "2026-02-30"],
    ["another number than the literal", z.literal(5n), 6],
    ["a fraction in place of a literal", z.literal(5n), 5.5],
    ["a text that no option of a union takes", z.union([asynchronous, z.number()]), "soon"],
  ])("or refused: %s", async (_, schema, body) => {
    expect(await send(schema, body)).toMatchObject([{ in: "body", path: [] }]);
  });
});

describe("a schema that JSON can never satisfy", () => {
  const add = (options: object) => () => createApp().post("/", () => json(1), { endpoint: "x", ...options });

  it.each<[string, z.ZodType, string]>([
    ["a promise", z.object({ name: z.promise(z.string()) }), "The field 'name' of the schema 'json' of x is of the kind 'promise'"],
    [
      "a union of such kinds",
      z.object({ a: z.union([z.file(), z.nan()]) }),
      "The field 'a' of the schema 'json' of x is of the kind 'file'",
    ],
    ["a file or null", z.object({ a: z.union([z.file(), z.null()]) }), "Take files as a form"],
    [
      "the instance of a class",
      z.object({ a: z.object({ at: z.instanceof(Date) }) }),
      "The field 'a.at' of the schema 'json' of x is of the kind 'instanceof'",
    ],
    [
      "a required field that is only there if it is absent",
      z.object({ gone: z.undefined() }),
      "The field 'gone' of the schema 'json' of x is of the kind 'undefined'",
    ],
    ["nothing", z.void(), "The schema 'json' of x is of the kind 'void'"],
  ])("is refused at set-up: %s", (_, schema, message) => {
    expect(add({ json: schema })).toThrow(message);
  });

  it("is taken where JSON can satisfy it by another value", () => {
    expect(
      add({ json: z.object({ a: z.union([z.file(), z.string()]), b: z.undefined().optional(), c: z.instanceof(Array) }) }),
    ).not.toThrow();
    expect(add({ json: z.preprocess((text) => new Blob([String(text)]), z.instanceof(Blob)) })).not.toThrow();
    expect(add({ returns: z.instanceof(URL) })).not.toThrow();
    expect(add({ returns: z.instanceof(File).transform(({ name }) => name) })).not.toThrow();
    expect(add({ returns: z.undefined() })).toThrow("Leave 'returns' out: with { status: 204 } the view returns nothing.");
  });
});

describe("the result of a route with 'returns'", () => {
  const ask = async (schema: z.ZodType, result: unknown): Promise<unknown> => {
    class Results {
      @route("/", { returns: schema })
      show() {
        return result as never;
      }
    }
    return (await createApp({}, Results).testClient().get("/")).json();
  };

  class Price {
    constructor(
      readonly cents: number,
      readonly cost = 1,
    ) {}
    toJSON() {
      return { amount: (this.cents / 100).toFixed(2), cost: this.cost };
    }
  }

  it.each<[string, z.ZodType, unknown, unknown]>([
    ["a set of a field that takes anything", z.object({ tags: z.unknown() }), { tags: new Set(["a"]) }, { tags: ["a"] }],
    ["a set that a function makes", z.array(z.string()).transform((list) => new Set(list)), ["a", "a"], ["a"]],
    ["a map of a loose object", z.looseObject({}), { prices: new Map([["a", 1n]]) }, { prices: [["a", 1]] }],
    ["the bigint of a literal", z.object({ v: z.literal(5n) }), { v: 5n }, { v: 5 }],
    ["an object that writes itself", z.object({ amount: z.string() }), new Price(250), { amount: "2.50" }],
    [
      "such objects in lists",
      z.object({ all: z.array(z.object({ amount: z.string() })) }),
      { all: [new Price(5)] },
      { all: [{ amount: "0.05" }] },
    ],
    ["such an object by its own fields", z.object({ cents: z.int() }), new Price(250), { cents: 250 }],
  ])("is sent with its contents: %s", async (_, schema, result, expected) => {
    expect(await ask(schema, result)).toEqual(expected);
  });

  it("names the mistakes that a schema does not explain", async () => {
    const Item = z.object({ id: z.int() });
    await expect(ask(z.array(Item), [Promise.reject(new Error("no database"))])).rejects.toThrow(
      "returned data whose '0' is a promise. Did you forget to await it?",
    );
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await expect(ask(z.object({ any: z.any() }), { any: circle })).rejects.toThrow(
      "returned a value that JSON cannot hold: it holds itself",
    );
    await expect(ask(Item.optional(), undefined)).rejects.toThrow("returned undefined, which JSON cannot hold. Return null");
  });
});
