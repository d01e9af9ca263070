import { signals } from "../base/signals";
import { findAppContext } from "../dispatch/context";

/** A query to a database, with its time. */
export interface QueryDetails {
  /** The values of its placeholders. */
  readonly parameters?: readonly unknown[];
  /** The time that it took, in milliseconds. */
  readonly duration?: number;
}

/**
 * Reports a database query to the toolbar of the development server, and to subscribers of the channel `flagon:query`. Without either
 * it costs nothing.
 *
 * @param sql The query.
 * @param details Its parameters and its time.
 *
 * @example
 * ```ts
 * drizzle(openLibsql(), { logger: { logQuery: (sql, parameters) => recordQuery(sql, { parameters }) } });
 * ```
 */
export function recordQuery(sql: string, details: QueryDetails = {}): void {
  if (signals.query.hasSubscribers) {
    signals.query.publish({ app: findAppContext()?.app, sql, ...details });
  }
}
