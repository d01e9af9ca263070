import { abort, defineForm, FormError, json, makeResponse, request, route, urlFor, viewDecorator } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";

const NewPost = z.object({ title: z.string().trim().min(1), tags: z.array(z.string()).default([]) });
const Page = z.object({ page: z.int().min(1).default(1), tag: z.string().optional(), draft: z.boolean() });
const Post = z.object({ id: z.int(), title: z.string() });

class Posts {
  @route.get("/posts", { query: Page })
  list({ query }: { query: { page: number; tag?: string | undefined; draft: boolean } }) {
    return query;
  }
  @route.post("/posts", { json: NewPost, query: Page, returns: Post, status: 201 })
  create({ json: post, query }: { json: { title: string; tags: string[] }; query: { page: number } }) {
    return { id: query.page, title: post.title, secret: "is left out" };
  }
  @route.put("/posts/<int:id>", { json: NewPost, returns: Post })
  change({ id, json: post }: { id: number; json: { title: string } }) {
    return { id, title: `${post.title}!` };
  }
}

describe("a route with schemas", () => {
  const client = createApp({}, Posts).testClient();

  it("gives the view the schemas' output of body and query", async () => {
    expect(await (await client.get("/posts?page=3&tag=a&draft=on")).json()).toEqual({ page: 3, tag: "a", draft: true });
    expect(await (await client.get("/posts")).json()).toEqual({ page: 1, draft: false });
    const changed = await client.put("/posts/7", { json: { title: " a " } });
    expect([changed.status, await changed.json()]).toEqual([200, { id: 7, title: "a!" }]);
  });

  it("strips fields that the result's schema lacks, and sends the status", async () => {
    const response = await client.post("/posts?page=5", { json: { title: "x" } });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      201,
      "application/json",
      '{"id":5,"title":"x"}',
    ]);
  });

  it("answers 422 with every issue and its place", async () => {
    const response = await client.post("/posts?page=zero", { json: { title: " ", tags: ["a", 1] } });
    expect([response.status, response.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Unprocessable Content",
      status: 422,
      detail: expect.any(String),
      errors: [
        { in: "query", path: ["page"], detail: expect.stringContaining("expected number") },
        { in: "body", path: ["title"], detail: expect.any(String) },
        { in: "body", path: ["tags", "1"], detail: expect.stringContaining("expected string") },
      ],
    });
  });

  it("answers 415 and 400 as request.json() does, and never reaches the view", async () => {
    expect((await client.post("/posts", { body: "x" })).status).toBe(415);
    expect((await client.post("/posts", { body: "{", headers: { "content-type": "application/json" } })).status).toBe(400);
  });

  it("runs the view's decorators first, and checks the values that they pass on", async () => {
    const members = viewDecorator((next) => (request.headers.has("authorization") ? next() : json({ error: "who?" }, 401)));
    class Guarded {
      @members
      @route.post("/x", { json: NewPost })
      create({ json: post }: { json: { title: string } }) {
        return { title: post.title };
      }
    }
    const guarded = createApp({}, Guarded).testClient();
    expect((await guarded.post("/x", { json: {} })).status).toBe(401);
    expect((await guarded.post("/x", { json: {}, headers: { authorization: "Bearer x" } })).status).toBe(422);
  });

  it("sends a response of the view unchanged, and lists, texts and null as JSON", async () => {
    const app = createApp();
    app.route("/response", () => makeResponse("as it is", 202), { returns: Post, endpoint: "response" });
    app.route("/list", () => [1, 2], { returns: z.array(z.number()), endpoint: "list" });
    app.route("/text", () => "t", { returns: z.string(), endpoint: "text" });
    app.route("/null", async () => null, { returns: z.number().nullable(), endpoint: "null" });
    const read = async (path: string) => {
      const response = await app.testClient().get(path);
      return [response.status, await response.text()];
    };
    expect(await read("/response")).toEqual([202, "as it is"]);
    expect(await read("/list")).toEqual([200, "[1,2]"]);
    expect(await read("/text")).toEqual([200, '"t"']);
    expect(await read("/null")).toEqual([200, "null"]);
  });

  it("answers 500 if the result does not fit 'returns', and logs the reason", async () => {
    const view = () => ({ id: "seven" }) as never;
    const app = createApp();
    app.route("/x", view, { returns: Post, endpoint: "x" });
    await expect(app.testClient().get("/x")).rejects.toThrow(
      /The view 'x' returned what its schema 'returns' refuses:\n {2}id: .*expected number.*\n {2}title: /,
    );
    const live = createLiveApp();
    live.route("/x", view, { returns: Post, endpoint: "x" });
    const response = await live.testClient().get("/x");
    expect([response.status, (await response.text()).includes("refuses")]).toEqual([500, false]);
  });

  it("takes any Standard Schema; of a query that is not zod's, the first text of each name", async () => {
    const app = createApp();
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "tests",
        validate: (value: unknown) =>
          JSON.stringify(value).includes("bad") ? { issues: [{ message: "Bad.", path: ["q"] }] } : { value: value as { q: string } },
      },
    };
    app.route("/x", ({ query }) => query, { query: schema, endpoint: "x" });
    expect(await (await app.testClient().get("/x?q=1&q=2")).json()).toEqual({ q: "1" });
    expect((await app.testClient().get("/x?q=bad")).status).toBe(422);
  });

  it("is refused at the start if its query is not an object", () => {
    expect(() => createApp().route("/x", () => "x", { query: z.string(), endpoint: "x" })).toThrow(FormError);
  });

  it("builds its URL from the rule's variables alone", () => {
    const app = createApp({}, Posts);
    expect(app.appContext(() => urlFor(Posts, "change", { id: 3 }))).toBe("/posts/3");
    expect(app.appContext(() => urlFor(Posts, "list", { page: 2 }))).toBe("/posts?page=2");
  });
});

