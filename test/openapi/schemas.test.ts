import { Validator } from "@seriousme/openapi-schema-validator";
import { blueprint, type Flagon, json, route, viewDecorator } from "flagon";
import { loginRequired } from "flagon/login";
import { createDocument, openapi } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const info = { title: "Shop", version: "1" };

interface Operation {
  readonly parameters?: readonly Record<string, unknown>[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Record<string, unknown> }> };
  readonly responses: Record<string, Record<string, unknown>>;
  readonly security?: unknown;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, Record<string, unknown>>;
    readonly responses?: Record<string, unknown>;
    readonly securitySchemes?: Record<string, unknown>;
  };
}

/** Creates the document of an app, after a public validator has passed it. */
async function describeApp(app: Flagon, options: Partial<Parameters<typeof createDocument>[1]> = {}): Promise<Document> {
  const document = JSON.parse(JSON.stringify(createDocument(app, { info, ...options })));
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  for (const [, target = ""] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/([^"]+)"/g)) {
    const [kind = "", name = ""] = target.split("/");
    expect(document.components[kind], target).toHaveProperty([name]);
  }
  return document as Document;
}

function returning(...schemas: z.ZodType[]): Flagon {
  const app = createApp();
  for (const [index, schema] of schemas.entries()) {
    app.route(`/r${index}` as "/r", () => json(null), { endpoint: `r${index}`, returns: schema });
  }
  return app;
}

const returned = ({ paths }: Document, path: string): unknown =>
  (paths[path]?.get?.responses[200]?.content as { "application/json": { schema: unknown } } | undefined)?.["application/json"].schema;

describe("recursive schemas", () => {
  const A = z.object({
    a: z.string(),
    get kids() {
      return z.array(A);
    },
  });
  const B = z.object({
    b: z.string(),
    get kids() {
      return z.array(B);
    },
  });
  const C = z.object({
    c: z.string(),
    get kids() {
      return z.array(C).optional();
    },
  });

  it("become components, each with its own name", async () => {
    const document = await describeApp(returning(A, z.array(A), z.array(B), z.array(C), C));
    expect(returned(document, "/r0")).toEqual({ $ref: "#/components/schemas/R0" });
    expect(returned(document, "/r1")).toEqual({ type: "array", items: { $ref: "#/components/schemas/R0" } });
    expect(returned(document, "/r2")).toEqual({ type: "array", items: { $ref: "#/components/schemas/R2" } });
    expect(returned(document, "/r3")).toEqual({ type: "array", items: { $ref: "#/components/schemas/R3" } });
    expect(returned(document, "/r4")).toEqual({ $ref: "#/components/schemas/R3" });
    const { R0, R2, R3 } = document.components.schemas;
    expect(R0?.properties).toEqual({ a: { type: "string" }, kids: { type: "array", items: { $ref: "#/components/schemas/R0" } } });
    expect(Object.keys(R2?.properties ?? {})).toEqual(["b", "kids"]);
    expect(Object.keys(R3?.properties ?? {})).toEqual(["c", "kids"]);
  });

  it("are described through sets, maps, lazies and each other", async () => {
    const Node = z.object({
      tags: z.set(z.string()),
      get set() {
        return z.set(Node).optional();
      },
      get map() {
        return z.map(z.string(), Other).optional();
      },
    });
    const Other = z.object({
      get node() {
        return Node.optional();
      },
    });
    const Lazy: z.ZodType = z.lazy(() => z.object({ next: Lazy.optional() }));
    const document = await describeApp(returning(Node, Other, Lazy));
    const node = returned(document, "/r0") as { $ref: string };
    expect(document.components.schemas[node.$ref.replace("#/components/schemas/", "")]?.properties).toEqual({
      tags: { type: "array", uniqueItems: true, items: { type: "string" } },
      set: { type: "array", uniqueItems: true, items: node },
      map: {
        type: "array",
        items: { type: "array", minItems: 2, maxItems: 2, items: {}, prefixItems: [{ type: "string" }, expect.anything()] },
      },
    });
  });
});

describe("names of components", () => {
  it("are written without characters that a reference cannot hold, and numbered when they are taken", async () => {
    const first = z.object({ a: z.int() }).meta({ id: "a/b" });
    const second = z.object({ b: z.int() }).meta({ id: "a_b" });
    const third = z.object({ c: z.int() }).meta({ id: "a~b" });
    const fourth = z.object({ d: z.int() }).meta({ id: "a b" });
    const document = await describeApp(returning(first, second, third, fourth, z.array(first)));
    expect(Object.keys(document.components.schemas)).toEqual(["a_b", "a_bOutput", "a_bOutput2", "a_bOutput3"]);
    expect(returned(document, "/r4")).toEqual({ type: "array", items: { $ref: "#/components/schemas/a_b" } });
  });

  it("keep a schema with the id '#' apart from the schema around it", async () => {
    const document = await describeApp(returning(z.object({ a: z.int32() }).meta({ id: "#" })));
    expect(Object.values(document.components.schemas)).toEqual([expect.objectContaining({ properties: { a: expect.anything() } })]);
  });

  it("leave 'Problem' to the app if the app has a schema of that name", async () => {
    const Problem = z.object({ mine: z.int() }).meta({ id: "Problem" });
    const app = createApp();
    app.route("/x/<int:id>", () => ({ mine: 1 }), { endpoint: "x", returns: Problem, query: z.object({ page: z.int() }) });
    const { components } = await describeApp(app);
    expect(Object.keys(components.schemas)).toEqual(["Problem", "ProblemDetails"]);
    expect(components.schemas.Problem?.properties).toEqual({ mine: expect.objectContaining({ type: "integer" }) });
    expect(JSON.stringify(components.responses)).toContain("#/components/schemas/ProblemDetails");
  });

  it("name the route with two schemas of one id", () => {
    const app = returning(z.object({ a: z.int().meta({ id: "Twice" }), b: z.string().meta({ id: "Twice" }) }));
    expect(() => createDocument(app, { info })).toThrow("A schema of the route 'r0' cannot be described in an OpenAPI document: ");
  });
});

describe("a query in the document", () => {
  const parametersOf = async (query: z.ZodType): Promise<Record<string, unknown>[]> => {
    const app = createApp();
    app.route("/x", () => json(null), { endpoint: "x", query, openapi: {} });
    return [...((await describeApp(app)).paths["/x"]?.get?.parameters ?? [])];
  };

  it("are one object of any keys for a record", async () => {
    expect(await parametersOf(z.record(z.string(), z.int()))).toMatchObject([
      { name: "query", in: "query", required: false, style: "form", explode: true, schema: { type: "object" } },
    ]);
    expect((await parametersOf(z.partialRecord(z.enum(["a", "b"]), z.int()))).length).toBeGreaterThan(0);
  });

  it("has objects in bracket style, and marks only needed fields as required", async () => {
    const parameters = await parametersOf(
      z.object({
        filter: z.object({ a: z.int().optional(), b: z.boolean() }),
        range: z.object({ from: z.int() }),
        page: z.int().nullable(),
        sort: z.string().meta({ deprecated: true, description: "The order.", examples: ["name"] }),
      }),
    );
    expect(parameters.map(({ name, required, style }) => [name, required, style])).toEqual([
      ["filter", false, "deepObject"],
      ["range", true, "deepObject"],
      ["page", false, undefined],
      ["sort", true, undefined],
    ]);
    expect(parameters[3]).toEqual({
      name: "sort",
      in: "query",
      required: true,
      deprecated: true,
      description: "The order.",
      schema: { type: "string", examples: ["name"] },
    });
  });

  it("need not have what may be null, and tuples have a schema of further items", async () => {
    const parameters = await parametersOf(
      z.object({
        text: z.string().nullable(),
        day: z.date().nullable(),
        filter: z.object({ a: z.int().nullable() }),
        pair: z.tuple([z.int(), z.string()]),
        many: z.tuple([z.int()], z.string()).optional(),
        some: z.array(z.int()).min(1),
        all: z.array(z.int()),
      }),
    );
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ["text", false],
      ["day", false],
      ["filter", false],
      ["pair", true],
      ["many", false],
      ["some", true],
      ["all", false],
    ]);
    const items = parameters.map(({ schema }) => (schema as { items?: unknown }).items);
    expect(items.slice(3, 5)).toEqual([{}, { type: "string" }]);
  });

  it("has the fields of all parts of an intersection", async () => {
    const both = await parametersOf(z.intersection(z.object({ a: z.string() }), z.object({ b: z.string().optional() })));
    expect(both.map(({ name, required }) => [name, required])).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });

  it("has the fields of all options of a union", async () => {
    const options = [
      z.object({ by: z.literal("name"), name: z.string(), page: z.int().optional() }),
      z.object({ by: z.literal("age"), age: z.int(), page: z.int().optional() }),
    ] as const;
    for (const union of [z.union(options), z.discriminatedUnion("by", options)]) {
      expect((await parametersOf(union)).map(({ name, required, schema }) => [name, required, schema])).toEqual([
        ["by", true, { type: "string", enum: ["name", "age"] }],
        ["name", false, { type: "string" }],
        ["page", false, expect.objectContaining({ type: "integer" })],
        ["age", false, expect.objectContaining({ type: "integer" })],
      ]);
    }
  });
});

