import { type } from "arktype";
import { Config, defineForm, Flagon, FormError, request } from "flagon";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod-3";

/** Schemas of other libraries, each of an object with a text and a number. */
const zod3 = z.object({ a: z.number(), b: z.string().min(2) });
const valibot = v.object({ a: v.number(), b: v.pipe(v.string(), v.minLength(2)) });
const arktype = type({ a: "number", b: "string >= 2" });

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
    for (const path of ["/", "/ark"]) {
      const taken = await app.testClient().post(path, { json: { a: 1, b: "xy" } });
      expect(await taken.json()).toEqual({ got: { a: 1, b: "xy" } });
      const refused = await app.testClient().post(path, { json: { a: "1", b: "xy" } });
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ errors: [{ path: ["a"] }] });
    }
  });
});
