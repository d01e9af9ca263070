import { Validator } from "@seriousme/openapi-schema-validator";
import { Blueprint, route, SetupError } from "flagon";
import { createDocument, openapi } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const Tag = z.object({ name: z.string() }).meta({ id: "Tag", description: "A tag." });
const Post = z.object({ id: z.int(), title: z.string().default(""), tags: z.array(Tag), at: z.date().optional() }).meta({ id: "Post" });
const Page = z.object({
  page: z.int().min(1).default(1).describe("From 1 on."),
  size: z.int(),
  draft: z.boolean(),
  tag: z.array(z.string()),
});

class Posts {
  @route.get("/posts", { query: Page, returns: z.array(Post) })
  list() {
    return [];
  }
  @route.post("/posts", {
    json: Post,
    returns: Post,
    status: 201,
    openapi: { summary: "Writes a post", security: [{ bearer: [] }], responses: { 409: { description: "The title is taken." } } },
  })
  create() {
    return { id: 1, tags: [] };
  }
  @route("/posts/<int(min=1):id>", { methods: ["PUT", "PATCH"], json: Post, returns: Post })
  change() {
    return { id: 1, tags: [] };
  }
  @route.get("/posts/<int(min=1):number>", { returns: Post })
  show() {
    return { id: 1, tags: [] };
  }
  @route.delete("/<any(a,b):kind>/<uuid:key>/<string(length=2):code>/<float:x>/<path:rest>", { openapi: {} })
  remove() {
    return "";
  }
  @route("/page")
  page() {
    return "no part of the API";
  }
  @route("/hidden", { returns: Post, openapi: false })
  hidden() {
    return { id: 1, tags: [] };
  }
}

const info = { title: "Shop", version: "1.2" };

async function load(options: Partial<Parameters<typeof openapi>[0]> = {}) {
  const app = createApp();
  const api = new Blueprint("api", { urlPrefix: "/api" });
  api.register(Posts);
  app.use(openapi({ info, securitySchemes: { bearer: { type: "http", scheme: "bearer" } }, ...options }));
  app.register(api);
  const client = app.testClient();
  const response = await client.get("/openapi.json");
  return {
    app,
    client,
    response,
    document: (await response.json()) as Record<string, never> & { paths: Record<string, Record<string, unknown>> },
  };
}

describe("flagon/openapi", () => {
  it("describes routes with schemas in a document that a public validator passes", async () => {
    const { document, response } = await load();
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await new Validator().validate(document)).toEqual({ valid: true });
    expect(document).toMatchObject({ openapi: "3.1.0", info, servers: [{ url: "/" }] });
    expect(Object.keys(document.paths)).toEqual(["/api/posts", "/api/posts/{id}", "/api/{kind}/{key}/{code}/{x}/{rest}"]);
    expect(Object.keys(document.paths["/api/posts/{id}"] ?? {})).toEqual(["put", "patch", "get"]);
  });

  it("takes parameters from rules and queries", async () => {
    const { document } = await load();
    expect(document.paths["/api/posts"]?.get).toMatchObject({
      operationId: "api.list",
      tags: ["api"],
      parameters: [
        { name: "page", in: "query", required: false, description: "From 1 on.", schema: { type: "integer", minimum: 1, default: 1 } },
        { name: "size", in: "query", required: true, schema: { type: "integer" } },
        { name: "draft", in: "query", required: false, schema: { type: "boolean" } },
        { name: "tag", in: "query", required: false, schema: { type: "array", items: { type: "string" } } },
      ],
    });
    const [path] = Object.values(document.paths["/api/{kind}/{key}/{code}/{x}/{rest}"] ?? {}) as { parameters: unknown }[];
    expect(path?.parameters).toEqual([
      { name: "kind", in: "path", required: true, schema: { type: "string", enum: ["a", "b"] } },
      { name: "key", in: "path", required: true, schema: { type: "string", format: "uuid" } },
      { name: "code", in: "path", required: true, schema: { type: "string", minLength: 2, maxLength: 2 } },
      { name: "x", in: "path", required: true, schema: { type: "number", minimum: 0 } },
      { name: "rest", in: "path", required: true, schema: { type: "string" } },
    ]);
    expect(document.paths["/api/posts/{id}"]?.get).toMatchObject({
      parameters: [{ name: "id", in: "path", schema: { type: "integer", minimum: 1 } }],
    });
  });

  it("makes components of schemas with an id, and two if input and output differ", async () => {
    const { document } = await load();
    expect(document.paths["/api/posts"]?.post).toEqual({
      operationId: "api.create",
      tags: ["api"],
      summary: "Writes a post",
      security: [{ bearer: [] }],
      requestBody: { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/PostInput" } } } },
      responses: {
        201: { description: "Created", content: { "application/json": { schema: { $ref: "#/components/schemas/Post" } } } },
        409: { description: "The title is taken." },
        422: { $ref: "#/components/responses/ValidationFailed" },
      },
    });
    const { schemas, securitySchemes } = document.components as unknown as Record<string, Record<string, { required: unknown }>>;
    expect(Object.keys(schemas ?? {})).toEqual(["Post", "PostInput", "Tag", "TagInput", "Problem"]);
    expect([schemas?.Post?.required, schemas?.PostInput?.required]).toEqual([
      ["id", "title", "tags"],
      ["id", "tags"],
    ]);
    expect(JSON.stringify(schemas?.Post)).toContain('"at":{"type":"string","format":"date-time"}');
    expect(securitySchemes).toEqual({ bearer: { type: "http", scheme: "bearer" } });
  });

  it("states the server of the API: its mount, or the given one", async () => {
    const { app } = await load();
    const outer = createApp();
    outer.mount("/v1", app);
    expect(await (await outer.testClient().get("/v1/openapi.json")).json()).toMatchObject({ servers: [{ url: "/v1" }] });
    const { document } = await load({ servers: [{ url: "https://api.example.com" }] });
    expect(document.servers).toEqual([{ url: "https://api.example.com" }]);
  });

  it("answers a conditional request for the document with 304", async () => {
    const { client, response } = await load();
    const headers = { "if-none-match": response.headers.get("etag") ?? "" };
    expect((await client.get("/openapi.json", { headers })).status).toBe(304);
  });

  it("shows a page whose parts all come from the app itself, and nothing else of the package", async () => {
    const { client } = await load();
    const page = await (await client.get("/docs/")).text();
    expect(page).toContain("<title>Shop</title>");
    for (const [, part = ""] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(part).not.toMatch(/^(https?:)?\/\//);
      expect([part, (await client.get(`/docs/${part}`)).status]).toEqual([part, 200]);
    }
    expect(await (await client.get("/docs/start.js")).text()).toContain('"url":"/openapi.json"');
    expect((await client.get("/docs/package.json")).status).toBe(404);
    expect((await client.get("/docs")).status).toBe(308);
  });

  it("takes other paths, or no page", async () => {
    const app = createApp();
    app.use(openapi({ info, path: "/api.json", docs: null }));
    expect((await app.testClient().get("/api.json")).status).toBe(200);
    expect((await app.testClient().get("/docs/")).status).toBe(404);
  });

  it("refuses a schema that it cannot describe, and names the route", () => {
    const app = createApp();
    app.route("/x", () => "x", { endpoint: "x", methods: ["POST"], json: { "~standard": { validate: (value: unknown) => ({ value }) } } });
    expect(() => createDocument(app, { info })).toThrow(SetupError);
    expect(() => createDocument(app, { info })).toThrow("The route 'x' has a schema that is not one of zod");
  });
});
