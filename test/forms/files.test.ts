import { request, UploadedFile } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { attributesOf, serveFields } from "./support";

const upload = (name: string, type = "text/plain") => new File(["data"], name, { type });
const invalid = "This value is not valid.";

describe("a file in place of another value", () => {
  it.each<[label: string, schema: z.ZodType, errors: object]>([
    ["a text", z.string(), { f: ["This field is required."] }],
    ["an optional text", z.string().optional(), { f: [invalid] }],
    ["an optional number", z.number().optional(), { f: ["Enter a number."] }],
    ["an optional date", z.date().nullable(), { f: ["Enter a date."] }],
    ["an optional choice", z.enum(["a"]).optional(), { f: ["Choose one of the options."] }],
    ["a box", z.boolean(), { f: ["Choose yes or no."] }],
    ["a list of texts", z.array(z.string()), { "f[0]": ["This field is required."] }],
    ["a group", z.object({ a: z.string().optional() }), { f: [invalid] }],
    ["an optional group", z.object({ a: z.string().optional() }).optional(), { f: [invalid] }],
  ])("is refused, and not lost: %s", async (_, schema, errors) => {
    const page = serveFields({ f: schema });
    expect((await page.send({}, { f: upload("a.txt") })).errors).toEqual(errors);
    // An empty input of files sends a part without a name and without content.
    const { errors: none } = await page.send({}, { f: new File([], "") });
    expect(
      Object.values(none)
        .flat()
        .filter((message) => message !== "This field is required."),
    ).toEqual([]);
  });
});

describe("files in other shapes", () => {
  it("arrive in records, tuples, sets, unions and intersections", async () => {
    const page = serveFields({
      record: z.record(z.string(), z.file()),
      tuple: z.tuple([z.file(), z.string()]),
      by: z.discriminatedUnion("kind", [z.object({ kind: z.literal("file"), file: z.file() }), z.object({ kind: z.literal("url") })]),
      either: z.union([z.file(), z.url()]),
      both: z.file().max(10).and(z.file().mime("text/plain")),
    });
    const files = { "record[a.b]": upload("1"), "tuple[0]": upload("2"), "by.file": upload("3"), either: upload("4"), both: upload("5") };
    const { data } = await page.send({ "tuple[1]": "x", "by.kind": "file" }, files);
    expect(JSON.parse(JSON.stringify(data, (_, value: unknown) => (value instanceof File ? value.name : value)))).toEqual({
      record: { "a.b": "1" },
      tuple: ["2", "x"],
      by: { kind: "file", file: "3" },
      either: "4",
      both: "5",
    });
    const wrong = { ...files, both: upload("5", "image/png") };
    expect((await page.send({ "tuple[1]": "x", "by.kind": "file" }, wrong)).errors).toEqual({ both: ["Choose a file of this type: TXT."] });
  });
});

describe("a schema of a class of files", () => {
  const page = serveFields({
    file: z.instanceof(File).meta({ label: "A file" }),
    small: z.instanceof(UploadedFile, { message: "A small file." }).refine(({ size }) => size < 3, "Less than 3 bytes."),
    blob: z.custom<Blob>((value) => value instanceof Blob).optional(),
    list: z.array(z.instanceof(Blob)),
  });

  it("is shown and sent as z.file() is", async () => {
    const document = await page.load();
    for (const name of ["file", "small", "blob", "list"]) {
      expect(attributesOf(document, name).type).toBe("file");
    }
    expect(document.querySelector("form")?.getAttribute("enctype")).toBe("multipart/form-data");
    const { errors } = await page.send({}, { file: upload("a"), small: upload("b") });
    expect(errors).toEqual({ small: ["Less than 3 bytes."] });
    expect((await page.send({}, { file: upload("a"), small: new File(["x"], "b") })).data).toMatchObject({ list: [] });
  });

  it("refuses texts, and absence where it is required", async () => {
    const required = ["This field is required."];
    expect((await page.send({ file: "x", list: "y" })).errors).toEqual({ file: required, small: ["A small file."], "list[0]": required });
    expect((await page.send({ blob: "x" }, { file: upload("a"), small: new File(["x"], "b") })).errors).toEqual({
      blob: [invalid],
    });
  });

  it("is refused in a query", () => {
    const app = createApp();
    expect(() => app.get("/", () => "", { endpoint: "x", query: z.object({ f: z.instanceof(File) }) })).toThrow(
      "Take files by the option 'form'.",
    );
  });
});

describe("a text in a list of files", () => {
  it("is refused, and not lost", async () => {
    const page = serveFields({ f: z.array(z.file()), g: z.set(z.file()) });
    expect((await page.send({ f: "a.txt", g: "" })).errors).toEqual({ "f[0]": ["This field is required."] });
    expect((await page.send({ f: ["", " "] })).data).toEqual({ f: [], g: new Set() });
  });
});

describe("an empty input of files", () => {
  it("is absent also where any value is taken", async () => {
    const app = createApp();
    const schema = z.looseObject({ any: z.any(), list: z.unknown(), other: z.custom<unknown>().optional() });
    app.post("/", async () => ({ ...(await request.form({ schema })) }), { endpoint: "x" });
    const part = (name: string) => `--b\r\ncontent-disposition: form-data; name="${name}"; filename=""\r\n\r\n\r\n`;
    const body = `${["any", "list", "list", "other", "rest"].map(part).join("")}--b--\r\n`;
    const response = await app.testClient().post("/", { body, headers: { "content-type": "multipart/form-data; boundary=b" } });
    expect(await response.json()).toEqual({});
  });
});

describe("z.exactOptional()", () => {
  it("is absent if it is empty", async () => {
    for (const page of [serveFields({ f: z.exactOptional(z.string()) }), serveFields(z.object({ f: z.exactOptional(z.string()) }))]) {
      expect((await page.send({ f: "" })).data).toEqual({});
      expect((await page.send({})).data).toEqual({});
      expect((await page.send({ f: "a" })).data).toEqual({ f: "a" });
    }
  });
});
