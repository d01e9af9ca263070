import { Config, defineForm, Flagon, FormError, request } from "flagon";
import { describe, expect, it } from "vitest";

/** An object schema of zod 3 before 3.24, as its users see it. */
const zod3 = { _def: { typeName: "ZodObject" }, spa: () => undefined, safeParse: () => undefined };
/** Schemas of other libraries: an object of valibot, and a function of arktype. */
const valibot = { kind: "schema", "~standard": { version: 1, vendor: "valibot", validate: (value: unknown) => ({ value }) } };
const arktype = Object.assign(() => undefined, {
  "~standard": { version: 1, vendor: "arktype", validate: (value: unknown) => ({ value }) },
});

const foreign: readonly (readonly [unknown, string])[] = [
  [zod3, "a schema of zod 3, which needs zod 4 (npm install zod@4)"],
  ["text", "a string"],
  [null, "null"],
  [5, "a number"],
  [() => undefined, "a function"],
  [["a"], "a list"],
];

describe("defineForm()", () => {
  const all: typeof foreign = [...foreign, [valibot, "a schema of valibot"], [arktype, "a schema of arktype"], [undefined, "undefined"]];

  it.each(all)("names the value that is not a schema of zod 4, %#", (schema, description) => {
    expect(() => defineForm(schema as never)).toThrow(FormError);
    expect(() => defineForm(schema as never)).toThrow(`but this is ${description}.`);
  });
});

describe("a value that is not a schema", () => {
  const all = [...foreign, [{ a: 1 }, "an object that is no schema"]] as const;

  it.each(all)("is refused by a route when it is added, %#", (schema, description) => {
    const app = new Flagon(".", { static: null });
    for (const name of ["json", "query", "returns"]) {
      expect(() => Reflect.apply(app.post, app, [`/${name}`, () => ({}), { [name]: schema }])).toThrow(
        `The schema '${name}' of the route of /${name} is ${description}.`,
      );
    }
  });

  it.each(all)("is refused by the configuration and by request.json(), %#", async (schema, description) => {
    expect(() => new Config({}, {}).parse(schema as never)).toThrow(`The schema is ${description}.`);
    const app = new Flagon(".", { static: null, config: { testing: true } });
    app.post("/", async () => ({ got: await request.json({ schema: schema as never }) }));
    await expect(app.testClient().post("/", { json: { a: 1 } })).rejects.toThrow(`The schema is ${description}.`);
  });

  it("excludes schemas of other libraries, which a route accepts", async () => {
    const app = new Flagon(".", { static: null, config: { testing: true } });
    app.post("/", ({ json }) => ({ got: json }), { json: valibot });
    app.post("/ark", ({ json }) => ({ got: json }), { json: arktype });
    expect(await (await app.testClient().post("/", { json: { a: 1 } })).json()).toEqual({ got: { a: 1 } });
    expect(await (await app.testClient().post("/ark", { json: { a: 1 } })).json()).toEqual({ got: { a: 1 } });
  });
});
