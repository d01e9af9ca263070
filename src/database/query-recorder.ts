import { signals } from "../base/signals";
import { recordQuery } from "../helpers/record-query";

/** The logger for `drizzle()` that shows queries in the toolbar. */
export interface QueryLogger {
  /**
   * Is called by drizzle for each query.
   *
   * @param sql The statement.
   * @param parameters The values of its parameters.
   */
  logQuery(sql: string, parameters: unknown[]): void;
}

/** A logger that records nothing: the engines record queries with their times. */
class QueryRecorder implements QueryLogger {
  isMeasured = false;

  logQuery(sql: string, parameters: unknown[]): void {
    if (!this.isMeasured) {
      recordQuery(sql, { parameters });
    }
  }
}

/**
 * Returns the logger for `drizzle()` that shows each query of a request in the toolbar, with its time.
 *
 * The times are there for libSQL and for Postgres by `pg`, once the database is given to `new Database()`.
 */
export function recordQueries(): QueryLogger {
  return new QueryRecorder();
}

/** Tells whether queries of a session are to be recorded, and takes that over from drizzle. */
export function takeOverRecording(session: object): boolean {
  const logger: unknown = Reflect.get(session, "logger");
  if (logger instanceof QueryRecorder) {
    logger.isMeasured = true;
    return true;
  }
  return false;
}

/** Runs a query, and records its time if anything subscribes to it. */
export async function measureQuery<Result>(
  isRecorded: boolean,
  statement: unknown,
  values: unknown,
  run: () => Promise<Result>,
): Promise<Result> {
  if (!isRecorded || !signals.query.hasSubscribers) {
    return run();
  }
  const start = performance.now();
  try {
    return await run();
  } finally {
    const { parameters, sql } = describe(statement, values);
    recordQuery(sql, { parameters, duration: performance.now() - start });
  }
}

function describe(statement: unknown, values: unknown): { sql: string; parameters: readonly unknown[] } {
  if (typeof statement === "string") {
    return { sql: statement, parameters: Array.isArray(values) ? values : [] };
  }
  const parts = Object(statement);
  const parameters: unknown = values ?? parts.args ?? parts.values;
  return { sql: String(parts.sql ?? parts.text ?? ""), parameters: Array.isArray(parameters) ? parameters : [] };
}
