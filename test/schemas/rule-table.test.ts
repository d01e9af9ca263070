import { readFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

/** The schema takes nothing for the field, and says that it is required. */
const required = Symbol("required");
/** The schema refuses the value. */
const refused = Symbol("refused");
/** There is no such key in the data. */
const absent = Symbol("absent");

enum Level {
  Low,
  High,
}

/** What each kind of schema makes of a field that is absent, empty, sent once, sent several times, wrong and hostile. */
const matrix: readonly (readonly [
  name: string,
  schema: z.ZodType,
  ...outcomes: readonly (readonly [sent: readonly string[], outcome: unknown])[],
])[] = [
  [
    "string",
    z.string(),
    [[], required],
    [[""], required],
    [["a"], "a"],
    [["a", "b"], "a"],
    [[" a "], " a "],
    [["\u0001<script>"], "\u0001<script>"],
  ],
  ["trimmed string", z.string().trim(), [[], required], [["  "], ""], [[" a "], "a"]],
  ["optional string", z.string().optional(), [[], absent], [[""], absent], [["a"], "a"]],
  ["nullable string", z.string().nullable(), [[], null], [[""], null], [["a"], "a"]],
  ["nullish string", z.string().nullish(), [[], absent], [[""], absent], [["a"], "a"]],
  ["string with a default", z.string().default("d"), [[], "d"], [[""], "d"], [["a"], "a"]],
  ["string with a prefault", z.string().prefault("d"), [[], "d"], [[""], "d"], [["a"], "a"]],
  ["caught string", z.string().min(3).catch("c"), [[], "c"], [["a"], "c"], [["abc"], "abc"]],
  ["email", z.email(), [[], required], [[""], required], [["a@b.de"], "a@b.de"], [["a"], refused]],
  ["url", z.url(), [[""], required], [["https://a.de/"], "https://a.de/"], [["a"], refused]],
  ["uuid", z.uuid(), [["9b2e1b1e-1111-4222-8333-444455556666"], "9b2e1b1e-1111-4222-8333-444455556666"], [["x"], refused]],
  ["ISO date", z.iso.date(), [[""], required], [["2026-01-02"], "2026-01-02"], [["2026-02-30"], refused]],
  ["ISO time", z.iso.time(), [["10:30"], "10:30"], [["25:00"], refused]],
  ["ISO time with seconds", z.iso.time({ precision: 0 }), [["10:30"], "10:30:00"], [["10:30:05"], "10:30:05"]],
  ["ISO time without seconds", z.iso.time({ precision: -1 }), [["10:30:00"], "10:30"], [["10:30:05"], refused]],
  [
    "local moment with milliseconds",
    z.iso.datetime({ local: true, precision: 3 }),
    [["2026-01-02T10:30"], "2026-01-02T10:30:00.000"],
    [["2026-01-02T10:30:01.5"], "2026-01-02T10:30:01.500"],
  ],
  [
    "url of any protocol",
    z.url(),
    [["mailto:a@b.de"], "mailto:a@b.de"],
    [["javascript:alert(1)"], refused],
    [[" JavaScript:alert(1)"], refused],
    [["java\tscript:alert(1)"], refused],
    [["data:text/html,x"], refused],
    [["vbscript:x"], refused],
  ],
  ["list of urls", z.array(z.url()), [["https://a.de/", "javascript:x"], refused]],
  ["url of one protocol", z.url({ protocol: /^data$/ }), [["data:text/html,x"], "data:text/html,x"], [["https://a.de/"], refused]],
  ["text of lines", z.string().max(5), [["ab\r\ncd"], "ab\ncd"], [["ab\rcd"], "ab\ncd"], [["ab\n\ncd"], refused]],
  ["text or nothing", z.email().or(z.literal("")), [[], required], [[""], ""], [["a@b.de"], "a@b.de"], [["x"], refused]],
  ["enum with an empty member", z.enum(["", "a"]), [[], required], [[""], ""], [["a"], "a"], [["b"], refused]],
  ["number or null", z.union([z.int(), z.null()]), [[], null], [[""], null], [["5"], 5], [["x"], refused]],
  ["choices", z.int().meta({ choices: [1, 2] }), [["1"], 1], [["3"], refused], [[""], required]],
  ["coerced date", z.coerce.date(), [["2026-02-28"], new Date("2026-02-28")], [["2026-02-31"], refused], [["soon"], refused]],
  ["coerced number of many digits", z.coerce.number(), [["9007199254740993"], refused], [["0x10"], refused]],
  ["pattern", z.string().regex(/^[a-z]+$/), [[""], required], [["abc"], "abc"], [["ABC"], refused]],
  ["template literal", z.templateLiteral(["n", z.number()]), [["n5"], "n5"], [["x"], refused], [[""], required]],
  [
    "number",
    z.number(),
    [[], required],
    [[""], required],
    [["1.5"], 1.5],
    [[" -2e3 "], -2000],
    [["1", "2"], 1],
    [["x"], refused],
    [["0x10"], refused],
    [["1e999"], refused],
    [["9007199254740991"], 9007199254740991],
    [["9007199254740993"], refused],
    [["-9007199254740993"], refused],
    [["9007199254740994"], 9007199254740994],
    [["9007199254740992.5"], refused],
    [["12345678901234567890"], refused],
    [["1e300"], 1e300],
    [["1e-999"], refused],
    [["0.000"], 0],
    [["Infinity"], refused],
    [["NaN"], refused],
  ],
  ["whole number", z.int(), [[""], required], [["7"], 7], [["7.5"], refused], [["99999999999999999999"], refused]],
  ["optional number", z.number().optional(), [[], absent], [[""], absent], [["1"], 1], [["x"], refused]],
  ["nullable number", z.number().nullable(), [[], null], [[""], null], [["1"], 1]],
  ["number with a default", z.number().default(7), [[], 7], [[""], 7], [["1"], 1]],
  [
    "bigint",
    z.bigint(),
    [[], required],
    [[""], required],
    [["12345678901234567890"], 12345678901234567890n],
    [["1.5"], refused],
    [["5.0"], 5n],
    [["1e3"], 1000n],
    [["1e9999999"], refused],
    [["9".repeat(2000)], refused],
  ],
  [
    "boolean",
    z.boolean(),
    [[], false],
    [[""], false],
    [["on"], true],
    [["TRUE"], true],
    [["1"], true],
    [["yes"], true],
    [["off"], false],
    [["false"], false],
    [["0"], false],
    [["no"], false],
    [["on", "off"], true],
    [["maybe"], refused],
  ],
  ["boolean with a default", z.boolean().default(true), [[], false], [["on"], true]],
  ["nullable boolean", z.boolean().nullable(), [[], null], [[""], null], [["true"], true], [["false"], false], [["x"], refused]],
  [
    "optional boolean of a select",
    z.boolean().optional().meta({ type: "select" }),
    [[], absent],
    [[""], absent],
    [["true"], true],
    [["false"], false],
  ],
  ["optional tick", z.literal(true).optional(), [[], absent], [["on"], true], [["off"], refused]],
  ["accepted literal", z.literal(true), [[], refused], [[""], refused], [["on"], true], [["off"], refused]],
  ["literal of a text", z.literal("a"), [[], required], [["a"], "a"], [["b"], refused]],
  ["literal of numbers", z.literal([1, 2]), [[""], required], [["2"], 2], [["3"], refused]],
  [
    "date",
    z.date(),
    [[], required],
    [[""], required],
    [["2026-01-02"], new Date("2026-01-02")],
    [["2026-01-02T03:04"], new Date("2026-01-02T03:04Z")],
    [["2026-01-02T03:04:05+02:00"], new Date("2026-01-02T01:04:05Z")],
    [["2026-99-02"], refused],
    [["2026-02-31"], refused],
    [["2025-02-29"], refused],
    [["2024-02-29"], new Date("2024-02-29")],
    [["2026-04-31T10:00"], refused],
    [["2026-01-02T24:00"], refused],
    [["2026-01-02T10:60"], refused],
    [["2026-01-02T10:00:60"], refused],
    [["2026-01-02T10:00+24:00"], refused],
    [["tomorrow"], refused],
    [["0"], refused],
  ],
  ["optional date", z.date().optional(), [[], absent], [[""], absent], [["2026-01-02"], new Date("2026-01-02")]],
  [
    "enum",
    z.enum(["a", "b"]),
    [[], required],
    [[""], required],
    [["a"], "a"],
    [["b", "a"], "b"],
    [["c"], refused],
    [["toString"], refused],
    [["__proto__"], refused],
  ],
  ["native enum", z.enum(Level), [[""], required], [["1"], Level.High], [["High"], refused]],
  ["union", z.union([z.number(), z.string()]), [[], required], [[""], required], [["5"], 5], [["x"], "x"]],
  ["optional union", z.union([z.number(), z.boolean()]).optional(), [[], absent], [["5"], 5]],
  [
    "array of texts",
    z.array(z.string()),
    [[], []],
    [[""], []],
    [["a"], ["a"]],
    [
      ["a", "", "b"],
      ["a", "b"],
    ],
  ],
  [
    "array of numbers",
    z.array(z.number()),
    [[], []],
    [
      ["1", "", "2"],
      [1, 2],
    ],
    [["1", "x"], refused],
  ],
  [
    "array of an enum",
    z.array(z.enum(["a", "b"])).min(1),
    [[], refused],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [["c"], refused],
  ],
  ["optional array", z.array(z.string()).optional(), [[], []], [["a"], ["a"]]],
  ["set", z.set(z.string()), [[], new Set()], [["a", "a", "b"], new Set(["a", "b"])]],
  [
    "tuple",
    z.tuple([z.string(), z.number()]),
    [
      ["a", "1"],
      ["a", 1],
    ],
    [["a"], required],
    [["a", "x"], refused],
  ],
  ["transform", z.string().transform((text) => text.length), [[""], required], [["abc"], 3]],
  ["pipe", z.string().pipe(z.string().min(2)), [["abc"], "abc"], [["a"], refused]],
  ["coerced number", z.coerce.number(), [["5"], 5], [["x"], refused]],
  ["codec", z.codec(z.string(), z.number(), { decode: (text) => text.length, encode: (count) => "x".repeat(count) }), [["abc"], 3]],
  ["preprocessed", z.preprocess((value) => value, z.number()), [["4"], 4], [["x"], refused]],
  ["refined", z.number().refine((value) => value % 2 === 0), [["4"], 4], [["3"], refused]],
  ["refined later", z.string().refine(async (text) => text !== "taken"), [["free"], "free"], [["taken"], refused]],
  ["readonly", z.number().readonly(), [["3"], 3]],
  ["branded", z.number().brand("Id"), [["3"], 3]],
  ["lazy", z.lazy(() => z.number()), [["3"], 3], [[""], required]],
  ["nonoptional", z.string().optional().nonoptional(), [["a"], "a"], [[""], required]],
  ["file", z.file(), [[], required], [["text"], required]],
  ["optional file", z.file().optional(), [[], absent], [[""], absent], [["text"], refused]],
];

const cases = matrix.flatMap(([name, schema, ...outcomes]) => outcomes.map(([sent, outcome]) => ({ name, schema, sent, outcome })));

/** Sends a field by a form or a query, and tells what the schema gives. */
async function send(schema: z.ZodType, sent: readonly string[], way: "form" | "query"): Promise<unknown> {
  let data: Record<string, unknown> | undefined;
  const app = createApp();
  const whole = z.object({ f: schema });
  app.route(
    "/form",
    async () => {
      data = (await request.form({ schema: whole })) as Record<string, unknown>;
      return "";
    },
    { methods: ["POST"], endpoint: "form" },
  );
  if (way === "query") {
    app.route(
      "/query",
      ({ query }) => {
        data = query as Record<string, unknown>;
        return "";
      },
      { query: whole, endpoint: "query" },
    );
  }
  const client = app.testClient();
  const headers = { accept: "application/json" };
  const response =
    way === "form"
      ? await client.post("/form", { form: { f: sent }, headers })
      : await client.get("/query", { query: { f: sent }, headers });
  if (response.status === 422) {
    const { errors } = (await response.json()) as { errors: { detail: string }[] };
    return errors.some(({ detail }) => detail === "This field is required.") ? required : refused;
  }
  expect(response.status).toBe(200);
  return data !== undefined && "f" in data ? data.f : absent;
}

/** Outcomes of a query in which the field is absent: it has no unchecked boxes, so absent is absent. */
const absentFromQuery = new Map<string, unknown>([
  ["boolean with a default", true],
  ["optional array", absent],
]);

describe("the rule table", () => {
  it.each(cases)("$name: $sent", async ({ name, schema, sent, outcome }) => {
    expect(await send(schema, sent, "form")).toEqual(outcome);
    if (name.includes("file")) {
      await expect(send(schema, sent, "query")).rejects.toThrow("which no query can send");
      return;
    }
    // A query is converted by the same rules but for these.
    const isOther = sent.length === 0 && absentFromQuery.has(name);
    expect(await send(schema, sent, "query")).toEqual(isOther ? absentFromQuery.get(name) : outcome);
  });

  it("refuses a NUL in a form, which databases cut or refuse, and keeps it in a query", async () => {
    expect(await send(z.string(), ["\0<script>"], "form")).toBe(refused);
    expect(await send(z.string(), ["\0<script>"], "query")).toBe("\0<script>");
  });

  it("is in the documentation with every kind of schema", () => {
    const page = readFileSync(join(__dirname, "../../docs/forms.md"), "utf8");
    const table = page.slice(page.indexOf("| schema |"), page.indexOf("\n\n", page.indexOf("| schema |")));
    const kinds =
      "string number int bigint date boolean literal enum union discriminatedUnion array set tuple object record file optional nullable default prefault catch readonly brand lazy transform pipe preprocess codec";
    for (const kind of kinds.split(" ")) {
      expect(table, kind).toContain(kind);
    }
  });
});
