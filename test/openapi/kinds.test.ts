import { Validator } from "@seriousme/openapi-schema-validator";
import { Blueprint, type Flagon, json } from "flagon";
import { createDocument } from "flagon/openapi";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const info = { title: "Shop", version: "1" };

interface Operation {
  readonly operationId: string;
  readonly servers?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly schema: unknown }[];
  readonly requestBody: { readonly content: { readonly "application/json": { readonly schema: Record<string, unknown> } } };
  readonly responses: Record<string, { readonly content: { readonly "application/json": { readonly schema: Record<string, unknown> } } }>;
}

async function describeApp(app: Flagon): Promise<Record<string, Record<string, Operation>>> {
  const document = JSON.parse(JSON.stringify(createDocument(app, { info })));
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  return document.paths;
}

/** Describes a schema as that of a body and as that of a result. */
async function describeSchema(schema: z.ZodType): Promise<{ input: Record<string, unknown>; output: Record<string, unknown> }> {
  const app = createApp();
  app.post("/", () => json(1), { json: schema, returns: schema, endpoint: "x" });
  const operation = (await describeApp(app))["/"]?.post;
  return {
    input: operation?.requestBody.content["application/json"].schema ?? {},
    output: operation?.responses[200]?.content["application/json"].schema ?? {},
  };
}

describe("the document of a schema", () => {
  it("states defaults and examples in the form of JSON", async () => {
    const { input } = await describeSchema(
      z.object({
        big: z.bigint().default(5n),
        caught: z.bigint().catch(2n ** 60n),
        tags: z.set(z.string()).default(new Set(["a"])),
        prices: z.map(z.string(), z.bigint()).prefault(new Map([["a", 1n]])),
        filter: z.object({ ids: z.set(z.int()) }).default({ ids: new Set([1]) }),
        at: z.date().default(new Date(0)),
        shown: z.set(z.bigint()).meta({ examples: [new Set([1n])], example: new Set([2n]) }),
      }),
    );
    const fields = Object.entries(input.properties as Record<string, Record<string, unknown>>);
    expect(Object.fromEntries(fields.map(([name, field]) => [name, field.default ?? [field.examples, field.example]]))).toEqual({
      big: 5,
      caught: "1152921504606846976",
      tags: ["a"],
      prices: [["a", 1]],
      filter: { ids: [1] },
      at: "1970-01-01T00:00:00.000Z",
      shown: [[[1]], [2]],
    });
  });

  it("writes literals that are bigints as integers and digits", async () => {
    const { input, output } = await describeSchema(z.object({ one: z.literal(5n), several: z.literal([1n, "x", null]) }));
    expect(input.properties).toEqual({ one: { enum: [5, "5"] }, several: { enum: [1, "1", "x", null] } });
    expect(output.properties).toEqual({ one: { enum: [5] }, several: { enum: [1, "x", null] } });
  });

  it("leaves out what JSON cannot carry: files of a union, and fields that are only there if they are absent", async () => {
    const { input } = await describeSchema(
      z.object({
        photo: z.union([z.file(), z.int32()]),
        name: z.union([z.string(), z.undefined()]),
        either: z.union([z.file(), z.string(), z.boolean()]),
        gone: z.undefined().optional(),
        never: z.never().optional(),
      }),
    );
    expect(input.properties).toEqual({
      photo: expect.objectContaining({ type: "integer" }),
      name: { type: "string" },
      either: { type: ["string", "boolean"] },
      never: { not: {} },
    });
    expect(input.required).not.toContain("gone");
  });

  it("does not call a field read-only because code cannot change it", async () => {
    const { input } = await describeSchema(
      z.object({ tags: z.array(z.string()).readonly(), id: z.int32().meta({ readOnly: true }) }).readonly(),
    );
    expect(JSON.stringify(input).match(/readOnly/g)).toHaveLength(1);
  });

  it.each<[string, z.ZodType]>([
    ["z.json()", z.json()],
    [
      "a recursive union of all of it",
      (() => {
        const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
        const Any: z.ZodType = z.lazy(() => z.union([Scalar, z.array(Any), z.record(z.string(), Any)]));
        return Any;
      })(),
    ],
  ])("says of any JSON nothing, so that generators can write its type: %s", async (_, schema) => {
    expect(await describeSchema(schema)).toEqual({ input: {}, output: {} });
    const { input } = await describeSchema(z.object({ data: schema, list: z.array(schema) }));
    expect(input.properties).toEqual({ data: {}, list: { type: "array", items: {} } });
  });

  it("keeps the options of a recursive union that does not take all of JSON", async () => {
    const Texts: z.ZodType = z.lazy(() => z.union([z.string(), z.array(Texts)]));
    expect((await describeSchema(Texts)).input).toEqual({ $ref: "#/components/schemas/X" });
  });

  it("is valid for a tuple without items", async () => {
    expect((await describeSchema(z.tuple([]))).input).toEqual({ type: "array", items: {}, maxItems: 0 });
  });
});

