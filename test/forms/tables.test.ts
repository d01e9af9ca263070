import * as pg from "drizzle-orm/pg-core";
import * as sqlite from "drizzle-orm/sqlite-core";
import { createInsertSchema, createUpdateSchema } from "drizzle-zod";
import { defineForm, type FormDefinition } from "flagon";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { collect } from "./collect";
import { attributesOf, serveForm } from "./support";

const books = sqlite.sqliteTable("books", {
  id: sqlite.integer().primaryKey({ autoIncrement: true }),
  title: sqlite.text({ length: 40 }).notNull(),
  subtitle: sqlite.text(),
  kind: sqlite.text({ enum: ["novel", "poem"] }).notNull(),
  mood: sqlite.text({ enum: ["sad", "merry"] }),
  state: sqlite
    .text({ enum: ["draft", "final"] })
    .notNull()
    .default("draft"),
  pages: sqlite.integer().notNull(),
  rating: sqlite.real(),
  isNew: sqlite.integer({ mode: "boolean" }).notNull().default(true),
  isSold: sqlite.integer({ mode: "boolean" }).notNull(),
  isRare: sqlite.integer({ mode: "boolean" }),
  bought: sqlite.integer({ mode: "timestamp" }).notNull(),
  read: sqlite.integer({ mode: "timestamp_ms" }),
  copies: sqlite.integer().notNull().default(1),
  size: sqlite.blob({ mode: "bigint" }),
  price: sqlite.numeric({ mode: "number" }).notNull(),
});

const mood = pg.pgEnum("mood", ["sad", "merry"]);
const people = pg.pgTable("people", {
  id: pg.serial().primaryKey(),
  name: pg.varchar({ length: 40 }).notNull(),
  code: pg.char({ length: 3 }),
  note: pg.text(),
  mood: mood().notNull(),
  other: mood(),
  age: pg.integer().notNull(),
  small: pg.smallint(),
  big: pg.bigint({ mode: "number" }),
  huge: pg.bigint({ mode: "bigint" }),
  isActive: pg.boolean().notNull().default(false),
  isMember: pg.boolean(),
  born: pg.date({ mode: "date" }).notNull(),
  day: pg.date(),
  seen: pg.timestamp(),
  seenText: pg.timestamp({ mode: "string" }),
  key: pg.uuid(),
  weight: pg.doublePrecision(),
  price: pg.numeric({ precision: 10, scale: 2 }),
  tags: pg.text().array().notNull(),
});

const moment = new Date("2026-05-04T03:02:00Z");
const day = new Date("2026-05-04");

const cases = [
  {
    name: "SQLite",
    form: defineForm(
      createInsertSchema(books, { bought: (schema) => schema.meta({ type: "datetime-local" }) }).omit({ id: true }) as z.ZodType<object>,
      { csrf: false },
    ),
    row: {
      title: "Emma",
      subtitle: "A novel",
      kind: "novel",
      mood: "merry",
      state: "final",
      pages: 474,
      rating: 4.5,
      isNew: false,
      isSold: true,
      isRare: false,
      bought: moment,
      read: day,
      copies: 3,
      size: 12345678901234567890n % 2n ** 62n,
      price: 9.99,
    },
    least: { title: "Emma", kind: "poem", pages: "1", bought: "2026-05-04T03:02", price: "1.5" },
    given: { title: "Emma", kind: "poem", pages: 1, bought: moment, price: 1.5, isNew: false, isSold: false },
  },
  {
    name: "Postgres",
    form: defineForm(
      createInsertSchema(people, { seen: (schema) => schema.meta({ type: "datetime-local" }) }).omit({ id: true }) as z.ZodType<object>,
      { csrf: false },
    ),
    row: {
      name: "Ann",
      code: "abc",
      note: "Two\nlines",
      mood: "sad",
      other: "merry",
      age: 33,
      small: -5,
      big: 9007199254740991,
      huge: 9223372036854775807n,
      isActive: true,
      isMember: false,
      born: day,
      day: "2026-05-04",
      seen: moment,
      seenText: "2026-05-04 03:02:01",
      key: "123e4567-e89b-42d3-a456-426614174000",
      weight: 70.5,
      price: "12.50",
      tags: ["a", "b"],
    },
    least: { name: "Ann", mood: "merry", age: "1", born: "2026-05-04" },
    given: { name: "Ann", mood: "merry", age: 1, born: day, isActive: false, tags: [] },
  },
];

