import { createClient } from "@libsql/client";
import { sql } from "drizzle-orm";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Database, openLibsql, recordQueries } from "flagon/database";
import { onTestFinished } from "vitest";
import { writeFiles } from "../support";

const posts = sqliteTable("posts", {
  id: integer().primaryKey({ autoIncrement: true }),
  title: text().notNull().unique(),
});

const create = sql`create table posts (id integer primary key autoincrement, title text not null constraint posts_title_unique unique)`;

/** A database of libSQL with an empty table, in a file of its own or in memory. */
export async function createLibsql(kind: "file" | "memory", options: object = {}) {
  const url = kind === "memory" ? ":memory:" : `file:${writeFiles({ "keep.txt": "" })}/app.db`;
  const client = openLibsql(url);
  const database = new Database(drizzleLibsql({ client, schema: { posts }, logger: recordQueries() }), options);
  await database.current.run(create);
  onTestFinished(() => database.close());
  return { database, db: database.current, posts, url, client };
}

/** A client of another process, as far as SQLite can tell. */
export function openStranger(url: string) {
  const client = createClient({ url, timeout: 0 });
  onTestFinished(() => client.close());
  return client;
}
