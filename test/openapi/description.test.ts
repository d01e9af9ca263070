import { createDocument } from "flagon/openapi";
import { describe, expect, it } from "vitest";
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
