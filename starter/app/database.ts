import { drizzle } from "drizzle-orm/libsql";
import { Database, openLibsql, recordQueries } from "flagon/database";
import * as schema from "./schema";

/** Opens the database at a URL. Without one: DATABASE_URL, or the file instance/app.db. */
export function openDatabase(url?: string) {
  return new Database(drizzle(openLibsql(url), { schema, logger: recordQueries() }));
}

/** The database, inside and outside of transactions. */
export type Db = ReturnType<typeof openDatabase>["current"];