describe.each(cases)("a form made of a table of $name", ({ form, row, least, given }) => {
  const definition = form as FormDefinition<object, object>;

  it("shows a row, and takes it unchanged", async () => {
    const page = serveForm(definition, { initial: row });
    const sent = await page.send(collect(await page.load()));
    expect(sent.errors).toEqual({});
    expect(sent.data).toEqual(row);
  });

  it("accepts the required fields alone: the others become null or their default", async () => {
    const sent = await serveForm(definition).send(least);
    expect(sent.errors).toEqual({});
    expect(Object.fromEntries(Object.entries(sent.data as object).filter(([, value]) => value !== null))).toEqual(given);
  });

  it("takes its own empty page with the required fields filled in", async () => {
    const page = serveForm(definition);
    const sent = await page.send({ ...collect(await page.load()), ...least });
    expect(sent.errors).toEqual({});
    expect(sent.data).toMatchObject(Object.fromEntries(Object.entries(given).filter(([name]) => name !== "isNew")));
  });

  it("names missing fields, and shows the input again", async () => {
    const sent = await serveForm(definition).send({ ...least, [Object.keys(least)[2] ?? ""]: "many" });
    expect([sent.status, sent.errors]).toEqual([422, { [Object.keys(least)[2] ?? ""]: ["Enter a whole number."] }]);
    expect(attributesOf(sent.document, Object.keys(least)[2] ?? "")).toMatchObject({ value: "many", "aria-invalid": "true" });
    const empty = await serveForm(definition).send({});
    expect(Object.keys(empty.errors)).toEqual(Object.keys(least));
    expect(new Set(Object.values(empty.errors).flat())).toEqual(new Set(["This field is required."]));
  });
});

describe("the controls of a table's columns", () => {
  it("have the types and the constraints of the columns", async () => {
    const [first, second] = await Promise.all(cases.map(({ form }) => serveForm(form as FormDefinition<object, object>).load()));
    const read = (document: typeof first, name: string) => {
      const { name: _, id: __, ...rest } = document === undefined ? {} : attributesOf(document, name);
      return rest;
    };
    expect(read(first, "title")).toEqual({ type: "text", required: "", maxlength: "40" });
    expect(read(first, "subtitle")).toEqual({ type: "text" });
    expect(read(first, "pages")).toEqual({ type: "number", required: "" });
    expect(read(first, "rating")).toMatchObject({ type: "number", step: "any" });
    expect(read(first, "isNew")).toMatchObject({ type: "checkbox" });
    expect(read(first, "bought")).toMatchObject({ type: "datetime-local", required: "" });
    expect(read(first, "read")).toMatchObject({ type: "date" });
    expect(read(second, "code")).toMatchObject({ type: "text", maxlength: "3" });
    expect(read(second, "small")).toEqual({ type: "number", min: "-32768", max: "32767" });
    expect(read(second, "huge")).toMatchObject({ type: "number", min: "-9223372036854775808", max: "9223372036854775807" });
    expect(read(second, "key")).toMatchObject({ type: "text", pattern: expect.any(String) });
    const options = (document: typeof first, name: string) =>
      [...(document?.querySelectorAll(`[name=${name}] option`) ?? [])].map((option) => option.getAttribute("value"));
    expect(options(first, "kind")).toEqual(["", "novel", "poem"]);
    expect(options(first, "mood")).toEqual(["", "sad", "merry"]);
    expect(options(first, "isRare")).toEqual(["", "true", "false"]);
    expect(options(second, "other")).toEqual(["", "sad", "merry"]);
  });

  it("of a change can all be left out, and accept null from the row", async () => {
    const form = defineForm(createUpdateSchema(people).pick({ name: true, note: true, isMember: true }) as z.ZodType<object>, {
      csrf: false,
    });
    const page = serveForm(form as FormDefinition<object, object>, { initial: { name: "Ann", note: null, isMember: null } });
    const sent = await page.send(collect(await page.load()));
    expect([sent.errors, sent.data]).toEqual([{}, { name: "Ann", isMember: undefined }]);
  });
});