describe("a query that is a record", () => {
  it("takes any parameter, and those of stated keys", async () => {
    const app = createApp();
    app.route("/any", ({ query }) => json(query), { query: z.record(z.string(), z.int()), endpoint: "any" });
    app.route("/lists", ({ query }) => json(query), { query: z.record(z.string(), z.array(z.string())), endpoint: "lists" });
    app.route("/keys", ({ query }) => json(query), { query: z.partialRecord(z.enum(["a", "b"]), z.int()), endpoint: "keys" });
    const client = app.testClient();
    const read = async (target: string) => (await client.get(target, { headers: { accept: "application/json" } })).json();
    expect(await read("/any?a=1&b=2")).toEqual({ a: 1, b: 2 });
    expect(await read("/any")).toEqual({});
    expect(await read("/any?a=x")).toMatchObject({ status: 422, errors: [{ in: "query", path: ["a"] }] });
    expect(await read("/lists?a=1&a=2&b=3")).toEqual({ a: ["1", "2"], b: ["3"] });
    expect(await read("/keys?a=1")).toEqual({ a: 1 });
  });

  it("refuses a query that is not an object of fields, at the start", () => {
    const add = (query: z.ZodType) => () => createApp().route("/x", () => "x", { query: query as never, endpoint: "x" });
    expect(add(z.array(z.string()))).toThrow("A query is defined by z.object(…), or a union of them, not by a schema of the kind 'array'");
    expect(add(z.string())).toThrow("Put the schema into a field: z.object({ name: … }).");
    expect(() => defineForm(z.record(z.string(), z.int()))).toThrow("A form cannot be a record whose keys are not known");
    expect(() => defineForm(z.record(z.enum(["a", "b"]), z.int()))).not.toThrow();
  });
});

