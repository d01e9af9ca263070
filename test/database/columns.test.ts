import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Database, openLibsql } from "flagon/database";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const rows = sqliteTable("rows", {
  id: integer().primaryKey(),
  second: integer({ mode: "timestamp" }),
  exact: integer({ mode: "timestamp_ms" }),
  day: text(),
  size: integer(),
});

describe("columns of libSQL", () => {
  const zone = process.env.TZ;
  let database: Database<ReturnType<typeof open>>;

  function open() {
    return drizzle({ client: openLibsql(":memory:"), schema: { rows } });
  }

  beforeEach(async () => {
    process.env.TZ = "Asia/Kolkata";
    database = new Database(open());
    await database.current.run(sql`create table rows (id integer primary key, second integer, exact integer, day text, size integer)`);
  });

  afterEach(async () => {
    if (zone === undefined) {
      delete process.env.TZ;
    } else {
      process.env.TZ = zone;
    }
    await database.close();
  });

  it("keep a time in any zone: to the second as timestamp, to the millisecond as timestamp_ms", async () => {
    const time = new Date("2026-03-29T00:30:15.678Z");
    expect(time.getTimezoneOffset()).toBe(-330);
    await database.current.insert(rows).values({ id: 1, second: time, exact: time, day: "2026-03-29" });
    const [row] = await database.current.select().from(rows);
    expect([row?.second?.toISOString(), row?.exact?.toISOString(), row?.day]).toEqual([
      "2026-03-29T00:30:15.000Z",
      "2026-03-29T00:30:15.678Z",
      "2026-03-29",
    ]);
  });

  it("hold whole numbers up to 2^53; a larger one is an error, and never another number", async () => {
    await database.current.insert(rows).values({ id: 1, size: Number.MAX_SAFE_INTEGER });
    const [row] = await database.current.select().from(rows);
    expect(row?.size).toBe(9007199254740991);
    await database.current.run(sql`update rows set size = 9007199254740993`);
    await expect(database.current.select().from(rows)).rejects.toThrow();
    const read = await database.current.all<{ size: string }>(sql`select cast(size as text) as size from rows`);
    expect(read).toEqual([{ size: "9007199254740993" }]);
  });

  it("take no text with a NUL, of which libSQL would keep the part before it", async () => {
    const inserting = Promise.resolve(database.current.insert(rows).values({ id: 1, day: "before\0behind" }));
    await expect(inserting).rejects.toMatchObject({
      cause: { message: expect.stringContaining("A text with a NUL character cannot be stored") },
    });
    expect(await database.current.select().from(rows)).toEqual([]);
  });
});