describe("the paths of the document", () => {
  const returns = z.object({ a: z.int32() });

  it("are percent-encoded, and their variables have the pattern of their converter", async () => {
    const app = createApp();
    app.converters.set("slug", { regex: "[a-z-]+" });
    app.get("/caf\u00e9 {bar}/<slug:name>/<path:rest>" as "/<name>/<path:rest>", () => ({ a: 1 }), { returns, endpoint: "x" });
    const paths = await describeApp(app);
    expect(Object.keys(paths)).toEqual(["/caf%C3%A9%20%7Bbar%7D/{name}/{rest}"]);
    expect(Object.values(paths)[0]?.get?.parameters?.map(({ schema }) => schema)).toEqual([
      { type: "string", pattern: "^(?:[a-z-]+)$" },
      { type: "string" },
    ]);
  });

  it("leave out rules that only redirect, or that no request matches", async () => {
    const app = createApp();
    app.get("/new", () => ({ a: 1 }), { returns, endpoint: "x" });
    app.get("/elsewhere", () => ({ a: 1 }), { returns, endpoint: "y", buildOnly: true });
    expect(Object.keys(await describeApp(app))).toEqual(["/new"]);
  });

  it("name the hosts of their routes, of all registrations of a blueprint", async () => {
    const api = new Blueprint("api");
    api.get("/x", () => ({ a: 1 }), { returns, endpoint: "x" });
    const app = createApp();
    app.register(api, { host: "api.example.com" });
    app.register(api, { host: "<any(eu,us):region>.example.com", name: "regions" });
    app.get("/y", () => ({ a: 1 }), { returns, endpoint: "y" });
    const paths = await describeApp(app);
    expect(paths["/x"]?.get?.servers).toEqual([
      { url: "//api.example.com" },
      { url: "//{region}.example.com", variables: { region: { default: "eu", enum: ["eu", "us"] } } },
    ]);
    expect(paths["/y"]?.get?.servers).toBeUndefined();
  });

  it("have one view for each method: a second one is left out, with a warning that names both", () => {
    const app = createApp();
    const warn = vi.spyOn(app.logger, "warn");
    app.get("/posts/<int:id>", () => ({ a: 1 }), { returns, endpoint: "byId" });
    app.get("/posts/<slug>", () => ({ a: 1 }), { returns, endpoint: "bySlug" });
    const { paths } = createDocument(app, { info }) as { paths: Record<string, { get: { operationId: string } }> };
    expect([Object.keys(paths), paths["/posts/{id}"]?.get.operationId]).toEqual([["/posts/{id}"], "byId"]);
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("Two views are the operation GET /posts/{id} of the OpenAPI document: byId and bySlug. A document has one")],
    ]);
    const hosts = createApp();
    const warnOfHosts = vi.spyOn(hosts.logger, "warn");
    hosts.get("/", () => ({ a: 1 }), { returns, endpoint: "a", host: "a.example.com" });
    hosts.get("/", () => ({ a: 1 }), { returns, endpoint: "b", host: "b.example.com" });
    createDocument(hosts, { info });
    expect(warnOfHosts.mock.calls).toEqual([[expect.stringContaining("a of the host 'a.example.com' and b of the host 'b.example.com'")]]);
  });
});