describe("a query", () => {
  const Filter = z.object({
    active: z.boolean().optional(),
    open: z.boolean().nullable(),
    fresh: z.boolean().default(true),
    draft: z.boolean(),
    ids: z.array(z.int()).default([1]),
    tags: z.array(z.string()).optional(),
    kinds: z.array(z.string()),
    filter: z.object({ from: z.int().optional(), done: z.boolean().optional() }).optional(),
    sort: z.enum(["up", "down"]).default("up"),
  });
  const app = createApp();
  app.route("/x", ({ query }) => json(query), { query: Filter, endpoint: "x" });
  const client = app.testClient();
  const none = { open: null, fresh: true, draft: false, ids: [1], kinds: [], sort: "up" };

  it.each([
    ["", none],
    ["?active=&fresh=&sort=", none],
    ["?active=false&fresh=off&open=1", { ...none, active: false, fresh: false, open: true }],
    ["?ids=2&ids=3&tags=a", { ...none, ids: [2, 3], tags: ["a"] }],
    ["?filter.from=2&filter[done]=on", { ...none, filter: { from: 2, done: true } }],
    ["?filter.from=2", { ...none, filter: { from: 2 } }],
  ])("keeps an absent field absent: '%s'", async (query, expected) => {
    expect(await (await client.get(`/x${query}`)).json()).toEqual(expected);
  });
});

describe("a query with values of another shape", () => {
  const ask = async (query: z.ZodType, search: string): Promise<unknown> => {
    const app = createApp();
    app.get("/", (values: { query?: unknown }) => json(values.query), { query, endpoint: "x" });
    const response = await app.testClient().get(`/?${search}`, { headers: { accept: "application/json" } });
    const body = (await response.json()) as { errors?: unknown };
    return response.status === 200 ? body : (body.errors ?? response.status);
  };

  it.each(["a=1", "a[]=1", "a=%7B%22from%22%3A2%7D"])("refuses text in place of an object: %s", async (search) => {
    const error = { in: "query", path: ["a"] };
    for (const query of [
      z.object({ a: z.object({ from: z.int().optional() }).optional() }),
      z.object({ a: z.object({ from: z.int().default(1) }) }),
      z.object({ a: z.record(z.string(), z.int()) }),
    ]) {
      expect(await ask(query, search)).toMatchObject([error]);
    }
  });

  it("keeps all values of a list that may also be one value", async () => {
    const query = z.object({ tag: z.union([z.string(), z.array(z.string())]).optional() });
    expect(await ask(query, "tag=a")).toEqual({ tag: "a" });
    expect(await ask(query, "tag=a&tag=b")).toEqual({ tag: ["a", "b"] });
    expect(await ask(query, "tag[]=a&tag[]=b")).toEqual({ tag: ["a", "b"] });
    expect(await ask(query, "")).toEqual({});
    const ids = z.object({ id: z.union([z.int(), z.array(z.int())]) });
    expect(await ask(ids, "id=1&id=2")).toEqual({ id: [1, 2] });
    expect(await ask(ids, "id=1")).toEqual({ id: 1 });
  });
});