describe("an operation", () => {
  @loginRequired
  @blueprint("tickets", { urlPrefix: "/tickets" })
  class Tickets {
    @route("/<int:id>", { returns: z.object({ id: z.int() }), openapi: { responses: { 409: "It is closed.", 200: "The ticket." } } })
    show({ id }: { id: number }) {
      return { id };
    }
    @route("/", { query: z.object({ page: z.int() }) })
    index() {
      return "a page of HTML";
    }
  }

  it("states its security, its 404 and its errors", async () => {
    const document = await describeApp(createApp({}, Tickets));
    expect(Object.keys(document.paths)).toEqual(["/tickets/{id}"]);
    const operation = document.paths["/tickets/{id}"]?.get;
    expect(operation?.security).toEqual([{ session: [] }]);
    expect(document.components.securitySchemes).toEqual({ session: { type: "apiKey", in: "cookie", name: "session" } });
    expect(operation?.responses).toEqual({
      200: { description: "The ticket.", content: { "application/json": { schema: expect.objectContaining({ type: "object" }) } } },
      401: { $ref: "#/components/responses/Unauthorized" },
      404: { $ref: "#/components/responses/NotFound" },
      409: { description: "It is closed.", content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
    });
  });

  it("names the app's own schemes besides the session, and keeps the security of all operations", async () => {
    const bearer = { type: "http", scheme: "bearer" };
    const own = await describeApp(createApp({}, Tickets), { securitySchemes: { bearer } });
    expect(own.paths["/tickets/{id}"]?.get?.security).toEqual([{ session: [] }, { bearer: [] }]);
    const stated = await describeApp(createApp({}, Tickets), { securitySchemes: { bearer }, security: [{ bearer: [] }] });
    expect(stated.paths["/tickets/{id}"]?.get?.security).toBeUndefined();
    expect(stated.components.securitySchemes).toEqual({ bearer });
  });

  it("joins the parameters, headers and responses of the route's description", async () => {
    const app = createApp();
    app.route("/x/<int:id>", () => ({ a: 1 }), {
      endpoint: "x",
      returns: z.object({ a: z.int() }),
      openapi: {
        deprecated: true,
        parameters: [
          { name: "X-Trace", in: "header", schema: { type: "string" } },
          { name: "id", in: "path", required: true, description: "The number.", schema: { type: "integer" } },
        ],
        responses: { 200: { description: "Fine.", headers: { "X-Left": { schema: { type: "integer" } } } } },
      },
    });
    const operation = (await describeApp(app)).paths["/x/{id}"]?.get;
    expect(operation).toMatchObject({ deprecated: true });
    expect(operation?.parameters?.map(({ name, description }) => [name, description])).toEqual([
      ["X-Trace", undefined],
      ["id", "The number."],
    ]);
    expect(operation?.responses[200]).toMatchObject({
      description: "Fine.",
      headers: { "X-Left": {} },
      content: { "application/json": {} },
    });
  });

  it("has a form as its body, multipart if it takes files", async () => {
    const app = createApp({ errors: "json" });
    const options = { methods: ["POST"] };
    app.route("/photo", () => json(1), {
      ...options,
      endpoint: "photo",
      form: z.object({ title: z.string(), photo: z.file(), open: z.boolean() }),
    });
    app.route("/name", () => json(1), { ...options, endpoint: "name", form: z.object({ name: z.string().optional() }) });
    const { paths } = await describeApp(app);
    const photo = paths["/photo"]?.post?.requestBody?.content ?? {};
    expect(Object.keys(photo)).toEqual(["multipart/form-data"]);
    expect(photo["multipart/form-data"]?.schema.required).toEqual(["title", "photo"]);
    expect(Object.keys(paths["/name"]?.post?.requestBody?.content ?? {})).toEqual([
      "application/x-www-form-urlencoded",
      "multipart/form-data",
    ]);
  });

  it("says how the objects and the files of a form are sent", async () => {
    const app = createApp({ errors: "json" });
    app.post("/x", () => json(1), {
      endpoint: "x",
      form: z.object({
        photo: z.file().mime(["image/png", "image/jpeg"]),
        icon: z.file().mime("image/png").optional(),
        rest: z.array(z.file()).max(3),
        pages: z.array(z.file().mime("application/pdf")),
        place: z.object({ city: z.string() }).optional(),
        name: z.string(),
      }),
    });
    const { "multipart/form-data": media } = (await describeApp(app)).paths["/x"]?.post?.requestBody?.content ?? {};
    expect(media).toMatchObject({
      encoding: {
        photo: { contentType: "image/png, image/jpeg" },
        icon: { contentType: "image/png" },
        pages: { contentType: "application/pdf" },
        place: { style: "deepObject", explode: true },
      },
    });
    expect(Object.keys(Reflect.get(media ?? {}, "encoding"))).not.toContain("rest");
  });

  it("is left out for methods that a document cannot describe", async () => {
    const app = createApp();
    app.route("/dav", () => json(1), { endpoint: "dav", methods: ["PROPFIND", "GET"], returns: z.object({}) });
    expect(Object.keys((await describeApp(app)).paths["/dav"] ?? {})).toEqual(["get"]);
  });

  it("includes the responses of a decorator of the app", async () => {
    const editors = viewDecorator((next) => next(), { requiresLogin: true, responses: { 403: "Only for editors." } });
    class Posts {
      @editors
      @route.delete("/posts", { openapi: {} })
      remove() {
        return json(null);
      }
    }
    const operation = (await describeApp(createApp({}, Posts))).paths["/posts"]?.delete;
    expect(operation?.responses[403]?.description).toBe("Only for editors.");
    expect(operation?.security).toEqual([{ session: [] }]);
  });
});

describe("openapi()", () => {
  it("refuses unknown options and a document without a title", () => {
    expect(() => openapi({ info, securitySchemas: {} } as never)).toThrow(
      "There is no option 'securitySchemas' of openapi(). Did you mean 'securitySchemes'?",
    );
    expect(() => openapi({ info, components: {} } as never)).toThrow('Name schemas by .meta({ id: "…" })');
    expect(() => openapi({} as never)).toThrow("openapi() needs the title and the version of the API");
  });
});
