import { Validator } from "@seriousme/openapi-schema-validator";
import { createDocument, type OpenApiOptions, openapi } from "flagon/openapi";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../support";

const add = (openapi: unknown): (() => void) => {
  const options: { endpoint: "x"; openapi: Record<string, unknown> } = { endpoint: "x", openapi: openapi as Record<string, unknown> };
  return () => createApp().get("/", () => "", options);
};

describe("the option 'openapi' of a route", () => {
  it.each([
    [{ tags: "books" }, "The field 'tags' in the option 'openapi' of the route of x must be a list of texts, such as [\"books\"]."],
    [{ tags: [1] }, "must be a list of texts"],
    [{ summary: ["a"] }, "The field 'summary' in the option 'openapi' of the route of x must be a text."],
    [{ deprecated: "yes" }, "must be true or false."],
    [{ parameters: {} }, "must be a list of objects, such as [{ name:"],
    [{ parameters: [{ name: "X-Trace" }] }, "The field 'parameters' in the option 'openapi' of the route of x must be a list of objects"],
    [{ security: { bearer: [] } }, "The field 'security' in the option 'openapi' of the route of x must be a list of objects."],
    [{ responses: ["x"] }, "The field 'responses' in the option 'openapi' of the route of x must be an object"],
    [{ responses: { 200: 5 } }, "describes the response 200 by neither a text nor an object"],
    [{ responses: { 404: null } }, "describes the response 404 by neither a text nor an object"],
    [{ headers: {} }, "Headers of an answer belong to its response, and those that the route reads are 'parameters'"],
    [
      { parameters: [{ name: "a", in: "headers" }] },
      "The field 'in' of the parameter 'a' of the route of x is one of path, query, header, cookie",
    ],
    [
      { parameters: [{ name: "a", in: "query", shema: {} }] },
      "There is no option 'shema' of the parameter 'a' of the route of x. Did you mean 'schema'?",
    ],
    [{ requestBody: { contnet: {} } }, "There is no option 'contnet' of the 'requestBody' of the route of x. Did you mean 'content'?"],
    [
      { responses: { 200: { description: "A", headers: ["X-Left"] } } },
      "The headers of the response 200 of the route of x must be an object of objects",
    ],
    [
      { responses: { 200: { description: "A", headers: { "X-Left": { type: "integer", shcema: {} } } } } },
      "There is no option 'type' of the header 'X-Left' of the response 200 of the route of x.",
    ],
    ["books", "The option 'openapi' of the route of x must be false, or an object such as"],
    [true, "must be false, or an object such as"],
    [["books"], "must be false, or an object such as"],
  ])("refuses a value of another kind: %j", (openapi, message) => {
    expect(add(openapi)).toThrow(message);
  });

  it.each([
    false,
    {},
    { tags: ["books"], summary: "Lists books", deprecated: true, security: [], "x-own": 1 },
    { parameters: [{ $ref: "#/components/parameters/Page" }, { name: "X-Trace", in: "header" }] },
    { responses: { 409: "Taken.", "4XX": { description: "Refused." }, default: { $ref: "#/components/responses/Other" }, "x-own": 1 } },
    { summary: undefined },
  ])("takes %j", (openapi) => {
    expect(add(openapi)).not.toThrow();
  });
});

it("the ids of operations differ, also those that routes state", () => {
  const app = createApp();
  app.route("/a", () => "", { endpoint: "a", methods: ["PUT", "PATCH"], openapi: { operationId: "change" } });
  app.post("/b", () => "", { endpoint: "b", openapi: { operationId: "change" } });
  app.get("/c", () => "", { endpoint: "change", openapi: {} });
  app.get("/d", () => "", { endpoint: "d", openapi: { operationId: "show" } });
  const { paths } = createDocument(app, { info: { title: "Shop", version: "1" } }) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ids = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(5);
  expect(ids).toEqual(expect.arrayContaining(["change", "show"]));
  expect(paths["/a"]?.patch?.operationId).toBe("change_patch");
});

describe("the options of openapi()", () => {
  const info = { title: "Shop", version: "1" };

  it.each<[unknown, string]>([
    [undefined, "openapi() needs options, but got none. The options are: info, "],
    [{ info, securtySchemes: {} }, "There is no option 'securtySchemes' of openapi(). Did you mean 'securitySchemes'?"],
    [{ info: { ...info, descripton: "x" } }, "There is no option 'descripton' of 'info' of openapi(). Did you mean 'description'?"],
    [{ info, components: {} }, "There is no option 'components' of openapi(). Name schemas by"],
    [{ info, tags: ["books"] }, "The option 'tags' of openapi() must be a list such as [{ name:"],
    [{ info, servers: ["https://a.example"] }, "The option 'servers' of openapi() must be a list such as [{ url:"],
    [{ info, security: { bearer: [] } }, "The option 'security' of openapi() must be a list such as [{ bearer: [] }]."],
    [{ info, securitySchemes: { bearer: { scheme: "bearer" } } }, "The scheme 'bearer' of 'securitySchemes' of openapi() needs a 'type'"],
    [{ info, securitySchemes: { bearer: { type: "bearer" } } }, "The scheme 'bearer' of 'securitySchemes' of openapi() needs a 'type'"],
    [{ info, docs: false }, "The option 'docs' of openapi() is the path of the page, or null for no page."],
  ])("refuse %j", (options, message) => {
    expect(() => openapi(options as OpenApiOptions)).toThrow(message);
  });

  it("leave the schemes of security that nothing has to a warning", () => {
    const app = createApp();
    app.get("/", () => "", { endpoint: "x", openapi: { security: [{ baerer: [] }] } });
    const warn = vi.spyOn(app.logger, "warn");
    createDocument(app, { info, securitySchemes: { bearer: { type: "http", scheme: "bearer" } }, security: [{ bearer: [] }] });
    expect(warn.mock.calls).toEqual([
      [
        "The OpenAPI document names the scheme 'baerer' in 'security', but 'securitySchemes' of openapi() does not have it. Did you mean 'bearer'?",
      ],
    ]);
  });
});

it("the document completes the parameters and the responses of a route", async () => {
  const app = createApp();
  const parameters = [
    { name: "X-Trace", in: "header" },
    { name: "id", in: "path", description: "The number." },
  ];
  app.get("/<int:id>", () => "", { endpoint: "x", openapi: { parameters, responses: { 200: { headers: {} }, 409: { content: {} } } } });
  const document = JSON.parse(JSON.stringify(createDocument(app, { info: { title: "Shop", version: "1" } })));
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  expect(document.paths["/{id}"].get).toMatchObject({
    parameters: [
      { name: "X-Trace", in: "header", schema: {} },
      { name: "id", in: "path", required: true, description: "The number.", schema: {} },
    ],
    responses: { 200: { description: "OK" }, 409: { description: "Conflict" } },
  });
});
