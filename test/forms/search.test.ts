import { defineForm, FormError, type FormOptions, html, urlFor, type ValidateOptions, type ZodSchema } from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { collect } from "./collect";
import { attributesOf } from "./support";

/** Serves a form by GET, and returns a function that loads its page by a query. */
function serveSearch(
  fields: Record<string, ZodSchema> | ZodSchema<object>,
  options: FormOptions = {},
  values: ValidateOptions<object, never> = {},
) {
  const form = defineForm(fields, { method: "get", ...options });
  const app = createApp();
  let outcome: object = {};
  app.route(
    "/",
    async () => {
      const bound = await form.validateOnSubmit(values as never);
      outcome = { submitted: bound.submitted, valid: bound.valid, data: bound.data, errors: { ...bound.errors }, raw: { ...bound.raw } };
      return bound.render();
    },
    { endpoint: "x", methods: ["GET", "POST"] },
  );
  const client = app.testClient();
  return async (query = "", method = "GET") => {
    const response = await client.request(method, `/${query}`, { headers: { "sec-fetch-site": "same-origin" } });
    return { status: response.status, ...outcome, document: parseHTML(await response.text()).document };
  };
}

const Filter = {
  q: z.string().trim().max(20).optional(),
  status: z.enum(["open", "closed"]).optional(),
  sort: z.enum(["new", "old"]).default("new"),
  least: z.int().min(1).default(1),
  tags: z.array(z.enum(["a", "b"])),
  mine: z.boolean(),
};
const usual = { sort: "new", least: 1, tags: [], mine: false };

