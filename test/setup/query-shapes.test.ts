import { json } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

/** Sends a query to a route with a schema. Returns what the view got, or the places that were refused. */
async function ask(query: z.ZodType, search: string): Promise<unknown> {
  const app = createApp();
  app.get("/", (values: { query?: unknown }) => json(values.query), { query, endpoint: "x" });
  const response = await app.testClient().get(`/?${search}`, { headers: { accept: "application/json" } });
  const body = (await response.json()) as { errors?: readonly { path: readonly string[]; detail: string }[] };
  return response.status === 200 ? body : body.errors?.map(({ path, detail }) => `${path.join("/")}: ${detail}`);
}

const Filter = z.object({
  flag: z.boolean().optional(),
  agreed: z.coerce.boolean().optional(),
  page: z.int().optional(),
  name: z.string().optional(),
  label: z.coerce.string().optional(),
  sort: z.enum(["up", "down"]).optional(),
  tags: z.array(z.string()).optional(),
  ids: z.set(z.int()).optional(),
  lines: z.array(z.object({ id: z.int() })).optional(),
  pair: z.tuple([z.int(), z.int().optional()]).optional(),
  range: z.object({ from: z.int() }).optional(),
  names: z.record(z.string(), z.string()).optional(),
});

describe("a query with a value of another shape", () => {
  it.each([
    ["flag[x]=1", "flag: Invalid input: expected boolean, received object"],
    ["agreed[x]=1", "agreed: Invalid input: expected boolean, received string"],
    ["page.x=1", "page: Invalid input: expected number, received object"],
    ["name[0]=a", "name: Invalid input: expected string, received object"],
    ["label[x]=a", "label: Invalid input: expected string, received object"],
    ["sort[by]=up", 'sort: Invalid option: expected one of "up"|"down"'],
    ["tags[x]=a", "tags: Invalid input: expected array, received object"],
    ["ids[first]=1", "ids: Invalid input: expected set, received object"],
    ["lines[][id]=1&lines[][id]=2", "lines: Invalid input: expected array, received object"],
    ["pair=1&pair=2&pair=3", "pair: Too big: expected array to have <=2 items"],
    ["page=1&page[x]=2", "page: Invalid input: expected number, received object"],
    ["page[x]=2&page=1", "page: Invalid input: expected number, received object"],
    ["tags[0]=a&tags=b", "tags: Invalid input: expected array, received object"],
    ["ids=1&ids[0]=2", "ids: Invalid input: expected set, received object"],
    ["pair=1&pair[1]=2", "pair: Invalid input: expected tuple, received object"],
    ["range=1&range[from]=2", "range: Invalid input: expected object, received string"],
    ["names=1&names[a]=2", "names: Invalid input: expected record, received string"],
  ])("is refused, and no value is lost: %s", async (search, issue) => {
    expect(await ask(Filter, search)).toEqual([issue]);
  });

  it.each([
    ["pair=1", { pair: [1] }],
    ["pair[0]=1&pair[1]=2", { pair: [1, 2] }],
    ["lines[0][id]=1&lines[1].id=2", { lines: [{ id: 1 }, { id: 2 }] }],
    ["other[x]=1", {}],
    ["range=&range[from]=2", { range: { from: 2 } }],
    ["page=1&page[x]=", { page: 1 }],
    ["tags=a&tags[]=b", { tags: ["a", "b"] }],
  ])("is taken in the right shape: %s", async (search, expected) => {
    expect(await ask(Filter, search)).toEqual(expected);
  });

  it("gives the text to a function that makes a list of it", async () => {
    const split = (value: unknown): unknown => (typeof value === "string" ? value.split(",") : value);
    const query = z.object({
      tags: z.preprocess(split, z.array(z.string())).optional(),
      sizes: z.preprocess(split, z.array(z.coerce.number())).optional(),
      numbers: z.preprocess((value) => value, z.array(z.int())).optional(),
    });
    expect(await ask(query, "tags=a,b&sizes=1,2")).toEqual({ tags: ["a", "b"], sizes: [1, 2] });
    expect(await ask(query, "tags=a&tags=b,c&numbers=1")).toEqual({ tags: ["a", "b,c"], numbers: [1] });
    expect(await ask(query, "")).toEqual({});
    expect(await ask(query, "sizes=1,x")).toEqual(["sizes/0: Invalid input: expected number, received NaN"]);
  });

  it("keeps the fields of a value of any JSON", async () => {
    expect(await ask(z.object({ data: z.json().optional() }), "data[a]=1&data[b][c]=x")).toEqual({ data: { a: "1", b: { c: "x" } } });
  });

  it("is refused at set-up if no query can send it", () => {
    expect(() => createApp().get("/", () => "", { endpoint: "x", query: z.object({ photo: z.file().optional() }) })).toThrow(
      "The field 'photo' of a query is of the kind 'file', which no query can send. Take files by the option 'form'.",
    );
    expect(() => createApp().get("/", () => "", { endpoint: "x", query: z.object({ "page[size]": z.int() }) })).toThrow(
      "A field of a query cannot be called 'page[size]'",
    );
  });
});