describe("values that JSON has no type for", () => {
  const At = z.object({
    at: z.date(),
    days: z.array(z.date()).optional(),
    big: z.bigint().nullish(),
    tags: z.set(z.string()).optional(),
    prices: z.map(z.string(), z.bigint()).optional(),
    byDay: z.record(z.string(), z.date()).optional(),
    either: z.union([z.int(), z.date()]).optional(),
    pair: z.tuple([z.string(), z.date()]).optional(),
    coerced: z.coerce.date().optional(),
    coercedBig: z.coerce.bigint().optional(),
    get next() {
      return At.optional();
    },
  });
  const app = createApp();
  app.route("/at", ({ json: sent }) => sent, { methods: ["POST"], endpoint: "at", json: At, returns: At });
  app.route("/read", async () => json({ isDate: (await request.json({ schema: At })).at instanceof Date }), {
    methods: ["POST"],
    endpoint: "read",
  });
  const client = app.testClient();
  const at = "2026-01-01T00:00:00.000Z";

  it("are read from text, numbers and lists, and sent in the same form", async () => {
    const body = {
      at,
      days: [at],
      big: 12,
      tags: ["a", "b"],
      prices: [["x", 3]],
      byDay: { monday: at },
      either: at,
      pair: ["p", at],
      next: { at, big: "-123456789012345678901" },
    };
    const response = await client.post("/at", { json: body });
    expect([response.status, await response.json()]).toEqual([200, body]);
    expect(await (await client.post("/read", { json: { at: "2026-01-01" } })).json()).toEqual({ isDate: true });
  });

  it.each([
    [{ at: "2026-02-31" }, ["at"]],
    [{ at: "2026-04-31T10:00:00Z" }, ["at"]],
    [{ at: "soon" }, ["at"]],
    [{ at: 5 }, ["at"]],
    [{ at, big: 1.5 }, ["big"]],
    [{ at, big: "1e3" }, ["big"]],
    [{ at, big: 2 ** 53 }, ["big"]],
    [{ at, tags: "a" }, ["tags"]],
    [{ at, prices: { x: 3 } }, ["prices"]],
    [{ at, next: { at: "" } }, ["next", "at"]],
    [{ at, coerced: "2026-02-31" }, ["coerced"]],
    [{ at, coercedBig: 2 ** 53 }, ["coercedBig"]],
  ])("are refused if they have another type: %j", async (body, path) => {
    const response = await client.post("/at", { json: body });
    expect([response.status, ((await response.json()) as { errors: { path: string[] }[] }).errors[0]?.path]).toEqual([422, path]);
  });

  it("are refused at set-up if JSON cannot carry them, with the name of the field", () => {
    const add = (options: object) => () => createApp().route("/x", () => "", { methods: ["POST"], endpoint: "x", ...options });
    expect(add({ json: z.object({ author: z.object({ photo: z.file() }) }) })).toThrow(
      "The field 'author.photo' of the schema 'json' of x is of the kind 'file', which JSON cannot carry. Take files as a form: { form: z.object(…) }.",
    );
    expect(add({ returns: z.object({ id: z.symbol() }) })).toThrow("The field 'id' of the schema 'returns' of x is of the kind 'symbol'");
    expect(add({ json: z.object({ photo: z.union([z.string(), z.file()]) }) })).not.toThrow();
  });
});

describe("the option 'form' of a route", () => {
  it("gives the view the fields and files of a form", async () => {
    const app = createApp();
    const Photo = z.object({ title: z.string().min(1), photo: z.file(), tags: z.array(z.string()) });
    app.route("/photos", ({ form }) => ({ title: form.title, size: form.photo.size, tags: form.tags }), {
      methods: ["POST"],
      endpoint: "photos",
      form: Photo,
    });
    const client = app.testClient();
    const files = { photo: new File(["123"], "a.png", { type: "image/png" }) };
    const taken = await client.post("/photos", { form: { title: "A", tags: ["x", "y"] }, files });
    expect(await taken.json()).toEqual({ title: "A", size: 3, tags: ["x", "y"] });
    const refused = await client.post("/photos", { form: { title: "" }, headers: { accept: "application/json" } });
    expect([refused.status, ((await refused.json()) as { errors: { path: string[] }[] }).errors.map(({ path }) => path)]).toEqual([
      422,
      [["title"], ["photo"]],
    ]);
    expect(() => createApp().route("/y", () => "", { endpoint: "y", form: Photo, json: Photo })).toThrow("takes both 'json' and 'form'");
  });
});

