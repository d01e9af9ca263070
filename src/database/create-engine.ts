import { DatabaseError } from "../base/errors";
import { type DrizzleSession, type Engine, sessionOf } from "./engine";
import { isLibsqlClient, LibsqlEngine } from "./libsql";
import { OtherEngine } from "./other-engine";
import { isPostgresPool, PostgresEngine } from "./postgres";

/** Finds out the kind of drizzle's database. */
export function createEngine(drizzle: object, close: (() => unknown) | undefined): Engine {
  const client: unknown = Reflect.get(drizzle, "$client");
  const engine = isLibsqlClient(client)
    ? new LibsqlEngine(sessionOf(drizzle), client)
    : isPostgresPool(client)
      ? new PostgresEngine(sessionOf(drizzle), client)
      : new OtherEngine(toSession(drizzle), close);
  return close === undefined || engine.kind === "other" ? engine : Object.assign(engine, { close: async () => void (await close()) });
}

function toSession(drizzle: object): DrizzleSession {
  if (isSession(drizzle)) {
    return drizzle;
  }
  throw new DatabaseError('A Database needs what drizzle() gives: new Database(drizzle(openLibsql("file:app.db"), { schema })).');
}

function isSession(value: object): value is DrizzleSession {
  return "transaction" in value && typeof value.transaction === "function";
}