describe("a form by GET", () => {
  it("has no token, and sends its fields by the query", async () => {
    const { document } = await serveSearch(Filter)();
    expect(document.querySelector("form")?.getAttribute("method")).toBe("get");
    expect(document.querySelector("form")?.hasAttribute("enctype")).toBe(false);
    expect(document.querySelectorAll("[type=hidden]").length).toBe(0);
  });

  it("is valid by the defaults of its schema if the query has none of its fields", async () => {
    const load = serveSearch(Filter);
    expect(await load()).toMatchObject({ status: 200, submitted: false, valid: true, data: usual, errors: {} });
    expect(await load("?page=2&utm_source=x")).toMatchObject({ submitted: false, valid: true, data: usual, raw: {} });
    expect(attributesOf((await load()).document, "least")).toMatchObject({ value: "1" });
  });

  it("shows no error before it is sent, also if it requires a field", async () => {
    const load = serveSearch({ q: z.string().min(3) });
    const first = await load();
    expect(first).toMatchObject({ status: 200, submitted: false, valid: false, errors: {} });
    expect(first.document.querySelectorAll(".field-errors").length).toBe(0);
    expect(await load("?q=")).toMatchObject({ status: 422, submitted: true, valid: false, errors: { q: ["This field is required."] } });
    expect(await load("?q=ab")).toMatchObject({ status: 422, errors: { q: ["At least 3 characters."] } });
    expect(await load("?q=abc")).toMatchObject({ status: 200, submitted: true, valid: true, data: { q: "abc" } });
  });

  it("reads the query, applies defaults, and is filled in again", async () => {
    const load = serveSearch(Filter);
    const sent = await load("?q=a+%26+b&status=open&tags=a&tags=b&mine=on&page=3");
    expect(sent).toMatchObject({
      submitted: true,
      valid: true,
      data: { ...usual, q: "a & b", status: "open", tags: ["a", "b"], mine: true },
      raw: { q: "a & b", status: "open", tags: ["a", "b"], mine: "on" },
    });
    expect(collect(sent.document)).toEqual({
      q: ["a & b"],
      status: ["open"],
      sort: ["new"],
      least: ["1"],
      tags: ["a", "b"],
      mine: ["on"],
    });
    const wrong = await load("?least=x&q=tea");
    expect(wrong).toMatchObject({ status: 422, valid: false, errors: { least: ["Enter a whole number."] } });
    expect(attributesOf(wrong.document, "least")).toMatchObject({ value: "x", "aria-invalid": "true" });
    expect(attributesOf(wrong.document, "q")).toMatchObject({ value: "tea" });
  });

  it("sent unchanged comes back equal, also with all fields blank", async () => {
    const load = serveSearch(Filter);
    const query = new URLSearchParams(
      Object.entries(collect((await load()).document)).flatMap(([name, list]) => list.map((text): [string, string] => [name, text])),
    );
    expect(query.toString()).toBe("q=&status=&sort=new&least=1");
    expect(await load(`?${query}`)).toMatchObject({ status: 200, submitted: true, valid: true, data: usual });
  });

  it("keeps a box that is ticked by default unticked", async () => {
    const load = serveSearch({ q: z.string().optional(), current: z.boolean().default(true) });
    const first = await load();
    expect(first).toMatchObject({ data: { current: true } });
    expect(collect(first.document).current).toEqual(["on", "false"]);
    expect(await load("?q=&current=on&current=false")).toMatchObject({ data: { current: true } });
    const off = await load("?q=&current=false");
    expect(off).toMatchObject({ data: { current: false } });
    expect(collect(off.document).current).toEqual(["false"]);
    const linked = await load("?q=a");
    expect(linked).toMatchObject({ data: { current: true } });
    expect(collect(linked.document).current).toEqual(["on", "false"]);
  });

  it("shows initial values until it is sent", async () => {
    const load = serveSearch({ q: z.string().optional(), mine: z.boolean() }, {}, { initial: { q: "tea", mine: true } as never });
    expect(collect((await load()).document)).toEqual({ q: ["tea"], mine: ["on"] });
    expect(collect((await load("?q=milk")).document)).toEqual({ q: ["milk"] });
  });

  it("takes groups, rows, unions and choices of the request", async () => {
    const load = serveSearch(
      {
        price: z.object({ least: z.number().optional(), most: z.number().optional() }),
        by: z.discriminatedUnion("near", [z.object({ near: z.literal(true), km: z.int() }), z.object({ near: z.literal(false) })]),
        owner: z.int().optional(),
      },
      {},
      { choices: { owner: [[1, "Ann"]] } as never },
    );
    expect(await load()).toMatchObject({ submitted: false, valid: true, data: { price: {}, by: { near: false } } });
    expect(await load("?price.least=2&by.near=on&by.km=5&owner=1")).toMatchObject({
      valid: true,
      data: { price: { least: 2 }, by: { near: true, km: 5 }, owner: 1 },
    });
    expect(await load("?price[most]=9&owner=2")).toMatchObject({ status: 422, errors: { owner: ["Choose one of the options."] } });
  });

  it("awaits asynchronous checks, and takes errors of the app", async () => {
    const load = serveSearch({ q: z.string().refine(async (text) => text !== "no", "No.") });
    expect(await load("?q=no")).toMatchObject({ status: 422, errors: { q: ["No."] } });
    expect(await load("?q=yes")).toMatchObject({ status: 200, data: { q: "yes" } });
  });

  it("ignores other fields of the query, unless its schema is strict or loose", async () => {
    expect(await serveSearch(z.looseObject({ q: z.string().optional() }))("?q=a&x=1")).toMatchObject({ data: { q: "a", x: "1" } });
    expect(await serveSearch(z.strictObject({ q: z.string().optional() }))("?q=a&x=1")).toMatchObject({ status: 422, valid: false });
    expect(await serveSearch(z.object({ q: z.string().optional() }))("?q=a&x=1")).toMatchObject({ status: 200, data: { q: "a" } });
  });

  it("reads the query of a POST to its page as well: the other form of the page was sent", async () => {
    expect(await serveSearch(Filter)("?q=tea", "POST")).toMatchObject({ status: 200, submitted: true, data: { ...usual, q: "tea" } });
  });

  it("with a name is bound to its own query, and to links without a name", async () => {
    const load = serveSearch({ q: z.string().min(2).optional() }, { name: "search" });
    const first = await load();
    expect(collect(first.document)).toEqual({ _form: ["search"], q: [""] });
    expect(await load("?_form=search&q=tea")).toMatchObject({ submitted: true, data: { q: "tea" }, raw: { q: "tea" } });
    expect(await load("?q=tea")).toMatchObject({ submitted: true, data: { q: "tea" } });
    expect(await load("?_form=other&q=t")).toMatchObject({ status: 200, submitted: false, valid: true, data: {} });
  });

  it("gives links to other pages its own texts", async () => {
    const form = defineForm({ q: z.string().optional(), tags: z.array(z.string()) }, { method: "get" });
    const app = createApp();
    app.route(
      "/list",
      async () => {
        const bound = await form.validateOnSubmit();
        return html`${urlFor("list", { ...bound.raw, page: 2 })}`;
      },
      { endpoint: "list" },
    );
    const read = async (query: string) => (await (await app.testClient().get(`/list${query}`)).text()).replaceAll("&amp;", "&");
    expect(await read("?q=a%26b&tags=x&tags=y&page=1&other=1")).toBe("/list?q=a%26b&tags=x&tags=y&page=2");
    expect(await read("")).toBe("/list?page=2");
  });

  it("is refused if a query cannot send it", () => {
    const define = (fields: Record<string, ZodSchema>, options: object) => () => defineForm(fields, { method: "get", ...options });
    expect(define({ q: z.string() }, { csrf: true })).toThrow(FormError);
    expect(define({ photo: z.file() }, {})).toThrow("The field 'photo' of a form by GET is a file");
    expect(define({ rows: z.array(z.object({ photo: z.file().optional() })) }, {})).toThrow("The field 'rows' of a form by GET is a file");
    expect(define({ password: z.string() }, {})).toThrow("The field 'password' of a form by GET is a password");
    expect(define({ pin: z.string().meta({ type: "password" }) }, {})).toThrow("The field 'pin' of a form by GET is a password");
    expect(define({ passwordExpired: z.boolean() }, {})).not.toThrow();
    expect(define({ q: z.string() }, { method: "PUT" })).toThrow('must be "get" or "post", but it is "PUT"');
    expect(define({ csrf_token: z.string() }, {})).not.toThrow();
  });
});