describe("the option 'status' of a route", () => {
  it("is the status of a plain value, with or without 'returns'", async () => {
    const app = createApp();
    app.route("/a", () => ({ a: 1 }), { status: 201, endpoint: "a", methods: ["POST"] });
    app.route("/b", async () => "text", { status: 202, endpoint: "b" });
    app.route("/c", () => makeResponse("c", 203), { status: 202, endpoint: "c" });
    const client = app.testClient();
    expect((await client.post("/a")).status).toBe(201);
    expect((await client.get("/b")).status).toBe(202);
    expect((await client.get("/c")).status).toBe(203);
    expect(() => createApp().route("/d", () => "", { status: 99, endpoint: "d" })).toThrow(
      "must be a whole number from 200 to 599, but is 99",
    );
  });
});

describe("a status without a body", () => {
  class Tasks {
    @route.delete("/tasks/<int:id>", { status: 204 })
    remove({ id }: { id: number }) {
      if (id === 9) {
        abort(404);
      }
    }
    @route.delete("/later", { status: 204 })
    async later() {}
    @route.get("/null")
    none() {
      return makeResponse(null, 204);
    }
    @route.get("/text", { status: 204 })
    text() {
      return "";
    }
  }

  it("needs no value of the view, and has no type", async () => {
    const app = createApp({}, Tasks);
    app.delete("/function", () => {}, { status: 204 });
    const client = app.testClient();
    const answers = [
      await client.delete("/tasks/1"),
      await client.delete("/later"),
      await client.get("/null"),
      await client.get("/text"),
      await client.delete("/function"),
    ];
    for (const response of answers) {
      expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([204, null, ""]);
    }
    expect((await client.delete("/tasks/9")).status).toBe(404);
  });

  it("is an error beside 'returns'", () => {
    const app = createApp();
    expect(() => app.get("/x", () => ({ id: 1, title: "x" }), { status: 204, returns: Post, endpoint: "x" })).toThrow(
      "The route of x has the status 204, which never has a body, and the schema 'returns' of a body. Remove one of them.",
    );
  });
});

describe("the result of a schema that takes more", () => {
  it("is looked through in debug mode for objects that JSON writes as {}", async () => {
    const app = createLiveApp();
    app.config.update({ debug: true });
    app.get("/x", () => ({ id: 1, title: "x", more: { query: new URLSearchParams("a=1") } }), {
      returns: z.looseObject({ id: z.int() }),
      endpoint: "x",
    });
    const response = await app.testClient().get("/x");
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("data whose 'more.query' is a value of the class URLSearchParams");
  });
});

describe("the option 'openapi' of a route", () => {
  it("refuses a field that no operation has", () => {
    expect(() => createApp().route("/d", () => "", { openapi: { sumary: "x" }, endpoint: "d" })).toThrow(
      "has the field 'sumary', which an operation of OpenAPI does not have. Did you mean 'summary'?",
    );
    expect(() => createApp().route("/d", () => "", { openapi: { "x-own": 1 }, endpoint: "d" })).not.toThrow();
  });
});

describe("request.form({ schema })", () => {
  it("converts as forms do, and answers 422", async () => {
    const app = createApp();
    const Order = z.object({ count: z.int(), gift: z.boolean(), lines: z.array(z.object({ item: z.string().trim().min(1) })) });
    app.route(
      "/x",
      async () => {
        const { count, gift, lines } = await request.form({ schema: Order });
        return { sum: count + 1, gift, items: lines.map(({ item }) => item) };
      },
      { methods: ["POST"], endpoint: "x" },
    );
    const client = app.testClient();
    const form = { count: "2", gift: "on", "lines[0].item": "a", "lines[1].item": "b" };
    expect(await (await client.post("/x", { form })).json()).toEqual({ sum: 3, gift: true, items: ["a", "b"] });
    const response = await client.post("/x", {
      form: { ...form, count: "", "lines[1].item": " " },
      headers: { accept: "application/json" },
    });
    expect([response.status, ((await response.json()) as { errors: unknown }).errors]).toEqual([
      422,
      [
        { in: "body", path: ["count"], detail: "This field is required." },
        { in: "body", path: ["lines", "1", "item"], detail: "This field is required." },
      ],
    ]);
  });
});
